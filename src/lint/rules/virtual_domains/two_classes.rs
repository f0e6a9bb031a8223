//! VT004: a domain in two address classes.

use crate::base::{Source, Span};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::domains::{List, Named};
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VT004",
    name: "two-classes",
    family: Family::Virtual,
    severity: Severity::Warning,
    summary: "a domain in the lists of two address classes",
    why: "A domain has one class: Postfix takes the first list that it is in, of mydestination, virtual_alias_domains, \
          virtual_mailbox_domains and relay_domains, logs `do not list domain … in BOTH …` for each message, and never asks the \
          tables of the other class.",
    example: "mydestination = example.com\nvirtual_mailbox_domains = example.com\n",
    remedy: "Take the domain out of all lists but one.",
    fix: None,
    link: "https://www.postfix.org/ADDRESS_CLASS_README.html",
};

/// The lists that Postfix compares, the one that wins first. What relay_domains shares with mydestination is all right.
const PAIRS: [(&str, &str); 5] = [
    ("mydestination", "virtual_alias_domains"),
    ("mydestination", "virtual_mailbox_domains"),
    ("virtual_alias_domains", "virtual_mailbox_domains"),
    ("virtual_alias_domains", "relay_domains"),
    ("virtual_mailbox_domains", "relay_domains"),
];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let domains = site.domains();
    for (winner, loser) in PAIRS {
        let (Some(winners), Some(losers)) = (domains.list(winner), domains.list(loser)) else { continue };
        // A list that is relayed names domains above those of the other list, too: so these are asked for one by one.
        for named in &winners.named {
            let Some(other) = losers.find(&named.domain) else { continue };
            let finding = told((winner, named.place.as_ref()), (loser, other.place.as_ref()), &named.domain);
            findings.extend(finding);
        }
        for (place, named) in caught(site, winner, losers) {
            findings.extend(told((winner, Some(place)), (loser, named.place.as_ref()), &named.domain));
        }
        for (place, named) in caught(site, loser, winners) {
            findings.extend(told((winner, named.place.as_ref()), (loser, Some(place)), &named.domain));
        }
    }
}

type Place = (Arc<Source>, Span);

fn told(winner: (&str, Option<&Place>), loser: (&str, Option<&Place>), domain: &[u8]) -> Option<Finding> {
    let domain = String::from_utf8_lossy(domain);
    let (winner, won) = winner;
    let (loser, lost) = loser;
    let mut finding = Finding::new(&RULE, format!("do not list {domain} in both {winner} and {loser}"));
    if let Some((source, span)) = lost {
        finding = finding.at(source, *span, format!("{loser}: of no effect for {domain}"));
    }
    if let Some((source, span)) = won {
        finding = finding.at(source, *span, format!("{winner}: this one counts"));
    }
    (!finding.labels.is_empty()).then(|| finding.help(RULE.remedy))
}

/// The first domain of a list that each table of patterns in another list catches, with the place that names the table.
fn caught<'s>(site: &'s LoadedSite, parameter: &str, list: &'s List) -> Vec<(&'s Place, &'s Named)> {
    let mut found = Vec::new();
    for table in &site.tables {
        let is_negated = |place: &Place| place.0.slice(place.1).starts_with(b"!");
        let uses = table.named.uses.iter().filter(|named| named.parameter == parameter && named.service.is_none());
        let Some(place) = uses.filter_map(|named| named.place.as_ref()).find(|place| !is_negated(place)) else {
            continue;
        };
        let Some(mut patterns) = table.open_patterns() else { continue };
        let is_caught = |named: &&Named| matches!(patterns.lookup(&named.domain), Ok(Some(_)));
        found.extend(list.named.iter().find(is_caught).map(|named| (place, named)));
    }
    found
}
