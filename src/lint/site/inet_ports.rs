//! The numbers of the ports that services of type inet are named by.

use super::LoadedSite;
use crate::config::catalogue::Version;
use crate::mail::host_port::MAIL_PORTS;
use crate::mail::known_ports::port_of_name;

/// The number of a port: written as one, given by `known_tcp_ports`, or of a mail service that is known everywhere.
///
/// Nothing for other names, and for numbers that Postfix does not take for a port.
#[must_use]
pub fn port_number(site: &LoadedSite, port: &str) -> Option<u16> {
    let digits = port.strip_prefix('+').unwrap_or(port);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.parse().ok();
    }
    known_port(site, port).or_else(|| MAIL_PORTS.iter().find(|(name, _)| *name == port).map(|(_, number)| *number))
}

/// The number that `known_tcp_ports` gives to a name.
fn known_port(site: &LoadedSite, name: &str) -> Option<u16> {
    let is_strict = site.configuration.platform.target >= Version::new(3, 12);
    port_of_name(&site.expanded("known_tcp_ports"), name.as_bytes(), is_strict)
}
