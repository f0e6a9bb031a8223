//! VT003: virtual aliases that lead back to themselves, or to more than Postfix follows.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::cycles::cycles;
use crate::lint::site::virtual_aliases::VirtualAliases;
use crate::lint::site::virtual_aliases::expansion::{Expansions, Numbered};
use std::collections::HashSet;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VT003",
    name: "virtual-alias-loop",
    family: Family::Virtual,
    severity: Severity::Error,
    summary: "virtual aliases that lead back to themselves, or to more addresses than Postfix follows",
    why: "Postfix expands such an alias until a limit (virtual_alias_recursion_limit or virtual_alias_expansion_limit) ends it, and \
          does not accept the message. An alias that names itself among others is no loop: it ends there.",
    example: "a@example.com b@example.com\nb@example.com a@example.com\n",
    remedy: "Take one of the addresses out, or let the last one name itself.",
    fix: None,
    link: "https://www.postfix.org/virtual.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let aliases = VirtualAliases::of(site);
    let numbered = Numbered::of(&aliases);
    let at = |mut finding: Finding, numbers: &[(usize, &str)]| {
        for &(number, label) in numbers {
            let Some((table, _, entry)) = numbered.entry(number) else { continue };
            let Some((source, text)) = table.text_of(entry) else { continue };
            finding = finding.at(source, text.key_span().cover(text.value_span()), label);
        }
        finding.help(RULE.remedy)
    };
    let key_of = |number: usize| {
        let key = numbered.entry(number).map(|(_, entries, entry)| entries.key(entry)).unwrap_or_default();
        String::from_utf8_lossy(key).into_owned()
    };
    const REFUSED: &str = "mail for this address is not accepted";
    let mut in_circles = HashSet::new();
    let expansions = Expansions::of(&numbered);
    for cycle in cycles(numbered.count, |number| expansions.targets(number)) {
        let keys: Vec<String> = cycle.iter().map(|&number| key_of(number)).collect();
        in_circles.extend(cycle.iter().copied());
        let Some(first) = keys.first() else { continue };
        let finding = Finding::new(&RULE, format!("virtual aliases in a circle: {} -> {first}", keys.join(" -> ")));
        let labels = [REFUSED, "leads back"];
        findings.push(at(finding, &cycle.into_iter().zip(labels).collect::<Vec<_>>()));
    }
    let limit = |parameter| String::from_utf8_lossy(&site.expanded(parameter)).trim().parse::<usize>().ok();
    if let Some(most) = limit("virtual_alias_expansion_limit") {
        for (number, size) in
            expansions.larger_than(most).into_iter().filter(|(number, _)| !in_circles.contains(number))
        {
            let message =
                format!("{} expands to {size} addresses; virtual_alias_expansion_limit is {most}", key_of(number));
            findings.push(at(Finding::new(&RULE, message), &[(number, REFUSED)]));
        }
    }
    if let Some(deepest) = limit("virtual_alias_recursion_limit") {
        for number in expansions.deeper_than(deepest).into_iter().filter(|number| !in_circles.contains(number)) {
            let message = format!(
                "{} leads through {deepest} aliases and more; virtual_alias_recursion_limit is {deepest}",
                key_of(number)
            );
            findings.push(at(Finding::new(&RULE, message), &[(number, REFUSED)]));
        }
    }
}
