//! MC023: soft_bounce, which is for tests, is on.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::set_values;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC023",
    name: "soft-bounce",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "soft_bounce, which is for tests, is on",
    why: "Every rejection becomes a temporary one: other servers try again for days, and mail that cannot be delivered stays in the queue \
          without a word to its sender.",
    example: "soft_bounce = yes\n",
    remedy: "Remove the line when the tests are over.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html#soft_bounce",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        let is_on = || set.expanded(site).is_some_and(|value| value.eq_ignore_ascii_case(b"yes"));
        if set.name.bytes() == b"soft_bounce" && is_on() {
            findings.push(
                Finding::new(&RULE, "no mail is ever rejected for good")
                    .at(set.source, set.value.span(), "meant for tests")
                    .help(RULE.remedy),
            );
        }
    }
}
