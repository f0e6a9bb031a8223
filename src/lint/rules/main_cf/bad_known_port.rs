//! MC028: an entry of `known_tcp_ports` that Postfix leaves out, or takes for another port.

use crate::config::catalogue::Version;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::set_values;
use crate::mail::known_ports::known_ports;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC028",
    name: "bad-known-port",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "an entry of known_tcp_ports that Postfix leaves out, or takes for another port",
    why: "Programs warn about an entry that they cannot read and go on without it: services and destinations that use the name \
          are not found. Of a number past 65535 versions before 3.12 take the lowest 16 bits; 3.12 refuses it.",
    example: "known_tcp_ports = filter=70000\n",
    remedy: "Write name=port or name=name=port, with a port from 1 to 65535, and commas between the entries.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html#known_tcp_ports",
};

/// The version that refuses numbers past 65535.
const STRICT: Version = Version::new(3, 12);

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let target = site.configuration.platform.target;
    for set in set_values(site).into_iter().filter(|set| set.name.bytes() == b"known_tcp_ports") {
        let (Some(_), Some(value)) = (set.kind(site), set.expanded(site)) else { continue };
        let is_written = set.value.bytes() == &*value;
        for entry in known_ports(&value) {
            let shown = String::from_utf8_lossy(&value[entry.range.clone()]).into_owned();
            let (message, label) = match entry.port {
                Err(fault) => (format!("Postfix cannot read the entry {shown}: {fault}"), "left out".to_string()),
                Ok(number) if number.is_high && target < STRICT => {
                    (format!("the port of {shown} is past 65535"), format!("Postfix takes {}", number.low))
                }
                Ok(number) if number.is_high => (format!("the port of {shown} is past 65535"), "left out".to_string()),
                Ok(_) => continue,
            };
            let range = if is_written { entry.range } else { 0..set.value.bytes().len() };
            let finding = Finding::new(&RULE, message).at(set.source, set.value.source_span(range), label);
            findings.push(finding.help(RULE.remedy));
        }
    }
}
