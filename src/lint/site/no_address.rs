//! What people write where an address belongs: commands, files, words of other programs.

use crate::mail::host_name::{is_mail_domain, plain_address};

/// What to do with what only local(8) can deliver to.
pub const IN_ALIASES: &str =
    "Lead to an address, and give that an alias in alias_maps; reject an address by an access table.";

/// Delivery agents of Postfix and of other mail systems, as they stand before a colon in tables of transports.
const TRANSPORTS: [&str; 16] = [
    "cyrus", "discard", "dovecot", "esmtp", "lmtp", "local", "maildir", "maildrop", "mbox", "procmail", "relay",
    "retry", "smtp", "smtps", "uucp", "virtual",
];

/// Whether a closer look is worth while: most values are plain addresses.
#[must_use]
pub fn may_be_wrong(value: &[u8]) -> bool {
    // A domain ends in a letter.
    value.last().is_some_and(|byte| !byte.is_ascii_alphabetic())
        || value.iter().any(|byte| matches!(byte, b'|' | b'/' | b':' | b'%' | b'\'' | b'$'))
}

/// Why no mail goes to an address: its domain is none; and what to do. Of addresses alone, for which [`fault`] has
/// nothing to say.
#[must_use]
pub fn domain_fault(target: &[u8]) -> Option<(String, String)> {
    let at = memchr::memrchr(b'@', target)?;
    let domain = &target[at + 1..];
    // A trailing dot is taken off before mail is sent.
    if is_mail_domain(domain.strip_suffix(b".").unwrap_or(domain), true) {
        return None;
    }
    let shown = String::from_utf8_lossy(domain);
    if plain_address(domain).is_some() {
        let colon = if domain.contains(&b':') { "IPv6:" } else { "" };
        return Some((format!("{shown} is no domain"), format!("write the address of a host as [{colon}{shown}]")));
    }
    let help = "write a domain of letters, digits, dots and hyphens".to_string();
    match domain {
        b"" => Some(("there is no domain behind the @".into(), "write one, or leave out the @".into())),
        _ => Some((format!("{shown} is no domain"), help)),
    }
}

/// What a word is that is no address, and what to do.
#[must_use]
pub fn fault(target: &[u8]) -> Option<(&'static str, String)> {
    let text = String::from_utf8_lossy(target);
    let at = text.contains('@');
    let lower = text.to_ascii_lowercase();
    if text.starts_with('|') {
        Some(("a command", IN_ALIASES.to_string()))
    } else if lower.starts_with(":include:") {
        Some(("a list in a file", "lead to an address, whose alias in alias_maps holds the :include:".to_string()))
    } else if text.starts_with(':') {
        Some(("a word of another mail system", IN_ALIASES.to_string()))
    } else if text.len() > 1 && text.starts_with('\'') && text.ends_with('\'') {
        Some(("an address in quotes that mean nothing", "remove the quotes".to_string()))
    } else if text.contains("@$") {
        Some(("an address with a `$` in its domain", "write the domain itself: tables know no parameters".to_string()))
    } else if (text.starts_with('/') || text.starts_with("~/")) && !at {
        Some(("a file", IN_ALIASES.to_string()))
    } else if lower.starts_with("error:") {
        let help = "reject the address by check_recipient_access, or leave the entry out: what has none is unknown";
        Some(("Sendmail's way to reject", help.to_string()))
    } else if text.starts_with("%1@") || text.starts_with("%2@") || text.starts_with("%1%3@") {
        let domain = text.split_once('@').map_or("", |(_, domain)| domain);
        Some(("Sendmail's way to keep the name", format!("write @{domain}, which keeps the name in Postfix")))
    } else if lower.starts_with("mailto:") || text.contains("://") {
        Some(("a link", "write the address alone".to_string()))
    } else if is_transport(&lower) {
        Some(("a transport", "give the domain of the address an entry in transport_maps".to_string()))
    } else if !at && text.len() > 1 && text.ends_with('/') {
        Some((
            "the path of a mailbox",
            "paths belong in virtual_mailbox_maps, or in alias_maps if they are whole".into(),
        ))
    } else if is_part_of_match(&text) {
        Some(("what a pattern matched", "$1 and its kin are known in tables of patterns only".to_string()))
    } else if lower.starts_with("%u@") || lower == "%s" || lower == "%u" {
        Some(("a part of a query", "% stands for something in the queries of databases only".to_string()))
    } else {
        None
    }
}

/// Whether a word in lower case begins as a value of transport_maps does.
fn is_transport(word: &str) -> bool {
    word.split_once(':').is_some_and(|(name, _)| TRANSPORTS.contains(&name))
}

/// Whether an address is made of what patterns leave.
fn is_part_of_match(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('$') else { return false };
    let digits = rest.trim_start_matches(['{', '(']);
    digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.trim_start_matches(|digit: char| digit.is_ascii_digit()).starts_with(['@', '}', ')'])
}

#[cfg(test)]
mod tests {
    use super::{domain_fault, fault};

    #[test]
    fn addresses_to_which_no_mail_goes() {
        let cases = [
            ("joe@example.com", None),
            ("joe@example.com.", None),
            ("joe@ex_ample.example", None),
            ("joe@b\u{fc}cher.example", None),
            ("joe@[192.0.2.1]", None),
            ("joe", None),
            ("joe@192.0.2.1", Some(("192.0.2.1 is no domain", "write the address of a host as [192.0.2.1]"))),
            (
                "joe@2001:db8::1",
                Some(("2001:db8::1 is no domain", "write the address of a host as [IPv6:2001:db8::1]")),
            ),
            ("joe@", Some(("there is no domain behind the @", "write one, or leave out the @"))),
            (
                "joe@example.com:25",
                Some(("example.com:25 is no domain", "write a domain of letters, digits, dots and hyphens")),
            ),
        ];
        for (text, expected) in cases {
            let found = domain_fault(text.as_bytes());
            assert_eq!(found.as_ref().map(|(what, help)| (what.as_str(), help.as_str())), expected, "{text}");
        }
    }

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
            ("mailto:joe@example.com", Some("a link")),
            ("https://example.com/", Some("a link")),
            ("smtp:[mail.example.com]", Some("a transport")),
            ("Maildir:/var/mail/joe", Some("a transport")),
            ("x.400:joe@example.com", None),
            ("example.com/joe/", Some("the path of a mailbox")),
            ("$1@example.com", Some("what a pattern matched")),
            ("${2}@example.com", Some("what a pattern matched")),
            ("$100@example.com", Some("what a pattern matched")),
            ("$$@example.com", None),
            ("$1a@example.com", None),
            ("%u@example.com", Some("a part of a query")),
        ];
        for (text, expected) in cases {
            assert_eq!(fault(text.as_bytes()).map(|(what, _)| what), expected, "{text}");
        }
    }
}
