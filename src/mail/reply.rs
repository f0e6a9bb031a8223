//! Negative replies of the SMTP server: `554 5.7.1 <a@example.org>: Relay access denied`.

use std::fmt;

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The SMTP reply code.
    pub code: usize,
    /// The enhanced status code.
    pub status: String,
    /// The text behind both.
    pub text: String,
}

impl Reply {
    /// A reply. The class of the status follows that of the code; a code that refuses nothing is a mistake in main.cf,
    /// and the server says something else.
    #[must_use]
    pub fn new(code: usize, status: &str, text: impl Into<String>) -> Self {
        match code {
            400..=599 => Self { code, status: with_class(code, status), text: text.into() },
            _ => Self { code: 450, status: "4.7.1".into(), text: "Service unavailable".into() },
        }
    }

    /// Whether the server ends the connection with it. Source: access(5).
    #[must_use]
    pub fn hangs_up(&self) -> bool {
        matches!(self.code, 421 | 521)
    }

    /// What `soft_bounce` makes of it: the same, for now.
    #[must_use]
    pub fn softened(self) -> Self {
        let code = if self.code >= 500 { self.code - 100 } else { self.code };
        Self { code, status: with_class(code, &self.status), text: self.text }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.code, self.status, self.text)
    }
}

fn with_class(code: usize, status: &str) -> String {
    let detail = status.find('.').map_or("", |dot| &status[dot..]);
    format!("{}{detail}", code / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_status_agree() {
        let cases = [
            (554, "5.7.1", "554 5.7.1 no"),
            (450, "5.7.1", "450 4.7.1 no"),
            (554, "4.7.0", "554 5.7.0 no"),
            (654, "5.7.1", "450 4.7.1 Service unavailable"),
            (250, "4.3.2", "450 4.7.1 Service unavailable"),
        ];
        for (code, status, expected) in cases {
            assert_eq!(Reply::new(code, status, "no").to_string(), expected);
        }
        assert_eq!(Reply::new(521, "5.7.1", "no").softened().to_string(), "421 4.7.1 no");
    }
}
