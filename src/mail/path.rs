//! The address of `MAIL FROM:` and `RCPT TO:`, with its brackets or without.
//!
//! Found by dialogs with Postfix 3.11: words before `<`, comments, source routes and group names go; words that
//! nothing joins, and a second address, are a fault. Whether the domain is one is not looked at.

use super::rfc822::{Form, Token, TokenKind, TokenWriter, tokens};

/// Reads an address as it stands in a command, into its internal form; empty for `<>`. Nothing if it is malformed.
///
/// A `strict` reading wants `<…>` and a local part, and takes nothing but an address in it
/// (`strict_rfc821_envelopes`).
#[must_use]
pub fn parse_path(text: &[u8], strict: bool) -> Option<Vec<u8>> {
    if strict && !(text.starts_with(b"<") && text.ends_with(b">")) {
        return None;
    }
    let mut reader = Reader::default();
    for token in tokens(text) {
        match token.kind {
            TokenKind::Comment if strict => return None,
            TokenKind::Comment => {}
            TokenKind::Special(b'<') => {
                if strict && !reader.words.is_empty() {
                    return None;
                }
                reader.words.clear();
                reader.open = true;
            }
            TokenKind::Special(b'>') => {
                reader.finish()?;
                reader.open = false;
            }
            TokenKind::Special(b',') if reader.is_route() => reader.words.push(token),
            TokenKind::Special(b',' | b';') if strict => return None,
            TokenKind::Special(b',' | b';') => reader.finish()?,
            // A source route, or the name of a group.
            TokenKind::Special(b':') => reader.words.clear(),
            // What is left open takes the bracket in.
            TokenKind::Literal if !token.terminated && token.raw.ends_with(b">") => {
                reader.words.push(Token { raw: &token.raw[..token.raw.len() - 1], ..token });
                reader.finish()?;
                reader.open = false;
            }
            _ => reader.words.push(token),
        }
    }
    if reader.open {
        return None;
    }
    reader.finish()?;
    let address = reader.found.unwrap_or_default();
    if strict && address.starts_with(b"@") { None } else { Some(address) }
}

#[derive(Default)]
struct Reader<'t> {
    words: Vec<Token<'t>>,
    found: Option<Vec<u8>>,
    /// A `<` has no `>` yet.
    open: bool,
}

impl Reader<'_> {
    fn is_route(&self) -> bool {
        self.words.first().is_some_and(|token| token.kind == TokenKind::Special(b'@'))
    }

    /// Ends an address, if there is one; nothing if it is malformed or the second.
    fn finish(&mut self) -> Option<()> {
        if self.words.is_empty() {
            return Some(());
        }
        let are_loose = self.words.windows(2).any(|pair| pair.iter().all(|token| token.kind.is_word()));
        if are_loose || self.found.is_some() {
            return None;
        }
        let mut address = Vec::new();
        let mut writer = TokenWriter::new(Form::Internal, &mut address);
        self.words.drain(..).for_each(|token| writer.push(&token));
        self.found = Some(address);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Postfix 3.11's SMTP server reads them, strictly and not.
    #[test]
    fn paths() {
        let (bad, same) = (None, "=");
        let cases: &[(&str, Option<&str>, Option<&str>)] = &[
            ("<a@b.example>", Some("a@b.example"), Some(same)),
            ("a@b.example", Some("a@b.example"), bad),
            ("<>", Some(""), Some(same)),
            ("\"\"", Some(""), bad),
            ("<\"\">", Some(""), Some(same)),
            ("<\"a b\"@c.example>", Some("a b@c.example"), Some(same)),
            ("<a\\ b@c.example>", Some("a b@c.example"), Some(same)),
            ("< a @ b.example >", Some("a@b.example"), Some(same)),
            ("<<a@b.example>>", Some("a@b.example"), Some(same)),
            ("<a@b.example>>", Some("a@b.example"), Some(same)),
            ("a@b.example>", Some("a@b.example"), bad),
            ("<@x,@y:a@b.example>", Some("a@b.example"), Some(same)),
            ("@x:a@b.example", Some("a@b.example"), bad),
            ("<@x:>", Some(""), Some(same)),
            ("<a:b@c.example>", Some("b@c.example"), Some(same)),
            ("<x:a@c.example;>", Some("a@c.example"), bad),
            ("<Joe <a@c.example>>", Some("a@c.example"), bad),
            ("<a(c)@c.example>", Some("a@c.example"), bad),
            ("<a@c.example(x)>", Some("a@c.example"), bad),
            ("<@b>", Some("@b"), bad),
            ("<\"\"@b.example>", Some("@b.example"), bad),
            ("<a@[192.0.2.1]>", Some("a@[192.0.2.1]"), Some(same)),
            ("<a@[192.0.2.1>", Some("a@[192.0.2.1]"), Some(same)),
            ("<a.b.@c.example>", Some("a.b.@c.example"), Some(same)),
            ("<a@>", Some("a@"), Some(same)),
            ("<a b@b.example>", bad, bad),
            ("<a@c.example x>", bad, bad),
            ("<\"a\"b@c.example>", bad, bad),
            ("<a;b@c.example>", bad, bad),
            ("<a,b@c.example>", bad, bad),
            ("<a@b.example><c@d.example>", bad, bad),
            ("<a@b.example>SIZE=5", bad, bad),
            ("<a@b.example", bad, bad),
        ];
        for (text, loose, strict) in cases {
            let shown =
                |strict| parse_path(text.as_bytes(), strict).map(|found| String::from_utf8_lossy(&found).into_owned());
            assert_eq!(shown(false).as_deref(), *loose, "{text}");
            let strict = if *strict == Some(same) { *loose } else { *strict };
            assert_eq!(shown(true).as_deref(), strict, "{text}, strictly");
        }
    }
}
