//! What Sendmail answers by an `error:` value, or by a value of the access table: code, enhanced status, text.

use std::fmt;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Three digits.
    pub code: u16,
    /// The enhanced status code (RFC 3463).
    pub status: String,
    /// What it says.
    pub text: String,
}

impl fmt::Display for Reply {
    /// As an access table has it: `550 5.1.1 No such user`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.code, self.status, self.text)
    }
}

/// Which table the value is from: in a mailertable the mnemonic ends at a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// virtusertable: `error:nouser 550 text`.
    Virtuser,
    /// mailertable: `error:nohost:text`.
    Mailer,
}

const MNEMONICS: [(&str, &str, u16); 8] = [
    ("usage", "5.5.4", 501),
    ("nouser", "5.3.0", 553),
    ("nohost", "5.1.2", 553),
    ("unavailable", "5.3.0", 554),
    ("software", "5.3.0", 554),
    ("tempfail", "4.3.0", 450),
    ("protocol", "5.5.0", 554),
    ("config", "5.3.5", 554),
];

impl Reply {
    /// Whether trying again may help.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.code < 500
    }

    /// As a transport table has it: `error:5.1.1 No such user`.
    #[must_use]
    pub fn transport(&self) -> String {
        let transport = if self.is_temporary() { "retry" } else { "error" };
        format!("{transport}:{} {}", self.status, self.text)
    }

    /// Reads what follows `error:`.
    #[must_use]
    pub fn parse(value: &str, table: Table) -> Self {
        let value = value.trim();
        let head_end = value.find([' ', ':']).unwrap_or(value.len());
        let (head, rest) = (&value[..head_end], value[head_end..].trim_start_matches([' ', ':']));
        if is_status(head) {
            let temporary = head.starts_with('4');
            let (code, text) = split_code(rest);
            return Self::new(code.unwrap_or(if temporary { 450 } else { 550 }), Some(head), text);
        }
        let lower = head.to_ascii_lowercase();
        let ends_right = table == Table::Virtuser || value[head_end..].starts_with(':');
        if let Some((_, status, code)) = MNEMONICS.iter().find(|(word, ..)| *word == lower).filter(|_| ends_right) {
            let (own, text) = split_code(rest);
            // Sendmail takes the status from the text, then from its code.
            return match own {
                Some(own) => Self::new(own, None, text),
                None => Self::new(*code, Some(status), text),
            };
        }
        let (code, text) = split_code(value);
        match code {
            Some(code) => Self::new(code, None, text),
            None => Self::new(553, Some("5.3.0"), text),
        }
    }

    /// An answer; a status in front of the text counts before that of the mnemonic.
    #[must_use]
    pub fn new(code: u16, status: Option<&str>, text: &str) -> Self {
        let text = unquoted(text);
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        if status.is_none() && is_status(word) {
            return Self { code, status: word.to_string(), text: rest.trim().to_string() };
        }
        let status = status.map_or_else(|| format!("{}.0.0", code / 100), ToString::to_string);
        let text = if text.is_empty() { "Access denied" } else { text };
        Self { code, status, text: text.to_string() }
    }
}

/// `5.7.1`
#[must_use]
pub fn is_status(word: &str) -> bool {
    let mut parts = word.split('.');
    let class = parts.next();
    let rest: Vec<_> = parts.collect();
    matches!(class, Some("4" | "5"))
        && rest.len() == 2
        && rest.iter().all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `550 text` without the code; quotes around it do not count.
#[must_use]
pub fn split_code(text: &str) -> (Option<u16>, &str) {
    let text = unquoted(text.trim());
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let is_code = word.len() == 3 && word.starts_with(['4', '5']) && word.bytes().all(|byte| byte.is_ascii_digit());
    match word.parse() {
        Ok(code) if is_code => (Some(code), rest.trim()),
        _ => (None, text),
    }
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_values_as_sendmail_answers_them() {
        let virt = |value: &str| Reply::parse(value, Table::Virtuser).to_string();
        assert_eq!(virt("nouser 550 No such user here"), "550 5.0.0 No such user here");
        assert_eq!(virt("nouser User unknown"), "553 5.3.0 User unknown");
        assert_eq!(virt("nouser 550 5.1.1 Gone"), "550 5.1.1 Gone");
        assert_eq!(virt("5.7.0:550 Address invalid"), "550 5.7.0 Address invalid");
        assert_eq!(virt("4.2.2:450 mailbox full"), "450 4.2.2 mailbox full");
        assert_eq!(Reply::parse("4.2.2:450 mailbox full", Table::Virtuser).transport(), "retry:4.2.2 mailbox full");
        let mailer = |value: &str| Reply::parse(value, Table::Mailer).to_string();
        assert_eq!(mailer("5.7.0:550 no mail"), "550 5.7.0 no mail");
        assert_eq!(mailer("nohost:no such host"), "553 5.1.2 no such host");
        assert_eq!(mailer("nohost no such host"), "553 5.3.0 nohost no such host");
        assert_eq!(mailer("550 no mail"), "550 5.0.0 no mail");
    }
}
