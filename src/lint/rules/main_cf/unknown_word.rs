//! MC007: a word that the parameter does not know.

use crate::base::{Span, suggest};
use crate::config::catalogue::{self, Kind};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::{SetValue, set_values};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC007",
    name: "unknown-word",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "a word that the parameter does not know",
    why: "What becomes of it depends on the parameter: it is ignored, a feature such as TLS is switched off, or programs end with \
          a fatal error.",
    example: "smtp_tls_security_level = enforce\n",
    remedy: "Use one of the words that the parameter knows.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// With these every program of Postfix ends at once.
const FATAL: [&str; 2] = ["inet_protocols", "syslog_facility"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        match set.kind(site) {
            Some(Kind::Enum) => {
                let Some(value) = set.expanded(site) else { continue };
                look_at(&set, &value, set.value.span(), findings);
            }
            Some(Kind::EnumList) => {
                for element in set.elements(site) {
                    look_at(&set, &element.bytes, element.span, findings);
                }
            }
            _ => {}
        }
    }
}

fn look_at(set: &SetValue, value: &[u8], span: Span, findings: &mut Vec<Finding>) {
    let name = set.parameter_name();
    let Some(parameter) = catalogue::parameter(&name) else { return };
    let value = String::from_utf8_lossy(value);
    // milter_protocol may have flags behind the number; masks may be numbers; permissions have leading zeros.
    let word = value.split([' ', ',']).next().unwrap_or_default();
    let plain = word.trim_start_matches('0');
    let known =
        |allowed: &&'static str| allowed.eq_ignore_ascii_case(word) || (!plain.is_empty() && **allowed == *plain);
    if word.is_empty() || word.starts_with("0x") || parameter.allowed.is_empty() || parameter.allowed.iter().any(known)
    {
        return;
    }
    let mut finding =
        Finding::new(&RULE, format!("{name} does not know the word {word}")).at(set.source, span, "unknown");
    finding.help = Some(match suggest(word, parameter.allowed.iter().copied()).first() {
        Some(similar) => format!("did you mean {similar}?"),
        None => format!("it knows {}", parameter.allowed.join(", ")),
    });
    if FATAL.contains(&parameter.name) {
        finding.severity = Severity::Error;
    }
    findings.push(finding);
}
