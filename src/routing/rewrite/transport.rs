//! `transport:nexthop`, and the lookup of transport maps.
//!
//! Keys: `user+ext@domain`, `user@domain`, the domain, each domain above it (with a leading dot, unless
//! `parent_domain_matches_subdomains` names `transport_maps`), and `*`.
//!
//! Source: transport(5).

use crate::maps::LookupError;
use crate::routing::router::Router;
use crate::routing::router::keys::{AddressKey, AddressParts, KeyPart, domain_and_parents};

/// Where mail is handed to: a transport of master.cf, and what it is told.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Hop {
    /// The transport; may be empty in a table: "as it is".
    pub transport: Vec<u8>,
    /// The nexthop: a host, a socket, or, for `error`, a text. May be empty: see the transport.
    pub nexthop: Vec<u8>,
}

impl Hop {
    /// Cuts `transport:nexthop` at its first colon.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        match memchr::memchr(b':', text) {
            Some(colon) => Self { transport: text[..colon].to_vec(), nexthop: text[colon + 1..].to_vec() },
            None => Self { transport: text.to_vec(), nexthop: Vec::new() },
        }
    }

    /// What this entry of a transport map makes of the hop that was settled before: a transport alone goes with the
    /// recipient's domain, a nexthop alone with the transport that was settled, and `:` changes nothing.
    #[must_use]
    pub fn over(self, before: Self, domain: &[u8]) -> Self {
        match (self.transport.is_empty(), self.nexthop.is_empty()) {
            (true, true) => before,
            (true, false) => Self { nexthop: self.nexthop, ..before },
            (false, true) if matches!(self.transport.as_slice(), b"error" | b"retry") => {
                Self { nexthop: b"Address is undeliverable".to_vec(), ..self }
            }
            (false, true) => Self { nexthop: domain.to_vec(), ..self },
            (false, false) => self,
        }
    }
}

impl Router<'_> {
    /// The entry of `transport_maps` for a recipient, in internal form.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub fn transport_entry(&mut self, recipient: &[u8]) -> Result<Option<Hop>, LookupError> {
        const MAPS: &str = "transport_maps";
        if self.tables(MAPS)?.is_empty() {
            return Ok(None);
        }
        let parts = AddressParts::of(recipient, |local| self.extension(local))?;
        let Some(domain) = parts.domain else { return Ok(None) };
        for key in [AddressKey::Address, AddressKey::WithoutExtension] {
            let Some(text) = key.text(&parts) else { continue };
            if let Some(value) = self.ask_forms(MAPS, &text, key.part())? {
                return Ok(Some(Hop::parse(&value)));
            }
        }
        for key in domain_and_parents(domain, self.domain_style(MAPS)) {
            if let Some(value) = self.ask_tables(MAPS, key, KeyPart::Partial)? {
                return Ok(Some(Hop::parse(&value)));
            }
        }
        // Patterns are asked for this one too.
        let value = self.ask_tables(MAPS, b"*", KeyPart::Whole)?;
        Ok(value.map(|value| Hop::parse(&value)))
    }
}
