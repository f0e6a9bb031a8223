//! MAP016: a comment behind the value of an entry, which has become part of it.

use crate::base::Span;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::rules::main_cf::comment_in_value::is_elsewhere;
use crate::lint::site::LoadedSite;
use crate::lint::site::uses::written_uses;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP016",
    name: "comment-in-entry",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "a comment behind the value of an entry, which has become part of it",
    why: "In a table a comment has a line of its own. Behind a value `#` and the words after it are more addresses, or the end of a \
          password or of a nexthop.",
    example: "joe@example.com joe.bloggs # until May\n",
    remedy: "Move the comment to a line of its own.",
    fix: None,
    link: "https://www.postfix.org/postmap.1.html",
};

/// Parameters whose tables hold addresses, hosts, classes or passwords, in which no `#` of its own is meant.
const PARAMETERS: [&str; 26] = [
    "alias_database",
    "alias_maps",
    "canonical_maps",
    "fallback_transport_maps",
    "lmtp_generic_maps",
    "lmtp_sasl_password_maps",
    "lmtp_tls_policy_maps",
    "mailbox_transport_maps",
    "mydestination",
    "recipient_bcc_maps",
    "recipient_canonical_maps",
    "relay_domains",
    "relay_recipient_maps",
    "sender_bcc_maps",
    "sender_canonical_maps",
    "sender_dependent_default_transport_maps",
    "sender_dependent_relayhost_maps",
    "smtp_generic_maps",
    "smtp_sasl_password_maps",
    "smtp_tls_policy_maps",
    "smtpd_sender_login_maps",
    "transport_maps",
    "virtual_alias_maps",
    "virtual_gid_maps",
    "virtual_mailbox_maps",
    "virtual_uid_maps",
];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let is_for = |parameter: &str| PARAMETERS.contains(&parameter);
        if !written_uses(table).all(|named| is_for(&named.parameter)) {
            continue;
        }
        let Some(entries) = &table.entries else { continue };
        for entry in entries.all() {
            let Some(at) = comment(entries.value(entry)) else { continue };
            let Some((source, text)) = table.text_of(entry) else { continue };
            // As it was written, which may differ from what is stored.
            let written = comment(text.value_bytes()).unwrap_or(at);
            let span = text.part_of_value(Span::new(written, text.value_bytes().len()));
            let key = String::from_utf8_lossy(entries.key(entry));
            findings.push(
                Finding::new(&RULE, format!("this comment is part of the value of {key}"))
                    .at(source, span, "no comment here")
                    .help(RULE.remedy),
            );
        }
    }
}

/// Where a comment seems to begin: a `#` behind a blank, outside quotes; or `//` or `;` as a word of its own, which
/// begins comments elsewhere.
fn comment(value: &[u8]) -> Option<usize> {
    memchr::memchr3(b'#', b';', b'/', value)?;
    // What `error:` and its like say may hold any word.
    let is_text = [b"error:".as_slice(), b"retry:", b"discard:"].iter().any(|start| value.starts_with(start));
    let mut quoted = false;
    value.iter().enumerate().find_map(|(at, &byte)| {
        quoted ^= byte == b'"';
        let behind_blank = at > 0 && matches!(value[at - 1], b' ' | b'\t' | b',');
        if quoted || !behind_blank {
            return None;
        }
        (byte == b'#' || !is_text && is_elsewhere(&value[at..])).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::comment;

    #[test]
    fn comments_begin_behind_a_blank() {
        let cases = [
            ("joe # boss", Some(4)),
            ("joe, #boss", Some(5)),
            ("joe#1", None),
            ("#joe", None),
            ("\"| cmd # x\"", None),
            ("\"a\" # b", Some(4)),
            ("joe", None),
            ("joe // boss", Some(4)),
            ("smtp:[mail.example.com] ; office", Some(24)),
            ("joe //boss", None),
            ("joe; boss", None),
            ("error:5.1.1 see // here ; there", None),
            ("/var/mail/joe /var/mail/boss", None),
        ];
        for (value, expected) in cases {
            assert_eq!(comment(value.as_bytes()), expected, "{value}");
        }
    }
}
