//! MAP008: a table of a type that can no longer be compiled.

use crate::config::catalogue::{Profile, System, Version, default_value, parameter};
use crate::config::migration::replaces_types;
use crate::config::retired_types::{Successor, WrittenType, written_types};
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::site::uses::{at_uses, described};
use crate::lint::site::{LoadedSite, Table};
use std::cell::OnceCell;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP008",
    name: "unbuildable-type",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "a table of a type that needs Berkeley DB or another retired library",
    why: "Distributions have dropped Berkeley DB: where Postfix is built without it, `hash:` and `btree:` tables cannot be opened. `map-types` in postwright.toml tells which types the Postfix has that \
          will run the configuration.",
    example: "virtual_alias_maps = hash:/etc/postfix/virtual\n",
    remedy: "Run `postwright migrate bdb`: it changes the type wherever it is written, and builds the tables.",
    fix: Some(Safety::Unsafe),
    link: "https://www.postfix.org/postmap.1.html",
};

/// Whose package the site is judged by and from which series on that does without Berkeley DB, if it still comes with
/// it.
fn still_has_it(site: &LoadedSite) -> Option<(&'static str, Version)> {
    let platform = &site.configuration.platform;
    let profile = platform.profile?;
    let owner = match profile.system() {
        System::Debian => "Debian",
        System::Redhat => "Red Hat",
        System::Alpine => "Alpine",
        _ => return None,
    };
    let chosen = parameter("default_database_type")?;
    let has_it = |target, profile: Profile| default_value(chosen, target, profile) == Some("hash");
    let left = Version::supported().find(|series| !has_it(*series, profile.of_any_release()))?;
    has_it(platform.target, profile).then_some((owner, left))
}

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let level = site.expanded("non_bdb_migration_level");
    let still = still_has_it(site);
    let written = OnceCell::new();
    for table in &site.tables {
        let map_type = table.named.reference.map_type.as_str();
        let Some(known) = table.named.reference.known_type() else { continue };
        let is_there = site.has_map_type(map_type);
        // Daemons make their caches themselves, where they can; those that are so by default are not used more often
        // than not.
        let is_set = table.named.uses.iter().any(|named| named.place.is_some());
        let is_idle = table.named.is_cache() && (is_there.is_none() || !is_set);
        if !known.is_retired() || is_there == Some(true) || is_idle {
            continue;
        }
        // From 3.11 on Postfix can open another table instead.
        if known.needs_berkeley_db() && !level.is_empty() && replaces_types(&level) != Some(false) {
            continue;
        }
        let (message, severity) = match is_there {
            Some(_) => {
                (format!("{}: the Postfix that will run this has no {map_type}", described(table)), Severity::Error)
            }
            None if known.needs_berkeley_db()
                && let Some((owner, series)) = still =>
            {
                let message = format!("{}: {owner}'s Postfix has no Berkeley DB from {series} on", described(table));
                (message, Severity::Info)
            }
            None => (format!("{} cannot be compiled without Berkeley DB", described(table)), RULE.severity),
        };
        let mut finding = at_uses(Finding::new(&RULE, message).severity(severity).help(RULE.remedy), table);
        finding.fix = fix(site, table, written.get_or_init(|| written_types(&site.configuration)));
        findings.push(finding);
    }
}

/// Writes another type for a table, in the first text that names it; what is left is found again. That its index is of
/// that type is for somebody else to see to.
fn fix(site: &LoadedSite, table: &Table, written: &[WrittenType]) -> Option<Fix> {
    let reference = &table.named.reference;
    let is_its = |one: &&WrittenType| {
        let name = one.name.as_ref().filter(|name| !name.is_empty());
        name.is_some_and(|name| site.configuration.expand(name, None).is_ok_and(|name| *name == *reference.name))
    };
    // A type that stands alone may be that of several tables.
    let is_alone = |one: &&WrittenType| one.is_literal && one.map_type.name == reference.map_type;
    let first = written.iter().find(is_its).or_else(|| written.iter().find(is_alone))?;
    let successor = Successor::of_package(&site.configuration);
    let edits = written
        .iter()
        .filter(|one| Arc::ptr_eq(&one.source, &first.source))
        .filter(|one| if first.is_literal { is_alone(one) } else { is_its(one) })
        .map(|one| one.edit(successor));
    Some(Fix {
        title: format!("make it {}:, for which its index has to be built", successor.text(first.is_cache, true)),
        safety: Safety::Unsafe,
        source: Arc::clone(&first.source),
        edits: edits.collect(),
    })
}
