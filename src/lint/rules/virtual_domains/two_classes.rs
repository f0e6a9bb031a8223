//! VT004: a domain in two address classes.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;

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
            let domain = String::from_utf8_lossy(&named.domain);
            let mut finding = Finding::new(&RULE, format!("do not list {domain} in both {winner} and {loser}"));
            if let Some((source, span)) = &other.place {
                finding = finding.at(source, *span, format!("{loser}: of no effect for {domain}"));
            }
            if let Some((source, span)) = &named.place {
                finding = finding.at(source, *span, format!("{winner}: this one counts"));
            }
            if !finding.labels.is_empty() {
                findings.push(finding.help(RULE.remedy));
            }
        }
    }
}
