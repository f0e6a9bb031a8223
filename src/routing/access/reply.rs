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
    /// A reply. The class of the status follows that of the code; a code that refuses nothing is a mistake in main.cf, and the
    /// server says something else.
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

/// What a reply is about; the text names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The client.
    Client,
    /// The client, by the name that it may not have.
    ReverseClient,
    /// As whom it logged in.
    Login,
    /// The `HELO` name.
    Helo,
    /// The envelope sender.
    Sender,
    /// The envelope recipient.
    Recipient,
    /// The message, before it comes.
    Data,
    /// The message, once it is there.
    EndOfData,
}

impl Topic {
    /// As replies name it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Client => "Client host",
            Self::ReverseClient => "Unverified Client host",
            Self::Login => "SASL login name",
            Self::Helo => "Helo command",
            Self::Sender => "Sender address",
            Self::Recipient => "Recipient address",
            Self::Data => "Data command",
            Self::EndOfData => "End-of-data",
        }
    }

    /// The enhanced status that fits the topic: codes that tell of one address are turned into those that tell the same of the
    /// other, and make no sense for anything else.
    #[must_use]
    pub fn fit(self, status: &str) -> String {
        let Some((class, detail)) = status.split_once('.') else { return status.into() };
        let Some(detail) = detail.strip_prefix("1.") else { return status.into() };
        let fitting = match (self, detail) {
            (Self::Sender, "1" | "3" | "4" | "6" | "7") => "1.7",
            (Self::Sender, "2" | "8") => "1.8",
            (Self::Recipient, "0" | "1" | "2" | "3" | "4" | "5" | "6") => return status.into(),
            (Self::Recipient, "7") => "1.3",
            (Self::Recipient, "8") => "1.2",
            (Self::Sender | Self::Recipient, _) => "1.0",
            _ => "0.0",
        };
        format!("{class}.{fitting}")
    }
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

    /// As 3.11 answers.
    #[test]
    fn statuses_fit_the_topic() {
        let details = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];
        let all = |topic: Topic| details.map(|detail| topic.fit(&format!("5.1.{detail}"))[2..].to_string()).join(" ");
        assert_eq!(all(Topic::Sender), "1.0 1.7 1.8 1.7 1.7 1.0 1.7 1.7 1.8 1.0 1.0");
        assert_eq!(all(Topic::Recipient), "1.0 1.1 1.2 1.3 1.4 1.5 1.6 1.3 1.2 1.0 1.0");
        assert_eq!(all(Topic::Helo), "0.0 0.0 0.0 0.0 0.0 0.0 0.0 0.0 0.0 0.0 0.0");
        assert_eq!(Topic::Client.fit("5.2.1"), "5.2.1");
    }
}
