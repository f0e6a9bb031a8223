//! A host that mail is sent to.

use std::fmt;
use std::net::IpAddr;

/// A host that a client would connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailHost {
    /// Its name, or its address.
    pub name: Vec<u8>,
    /// Its address.
    pub address: IpAddr,
    /// The port: its number, or the name of a service that is not the protocol's own.
    pub port: String,
}

/// `mail.example.com[192.0.2.1]:25`
impl fmt::Display for MailHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]:{}", String::from_utf8_lossy(&self.name), self.address, self.port)
    }
}
