//! The keys of an expectation that tell of a client and what it says: those of a session with the SMTP server.

use crate::routing::access::{Client, Session};

/// The keys, and what each says, for help.
pub const CLIENT_KEYS: [(&str, &str); 5] = [
    ("client", "its address, NAME[ADDRESS] or unknown[ADDRESS]"),
    ("helo", "what it says in HELO"),
    ("sasl", "as whom it is logged in"),
    ("tls", "true if the connection is encrypted, else false"),
    ("service", "the SMTP server that it asks, as NAME/TYPE of master.cf"),
];

/// What is told of a client. Texts that are empty tell that there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientKeys {
    /// The client; without one, no session is played.
    pub client: Option<Client>,
    /// What it says in `HELO`.
    pub helo: Option<String>,
    /// As whom it is logged in.
    pub sasl: Option<String>,
    /// Whether the connection is encrypted.
    pub tls: Option<bool>,
    /// The SMTP server that it asks.
    pub service: Option<String>,
}

impl ClientKeys {
    /// These, and where they tell nothing, the others.
    #[must_use]
    pub fn or(&self, others: &Self) -> Self {
        Self {
            client: self.client.as_ref().or(others.client.as_ref()).cloned(),
            helo: self.helo.as_ref().or(others.helo.as_ref()).cloned(),
            sasl: self.sasl.as_ref().or(others.sasl.as_ref()).cloned(),
            tls: self.tls.or(others.tls),
            service: self.service.as_ref().or(others.service.as_ref()).cloned(),
        }
    }

    /// The session of a message from `sender`, in internal form; nothing without a client.
    #[must_use]
    pub fn session(&self, sender: &[u8]) -> Option<Session> {
        let bytes = |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(|text| text.into());
        Some(Session {
            client: self.client.clone()?,
            helo: bytes(&self.helo),
            sender: sender.to_vec(),
            sasl_user: bytes(&self.sasl),
            tls: self.tls.unwrap_or(false),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_told_is_as_others_say() {
        let others = ClientKeys {
            client: Client::parse("192.0.2.1"),
            helo: Some("h".into()),
            sasl: Some("joe".into()),
            tls: Some(true),
            service: Some("smtp/inet".into()),
        };
        let own = ClientKeys { helo: Some(String::new()), tls: Some(false), ..ClientKeys::default() };
        let both = own.or(&others);
        let expected = ClientKeys { helo: own.helo.clone(), tls: own.tls, ..others.clone() };
        assert_eq!(both, expected);
        assert_eq!(others.or(&own), others);
        let session = both.session(b"a@example.com").expect("a client");
        assert_eq!((session.helo, session.sasl_user, session.tls), (None, Some(b"joe".to_vec()), false));
        assert_eq!(own.session(b""), None);
    }
}
