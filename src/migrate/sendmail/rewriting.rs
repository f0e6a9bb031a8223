//! genericstable, domaintable and masquerading: addresses that are written otherwise when mail leaves.
//!
//! Sendmail rewrites senders in headers, and envelopes and recipients if it is told to; which addresses, the classes
//! `w`, `M`, `N`, `G` and `E` say. All of it stands in one table, so that an entry of genericstable comes before the
//! masquerade of its domain. Source: canonical(5), cf/README.

use super::draft::{Draft, escaped, literal};
use super::lists::{LOCAL_DOMAINS, RELAY_DOMAINS};
use super::old_site::{OldSite, parents};
use super::read::Row;
use super::report::Verdict;
use super::resolve::with_arguments;
use super::settings::{Class, Flag, Role};
use std::collections::HashSet;

/// Senders as they are written.
pub const SENDER_CANONICAL: &str = "sender_canonical";
/// The same, by patterns.
pub const SENDER_PATTERNS: &str = "sender_canonical.pcre";
/// Domains that have another name.
pub const CANONICAL: &str = "canonical";

/// Carries all of it over.
pub fn carry(site: &OldSite, draft: &mut Draft) {
    for row in site.rows(Role::Domain) {
        let verdict = domain(site, row, draft);
        draft.told(row.line(verdict));
    }
    let generics = Generics::of(site);
    for row in site.rows(Role::Generics) {
        let verdict = generics.carry(row, draft);
        draft.told(row.line(verdict));
    }
    masquerade(site, draft);
    for class in [Class::Generics, Class::Masquerade, Class::MasqueradeException, Class::Exposed] {
        for row in site.members(class).iter().filter_map(|name| name.row.as_ref()) {
            let to = match (class, site.settings.masquerade_as.is_some()) {
                (Class::Generics, _) => "sender_canonical: entries of genericstable are written for this domain",
                (_, true) => "sender_canonical: by MASQUERADE_AS",
                (_, false) => "nothing: without MASQUERADE_AS nothing is masqueraded",
            };
            draft.told(row.line(Verdict::carried(to)));
        }
    }
    for row in site.rows(Role::UserDb) {
        draft.told(row.line(Verdict::decide(
            "the user database has no counterpart that a program could choose",
            &[":maildrop as an alias, :mailname as a line of sender_canonical", "leave it out"],
        )));
    }
}

/// An old name of a domain.
fn domain(site: &OldSite, row: &Row, draft: &mut Draft) -> Verdict {
    let (old, new) = (row.key.as_str(), row.value.to_lowercase());
    if old.starts_with('.') {
        return Verdict::carried("nothing: Sendmail looks for whole domains only");
    }
    if !site.is_local(&new) {
        draft.entry(CANONICAL, &format!("@{old}"), &format!("@{new}"));
        let is_relayed = site.has_member(Class::Relay, &new);
        if !is_relayed {
            return Verdict::carried(CANONICAL);
        }
        draft.list(RELAY_DOMAINS, old);
        return Verdict::carried(format!(
            "{CANONICAL}, and {RELAY_DOMAINS} (relay_domains), so that it is taken as {new} is"
        ));
    }
    let at = format!("@{new}");
    if site.has_virtual_keys(&new) {
        draft.entry(CANONICAL, &format!("@{old}"), &at);
        draft.list(LOCAL_DOMAINS, old);
        return Verdict::changed(format!(
            "{CANONICAL}, and {LOCAL_DOMAINS}: users of {old} that are not there are taken and then returned, not refused"
        ));
    }
    draft.list(LOCAL_DOMAINS, old);
    draft.entry(SENDER_CANONICAL, &format!("@{old}"), &at);
    Verdict::changed(format!(
        "{LOCAL_DOMAINS} (mydestination) and {SENDER_CANONICAL}: recipients in headers keep {old}, so that unknown users are refused"
    ))
}

/// What genericstable is for.
struct Generics<'s> {
    site: &'s OldSite,
    /// The domains that its entries hold for, sorted.
    domains: Vec<&'s str>,
    /// Those that it has something for all of.
    taken: HashSet<&'s str>,
}

impl<'s> Generics<'s> {
    fn of(site: &'s OldSite) -> Self {
        let own = site.host.as_deref();
        let named = site.members(Class::Generics).iter().map(|name| name.name.as_str());
        let mut domains: Vec<&str> = own.into_iter().chain(named).collect();
        domains.sort_unstable();
        domains.dedup();
        let taken = site.rows(Role::Generics).iter().filter_map(|row| row.key.strip_prefix('@')).collect();
        Self { site, domains, taken }
    }

    /// Whether the table is asked for a domain.
    fn is_asked(&self, domain: &str) -> bool {
        let is_named = |domain: &str| self.domains.binary_search(&domain).is_ok();
        is_named(domain) || self.site.settings.has(Flag::GenericsEntireDomain) && parents(domain).any(is_named)
    }

    fn carry(&self, row: &Row, draft: &mut Draft) -> Verdict {
        let site = self.site;
        let value = qualified(site, &row.value);
        let verdict = match row.key.rsplit_once('@') {
            Some((_, domain)) if !self.is_asked(domain) && site.has_configuration => Verdict::carried(format!(
                "nothing: {domain} is no GENERICS_DOMAIN, so Sendmail never asks this table for it"
            )),
            Some(("", domain)) => {
                if let Some(new) = value.strip_prefix("%1").filter(|new| new.starts_with('@') && !new.contains('%')) {
                    draft.entry(SENDER_CANONICAL, &row.key, new);
                    Verdict::carried(SENDER_CANONICAL)
                } else if value.contains('%') {
                    let pattern = format!("/^([^@]+)@{}$/", escaped(domain));
                    draft.pattern(
                        SENDER_PATTERNS,
                        format!("{pattern} {}", with_arguments(&literal(&value), &[&row.key, "${1}"])),
                    );
                    Verdict::carried(SENDER_PATTERNS)
                } else {
                    draft.entry(SENDER_CANONICAL, &row.key, &value);
                    Verdict::carried(SENDER_CANONICAL)
                }
            }
            Some((local, domain)) => match local.strip_suffix("+*") {
                Some(user) => {
                    let pattern = format!("/^{}\\+([^@]*)@{}$/", escaped(user), escaped(domain));
                    draft.pattern(
                        SENDER_PATTERNS,
                        format!("{pattern} {}", with_arguments(&literal(&value), &[&row.key, "${1}"])),
                    );
                    Verdict::carried(SENDER_PATTERNS)
                }
                None => {
                    draft.entry(SENDER_CANONICAL, &row.key, &with_arguments(&value, &[&row.key]));
                    Verdict::carried(SENDER_CANONICAL)
                }
            },
            None if row.key.ends_with("+*") => Verdict::decide(
                "a key for every detail of a user without a domain",
                &["a line in sender_canonical.pcre", "leave it out"],
            ),
            None => self.bare(row, &value, draft),
        };
        let covers_remote = site.settings.has(Flag::LocalNoMasquerade);
        match verdict {
            Verdict::CarriedOver { to } if covers_remote && !to.starts_with("nothing") => Verdict::changed(format!(
                "{to}: also in mail that stays here, which FEATURE(local_no_masquerade) left out"
            )),
            verdict => verdict,
        }
    }

    /// A user in each domain that the table is for, but where the table has something for all of the domain.
    fn bare(&self, row: &Row, value: &str, draft: &mut Draft) -> Verdict {
        let mut count = 0;
        for domain in self.domains.iter().filter(|domain| !self.taken.contains(*domain)) {
            draft.entry(SENDER_CANONICAL, &format!("{}@{domain}", row.key), value);
            count += 1;
        }
        if self.site.host.is_none() {
            draft.entry(SENDER_CANONICAL, &row.key, value);
            count += 1;
        }
        match count {
            0 => Verdict::carried("nothing: Sendmail looks for @DOMAIN before it looks for this"),
            _ => Verdict::carried(SENDER_CANONICAL),
        }
    }
}

/// A value with the domain that Sendmail would add.
fn qualified(site: &OldSite, value: &str) -> String {
    let own = site.settings.masquerade_as.as_ref().map(|said| said.what.as_str()).or(site.host.as_deref());
    match own {
        Some(domain) if !value.contains('@') => format!("{value}@{domain}"),
        _ => value.to_string(),
    }
}

/// `MASQUERADE_AS`
fn masquerade(site: &OldSite, draft: &mut Draft) {
    let Some(new) = &site.settings.masquerade_as else { return };
    let new = new.what.to_lowercase();
    let mut domains: Vec<&str> = site.host.as_deref().into_iter().chain(["localhost"]).collect();
    if !site.settings.has(Flag::LimitedMasquerade) {
        domains.extend(site.members(Class::Local).iter().map(|name| name.name.as_str()));
    }
    let named = site.members(Class::Masquerade).iter().map(|name| name.name.as_str());
    let mut patterns = Vec::new();
    for name in named {
        domains.push(name);
        if site.settings.has(Flag::MasqueradeEntireDomain) {
            patterns.push(format!("/^([^@]+)@[^@]+\\.{}$/ ${{1}}@{}", escaped(name), literal(&new)));
        }
    }
    let exposed: Vec<&str> = site.members(Class::Exposed).iter().map(|name| name.name.as_str()).collect();
    let is_named = |domain: &str| site.has_member(Class::MasqueradeException, domain);
    let is_exception = |domain: &str| is_named(domain) || parents(domain).any(is_named);
    for domain in domains.into_iter().filter(|domain| *domain != new && !is_exception(domain)) {
        for user in &exposed {
            let address = format!("{user}@{domain}");
            draft.entry(SENDER_CANONICAL, &address, &address);
        }
        draft.entry(SENDER_CANONICAL, &format!("@{domain}"), &format!("@{new}"));
    }
    if !patterns.is_empty() {
        // What stays as it is comes first.
        for user in &exposed {
            draft.pattern(SENDER_PATTERNS, format!("/^({}@[^@]+)$/ ${{1}}", escaped(user)));
        }
        for name in site.members(Class::MasqueradeException) {
            draft.pattern(SENDER_PATTERNS, format!("/^(.+@(?:[^@]+\\.)?{})$/ ${{1}}", escaped(&name.name)));
        }
        patterns.into_iter().for_each(|pattern| draft.pattern(SENDER_PATTERNS, pattern));
    }
}
