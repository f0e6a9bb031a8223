//! The DNS, asked on behalf of decisions. Without a [`Resolver`](super::records::Resolver) nothing is asked, and what
//! depends on it says so.

use super::Router;
use super::keys::KeyPart;
use super::records::{Answered, NoRecords, Record, RecordType};
use super::trail::StepKind;
use crate::config::protocols::Protocols;
use crate::mail::host_name::{ascii_domain, is_host_name};
use std::net::IpAddr;

/// The parameter whose tables say which records of a reply do not count; none for what the C library asks.
pub(in crate::routing) type ReplyFilter = Option<&'static str>;

/// Whether a record says that there is no mail (RFC 7505).
fn is_null_mx(record: &Record) -> bool {
    matches!(record, Record::Mx { host, .. } if host.is_empty())
}

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
        self.dns_through(None, name, kind)
    }

    /// As [`Router::dns`], less what the tables of a parameter such as `smtpd_dns_reply_filter` take out.
    ///
    /// # Errors
    /// Why there are none.
    pub fn dns_through(
        &mut self,
        filter: ReplyFilter,
        name: &[u8],
        kind: RecordType,
    ) -> Result<Vec<Record>, NoRecords> {
        let Some(name) = ascii_domain(name) else { return Err(NoRecords::NotFound) };
        let name = &*name;
        // What cannot be a host's name is nobody's, and not asked for; where names stand that are none of hosts, PTR
        // and lists, all have digits in front.
        if !is_host_name(name) {
            return Err(NoRecords::NotFound);
        }
        let answer = self.resolver.as_ref().map_or(Err(NoRecords::Retry), |resolver| resolver.records(name, kind));
        let answer = answer.and_then(|mut answered| {
            // What is unfit is left out; if nothing is fit, the answer is no answer.
            answered.retain(|one| one.record.is_sound());
            if answered.is_empty() { Err(NoRecords::Malformed) } else { Ok(answered) }
        });
        let shown = answer.as_ref().map_err(NoRecords::clone);
        let shown = shown.map(|answered| answered.iter().map(|one| one.record.clone()).collect());
        self.step(|| StepKind::Dns { name: name.to_vec(), kind, answer: shown });
        let mut kept = Vec::new();
        for one in answer? {
            if !self.is_filtered_out(filter, &one)? {
                kept.push(one.record);
            }
        }
        if kept.is_empty() { Err(NoRecords::Filtered) } else { Ok(kept) }
    }

    /// Whether a filter says IGNORE. Of "no mail" it is not asked; and a word that it does not know is as good as no
    /// answer.
    fn is_filtered_out(&mut self, filter: ReplyFilter, answered: &Answered) -> Result<bool, NoRecords> {
        let Some(filter) = filter.filter(|_| !is_null_mx(&answered.record)) else { return Ok(false) };
        let word = self.ask_tables(filter, &answered.filter_text(), KeyPart::Whole).map_err(|_| NoRecords::Retry)?;
        let Some(word) = word else { return Ok(false) };
        let word = word.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if word.eq_ignore_ascii_case(b"ignore") { Ok(true) } else { Err(NoRecords::InvalidFilter) }
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
        self.first_of(None, host, &types, false).map(|records| records.iter().filter_map(Record::address).collect())
    }

    /// The records of several types, or of the first type that has any if `one_suffices`.
    pub(in crate::routing) fn first_of(
        &mut self,
        filter: ReplyFilter,
        name: &[u8],
        types: &[RecordType],
        one_suffices: bool,
    ) -> Result<Vec<Record>, NoRecords> {
        let mut found = Vec::new();
        let mut failure = NoRecords::NotFound;
        for kind in types {
            match self.dns_through(filter, name, *kind) {
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
        NoRecords::Retry | NoRecords::InvalidFilter => 4,
        NoRecords::Filtered => 5,
    }
}
