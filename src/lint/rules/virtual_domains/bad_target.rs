//! VT006: a virtual alias that leads to something which is no address.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
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
    remedy: "Lead to an address, and give that an alias in alias_maps; reject an address by an access table.",
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
            let mut tell = |shown: &[u8], what: &str, help: String| {
                let Some((source, span)) = result.place() else { return };
                let message =
                    format!("{} is {what}, and becomes the name of a mailbox", String::from_utf8_lossy(shown));
                let finding = Finding::new(&RULE, message).at(source, span, "mail that comes here bounces");
                findings.push(finding.help(help));
            };
            if is_action(result) {
                let help = "say so in a table of check_recipient_access".to_string();
                return tell(value.trim_ascii(), "an action of access tables", help);
            }
            if !may_be_wrong(value) {
                return;
            }
            if let Some((target, (what, help))) =
                destinations(value).iter().find_map(|target| Some((target, fault(target)?)))
            {
                tell(target, what, help);
            }
        });
    }
}

/// Whether a closer look is worth while: most values are plain addresses.
fn may_be_wrong(value: &[u8]) -> bool {
    value.iter().any(|byte| matches!(byte, b'|' | b'/' | b':' | b'%' | b'\'' | b'$'))
}

/// Whether a result says what access tables say. The entry that stands for a whole domain may say anything.
fn is_action(result: &TableResult) -> bool {
    let is_domain = matches!(result, TableResult::Entry { entries, entry, .. } if !entries.key(entry).contains(&b'@'));
    !is_domain && ACTIONS.iter().any(|action| action.as_bytes() == result.value().trim_ascii())
}

/// What a target is that is no address, and what to do.
fn fault(target: &[u8]) -> Option<(&'static str, String)> {
    let text = String::from_utf8_lossy(target);
    let at = text.contains('@');
    let lower = text.to_ascii_lowercase();
    if text.starts_with('|') {
        Some(("a command", RULE.remedy.to_string()))
    } else if lower.starts_with(":include:") {
        Some(("a list in a file", "lead to an address, whose alias in alias_maps holds the :include:".to_string()))
    } else if text.starts_with(':') {
        Some(("a word of another mail system", RULE.remedy.to_string()))
    } else if text.len() > 1 && text.starts_with('\'') && text.ends_with('\'') {
        Some(("an address in quotes that mean nothing", "remove the quotes".to_string()))
    } else if text.contains("@$") {
        Some(("an address with a `$` in its domain", "write the domain itself: tables know no parameters".to_string()))
    } else if (text.starts_with('/') || text.starts_with("~/")) && !at {
        Some(("a file", RULE.remedy.to_string()))
    } else if lower.starts_with("error:") {
        let help = "reject the address by check_recipient_access, or leave the entry out: what has none is unknown";
        Some(("Sendmail's way to reject", help.to_string()))
    } else if text.starts_with("%1@") || text.starts_with("%2@") || text.starts_with("%1%3@") {
        let domain = text.split_once('@').map_or("", |(_, domain)| domain);
        Some(("Sendmail's way to keep the name", format!("write @{domain}, which keeps the name in Postfix")))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn targets_that_are_no_addresses() {
        let cases = [
            ("joe@example.com", None),
            ("joe", None),
            ("@example.com", None),
            ("a/b@example.com", None),
            ("/c=us/o=x/@example.com", None),
            ("50%off@example.com", None),
            ("|/bin/cat", Some("a command")),
            ("/var/mail/joe", Some("a file")),
            (":include:/etc/list", Some("a list in a file")),
            ("error:nouser", Some("Sendmail's way to reject")),
            ("%1@example.net", Some("Sendmail's way to keep the name")),
            ("o'neil@example.com", None),
            ("'joe@example.com'", Some("an address in quotes that mean nothing")),
            ("root@$mydomain", Some("an address with a `$` in its domain")),
            (":blackhole:", Some("a word of another mail system")),
            ("~/mbox", Some("a file")),
        ];
        for (text, expected) in cases {
            assert_eq!(fault(text.as_bytes()).map(|(what, _)| what), expected, "{text}");
        }
    }
}
