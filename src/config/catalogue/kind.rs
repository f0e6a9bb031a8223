//! What the value of a parameter *is*: a list of tables, a path, a restriction list. What a linter checks and help
//! says.
//!
//! The build script uses this file too, so it depends on nothing else of the crate.

use std::fmt;

/// What a value is, beyond the type that Postfix gives it (most kinds are strings to Postfix).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Yes or no.
    Boolean,
    /// A whole number.
    Number,
    /// A time, with or without a unit (s, m, h, d, w).
    Duration,
    /// One of the allowed words.
    Enum,
    /// A list of the allowed words.
    EnumList,
    /// One lookup table, type:name.
    Table,
    /// A list of lookup tables, type:name.
    TableList,
    /// The name of a lookup table type.
    MapType,
    /// Smtpd access restrictions.
    RestrictionList,
    /// Tests of the client address, some of them by name.
    ClientTestList,
    /// A match list of words: literals, /file, type:table, !pattern.
    StringMatchList,
    /// A match list of domains: names, .name, /file, type:table, !pattern.
    DomainMatchList,
    /// A match list of clients: host names, addresses, networks, /file, type:table, !pattern.
    HostMatchList,
    /// A match list of IP addresses and networks.
    AddressMatchList,
    /// A match list of services, name/type.
    ServiceMatchList,
    /// Names, or the words that say how to match a certificate name.
    MatchStrategyList,
    /// A file or directory.
    Path,
    /// A list of files or directories.
    PathList,
    /// A file or directory, with $name of the recipient.
    PathTemplate,
    /// A list of files, with $name of the recipient.
    PathTemplateList,
    /// A program with its arguments.
    Command,
    /// A delivery transport, transport or transport:nexthop.
    Transport,
    /// A list of delivery transports.
    TransportList,
    /// The name of a master.cf service.
    ServiceName,
    /// A destination host, `[host]`, `host:port`.
    Nexthop,
    /// A list of destination hosts.
    NexthopList,
    /// A socket: inet:host:port or unix:path.
    Endpoint,
    /// A list of sockets.
    EndpointList,
    /// Policy words or tables.
    PolicyList,
    /// DNS lists with reply pattern and weight.
    DnsblList,
    /// A DNS name and record type.
    DnsProbe,
    /// An email address.
    EmailAddress,
    /// A list of network addresses or interfaces.
    AddressList,
    /// An IP address.
    IpAddress,
    /// A TCP port, number or name.
    TcpPort,
    /// A host name.
    Hostname,
    /// A domain.
    Domain,
    /// A list of domains.
    DomainList,
    /// A domain, or a file that holds it.
    DomainOrFile,
    /// A list of names.
    NameList,
    /// A list of name=value pairs.
    NameValueList,
    /// The name of a parameter.
    ParameterName,
    /// A login name.
    User,
    /// A group name.
    Group,
    /// A device or socket that gives random bytes.
    Device,
    /// A set of characters.
    Charset,
    /// A concurrency feedback amount.
    Feedback,
    /// A compatibility level, such as 3.6.
    Level,
    /// OpenSSL cipher names.
    CipherList,
    /// TLS protocol versions, bounds or exclusions.
    TlsProtocolList,
    /// OpenSSL group names.
    CurveList,
    /// An OpenSSL digest.
    DigestName,
    /// A list of OpenSSL digests.
    DigestList,
    /// Certificate fingerprints.
    FingerprintList,
    /// Text with $name that is expanded when it is used.
    Template,
    /// Any text.
    Text,
}

/// Every kind with its name in the data files and what to call it.
const KINDS: [(Kind, &str, &str); 56] = [
    (Kind::Boolean, "boolean", "yes or no"),
    (Kind::Number, "number", "a whole number"),
    (Kind::Duration, "duration", "a time, with or without a unit (s, m, h, d, w)"),
    (Kind::Enum, "enum", "one of the allowed words"),
    (Kind::EnumList, "enum-list", "a list of the allowed words"),
    (Kind::Table, "table", "one lookup table, type:name"),
    (Kind::TableList, "table-list", "a list of lookup tables, type:name"),
    (Kind::MapType, "map-type", "the name of a lookup table type"),
    (Kind::RestrictionList, "restriction-list", "smtpd access restrictions"),
    (Kind::ClientTestList, "client-test-list", "tests of the client address, some of them by name"),
    (Kind::StringMatchList, "string-match-list", "a match list of words: literals, /file, type:table, !pattern"),
    (Kind::DomainMatchList, "domain-match-list", "a match list of domains: names, .name, /file, type:table, !pattern"),
    (
        Kind::HostMatchList,
        "host-match-list",
        "a match list of clients: host names, addresses, networks, /file, type:table, !pattern",
    ),
    (Kind::AddressMatchList, "address-match-list", "a match list of IP addresses and networks"),
    (Kind::ServiceMatchList, "service-match-list", "a match list of services, name/type"),
    (Kind::MatchStrategyList, "match-strategy-list", "names, or the words that say how to match a certificate name"),
    (Kind::Path, "path", "a file or directory"),
    (Kind::PathList, "path-list", "a list of files or directories"),
    (Kind::PathTemplate, "path-template", "a file or directory, with $name of the recipient"),
    (Kind::PathTemplateList, "path-template-list", "a list of files, with $name of the recipient"),
    (Kind::Command, "command", "a program with its arguments"),
    (Kind::Transport, "transport", "a delivery transport, transport or transport:nexthop"),
    (Kind::TransportList, "transport-list", "a list of delivery transports"),
    (Kind::ServiceName, "service-name", "the name of a master.cf service"),
    (Kind::Nexthop, "nexthop", "a destination host, [host], host:port"),
    (Kind::NexthopList, "nexthop-list", "a list of destination hosts"),
    (Kind::Endpoint, "endpoint", "a socket: inet:host:port or unix:path"),
    (Kind::EndpointList, "endpoint-list", "a list of sockets"),
    (Kind::PolicyList, "policy-list", "policy words or tables"),
    (Kind::DnsblList, "dnsbl-list", "DNS lists with reply pattern and weight"),
    (Kind::DnsProbe, "dns-probe", "a DNS name and record type"),
    (Kind::EmailAddress, "email-address", "an email address"),
    (Kind::AddressList, "address-list", "a list of network addresses or interfaces"),
    (Kind::IpAddress, "ip-address", "an IP address"),
    (Kind::TcpPort, "tcp-port", "a TCP port, number or name"),
    (Kind::Hostname, "hostname", "a host name"),
    (Kind::Domain, "domain", "a domain"),
    (Kind::DomainList, "domain-list", "a list of domains"),
    (Kind::DomainOrFile, "domain-or-file", "a domain, or a file that holds it"),
    (Kind::NameList, "name-list", "a list of names"),
    (Kind::NameValueList, "name-value-list", "a list of name=value pairs"),
    (Kind::ParameterName, "parameter-name", "the name of a parameter"),
    (Kind::User, "user", "a login name"),
    (Kind::Group, "group", "a group name"),
    (Kind::Device, "device", "a device or socket that gives random bytes"),
    (Kind::Charset, "charset", "a set of characters"),
    (Kind::Feedback, "feedback", "a concurrency feedback amount"),
    (Kind::Level, "level", "a compatibility level, such as 3.6"),
    (Kind::CipherList, "cipher-list", "OpenSSL cipher names"),
    (Kind::TlsProtocolList, "tls-protocol-list", "TLS protocol versions, bounds or exclusions"),
    (Kind::CurveList, "curve-list", "OpenSSL group names"),
    (Kind::DigestName, "digest-name", "an OpenSSL digest"),
    (Kind::DigestList, "digest-list", "a list of OpenSSL digests"),
    (Kind::FingerprintList, "fingerprint-list", "certificate fingerprints"),
    (Kind::Template, "template", "text with $name that is expanded when it is used"),
    (Kind::Text, "text", "any text"),
];

impl Kind {
    /// Whether a value is a list of patterns, tables and files, which a comment ends.
    #[must_use]
    pub const fn is_match_list(self) -> bool {
        matches!(self, Self::StringMatchList | Self::DomainMatchList | Self::HostMatchList | Self::AddressMatchList)
    }

    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|(kind, _, _)| *kind)
    }

    /// The name of the kind in data files and JSON, in kebab-case.
    pub fn name(self) -> &'static str {
        self.entry().1
    }

    /// What such a value is, in a few words that can follow "expects".
    pub fn describe(self) -> &'static str {
        self.entry().2
    }

    /// The kind with this [name](Kind::name).
    pub fn from_name(name: &str) -> Option<Self> {
        KINDS.iter().find(|(_, known, _)| *known == name).map(|(kind, _, _)| *kind)
    }

    /// Whether the value refers to lookup tables by `type:name`, alone or among other things.
    pub fn may_hold_tables(self) -> bool {
        matches!(
            self,
            Self::Table
                | Self::TableList
                | Self::RestrictionList
                | Self::ClientTestList
                | Self::StringMatchList
                | Self::DomainMatchList
                | Self::HostMatchList
                | Self::AddressMatchList
                | Self::PolicyList
        )
    }

    /// Whether the value is a text for people or programs, which may hold any character.
    pub fn is_free_text(self) -> bool {
        matches!(self, Self::Command | Self::Template | Self::Text)
    }

    /// Whether the value may have several elements; of a text nobody knows.
    pub fn may_be_list(self) -> bool {
        self.is_free_text() || self.name().ends_with("-list")
    }

    fn entry(self) -> &'static (Kind, &'static str, &'static str) {
        // KINDS is in the order of the variants, which a test holds.
        &KINDS[self as usize]
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        for (place, (kind, name, _)) in KINDS.iter().enumerate() {
            assert_eq!(*kind as usize, place, "{name}");
            assert_eq!(Kind::from_name(name), Some(*kind));
            let kebab: String = format!("{kind:?}")
                .char_indices()
                .map(|(at, c)| if at > 0 && c.is_uppercase() { format!("-{c}") } else { c.to_string() })
                .collect();
            assert_eq!(kind.name(), kebab.to_lowercase());
        }
        assert_eq!(Kind::all().last(), Some(Kind::Text));
        assert_eq!(Kind::from_name("nonsense"), None);
    }
}
