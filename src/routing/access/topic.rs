//! What a refusal is about: its text names that, and its enhanced status fits it.
//!
//! Source: RFC 3463; experiments with 3.11.

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

    /// The enhanced status that fits the topic: codes that tell of one address are turned into those that tell the same
    /// of the other, and make no sense for anything else.
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
