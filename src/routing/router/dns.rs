//! What decisions want of the DNS: the records of a name, or why there are none. Who implements [`Resolver`] is on a higher floor;
//! without one, nothing is asked, and what depends on it says so.
//!
//! Source: RFC 1034, section 3.6; RFC 2181, section 5; RFC 7505 (null MX).

use super::Lookups;
use super::trail::{StepKind, Trail};
use crate::config::protocols::Protocols;
use crate::mail::host_name::{is_host_name, plain_address};
use std::fmt;
use std::net::IpAddr;

/// A type of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Mail exchangers.
    Mx,
    /// Name servers.
    Ns,
    /// The name of an address.
    Ptr,
    /// Text.
    Txt,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Of type A or AAAA.
    Address(IpAddr),
    /// Of type MX; the host is empty for "no mail" (RFC 7505).
    Mx {
        /// Lower ones are tried first.
        preference: u16,
        /// The host, without a dot behind it.
        host: Vec<u8>,
    },
    /// Of type NS or PTR: a name without a dot behind it.
    Name(Vec<u8>),
    /// Of type TXT, its strings joined.
    Text(Vec<u8>),
}

/// Why there are no records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRecords {
    /// There is no such name.
    NotFound,
    /// There is such a name, without records of this type.
    NoData,
    /// No answer now; later there may be one.
    Retry,
    /// The server will not answer.
    Failed,
    /// There is an answer in which names stand that cannot be names of hosts.
    Malformed,
}

/// Asks the DNS.
pub trait Resolver: Send + Sync {
    /// The records of a name of one type, aliases (CNAME) followed; never an empty list. The name is taken as it is: no search list
    /// of the machine is tried.
    ///
    /// # Errors
    /// Why there are none.
    fn records(&self, name: &[u8], kind: RecordType) -> Result<Vec<Record>, NoRecords>;
}

impl Record {
    /// The address, if it is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        if let Self::Address(address) = self { Some(*address) } else { None }
    }

    /// The preference and the host of a mail exchanger, if it is one.
    #[must_use]
    pub fn exchanger(self) -> Option<(u16, Vec<u8>)> {
        if let Self::Mx { preference, host } = self { Some((preference, host)) } else { None }
    }

    /// The name of a host that stands in it, if that is what it has.
    #[must_use]
    pub fn host(&self) -> Option<&[u8]> {
        match self {
            Self::Mx { host, .. } | Self::Name(host) => Some(host),
            Self::Address(_) | Self::Text(_) => None,
        }
    }

    fn is_sound(&self) -> bool {
        match self {
            // An address is no name, but mail exchangers are found that are.
            Self::Mx { host, .. } => host.is_empty() || is_host_name(host) || plain_address(host).is_some(),
            Self::Name(name) => is_host_name(name),
            Self::Address(_) | Self::Text(_) => true,
        }
    }
}

impl fmt::Display for RecordType {
    /// `MX`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Ptr => "PTR",
            Self::Txt => "TXT",
        })
    }
}

impl fmt::Display for Record {
    /// As in a zone file, without dots behind names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Mx { preference, host } if host.is_empty() => write!(f, "{preference} ."),
            Self::Mx { preference, host } => write!(f, "{preference} {}", String::from_utf8_lossy(host)),
            Self::Name(name) => f.write_str(&String::from_utf8_lossy(name)),
            Self::Text(text) => write!(f, "\"{}\"", String::from_utf8_lossy(text)),
        }
    }
}

impl fmt::Display for NoRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "no such name",
            Self::NoData => "no record of this type",
            Self::Retry => "no answer at present",
            Self::Failed => "the server refuses to answer",
            Self::Malformed => "names that are none in the answer",
        })
    }
}

impl NoRecords {
    /// What the C library says of a host without addresses.
    #[must_use]
    pub fn library_words(&self) -> &'static str {
        match self {
            Self::Retry => "Temporary failure in name resolution",
            Self::NoData => "No address associated with hostname",
            Self::NotFound | Self::Failed | Self::Malformed => "Name or service not known",
        }
    }
}

impl Lookups<'_> {
    /// Whether the DNS may be asked.
    #[must_use]
    pub fn has_dns(&self) -> bool {
        self.resolver.is_some()
    }

    /// The records of a name. Without a resolver there is no answer at present: see [`Lookups::has_dns`].
    ///
    /// # Errors
    /// Why there are none.
    pub fn dns(&self, name: &[u8], kind: RecordType, trail: &mut Trail) -> Result<Vec<Record>, NoRecords> {
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
        trail.step(StepKind::Dns { name: name.to_vec(), kind, answer: answer.clone() });
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
    pub fn host_addresses(&self, host: &[u8], trail: &mut Trail) -> Result<Vec<IpAddr>, NoRecords> {
        self.first_of(host, &self.address_types(), false, trail)
            .map(|records| records.iter().filter_map(Record::address).collect())
    }

    /// The records of several types, or of the first type that has any if `one_suffices`.
    pub(in crate::routing) fn first_of(
        &self,
        name: &[u8],
        types: &[RecordType],
        one_suffices: bool,
        trail: &mut Trail,
    ) -> Result<Vec<Record>, NoRecords> {
        let mut found = Vec::new();
        let mut failure = NoRecords::NotFound;
        for kind in types {
            match self.dns(name, *kind, trail) {
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
