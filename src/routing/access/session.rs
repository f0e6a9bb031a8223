//! What an SMTP server knows of a client, and what the client has said so far.

use std::fmt;
use std::net::IpAddr;

/// The host at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// Its name: the one that the DNS has for the address, if that name has the address too.
    pub name: ClientName,
    /// The name that the DNS has for the address, whether or not the name has the address.
    pub reverse_name: ClientName,
}

/// What is answered, in the order of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Command {
    /// The connection itself.
    Connect,
    /// `HELO` or `EHLO`.
    Helo,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`.
    Data,
    /// The dot behind the message.
    EndOfMessage,
}

impl Command {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Connect, Self::Helo, Self::Mail, Self::Rcpt, Self::Data, Self::EndOfMessage];

    /// As Postfix logs it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Helo => "HELO",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::EndOfMessage => "END-OF-MESSAGE",
        }
    }
}

/// A name from the DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientName {
    /// This one.
    Known(Vec<u8>),
    /// The DNS has none, or none that has the address.
    Unknown,
    /// The DNS gives no answer at present.
    UnknownNow,
    /// Nobody asked.
    NotAsked,
}

/// What was said before a recipient is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The client.
    pub client: Client,
    /// What it said in `HELO` or `EHLO`; nothing if it did not.
    pub helo: Option<Vec<u8>>,
    /// The envelope sender, in internal form; empty for the null sender.
    pub sender: Vec<u8>,
    /// As whom it logged in.
    pub sasl_user: Option<Vec<u8>>,
    /// Whether the connection is encrypted.
    pub tls: bool,
}

impl Client {
    /// A client of which the address is known; an IPv4 address in IPv6 clothes is one.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        let (name, reverse_name) = (ClientName::NotAsked, ClientName::NotAsked);
        Self { address: address.to_canonical(), name, reverse_name }
    }

    /// Reads `192.0.2.1`, `name[192.0.2.1]` or `unknown[192.0.2.1]`, the last two as Postfix logs clients.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let Some((name, rest)) = text.split_once('[') else { return text.parse().ok().map(Self::at) };
        let address = rest.strip_suffix(']')?.parse().ok()?;
        let name = match name {
            "" => ClientName::NotAsked,
            "unknown" => ClientName::Unknown,
            name => ClientName::Known(name.as_bytes().to_vec()),
        };
        Some(Self { reverse_name: name.clone(), name, ..Self::at(address) })
    }
}

impl ClientName {
    /// The name as the server writes it.
    #[must_use]
    pub fn shown(&self) -> &[u8] {
        match self {
            Self::Known(name) => name,
            Self::Unknown | Self::UnknownNow | Self::NotAsked => b"unknown",
        }
    }
}

impl fmt::Display for Client {
    /// `name[address]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", String::from_utf8_lossy(self.name.shown()), self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_as_text() {
        let shown = |text: &str| Client::parse(text).map(|client| format!("{client} {:?}", client.reverse_name));
        let cases = [
            ("192.0.2.1", Some("unknown[192.0.2.1] NotAsked")),
            ("::ffff:192.0.2.1", Some("unknown[192.0.2.1] NotAsked")),
            ("unknown[2001:db8::1]", Some("unknown[2001:db8::1] Unknown")),
            ("[192.0.2.1]", Some("unknown[192.0.2.1] NotAsked")),
            ("a[192.0.2.1]", Some("a[192.0.2.1] Known([97])")),
            ("a[192.0.2.1", None),
            ("a", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text).as_deref(), expected, "{text}");
        }
    }
}
