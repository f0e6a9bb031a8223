//! VT006: a virtual alias that leads to something which is no address.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::no_address::{IN_ALIASES, domain_fault, fault, may_be_wrong};
use crate::lint::site::table_results::{TableResult, each_result};
use crate::syntax::alias_value::destinations;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VT006",
    name: "bad-target",
    family: Family::Virtual,
    severity: Severity::Error,
    summary: "a virtual alias that leads to a command, a file, a list or a word of another program",
    why: "virtual_alias_maps knows addresses only: a command, a file, `:include:` or `error:` becomes the name of a mailbox that does not \
          exist, and mail for it bounces. `%1` of Sendmail, quotes, `$mydomain` and `REJECT` mean nothing here.",
    example: "sales@example.com |/usr/local/bin/ticket\n",
    remedy: IN_ALIASES,
    fix: None,
    link: "https://www.postfix.org/virtual.5.html",
};

/// What access tables say; a user's name is rarely written so.
const ACTIONS: [&str; 6] = ["DENY", "DISCARD", "DUNNO", "HOLD", "OK", "REJECT"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in site.tables_of("virtual_alias_maps").tables {
        each_result(table, |result| {
            let value = result.value();
            let mut tell = |message: String, help: String| {
                let Some((source, span)) = result.place() else { return };
                let finding = Finding::new(&RULE, message).at(source, span, "mail that comes here bounces");
                findings.push(finding.help(help));
            };
            let becomes = |shown: &[u8], what: &str| {
                format!("{} is {what}, and becomes the name of a mailbox", String::from_utf8_lossy(shown))
            };
            if is_action(result) {
                let help = "say so in a table of check_recipient_access".to_string();
                return tell(becomes(value.trim_ascii(), "an action of access tables"), help);
            }
            if !may_be_wrong(value) {
                return;
            }
            let targets = destinations(value);
            let known = targets.iter().filter(|target| !(result.is_template() && target.contains(&b'$')));
            for target in known {
                if let Some((what, help)) = fault(target) {
                    return tell(becomes(target, what), help);
                }
                if let Some((why, help)) = domain_fault(target) {
                    return tell(format!("no mail goes to {}: {why}", String::from_utf8_lossy(target)), help);
                }
            }
        });
    }
}

/// Whether a result says what access tables say. The entry that stands for a whole domain may say anything.
fn is_action(result: &TableResult) -> bool {
    let is_domain = matches!(result, TableResult::Entry { entries, entry, .. } if !entries.key(entry).contains(&b'@'));
    !is_domain && ACTIONS.iter().any(|action| action.as_bytes() == result.value().trim_ascii())
}
