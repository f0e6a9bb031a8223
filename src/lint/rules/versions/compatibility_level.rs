//! VER006: a compatibility level that Postfix cannot read, that is ahead of it, or that nobody has chosen.

use super::target;
use crate::base::Span;
use crate::config::catalogue::Version;
use crate::config::expand::CompatibilityLevel;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::set_values;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VER006",
    name: "compatibility-level",
    family: Family::Versions,
    severity: Severity::Info,
    summary: "a compatibility level that Postfix cannot read, that is ahead of it, or that nobody has chosen",
    why: "Below its newest level Postfix keeps old defaults, and logs each time that one decides; levels before 3.6 are plain \
          numbers, and a level that it cannot read ends every program.",
    example: "compatibility_level = 3.6-old\n",
    remedy: "Set compatibility_level to the version of Postfix, and each old default that is still wanted to its value.",
    fix: None,
    link: "https://www.postfix.org/COMPATIBILITY_README.html",
};

/// The version that brought levels, and the one that gave them the form of versions.
const LEVELS: Version = Version::new(3, 0);
const DOTTED: Version = Version::new(3, 6);
/// The last level before that.
const LAST_PLAIN: u64 = 2;

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let target = target(site);
    // That there was no such parameter is told by another rule.
    if target < LEVELS {
        return;
    }
    let mut is_set = false;
    for set in set_values(site).into_iter().filter(|set| set.name.bytes() == b"compatibility_level") {
        is_set |= set.service.is_none();
        let Some(value) = set.expanded(site) else { continue };
        let shown = String::from_utf8_lossy(&value).into_owned();
        let span = if set.value.bytes().is_empty() { set.name.span() } else { set.value.span() };
        let (message, label, severity, help) = match fault(&value, target) {
            Some(Fault::Unreadable) => {
                let help = format!("write {}", newest(target));
                (
                    format!("Postfix {target} cannot read {shown:?} as a level"),
                    "every program ends",
                    Severity::Error,
                    help,
                )
            }
            Some(Fault::Ahead) => {
                let help =
                    format!("write {}, so that the next version does not change defaults unnoticed", newest(target));
                (format!("the level {shown} is ahead of Postfix {target}"), "too high", Severity::Info, help)
            }
            None => continue,
        };
        findings.push(Finding::new(&RULE, message).at(set.source, span, label).severity(severity).help(help));
    }
    // A part of main.cf need not say it.
    if !is_set && site.is_whole {
        let main = site.configuration.files.main.tree.source();
        let finding = Finding::new(&RULE, "no compatibility_level is set: Postfix keeps the defaults of before 3.0");
        findings.push(finding.at(main, Span::at(0), "nowhere in this file").help(format!(
            "set compatibility_level = {}, and each old default that is still wanted to its value",
            newest(target)
        )));
    }
}

/// What can be wrong with a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Unreadable,
    Ahead,
}

fn fault(value: &[u8], target: Version) -> Option<Fault> {
    let Some(level) = CompatibilityLevel::parse(value) else { return Some(Fault::Unreadable) };
    let highest = if target < DOTTED {
        if value.contains(&b'.') {
            return Some(Fault::Unreadable);
        }
        (LAST_PLAIN, 0)
    } else {
        (u64::from(target.major), u16::from(target.minor))
    };
    ((level.major, level.minor) > highest).then_some(Fault::Ahead)
}

/// The level of a version.
fn newest(target: Version) -> String {
    if target < DOTTED { LAST_PLAIN.to_string() } else { target.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_that_versions_read() {
        let (old, new) = (Version::new(3, 5), Version::new(3, 8));
        let cases: &[(&str, Version, Option<Fault>)] = &[
            ("0", new, None),
            ("2", old, None),
            ("3", old, Some(Fault::Ahead)),
            ("3.6", old, Some(Fault::Unreadable)),
            ("3.6", new, None),
            ("3.8.7", new, None),
            ("3.9", new, Some(Fault::Ahead)),
            ("9", new, Some(Fault::Ahead)),
            ("3.6.1.2", new, Some(Fault::Unreadable)),
            ("", new, Some(Fault::Unreadable)),
            ("-1", new, Some(Fault::Unreadable)),
        ];
        for (value, target, expected) in cases {
            assert_eq!(fault(value.as_bytes(), *target), *expected, "{value} for {target}");
        }
    }
}
