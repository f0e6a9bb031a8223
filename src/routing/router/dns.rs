//! The DNS, asked on behalf of decisions. Without a [`Resolver`](super::records::Resolver) nothing is asked, and what depends on it
//! says so.

use super::Router;
use super::records::{NoRecords, Record, RecordType};
use super::trail::StepKind;
use crate::config::protocols::Protocols;
use crate::mail::host_name::{ascii_domain, is_host_name};
use std::net::IpAddr;

impl Router<'_> {
    /// Whether the DNS may be asked.
    #[must_use]
    pub fn has_dns(&self) -> bool {
        self.resolver.is_some()
    }

    /// The records of a name. Without a resolver there is no answer at present: see [`Router::has_dns`].
    ///
    /// # Errors
    /// Why there are none.
    pub fn dns(&mut self, name: &[u8], kind: RecordType) -> Result<Vec<Record>, NoRecords> {
        let Some(name) = ascii_domain(name) else { return Err(NoRecords::NotFound) };
        let name = &*name;
        // What cannot be a host's name is nobody's, and not asked for; where names stand that are none of hosts, PTR and lists, all have
        // digits in front.
        if !is_host_name(name) {
            return Err(NoRecords::NotFound);
        }
        let answer = self.resolver.as_ref().map_or(Err(NoRecords::Retry), |resolver| resolver.records(name, kind));
        let answer = match answer {
            // What is unfit is left out; if nothing is fit, the answer is no answer.
            Ok(mut records) => {
                records.retain(Record::is_sound);
                if records.is_empty() { Err(NoRecords::Malformed) } else { Ok(records) }
            }
            Err(none) => Err(none),
        };
        self.step(|| StepKind::Dns { name: name.to_vec(), kind, answer: answer.clone() });
        answer
    }

    /// The record types for addresses, as `inet_protocols` has them.
    pub(in crate::routing) fn address_types(&self) -> Vec<RecordType> {
        let protocols = self.text("inet_protocols").unwrap_or_default();
        let protocols = Protocols::parse(&String::from_utf8_lossy(&protocols)).unwrap_or_default();
        let types = [(protocols.v4, RecordType::A), (protocols.v6, RecordType::Aaaa)];
        types.into_iter().filter(|(is_used, _)| *is_used).map(|(_, kind)| kind).collect()
    }

    /// The addresses of a host. Types that fail do not matter where others have records.
    ///
    /// # Errors
    /// Why there are none: what may change comes before what will not.
    pub fn host_addresses(&mut self, host: &[u8]) -> Result<Vec<IpAddr>, NoRecords> {
        let types = self.address_types();
        self.first_of(host, &types, false).map(|records| records.iter().filter_map(Record::address).collect())
    }

    /// The records of several types, or of the first type that has any if `one_suffices`.
    pub(in crate::routing) fn first_of(
        &mut self,
        name: &[u8],
        types: &[RecordType],
        one_suffices: bool,
    ) -> Result<Vec<Record>, NoRecords> {
        let mut found = Vec::new();
        let mut failure = NoRecords::NotFound;
        for kind in types {
            match self.dns(name, *kind) {
                Ok(records) => found.extend(records),
                Err(none) if rank(&none) > rank(&failure) => failure = none,
                Err(_) => {}
            }
            if one_suffices && !found.is_empty() {
                break;
            }
        }
        if found.is_empty() { Err(failure) } else { Ok(found) }
    }
}

/// Which of several failures is told.
fn rank(none: &NoRecords) -> u8 {
    match none {
        NoRecords::NotFound => 0,
        NoRecords::NoData => 1,
        NoRecords::Failed => 2,
        NoRecords::Malformed => 3,
        NoRecords::Retry => 4,
    }
}
