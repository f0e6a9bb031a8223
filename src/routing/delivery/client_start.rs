//! Whether an SMTP or LMTP client would run at all, by the values that only such a client reads.
//!
//! Source: smtp(8); experiments with 3.11.

use crate::config::catalogue;
use crate::mail::destination::parse_destination;
use crate::mail::host_name::is_own_address;
use crate::routing::router::Router;

/// Lists of tables that a client opens when it starts: how their names go on behind the protocol.
const OPENED: [&str; 11] = [
    "generic_maps",
    "header_checks",
    "mime_header_checks",
    "nested_header_checks",
    "body_checks",
    "dns_reply_filter",
    "reply_filter",
    "delivery_status_filter",
    "discard_ehlo_keyword_address_maps",
    "pix_workaround_maps",
    "tls_policy_maps",
];

/// What a client reads at its start if it may come to TLS.
const FOR_TLS: [&str; 9] = [
    "tls_append_default_CA",
    "tls_daemon_random_bytes",
    "tls_dane_digests",
    "tls_fast_shutdown_enable",
    "tls_high_cipherlist",
    "tls_medium_cipherlist",
    "tls_null_cipherlist",
    "tls_preempt_cipherlist",
    "tls_wildcard_matches_multiple_labels",
];

impl Router<'_> {
    /// Whether a program reads a parameter since it is a client with TLS.
    pub(super) fn reads_for_tls(&self, parameter: &str, program: &str) -> bool {
        let level = || self.text(&format!("{program}_tls_security_level")).unwrap_or_default();
        FOR_TLS.contains(&parameter) && matches!(program, "smtp" | "lmtp") && !matches!(&*level(), b"" | b"none")
    }

    /// What smtp(8) ends with, and lmtp(8).
    pub(super) fn client_fault(&self, protocol: &str) -> Option<String> {
        let text = |name: &str| self.text(&format!("{protocol}_{name}")).unwrap_or_default();
        let shown = |name: &str| String::from_utf8_lossy(&text(name)).into_owned();
        let is_known = |name: &str| {
            let (parameter, word) = (format!("{protocol}_{name}"), shown(name));
            let known = catalogue::parameter(&parameter).map_or(&[][..], |parameter| parameter.allowed);
            word.is_empty() || known.is_empty() || known.iter().any(|known| known.eq_ignore_ascii_case(&word))
        };
        if !is_known("tls_security_level") {
            return Some(format!("Invalid TLS level \"{}\"", shown("tls_security_level")));
        }
        if !is_known("address_preference") {
            return Some(format!("bad {protocol}_address_preference value: {}", shown("address_preference")));
        }
        if !is_known("dns_support_level") {
            return Some(format!("invalid {protocol}_dns_support_level: \"{}\"", shown("dns_support_level")));
        }
        if !is_known("address_verify_target") {
            let name = format!("{protocol}_address_verify_target");
            return Some(format!("bad protocol stage: \"{name} = {}\"", shown("address_verify_target")));
        }
        if !is_known("tls_dane_insecure_mx_policy") {
            let name = format!("{protocol}_tls_dane_insecure_mx_policy");
            return Some(format!("invalid {name}: \"{}\"", shown("tls_dane_insecure_mx_policy")));
        }
        if self.is_yes(&format!("{protocol}_sasl_auth_enable")) == Ok(true) && text("sasl_password_maps").is_empty() {
            let maps = format!("{protocol}_sasl_password_maps");
            return Some(format!("specify a password table via the `{maps}' configuration parameter"));
        }
        OPENED.iter().find_map(|name| self.untyped_table(&format!("{protocol}_{name}")))
    }

    /// What keeps a client from every connection over the network. IPv6 has an address of its own, and is not looked
    /// at: most hosts have one of IPv4, too.
    pub(super) fn connection_fault(&self, protocol: &str, nexthop: &[u8]) -> Option<String> {
        if self.text("inet_protocols").is_ok_and(|text| text.trim_ascii().is_empty()) {
            return Some("all network protocols are disabled".into());
        }
        let name = format!("{protocol}_bind_address");
        let address = self.text(&name).unwrap_or_default();
        let address = String::from_utf8_lossy(&address);
        let is_v6 = parse_destination(nexthop).is_ok_and(|host| host.address().is_some_and(|host| host.is_ipv6()));
        let words = "Name or service not known";
        (!is_v6 && !address.is_empty() && !is_own_address(&address))
            .then(|| format!("bad {name} parameter: {address}: {words}"))
    }
}
