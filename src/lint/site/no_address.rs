//! What people write where an address belongs: commands, files, words of other programs.

/// What to do with what only local(8) can deliver to.
pub const IN_ALIASES: &str =
    "Lead to an address, and give that an alias in alias_maps; reject an address by an access table.";

/// Whether a closer look is worth while: most values are plain addresses.
#[must_use]
pub fn may_be_wrong(value: &[u8]) -> bool {
    value.iter().any(|byte| matches!(byte, b'|' | b'/' | b':' | b'%' | b'\'' | b'$'))
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
