//! What decisions want of the DNS: the records of a name, or why there are none. Who implements [`Resolver`] is on a
//! higher floor.
//!
//! Source: RFC 1034, section 3.6; RFC 2181, section 5; RFC 7505 (null MX).

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
    /// There were records, and a filter of the site (`smtpd_dns_reply_filter`) took all of them out.
    Filtered,
    /// Such a filter says something else of a record than IGNORE; it is as if there were no answer now.
    InvalidFilter,
}

/// A record as an answer holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Whose it is: the name that was asked for, or what an alias leads to. Without a dot behind it.
    pub owner: Vec<u8>,
    /// For how many seconds it holds.
    pub ttl: u32,
    /// The record.
    pub record: Record,
}

impl Answered {
    /// As filters of replies see it: `name. ttl IN type value`, with dots behind names.
    #[must_use]
    pub fn filter_text(&self) -> Vec<u8> {
        let dotted = |name: &[u8]| [name, b"."].concat();
        let (kind, value) = match &self.record {
            Record::Address(address) if address.is_ipv4() => ("A", address.to_string().into_bytes()),
            Record::Address(address) => ("AAAA", address.to_string().into_bytes()),
            Record::Mx { preference, host } => ("MX", [format!("{preference} ").as_bytes(), host, b"."].concat()),
            // No filter sees PTR records: the C library asks for them.
            Record::Name(name) => ("NS", dotted(name)),
            Record::Text(text) => ("TXT", text.clone()),
        };
        [&dotted(&self.owner), format!(" {} IN {kind} ", self.ttl).as_bytes(), &value].concat()
    }
}

/// Asks the DNS.
pub trait Resolver: Send + Sync {
    /// The records of a name of one type, aliases (CNAME) followed; never an empty list. The name is taken as it is: no
    /// search list of the machine is tried.
    ///
    /// # Errors
    /// Why there are none.
    fn records(&self, name: &[u8], kind: RecordType) -> Result<Vec<Answered>, NoRecords>;
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

    /// Whether it is fit for use: names in it are such as hosts can have.
    pub(super) fn is_sound(&self) -> bool {
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
            Self::Filtered => "all of it is filtered out",
            Self::InvalidFilter => "the filter says something else than IGNORE",
        })
    }
}

impl NoRecords {
    /// Whether there may be an answer later.
    #[must_use]
    pub fn is_for_now(&self) -> bool {
        matches!(self, Self::Retry | Self::InvalidFilter)
    }

    /// What the C library says of a host without addresses.
    #[must_use]
    pub fn library_words(&self) -> &'static str {
        match self {
            Self::Retry | Self::InvalidFilter => "Temporary failure in name resolution",
            Self::NoData => "No address associated with hostname",
            Self::NotFound | Self::Failed | Self::Malformed | Self::Filtered => "Name or service not known",
        }
    }
}
