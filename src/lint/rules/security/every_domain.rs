//! SEC006: relay_domains holds every domain.

use crate::base::{Source, Span};
use crate::config::table_reference::TableReference;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::rules::maps::hidden_rules::EVERYTHING;
use crate::lint::site::set_values::set_values;
use crate::lint::site::{LoadedSite, Table};
use crate::syntax::match_list::split_list;
use crate::syntax::pattern_table::StatementKind;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "SEC006",
    name: "every-domain",
    family: Family::Security,
    severity: Severity::Error,
    summary: "relay_domains or mydestination holds every domain",
    why: "reject_unauth_destination lets mail through for every domain that is one of this site's: if all are, the whole world may relay \
          through it, or finds no mailbox.",
    example: "relay_domains = static:yes\n",
    remedy: "Name the domains that this site takes mail for.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html#relay_domains",
};

/// Lists of the domains that mail is taken for.
const LISTS: [&str; 4] = ["relay_domains", "mydestination", "virtual_alias_domains", "virtual_mailbox_domains"];

/// Domains that have nothing in common but what all have.
const PROBES: [&str; 5] = ["a.example", "q7-zz.invalid", "mail.host.example.net", "x.co.uk", "1-2.museum"];
/// Top-level domains that are nobody's own; those of two letters are, too.
const TOPS: [&str; 9] = ["com", "net", "org", "info", "biz", "edu", "gov", "mil", "arpa"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        let name = set.parameter_name();
        if !LISTS.contains(&name.as_str()) {
            continue;
        }
        for element in set.elements(site) {
            let text = String::from_utf8_lossy(&element.bytes).into_owned();
            if let Some(top) = whole_top(site, &name, &text) {
                let message = format!("{name} holds every domain below {top}");
                let label = "stands for all that is below it";
                findings.push(Finding::new(&RULE, message).at(set.source, element.span, label).help(RULE.remedy));
                continue;
            }
            let Some(pattern) = all_of(site, &element.bytes) else { continue };
            let mut finding =
                Finding::new(&RULE, format!("{name} holds every domain")).at(set.source, element.span, "matches all");
            if let Some((source, span)) = pattern {
                finding = finding.at(&source, span, "by this pattern");
            }
            findings.push(finding.help(RULE.remedy));
        }
    }
}

/// Whether a table answers for every domain; with the pattern that does, if it is one of those that everybody writes.
fn all_of(site: &LoadedSite, element: &[u8]) -> Option<Option<(Arc<Source>, Span)>> {
    let table = TableReference::behind_proxy(element)?;
    let members = if table.map_type == "unionmap" { table.innermost() } else { vec![table] };
    members.iter().find_map(|member| {
        if member.map_type == "static" {
            return Some(None);
        }
        let table = site.tables.iter().find(|table| table.named.reference == *member)?;
        let mut patterns = table.open_patterns()?;
        let is_all = PROBES.iter().all(|domain| matches!(patterns.lookup(domain.as_bytes()), Ok(Some(_))));
        is_all.then(|| everything(table))
    })
}

/// The top-level domain that a list holds with all that is below it.
fn whole_top<'t>(site: &LoadedSite, parameter: &str, text: &'t str) -> Option<&'t str> {
    if parameter != "relay_domains" {
        return None;
    }
    let by_parents = site.expanded("parent_domain_matches_subdomains");
    let by_parents = split_list(&by_parents).into_iter().any(|range| &by_parents[range] == b"relay_domains");
    let top = if by_parents { text } else { text.strip_prefix('.')? };
    let is_country = top.len() == 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic());
    (is_country || TOPS.iter().any(|known| known.eq_ignore_ascii_case(top))).then_some(top)
}

/// The first pattern of a table, if it matches everything.
fn everything(table: &Table) -> Option<(Arc<Source>, Span)> {
    let (source, rules) = table.patterns()?;
    let StatementKind::Rule { pattern, .. } = &rules.statements.first()?.kind else { return None };
    let is_all = !pattern.negated && pattern.second.is_none() && EVERYTHING.contains(&pattern.text.bytes());
    is_all.then(|| (Arc::clone(source), pattern.text.span()))
}
