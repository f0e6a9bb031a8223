//! A value of the access table: what Sendmail does by it.

use super::reply::{Reply, is_status, split_code};

/// What Sendmail does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Takes it, and lets it relay where the key is one for relaying.
    Relay,
    /// Takes it, past the checks that follow.
    Accept,
    /// Refuses it with Sendmail's words.
    Reject,
    /// Refuses it with these.
    Refuse(Reply),
    /// Throws it away.
    Discard,
    /// Looks no further.
    Skip,
    /// Keeps it in the queue; why.
    Quarantine(String),
    /// For `Spam:`: the recipient takes all.
    Friend,
    /// For `Spam:`: the recipient wants checks.
    Hater,
    /// None of these: Sendmail takes it for the text of an error.
    Other(String),
}

impl Action {
    /// Reads a value.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        let value = value.trim();
        match value.to_ascii_uppercase().as_str() {
            "RELAY" => return Self::Relay,
            "OK" => return Self::Accept,
            "REJECT" => return Self::Reject,
            "DISCARD" => return Self::Discard,
            "SKIP" => return Self::Skip,
            "FRIEND" => return Self::Friend,
            "HATER" => return Self::Hater,
            _ => {}
        }
        let (head, rest) = value.split_once(':').unwrap_or((value, ""));
        match head.to_ascii_uppercase().as_str() {
            "ERROR" => Self::Refuse(refusal(rest.trim())),
            "QUARANTINE" => Self::Quarantine(rest.trim().to_string()),
            "DISCARD" => Self::Discard,
            _ => match split_code(value) {
                (Some(code), text) => Self::Refuse(Reply::new(code, None, text)),
                (None, _) => Self::Other(value.to_string()),
            },
        }
    }
}

/// What stands behind `ERROR:`.
fn refusal(text: &str) -> Reply {
    let (head, rest) = text.split_once(':').unwrap_or((text, ""));
    if is_status(head.trim()) {
        let (code, text) = split_code(rest);
        let usual = if head.starts_with('4') { 450 } else { 550 };
        return Reply::new(code.unwrap_or(usual), Some(head.trim()), text);
    }
    match split_code(text) {
        (Some(code), text) => Reply::new(code, None, text),
        (None, text) => Reply::new(553, Some("5.3.0"), text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_say_what_is_done() {
        let refused = |value: &str| match Action::parse(value) {
            Action::Refuse(reply) => reply.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(refused("ERROR:5.7.1:550 Go away"), "550 5.7.1 Go away");
        assert_eq!(refused("ERROR:\"450 later\""), "450 4.0.0 later");
        assert_eq!(refused("\"550 We do not take that\""), "550 5.0.0 We do not take that");
        assert_eq!(refused("550 5.7.1 no"), "550 5.7.1 no");
        assert_eq!(Action::parse("Relay"), Action::Relay);
        assert_eq!(Action::parse("QUARANTINE:look at it"), Action::Quarantine("look at it".into()));
        assert_eq!(Action::parse("whatever"), Action::Other("whatever".into()));
    }
}
