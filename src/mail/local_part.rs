//! The two forms of an address: *internal*, as programs compare it (`a b@example.com`), and *external*, as mail carries
//! it (`"a b"@example.com`); and the cuts at `@` and at a recipient delimiter.
//!
//! Found by experiment with Postfix 3.11: the last `@` divides; a source route (`@a,@b:`) before the local part is left
//! alone; bytes above 127 need no quotes.

use std::borrow::Cow;

/// Local parts that have no extension, whatever they hold.
const WHOLE: [&[u8]; 3] = [b"postmaster", b"mailer-daemon", b"double-bounce"];

/// Cuts an address at its last `@`; the domain is nothing if there is none.
#[must_use]
pub fn split_domain(address: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memrchr(b'@', address) {
        Some(at) => (&address[..at], Some(&address[at + 1..])),
        None => (address, None),
    }
}

/// Whether an address is written the same in every form, and is in standard form whatever a configuration says, as
/// nearly all are: words of letters, digits, `_`, `+`, `=` and `-` between single dots, an `@`, and a domain of several
/// labels.
#[must_use]
pub fn is_plain(address: &[u8]) -> bool {
    let (local, Some(domain)) = split_domain(address) else { return false };
    let is_of_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'=' | b'-');
    domain.contains(&b'.') && are_dotted_words(local, is_of_word) && are_dotted_words(domain, is_of_word)
}

/// The external form of an address in internal form: its local part is quoted if it must be.
#[must_use]
pub fn external(address: &[u8]) -> Cow<'_, [u8]> {
    let start = match address.first() {
        Some(b'@') => memchr::memchr(b':', address).map_or(0, |colon| colon + 1),
        _ => 0,
    };
    let end = memchr::memrchr(b'@', &address[start..]).map_or(address.len(), |at| start + at);
    match external_local(&address[start..end]) {
        Cow::Borrowed(_) => Cow::Borrowed(address),
        Cow::Owned(quoted) => Cow::Owned([&address[..start], &quoted, &address[end..]].concat()),
    }
}

/// The external form of a local part by itself, in which `@` is a byte like any other.
#[must_use]
pub fn external_local(local: &[u8]) -> Cow<'_, [u8]> {
    if is_dot_string(local) {
        return Cow::Borrowed(local);
    }
    let mut out = vec![b'"'];
    for &byte in local {
        if matches!(byte, b'"' | b'\\' | b'\r') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
    Cow::Owned(out)
}

/// The internal form of an address in external form: quotes and escapes of its local part are gone.
#[must_use]
pub fn internal(address: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(address.len());
    let mut in_quotes = false;
    let mut at = 0;
    while let Some(&byte) = address.get(at) {
        at += 1;
        match byte {
            b'"' => in_quotes = !in_quotes,
            b'\\' => {
                out.extend(address.get(at));
                at += 1;
            }
            // What follows is the domain.
            b'@' if !in_quotes && !address[at..].contains(&b'"') => {
                out.push(b'@');
                out.extend_from_slice(&address[at..]);
                return out;
            }
            _ => out.push(byte),
        }
    }
    out
}

/// Whether a local part needs no quotes: words of plain bytes between single dots.
fn is_dot_string(local: &[u8]) -> bool {
    are_dotted_words(local, |byte| {
        !matches!(
            byte,
            0..=b' ' | 0x7f | b'(' | b')' | b'<' | b'>' | b'@' | b',' | b';' | b':' | b'\\' | b'"' | b'[' | b']'
        )
    })
}

/// Whether a text is of words of such bytes between single dots.
fn are_dotted_words(text: &[u8], is_of_word: impl Fn(u8) -> bool) -> bool {
    let mut needs_word = true;
    for &byte in text {
        let is_dot = byte == b'.';
        if is_dot && needs_word || !is_dot && !is_of_word(byte) {
            return false;
        }
        needs_word = is_dot;
    }
    !needs_word
}

/// Cuts a local part at the first of the delimiters: what is before it, and what is from it on.
///
/// Nothing if there is no extension: names of the system have none, nor has, with `owner_request_special` and a
/// delimiter `-`, `owner-list` or `list-request`.
#[must_use]
pub fn split_extension<'a>(
    local: &'a [u8],
    delimiters: &[u8],
    owner_request_special: bool,
) -> Option<(&'a [u8], &'a [u8])> {
    if WHOLE.iter().any(|name| local.eq_ignore_ascii_case(name)) {
        return None;
    }
    if owner_request_special && delimiters.contains(&b'-') && is_list_role(local) {
        return None;
    }
    let at = local.iter().position(|byte| delimiters.contains(byte))?;
    (at > 0).then(|| local.split_at(at))
}

/// Whether a local part is `owner-…` or `…-request`.
fn is_list_role(local: &[u8]) -> bool {
    let (owner, request) = (b"owner-", b"-request");
    let begins = local.len() >= owner.len() && local[..owner.len()].eq_ignore_ascii_case(owner);
    let ends = local.len() > request.len() && local[local.len() - request.len()..].eq_ignore_ascii_case(request);
    begins || ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        let cases = [
            ("a@b", "a@b"),
            ("a b@c", "\"a b\"@c"),
            ("a@b@c", "\"a@b\"@c"),
            (".a@b", "\".a\"@b"),
            ("a..b@c", "\"a..b\"@c"),
            ("@b", "\"\"@b"),
            ("a,b", "\"a,b\""),
            ("a\"b\\c@d", "\"a\\\"b\\\\c\"@d"),
            ("a%b!c@d", "a%b!c@d"),
            ("\u{e9}@b", "\u{e9}@b"),
        ];
        for (inner, outer) in cases {
            assert_eq!(external(inner.as_bytes()), outer.as_bytes(), "{inner}");
            assert_eq!(internal(outer.as_bytes()), inner.as_bytes(), "{outer}");
        }
        assert_eq!(*external_local(b"a@b"), *b"\"a@b\"");
        assert_eq!(*external_local(b"a.b"), *b"a.b");
        assert_eq!(*external(b"@a,@b:c d@e"), *b"@a,@b:\"c d\"@e");
        assert_eq!(*external(b"@a:"), *b"@a:\"\"");
    }

    #[test]
    fn plain_addresses() {
        for address in ["a@b.c", "joe.x+list=y_z-1@Mail.example.com", "1@192.0.2.1"] {
            assert!(is_plain(address.as_bytes()), "{address}");
            assert_eq!(
                (&*external(address.as_bytes()), internal(address.as_bytes())),
                (address.as_bytes(), address.into())
            );
        }
        for address in [
            "a",
            "a@b",
            "a@b.c.",
            "a@.b.c",
            ".a@b.c",
            "a..b@c.d",
            "a%b@c.d",
            "a!b@c.d",
            "a@b@c.d",
            "@b.c",
            "a@[1.2]",
            "\"a\"@b.c",
        ] {
            assert!(!is_plain(address.as_bytes()), "{address}");
        }
    }

    #[test]
    fn extensions() {
        let cases = [
            ("a+b", "+", true, Some(("a", "+b"))),
            ("a+b+c", "+", true, Some(("a", "+b+c"))),
            ("a-b+c", "+-", true, Some(("a", "-b+c"))),
            ("a+", "+", true, Some(("a", "+"))),
            ("+a", "+", true, None),
            ("a", "+", true, None),
            ("a+b", "", true, None),
            ("owner-list", "-", true, None),
            ("list-request", "-", true, None),
            ("owner-list", "-", false, Some(("owner", "-list"))),
            ("owner-list+x", "+", true, Some(("owner-list", "+x"))),
            ("Mailer-Daemon", "-", false, None),
            ("double-bounce", "-", false, None),
        ];
        for (local, delimiters, special, expected) in cases {
            let found = split_extension(local.as_bytes(), delimiters.as_bytes(), special);
            let expected = expected.map(|(name, extension)| (name.as_bytes(), extension.as_bytes()));
            assert_eq!(found, expected, "{local} at {delimiters}");
        }
    }
}
