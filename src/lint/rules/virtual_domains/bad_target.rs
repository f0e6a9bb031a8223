//! VT006: a virtual alias that leads to something which is no address.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::table_results::each_result;
use crate::syntax::alias_value::destinations;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VT006",
    name: "bad-target",
    family: Family::Virtual,
    severity: Severity::Error,
    summary: "a virtual alias that leads to a command, a file, a list or a word of Sendmail",
    why: "virtual_alias_maps knows addresses only: a command, a file, `:include:` or `error:` becomes the name of a mailbox that does not \
          exist, and mail for it bounces. `%1` of Sendmail means nothing here.",
    example: "sales@example.com |/usr/local/bin/ticket\n",
    remedy: "Lead to an address, and give that an alias in alias_maps; reject an address by an access table.",
    fix: None,
    link: "https://www.postfix.org/virtual.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in site.tables_of("virtual_alias_maps").tables {
        each_result(table, |result| {
            let value = result.value();
            if !may_be_wrong(value) {
                return;
            }
            for target in destinations(value) {
                let Some((what, help)) = fault(&target) else { continue };
                let Some((source, span)) = result.place() else { continue };
                let shown = String::from_utf8_lossy(&target).into_owned();
                findings.push(
                    Finding::new(&RULE, format!("{shown} is {what}, and becomes the name of a mailbox"))
                        .at(source, span, "mail that comes here bounces")
                        .help(help),
                );
                return;
            }
        });
    }
}

/// Whether a closer look is worth while: most values are plain addresses.
fn may_be_wrong(value: &[u8]) -> bool {
    value.iter().any(|byte| matches!(byte, b'|' | b'/' | b':' | b'%'))
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
    } else if text.starts_with('/') && !at {
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
        ];
        for (text, expected) in cases {
            assert_eq!(fault(text.as_bytes()).map(|(what, _)| what), expected, "{text}");
        }
    }
}
