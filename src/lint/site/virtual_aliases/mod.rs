//! virtual_alias_maps as rules look through it: what an address finds there, and what that leads to.

pub mod expansion;

use super::{LoadedSite, Table, TablesOf};
use crate::maps::compile::Entry;
use crate::syntax::alias_value::destinations;

/// virtual_alias_maps as a lookup for an address goes through it.
#[derive(Debug)]
pub struct VirtualAliases<'s> {
    site: &'s LoadedSite,
    /// The tables of the list.
    pub tables: TablesOf<'s>,
    origin: Vec<u8>,
    delimiters: Vec<u8>,
}

impl<'s> VirtualAliases<'s> {
    /// Those of a site.
    #[must_use]
    pub fn of(site: &'s LoadedSite) -> Self {
        let origin = site.expanded("myorigin").to_ascii_lowercase();
        let delimiters = site.expanded("recipient_delimiter");
        Self { site, tables: site.tables_of("virtual_alias_maps"), origin, delimiters }
    }

    /// The entry for an address in lower case: for all of it, without an extension, for the name alone, for the domain.
    #[must_use]
    pub fn find(&self, address: &[u8]) -> Option<(&'s Table, &'s Entry)> {
        let (name, domain) = self.split(address);
        let plain = match name.iter().skip(1).position(|byte| self.delimiters.contains(byte)) {
            Some(at) => &name[..=at],
            None => name,
        };
        let mut found = None;
        for local in [name, plain] {
            found = found.or_else(|| self.tables.find(&[local, b"@", domain].concat()));
        }
        if found.is_none() && self.is_local(domain) {
            found = self.tables.find(name).or_else(|| self.tables.find(plain));
        }
        found.or_else(|| self.tables.find(&[b"@", domain].concat()))
    }

    /// Whether an address in lower case stays what it is: nothing is found for it, or an entry that names it again.
    #[must_use]
    pub fn ends_at(&self, address: &[u8]) -> bool {
        self.find(address).is_none_or(|(table, entry)| {
            let value = table.entries.as_ref().map_or(&b""[..], |entries| entries.value(entry));
            destinations(value).iter().any(|target| **target == *address)
        })
    }

    /// The local part, and the domain: myorigin, if there is none.
    pub fn split<'a>(&'a self, address: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        match memchr::memrchr(b'@', address) {
            Some(at) => (&address[..at], &address[at + 1..]),
            None => (address, &self.origin),
        }
    }

    /// Whether addresses of a domain are looked up by the name alone too.
    fn is_local(&self, domain: &[u8]) -> bool {
        domain == self.origin
            || self.site.domains().list("mydestination").is_some_and(|list| list.find(domain).is_some())
    }
}
