//! MC006: a value that Postfix cannot read as what the parameter needs, or that is out of range.

use crate::config::catalogue::{self, Limits, ValueType};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::{SetValue, set_values};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC006",
    name: "wrong-value",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a value of the wrong type, or out of range",
    why: "Every program that reads the parameter ends with a fatal error when it starts. The -o of a daemon that does not read \
          it does no harm, and has no effect: only a warning.",
    example: "smtpd_timeout = 5 minutes\n",
    remedy: "Write a value of the type that postconf(5) names, within its limits: a time is a number and a letter without a blank.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        let (Some(value_type), Some(value)) = (set.value_type(site), set.expanded(site)) else { continue };
        let Some((wrong, help)) = fault(value_type, &value) else { continue };
        let shown = String::from_utf8_lossy(&value);
        let message = if value.is_empty() {
            format!("{} is empty", set.parameter_name())
        } else {
            format!("{} cannot be {shown:?}", set.parameter_name())
        };
        let span = if set.value.bytes().is_empty() { set.name.span() } else { set.value.span() };
        let finding = Finding::new(&RULE, message).at(set.source, span, wrong);
        findings.push(match (set.unheeded_by(), readers(&set.parameter_name())) {
            // An empty text ends only the program that comes to need it.
            (None, readers) if value.is_empty() && is_idle(site, &set, readers) => {
                finding.severity(Severity::Warning).help(help)
            }
            (None, _) => finding.help(help),
            // Read for a job at hand, if at all.
            (Some(_), []) => finding.severity(Severity::Warning).help(help),
            (Some(daemon), readers) => {
                let readers = readers.join(", ");
                let help = format!("{help}; {daemon} does not read this, only {readers}: is it the right service?");
                finding.severity(Severity::Warning).help(help)
            }
        });
    }
}

/// Whether no daemon that runs on this site reads a parameter of main.cf when it starts.
fn is_idle(site: &LoadedSite, set: &SetValue, readers: &[&str]) -> bool {
    if set.service.is_some() || catalogue::read_by_every_program().contains(&&*set.parameter_name()) {
        return false;
    }
    // virtual(8) runs for the domains that it has mailboxes for.
    let is_unused = |daemon: &&str| *daemon == "virtual" && site.expanded("virtual_mailbox_domains").is_empty();
    readers.iter().all(is_unused)
}

/// The daemons that read a parameter, those of one transport too.
fn readers(parameter: &str) -> &'static [&'static str] {
    match catalogue::service_parameter(parameter) {
        Some((_, family)) if family.suffix == "_time_limit" => &["pipe", "spawn"],
        Some(_) => &["qmgr"],
        None => catalogue::readers(parameter),
    }
}

/// What is wrong with a value after expansion, and what to write.
fn fault(value_type: ValueType, value: &[u8]) -> Option<(String, String)> {
    match value_type {
        ValueType::Bool | ValueType::NBool => {
            let known = value.eq_ignore_ascii_case(b"yes") || value.eq_ignore_ascii_case(b"no");
            (!known).then(|| ("neither yes nor no".to_string(), "write yes or no".to_string()))
        }
        ValueType::Int(limits) | ValueType::NInt(limits) => {
            number(value, i64::from(i32::MIN)..=i64::from(i32::MAX), limits)
        }
        ValueType::Long(limits) => number(value, i64::MIN..=i64::MAX, limits),
        ValueType::Time { unit, limits } => match unit.parse_time(value) {
            None => {
                let help = "write a whole number and one letter: s, m, h, d or w, as in 5m";
                Some(("not a time".to_string(), help.to_string()))
            }
            Some(seconds) => out_of_range(seconds, limits, " seconds"),
        },
        ValueType::Str(limits) | ValueType::Raw(limits) => {
            let length = i64::try_from(value.len()).unwrap_or(i64::MAX);
            (!limits.allow(length)).then(|| {
                if value.is_empty() {
                    return (
                        "nothing behind the =".to_string(),
                        "write a value, or take the parameter out".to_string(),
                    );
                }
                ("a text of the wrong length".to_string(), format!("write {}", range(limits, " bytes")))
            })
        }
    }
}

fn number(value: &[u8], readable: std::ops::RangeInclusive<i64>, limits: Limits) -> Option<(String, String)> {
    let text = std::str::from_utf8(value).unwrap_or_default().trim_ascii_start();
    match text.parse::<i64>() {
        Ok(number) if readable.contains(&number) => out_of_range(number, limits, ""),
        _ => Some(("not a whole number".to_string(), format!("write a number{}", behind(&range(limits, ""))))),
    }
}

fn out_of_range(value: i64, limits: Limits, unit: &str) -> Option<(String, String)> {
    (!limits.allow(value)).then(|| ("out of range".to_string(), format!("write {}", range(limits, unit))))
}

/// `5 to 10`, in words.
fn range(limits: Limits, unit: &str) -> String {
    match (limits.min, limits.max) {
        (Some(min), Some(max)) => format!("{min} to {max}{unit}"),
        (Some(min), None) => format!("at least {min}{unit}"),
        (None, Some(max)) => format!("at most {max}{unit}"),
        (None, None) => String::new(),
    }
}

fn behind(range: &str) -> String {
    if range.is_empty() { String::new() } else { format!(", {range}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::catalogue::TimeUnit;

    /// As the answers of a program of Postfix 3.11 that was given such values.
    #[test]
    fn what_postfix_refuses() {
        let one = Limits { min: Some(1), max: None };
        let time = ValueType::Time { unit: TimeUnit::Second, limits: one };
        let cases: &[(ValueType, &str, Option<&str>)] = &[
            (time, "5m", None),
            (time, "5mm", None),
            (time, "5x", Some("not a time")),
            (time, "5 m", Some("not a time")),
            (time, "5M", Some("not a time")),
            (time, "", Some("not a time")),
            (time, "0", Some("out of range")),
            (ValueType::Bool, "YES", None),
            (ValueType::Bool, "YES # c", Some("neither yes nor no")),
            (ValueType::Bool, "", Some("neither yes nor no")),
            (ValueType::Int(one), "+5", None),
            (ValueType::Int(one), "0x10", Some("not a whole number")),
            (ValueType::Int(one), "5 # c", Some("not a whole number")),
            (ValueType::Int(one), "99999999999", Some("not a whole number")),
            (ValueType::Int(one), "", Some("not a whole number")),
            (ValueType::Int(one), "0", Some("out of range")),
            (ValueType::Str(one), "", Some("nothing behind the =")),
        ];
        for (value_type, value, expected) in cases {
            let wrong = fault(*value_type, value.as_bytes()).map(|(wrong, _)| wrong);
            assert_eq!(wrong.as_deref(), *expected, "{value_type:?} {value:?}");
        }
    }
}
