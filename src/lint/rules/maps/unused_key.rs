//! MAP015: a key that no lookup asks for.

use crate::config::catalogue::{self, Kind};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::key_advice::Asked;
use crate::lint::site::restriction_lists::{StepKind, restriction_list, smtp_servers, walk};
use crate::lint::site::uses::written_uses;
use crate::lint::site::{LoadedSite, Table};
use std::collections::HashMap;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP015",
    name: "unused-key",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "a key of an access or address table that no lookup asks for",
    why: "Postfix cuts what it looks for into keys in a fixed order, such as user@domain, then the domain and those above it: a key of \
          another form is never found, and the entry has no effect.",
    example: "@bad.example REJECT\n",
    remedy: "Write the key in a form that the table is asked for.",
    fix: None,
    link: "https://www.postfix.org/access.5.html",
};

/// Tables of which another rule tells.
const TOLD_ELSEWHERE: [&str; 7] = [
    "address_verify_transport_maps",
    "alias_maps",
    "mydestination",
    "relay_domains",
    "transport_maps",
    "virtual_alias_domains",
    "virtual_mailbox_domains",
];
/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let by_restriction = by_restriction(site);
    for table in &site.tables {
        let Some(entries) = &table.entries else { continue };
        let Some(asked) = asked_of(site, table, &by_restriction) else { continue };
        for entry in entries.all() {
            let key = entries.key(entry);
            let mut whys = asked.iter().map(|asked| asked.why_unused(key));
            // One lookup that asks for it is enough.
            let Some(Some((why, help))) = whys.next() else { continue };
            if whys.any(|why| why.is_none()) {
                continue;
            }
            let Some((source, text)) = table.text_of(entry) else { continue };
            let message = format!("nothing is looked up as {}", String::from_utf8_lossy(key));
            findings.push(Finding::new(&RULE, message).at(source, text.key_span(), why).help(help));
        }
    }
}

/// What each table of a restriction is asked for, by `type:name`.
fn by_restriction(site: &LoadedSite) -> HashMap<String, Vec<Option<Asked>>> {
    let mut found: HashMap<String, Vec<Option<Asked>>> = HashMap::new();
    for service in smtp_servers(site) {
        for list in catalogue::restriction_lists() {
            let steps = restriction_list(site, list.parameter, service);
            walk(site, &steps, service, &mut |step, _| {
                let (name, table) = match (step.kind, &step.argument) {
                    (StepKind::Table, _) => (list.bare_table.unwrap_or_default(), Some(&step.word)),
                    (_, argument) => (step.name(), argument.as_ref()),
                };
                if let Some(table) = table {
                    let table = table.strip_prefix("proxy:").unwrap_or(table);
                    found.entry(table.to_string()).or_default().push(Asked::by(site, name));
                }
                false
            });
        }
    }
    found
}

/// All that a table is asked for; nothing if one use is not known.
fn asked_of(
    site: &LoadedSite,
    table: &Table,
    by_restriction: &HashMap<String, Vec<Option<Asked>>>,
) -> Option<Vec<Asked>> {
    let mut asked = Vec::new();
    for named in written_uses(table) {
        match catalogue::parameter(&named.parameter) {
            Some(known) if TOLD_ELSEWHERE.contains(&known.name) => return None,
            Some(known) if known.kind != Kind::RestrictionList => asked.push(Asked::by(site, known.name)?),
            // A list of restrictions, or a class.
            _ if site.is_whole && !named.parameter.is_empty() => {
                let of_lists = by_restriction.get(&table.named.reference.to_string())?;
                asked.extend(of_lists.iter().copied().collect::<Option<Vec<_>>>()?);
            }
            _ => return None,
        }
    }
    Some(asked)
}
