//! SEC006: relay_domains holds every domain.

use crate::base::{Source, Span};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::rules::maps::hidden_rules::EVERYTHING;
use crate::lint::site::set_values::set_values;
use crate::lint::site::{LoadedSite, Table};
use crate::syntax::pattern_table::{StatementKind, parse_pattern_table};
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

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        let name = set.parameter_name();
        if !LISTS.contains(&name.as_str()) {
            continue;
        }
        for element in set.elements(site) {
            let text = String::from_utf8_lossy(&element.bytes).into_owned();
            let bare = text.strip_prefix("proxy:").unwrap_or(&text);
            let table = || site.table_named(bare.as_bytes());
            let pattern = table().and_then(everything);
            if !bare.starts_with("static:") && pattern.is_none() {
                continue;
            }
            let mut finding =
                Finding::new(&RULE, format!("{name} holds every domain")).at(set.source, element.span, "matches all");
            if let Some((source, span)) = pattern {
                finding = finding.at(&source, span, "by this pattern");
            }
            findings.push(finding.help(RULE.remedy));
        }
    }
}

/// The first pattern of a table, if it matches everything.
fn everything(table: &Table) -> Option<(Arc<Source>, Span)> {
    let form = table.named.reference.pattern_form()?;
    let Some(Ok(source)) = &table.source else { return None };
    let first = parse_pattern_table(source, form).statements.into_iter().next()?;
    let StatementKind::Rule { pattern, .. } = first.kind else { return None };
    let is_all = !pattern.negated && pattern.second.is_none() && EVERYTHING.contains(&pattern.text.bytes());
    is_all.then(|| (Arc::clone(source), pattern.text.span()))
}
