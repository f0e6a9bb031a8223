//! Putting an address into its standard form, as the rewrite service does it for local mail.
//!
//! Source routes go, `site!user` and `user%domain` become `user@…`, an address without domain gets `@$myorigin`, a
//! domain without dot gets `.$mydomain`, and a dot at the end goes. Parts are told by tokens: what is quoted is no
//! operator.
//!
//! Source: trivial-rewrite(8), and experiments with 3.11.

use crate::mail::local_part::{external, external_local, internal, is_plain};
use crate::mail::rfc822::{Form, Token, TokenKind, TokenWriter, tokens};
use crate::maps::LookupError;
use crate::routing::router::Router;
use crate::routing::router::daemon::Daemon;
use crate::routing::router::trail::StepKind;

/// The parameters that rewriting needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewriteRules {
    /// `swap_bangpath`.
    pub swap_bangpath: bool,
    /// `allow_percent_hack`.
    pub percent_hack: bool,
    /// `myorigin`, or empty if `append_at_myorigin` is off.
    pub origin: Vec<u8>,
    /// `mydomain`, or empty if `append_dot_mydomain` is off.
    pub domain: Vec<u8>,
}

impl Router<'_> {
    /// The rules for local mail.
    ///
    /// # Errors
    /// A parameter that cannot be expanded.
    pub fn rewrite_rules(&self) -> Result<RewriteRules, LookupError> {
        let value_if =
            |switch: &str, name: &str| Ok(if self.is_yes(switch)? { self.text(name)?.to_vec() } else { Vec::new() });
        Ok(RewriteRules {
            swap_bangpath: self.is_yes("swap_bangpath")?,
            percent_hack: self.is_yes("allow_percent_hack")?,
            origin: value_if("append_at_myorigin", "myorigin")?,
            domain: value_if("append_dot_mydomain", "mydomain")?,
        })
    }

    /// The standard form of an address; both are in internal form.
    ///
    /// # Errors
    /// As for [`rewrite_rules`](Self::rewrite_rules).
    pub fn rewrite(&mut self, address: &[u8]) -> Result<Vec<u8>, LookupError> {
        if address.is_empty() || is_plain(address) {
            return Ok(address.to_vec());
        }
        self.rewrite_external(address, &external(address))
    }

    /// The standard form of a local part by itself, in which an `@` divides nothing.
    ///
    /// # Errors
    /// The same.
    pub fn rewrite_local(&mut self, local: &[u8]) -> Result<Vec<u8>, LookupError> {
        if local.contains(&b'@') { self.rewrite_external(local, &external_local(local)) } else { self.rewrite(local) }
    }

    fn rewrite_external(&mut self, address: &[u8], external: &[u8]) -> Result<Vec<u8>, LookupError> {
        let rules = self.within(&Daemon::Rewrite, |service| service.rewrite_rules())?;
        let rewritten = internal(&rules.apply(external));
        if rewritten != address {
            self.step(|| StepKind::Changed { by: "rewrite".into(), from: address.to_vec(), to: rewritten.clone() });
        }
        Ok(rewritten)
    }
}

impl RewriteRules {
    /// The standard form of an address; both are in external form.
    #[must_use]
    pub fn apply(&self, address: &[u8]) -> Vec<u8> {
        if address.is_empty() {
            return Vec::new();
        }
        let mut words: Vec<Token<'_>> = tokens(address).collect();
        self.apply_to(&mut words);
        external(&written(&words)).into_owned()
    }

    /// The same, on tokens.
    pub fn apply_to<'a>(&'a self, words: &mut Vec<Token<'a>>) {
        if is_special(words.first(), b'@') {
            if words.len() == 1 {
                words.clear();
                return;
            }
            if let Some(colon) = find(words, b':').filter(|&colon| colon + 1 < words.len()) {
                words.drain(..=colon);
            }
        }
        if words.is_empty() {
            return;
        }
        if find(words, b'@').is_none() {
            if let Some(bang) = find(words, b'!').filter(|_| self.swap_bangpath) {
                let user = words.split_off(bang + 1);
                let site: Vec<Token<'a>> = std::mem::replace(words, user);
                words.push(operator(b"@"));
                words.extend(&site[..bang]);
            } else if let Some(percent) = rfind(words, b'%').filter(|_| self.percent_hack) {
                words[percent] = operator(b"@");
            } else if !self.origin.is_empty() {
                words.push(operator(b"@"));
                words.extend(tokens(&self.origin));
            }
        }
        if let Some(at) = rfind(words, b'@').filter(|&at| at + 1 < words.len() && !self.domain.is_empty()) {
            let domain = &words[at + 1..];
            if find(domain, b'.').is_none() && domain.iter().all(|token| token.kind != TokenKind::Literal) {
                words.push(operator(b"."));
                words.extend(tokens(&self.domain));
            }
        }
        strip_last_dot(words);
    }
}

/// Removes a dot at the end, but not one of two, nor the one of `@.`, which only hide what is wrong.
pub fn strip_last_dot(words: &mut Vec<Token<'_>>) {
    let before = words.len().checked_sub(2).and_then(|at| words.get(at));
    if is_special(words.last(), b'.') && before.is_some() && !is_special(before, b'.') && !is_special(before, b'@') {
        words.pop();
    }
}

/// The internal form of tokens.
#[must_use]
pub fn written(words: &[Token<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = TokenWriter::new(Form::Internal, &mut out);
    for word in words {
        writer.push(word);
    }
    out
}

/// Whether there is a token and it is this operator.
#[must_use]
pub fn is_special(token: Option<&Token<'_>>, byte: u8) -> bool {
    token.is_some_and(|token| token.kind == TokenKind::Special(byte))
}

/// The first place of an operator.
#[must_use]
pub fn find(words: &[Token<'_>], byte: u8) -> Option<usize> {
    words.iter().position(|word| word.kind == TokenKind::Special(byte))
}

/// The last place of an operator.
#[must_use]
pub fn rfind(words: &[Token<'_>], byte: u8) -> Option<usize> {
    words.iter().rposition(|word| word.kind == TokenKind::Special(byte))
}

/// An operator that stands in no text.
#[must_use]
pub fn operator(raw: &'static [u8; 1]) -> Token<'static> {
    Token { kind: TokenKind::Special(raw[0]), raw, start: 0, terminated: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> RewriteRules {
        RewriteRules {
            swap_bangpath: true,
            percent_hack: true,
            origin: b"mail.example.com".to_vec(),
            domain: Vec::new(),
        }
    }

    /// The right-hand sides are what the rewrite service of Postfix 3.11 answered.
    #[test]
    fn standard_forms() {
        let cases = [
            ("foo", "foo@mail.example.com"),
            ("a%b@c", "a%b@c"),
            ("a!b", "b@a"),
            ("@a,@b:c@d", "c@d"),
            ("foo@", "foo@"),
            ("@foo", "\"\"@foo"),
            ("", ""),
            ("a b@c", "\"a b\"@c"),
            ("foo@bar.", "foo@bar"),
            ("foo@bar..", "foo@bar.."),
            ("foo@.", "foo@."),
            ("@", "\"\""),
            ("@@", "\"@\"@"),
            ("foo@@bar", "\"foo@\"@bar"),
            ("a\"b@c", "\"a b@c\"@mail.example.com"),
            ("a(b)@c", "\"a (b)\"@c"),
            ("(x)", "\"(x)\"@mail.example.com"),
            ("\"\" @c", "\"\"@c"),
            ("@a:b", "b@mail.example.com"),
            ("@a:", "@a:\"\""),
            ("<a@b>", "\"<a\"@b>"),
            ("a,b", "\"a, b\"@mail.example.com"),
            ("a!b!c", "b!c@a"),
            ("a%b%c", "a%b@c"),
            ("a!b%c", "b%c@a"),
            ("\"a%b\"@c", "a%b@c"),
            ("a@[1.2.3", "a@[1.2.3]"),
            ("a@[1.2.3.4]x", "a@[1.2.3.4] x"),
            ("a\\@b", "\"a@b\"@mail.example.com"),
        ];
        for (address, expected) in cases {
            let found = rules().apply(address.as_bytes());
            assert_eq!(String::from_utf8_lossy(&found), expected, "{address}");
        }
    }

    #[test]
    fn switches() {
        let none = RewriteRules { swap_bangpath: false, percent_hack: false, origin: Vec::new(), domain: Vec::new() };
        let dot = RewriteRules { domain: b"example.com".to_vec(), ..rules() };
        let cases = [
            (&none, "a!b%c", "a!b%c"),
            (&dot, "a@b", "a@b.example.com"),
            (&dot, "a@b.", "a@b"),
            (&dot, "a@[b]", "a@[b]"),
            (&dot, "a", "a@mail.example.com"),
            (&dot, "a@", "a@"),
        ];
        for (rules, address, expected) in cases {
            assert_eq!(String::from_utf8_lossy(&rules.apply(address.as_bytes())), expected, "{address}");
        }
    }
}
