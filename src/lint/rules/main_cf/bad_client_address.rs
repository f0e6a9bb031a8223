//! MC031: an address for outgoing connections that is none.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::set_values;
use crate::mail::host_name::is_own_address;
use std::net::IpAddr;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC031",
    name: "bad-client-address",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "smtp_bind_address and its kin hold something else than one address",
    why: "The SMTP client ends with each message (`fatal: smtp_connect_addr: bad smtp_bind_address parameter`), and the mail waits: \
          names, networks, lists and quotes are no address. An address of the other family is passed over with a warning.",
    example: "smtp_bind_address = 192.0.2.25/24\n",
    remedy: "Write one numerical address: of IPv4 in smtp_bind_address, of IPv6 in smtp_bind_address6.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html#smtp_bind_address",
};

/// The parameters, and whether their address is one of IPv6.
const PARAMETERS: [(&str, bool); 4] = [
    ("smtp_bind_address", false),
    ("smtp_bind_address6", true),
    ("lmtp_bind_address", false),
    ("lmtp_bind_address6", true),
];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        let name = set.parameter_name();
        let Some((_, is_v6)) = PARAMETERS.iter().find(|(parameter, _)| *parameter == name) else { continue };
        let value = set.expanded(site).unwrap_or_default();
        let text = String::from_utf8_lossy(&value).into_owned();
        let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(&text);
        let finding = match inside.parse::<IpAddr>() {
            _ if text.is_empty() => continue,
            Ok(address) if address.is_ipv6() != *is_v6 => {
                let other = if *is_v6 { "IPv4" } else { "IPv6" };
                Finding::new(&RULE, format!("{name} has an address of {other}")).severity(Severity::Warning).at(
                    set.source,
                    set.value.span(),
                    "passed over, with a warning for each connection",
                )
            }
            _ if is_own_address(&text) => continue,
            _ => Finding::new(&RULE, format!("{text} is not one address")).at(
                set.source,
                set.value.span(),
                "the client ends with each message",
            ),
        };
        findings.push(finding.help(RULE.remedy));
    }
}
