//! SEC002: nothing in the relay and recipient restrictions keeps strangers from relaying.

use crate::config::catalogue::restriction_lists;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::restriction_lists::{holds_one_of, restriction_list, smtp_servers};
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "SEC002",
    name: "no-relay-control",
    family: Family::Security,
    severity: Severity::Error,
    summary: "nothing in the relay and recipient restrictions keeps strangers from relaying",
    why: "The SMTP server refuses to start without one of reject_unauth_destination, defer_unauth_destination, reject, defer or \
          defer_if_permit in smtpd_relay_restrictions or smtpd_recipient_restrictions, and no mail comes in.",
    example: "smtpd_relay_restrictions = permit_mynetworks\nsmtpd_recipient_restrictions =\n",
    remedy: "Put reject_unauth_destination into smtpd_relay_restrictions, behind those who may relay.",
    fix: None,
    link: "https://www.postfix.org/SMTPD_ACCESS_README.html#relay",
};

/// What to do where no list is written.
const NO_LIST: &str = "set smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination, or a compatibility_level of 1 or more";

/// The two lists of which one must have it.
const LISTS: [&str; 2] = ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let mut told = Vec::new();
    for service in smtp_servers(site) {
        let lists = LISTS.map(|parameter| restriction_list(site, parameter, service));
        // What main.cf sets and defines is not known of a master.cf by itself.
        let is_known = |parameter: &str| {
            let set = service.and_then(|service| service.value(parameter.as_bytes()));
            set.is_some_and(|set| !set.value.bytes().contains(&b'$'))
        };
        if !site.is_whole && site.configuration.files.master.is_some() && !LISTS.into_iter().all(is_known) {
            continue;
        }
        let mut works = false;
        for (list, parameter) in lists.iter().zip(LISTS) {
            let one_of =
                restriction_lists().iter().find(|known| known.parameter == parameter).map_or(&[][..], |l| l.one_of);
            works |= holds_one_of(site, list, service, one_of);
        }
        let mut places: Vec<_> = lists.iter().filter_map(|list| list.place.clone()).collect();
        let is_written = !places.is_empty();
        // A list of the service's own is at fault before what it shares with others.
        let main = site.configuration.files.main.tree.source();
        places.sort_by_key(|(source, _)| source.name() == main.name());
        if !is_written && site.is_whole {
            // Nothing but the defaults for an old compatibility level: the file as a whole is what lacks it.
            places.push((Arc::clone(main), main.line_span(1)));
        }
        let spans: Vec<_> = places.iter().map(|(source, span)| (source.name().to_string(), span.start)).collect();
        // Many services may share the lists of main.cf.
        if works || places.is_empty() || told.contains(&spans) {
            continue;
        }
        told.push(spans);
        let who = service.map_or_else(|| "the SMTP server".to_string(), |service| service.label());
        let mut finding =
            Finding::new(&RULE, format!("{who} refuses to start: nothing here keeps strangers from relaying"));
        for (source, span) in &places {
            let label = match is_written {
                true => "no working reject_unauth_destination or the like",
                false => "this file sets no list, and without compatibility_level the default of both is empty",
            };
            finding = finding.at(source, *span, label);
        }
        let help = if is_written { RULE.remedy } else { NO_LIST };
        findings.push(finding.help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Overlay, Source};
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Platform, Site};
    use std::path::Path;

    /// As smtpd of Postfix 3.11.7 starts, or ends with "specify at least one working instance of: …".
    #[test]
    fn sites_that_write_no_list() {
        let cases = [
            ("mydestination = example.com\n", true),
            ("compatibility_level = 0\n", true),
            ("compatibility_level = 1\n", false),
            ("compatibility_level = 3.6\n", false),
            ("smtpd_relay_restrictions = reject\n", false),
        ];
        for (main, refuses) in cases {
            let source = |name: &str, text: &str| Arc::new(Source::new(name, text));
            let (main_cf, master_cf) = (source("main.cf", main), source("master.cf", "smtp inet n - n - - smtpd\n"));
            let files = ConfigFiles::from_sources(Path::new("."), &main_cf, Some(&master_cf));
            let site = Site::new(Configuration::new(files, Platform::default()), PathMap::system());
            let mut findings = Vec::new();
            check(&LoadedSite::read(site, &Overlay::default()), &mut findings);
            let told: Vec<_> = findings.iter().map(|one| (one.message.as_str(), one.labels[0].span.start)).collect();
            let expected = ("smtp/inet refuses to start: nothing here keeps strangers from relaying", 0);
            assert_eq!(told, if refuses { vec![expected] } else { Vec::new() }, "{main}");
        }
    }
}
