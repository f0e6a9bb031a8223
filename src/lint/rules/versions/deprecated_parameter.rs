//! VER002: a parameter whose days are counted.

use super::removed_parameter::gone;
use super::{since, successor, target};
use crate::base::Edit;
use crate::config::catalogue::{self, Change, Deprecation, NameKind};
use crate::config::services::Override;
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::fixes::removal_of_line;
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::{SetValue, set_values};
use std::collections::HashSet;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VER002",
    name: "deprecated-parameter",
    family: Family::Versions,
    severity: Severity::Warning,
    summary: "a parameter that is deprecated, or known by a new name",
    why: "A later version of Postfix will ignore it, and mail then goes otherwise than it did.",
    example: "smtpd_use_tls = yes\n",
    remedy: "Use what has taken over.",
    fix: Some(Safety::Unsafe),
    link: "https://www.postfix.org/DEPRECATION_README.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let used = site.configuration.used_names();
    for set in set_values(site) {
        let name = set.parameter_name();
        let Some(entry) = catalogue::deprecation(NameKind::Parameter, &name) else { continue };
        let Some(change) = entry.change_in(target(site)).filter(|_| gone(&name, target(site)).is_none()) else {
            continue;
        };
        let what = match (change, entry.new_name()) {
            (Change::Renamed, Some(new)) => format!("{name} has been called {new}{}", since(entry.since)),
            _ => format!("{name} is deprecated{}", since(entry.since)),
        };
        let mut finding = Finding::new(&RULE, what).at(set.source, set.name.span(), "old");
        // Of others Postfix does not say so yet.
        if !entry.warned_in(target(site)) {
            finding.severity = Severity::Info;
        }
        finding.help = successor(entry);
        finding.fix = change_over(site, &set, entry, &used);
        findings.push(finding);
    }
}

/// A change that keeps the meaning; nothing where more than this one place decides.
fn change_over(site: &LoadedSite, set: &SetValue, entry: &Deprecation, used: &HashSet<Vec<u8>>) -> Option<Fix> {
    let &[new] = entry.replacement else { return None };
    let exists = catalogue::parameter(new).is_some_and(|parameter| parameter.exists_in(target(site)));
    if !exists || times_set(site, entry.name) != 1 || used.contains(set.name.bytes()) {
        return None;
    }
    let (title, edits) = if entry.new_name().is_some() {
        if times_set(site, new) > 0 {
            return None;
        }
        (format!("rename to {new}"), vec![Edit::replace(set.name.span(), new)])
    } else {
        by_value(site, set, entry, new)?
    };
    // A file alone does not show what else is set.
    let safety = if site.is_whole { Safety::Safe } else { Safety::Unsafe };
    Some(Fix { title, safety, source: Arc::clone(set.source), edits })
}

/// Puts the new parameter's value in the place of `yes`; takes out what has no effect.
fn by_value(site: &LoadedSite, set: &SetValue, entry: &Deprecation, new: &str) -> Option<(String, Vec<Edit>)> {
    // Both may be asked for: `yes` of one and of its sister come to one value together.
    let sister = match entry.name.strip_suffix("_use_tls") {
        Some(owner) => Some(format!("{owner}_enforce_tls")),
        None => entry.name.strip_suffix("_enforce_tls").map(|owner| format!("{owner}_use_tls")),
    };
    if entry.values.is_empty() || sister.is_some_and(|sister| times_set(site, &sister) > 0) {
        return None;
    }
    let value = set.value.to_string_lossy().to_ascii_lowercase();
    let (_, becomes) = entry.values.iter().find(|(old, _)| *old == value)?;
    let files = &site.configuration.files;
    let decides = !site.configuration.expanded(new.as_bytes(), set.service).ok()?.is_empty();
    // A service that empties the new parameter asks the old one again.
    let asked_again = files.services.iter().any(|service| {
        let emptied = |own: &Override| {
            site.configuration.expand(own.value.bytes(), Some(service)).is_ok_and(|value| value.is_empty())
        };
        service.value(new.as_bytes()).is_some_and(emptied)
    });
    // `no` is what they are by themselves.
    if value == "no" || decides && !asked_again {
        let entry = files.entry(set.name.bytes()).filter(|_| set.service.is_none())?;
        return Some(("remove the line, which has no effect".into(), removal_of_line(set.source, entry.extent.start)));
    }
    let is_free = match set.service {
        Some(service) => service.value(new.as_bytes()).is_none(),
        None => files.entry(new.as_bytes()).is_none() && !asked_again,
    };
    let edits = vec![Edit::replace(set.name.span(), new), Edit::replace(set.value.span(), *becomes)];
    (is_free && !decides).then(|| (format!("write {new} = {becomes}"), edits))
}

/// How many places of main.cf and master.cf set a parameter.
fn times_set(site: &LoadedSite, name: &str) -> usize {
    let files = &site.configuration.files;
    let in_main = files.main.entries.iter().filter(|entry| entry.name.bytes() == name.as_bytes()).count();
    let overrides = files.services.iter().flat_map(|service| &service.overrides);
    in_main + overrides.filter(|set| set.name.bytes() == name.as_bytes()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Overlay, Source, apply_edits};
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Platform, Site};
    use std::path::Path;

    /// main.cf and master.cf, with every change that is offered made.
    fn mended(main: &str, master: &str) -> String {
        let (main, master) = (Arc::new(Source::new("main.cf", main)), Arc::new(Source::new("master.cf", master)));
        let files = ConfigFiles::from_sources(Path::new("."), &main, Some(&master));
        let site = LoadedSite::read(
            Site::new(Configuration::new(files, Platform::default()), PathMap::system()),
            &Overlay::default(),
        );
        let mut findings = Vec::new();
        check(&site, &mut findings);
        let fixes: Vec<Fix> = findings.into_iter().filter_map(|finding| finding.fix).collect();
        assert!(fixes.iter().all(|fix| fix.safety == Safety::Safe));
        let text = |source: &Source| {
            let edits: Vec<Edit> = fixes
                .iter()
                .filter(|fix| fix.source.name() == source.name())
                .flat_map(|fix| fix.edits.iter().cloned())
                .collect();
            String::from_utf8_lossy(&apply_edits(source.bytes(), &edits).unwrap()).into_owned()
        };
        text(&main) + &text(&master)
    }

    #[test]
    fn changes_keep_the_meaning() {
        let cases = [
            // A new name, unless it is set already, asked for by the old one, or set elsewhere too.
            ("fallback_relay = a", "", "smtp_fallback_relay = a"),
            ("fallback_relay = a\nsmtp_fallback_relay = b\n", "", "fallback_relay = a\nsmtp_fallback_relay = b\n"),
            ("fallback_relay = a\nx = $fallback_relay\n", "", "fallback_relay = a\nx = $fallback_relay\n"),
            (
                "fallback_relay = a\n",
                "smtp unix - - n - - smtp -o fallback_relay=b\n",
                "fallback_relay = a\nsmtp unix - - n - - smtp -o fallback_relay=b\n",
            ),
            // A value in the new one's words.
            ("smtpd_use_tls = Yes\n", "", "smtpd_tls_security_level = may\n"),
            ("smtpd_enforce_tls = yes\n", "", "smtpd_tls_security_level = encrypt\n"),
            ("smtpd_use_tls = $x\nx = yes\n", "", "smtpd_use_tls = $x\nx = yes\n"),
            ("smtpd_use_tls = yes\nsmtpd_enforce_tls = no\n", "", "smtpd_use_tls = yes\nsmtpd_enforce_tls = no\n"),
            (
                "",
                "smtp inet n - n - - smtpd -o smtpd_use_tls=yes\n",
                "smtp inet n - n - - smtpd -o smtpd_tls_security_level=may\n",
            ),
            // What has no effect.
            ("smtpd_use_tls =\n # why\n no\na = b\n", "", " # why\na = b\n"),
            (
                "smtpd_use_tls = yes\nsmtpd_tls_security_level = may\n",
                "587 inet n - n - - smtpd -o smtpd_tls_security_level=encrypt\n",
                "smtpd_tls_security_level = may\n587 inet n - n - - smtpd -o smtpd_tls_security_level=encrypt\n",
            ),
            (
                "smtpd_use_tls = yes\nsmtpd_tls_security_level = may\n",
                "587 inet n - n - - smtpd -o smtpd_tls_security_level=\n",
                "smtpd_use_tls = yes\nsmtpd_tls_security_level = may\n587 inet n - n - - smtpd -o smtpd_tls_security_level=\n",
            ),
            // With the newest level the new parameter has a value by itself.
            ("compatibility_level = 3.11\nsmtp_use_tls = yes\n", "", "compatibility_level = 3.11\n"),
            (
                "compatibility_level = 3.6\nsmtp_use_tls = yes\n",
                "",
                "compatibility_level = 3.6\nsmtp_tls_security_level = may\n",
            ),
        ];
        for (main, master, expected) in cases {
            assert_eq!(mended(main, master), expected, "{main} and {master}");
        }
    }
}
