//! Rules about security (SEC).

pub mod different_owners;
pub mod every_domain;
pub mod no_recipient_list;
pub mod no_relay_control;
pub mod open_networks;
pub mod open_relay;
mod permitting_entry;
pub mod readable_secret;

use crate::config::services::Service;
use crate::lint::site::LoadedSite;
use crate::syntax::match_list::split_list;

/// Whether strangers on the network can talk to an SMTP server; `None` stands for main.cf where there is no master.cf.
fn faces_strangers(site: &LoadedSite, service: Option<&Service>) -> bool {
    let local = |host: &str| host == "localhost" || host == "::1" || host.starts_with("127.");
    if let Some(service) = service {
        let kind = service.line.service_type().bytes();
        if kind != b"inet" {
            // postscreen hands its clients over to a service of the type `pass`.
            return kind == b"pass";
        }
        let name = service.line.name().to_string_lossy();
        if let Some((host, _)) = name.rsplit_once(':').filter(|(host, _)| !host.is_empty()) {
            return !local(host.trim_start_matches('[').trim_end_matches(']'));
        }
    }
    let interfaces = site.configuration.expanded(b"inet_interfaces", service).unwrap_or_default();
    split_list(&interfaces).into_iter().any(|range| {
        let host = String::from_utf8_lossy(&interfaces[range]).to_ascii_lowercase();
        host != "loopback-only" && !local(host.trim_start_matches('[').trim_end_matches(']'))
    })
}
