//! What a file is: known by its name, else guessed from its content.
//!
//! A guess counts how many logical lines look like each kind; a file of which nothing can be said is a table of `key
//! value` lines.

use super::logical::{LogicalLines, is_space, trim};
use super::table_line::TableForm;
use std::path::Path;

/// A kind of file, as `--as` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// `name = value`: postconf(5).
    MainCf,
    /// Services: master(5).
    MasterCf,
    /// `name: value`: aliases(5).
    Aliases,
    /// `key value`: virtual(5).
    Virtual,
    /// `key value`: transport(5).
    Transport,
    /// `key value`: access(5).
    Access,
    /// `key value`: canonical(5).
    Canonical,
    /// `key value`: generic(5).
    Generic,
    /// `key value`: relocated(5).
    Relocated,
    /// Any other `key value`.
    Table,
    /// POSIX regular expressions: regexp_table(5).
    Regexp,
    /// Perl-compatible regular expressions: pcre_table(5).
    Pcre,
    /// Networks: cidr_table(5).
    Cidr,
    /// The settings of a client of a database: mysql_table(5), ldap_table(5) and their kin.
    Client,
    /// A file in a match list.
    MatchList,
    /// Sendmail's virtusertable.
    Virtusertable,
    /// Sendmail's mailertable.
    Mailertable,
    /// Sendmail's access database.
    SendmailAccess,
    /// Sendmail's m4 configuration.
    SendmailMc,
}

/// Each kind and its name.
const NAMES: [(FileKind, &str); 19] = [
    (FileKind::MainCf, "main.cf"),
    (FileKind::MasterCf, "master.cf"),
    (FileKind::Aliases, "aliases"),
    (FileKind::Virtual, "virtual"),
    (FileKind::Transport, "transport"),
    (FileKind::Access, "access"),
    (FileKind::Canonical, "canonical"),
    (FileKind::Generic, "generic"),
    (FileKind::Relocated, "relocated"),
    (FileKind::Table, "table"),
    (FileKind::Regexp, "regexp"),
    (FileKind::Pcre, "pcre"),
    (FileKind::Cidr, "cidr"),
    (FileKind::Client, "client"),
    (FileKind::MatchList, "match-list"),
    (FileKind::Virtusertable, "virtusertable"),
    (FileKind::Mailertable, "mailertable"),
    (FileKind::SendmailAccess, "sendmail-access"),
    (FileKind::SendmailMc, "sendmail-mc"),
];

/// Types of clients, as the names of their files begin: `mysql-virtual.cf`.
const CLIENTS: [&str; 6] = ["ldap", "memcache", "mongodb", "mysql", "pgsql", "sqlite"];

/// Whether a type of tables has its settings in a file of its own.
#[must_use]
pub fn has_client_file(map_type: &str) -> bool {
    CLIENTS.contains(&map_type)
}

/// Logical lines that are looked at for a guess.
const MOST_LINES: usize = 200;

impl FileKind {
    /// The names of all kinds.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(_, name)| *name)
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The kind that a file's name tells: `main.cf`, `virtual`, `senders.pcre`, `sendmail.mc`.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        match path.extension().and_then(|suffix| suffix.to_str()) {
            Some("pcre") => return Some(Self::Pcre),
            Some("regexp") => return Some(Self::Regexp),
            Some("cidr") => return Some(Self::Cidr),
            Some("mc") => return Some(Self::SendmailMc),
            Some("cf") if CLIENTS.iter().any(|client| begins_with_word(name, client)) => return Some(Self::Client),
            _ => {}
        }
        // "table" and "match-list" are what we call them, not what files are called.
        Self::from_name(name).filter(|kind| !matches!(kind, Self::Table | Self::MatchList | Self::Client))
    }

    /// The kind that a text looks like.
    #[must_use]
    pub fn of_content(text: &[u8]) -> Self {
        const ORDER: [FileKind; 7] = [
            FileKind::MasterCf,
            FileKind::MainCf,
            FileKind::Aliases,
            FileKind::SendmailMc,
            FileKind::Regexp,
            FileKind::Cidr,
            FileKind::Table,
        ];
        let mut votes = [0_usize; ORDER.len()];
        for line in LogicalLines::new(text).take(MOST_LINES) {
            let kind = of_line(trim(&line.text(text)));
            if let Some(at) = ORDER.iter().position(|one| *one == kind) {
                votes[at] += 1;
            }
        }
        let most = votes.iter().max().copied().unwrap_or(0);
        let winner = ORDER.iter().zip(votes).find(|(_, count)| *count == most && most > 0);
        winner.map_or(Self::Table, |(kind, _)| *kind)
    }

    /// How its entries are written, if it is a source for postmap or postalias.
    #[must_use]
    pub fn table_form(self) -> Option<TableForm> {
        match self {
            Self::Aliases => Some(TableForm::Aliases),
            Self::Virtual
            | Self::Transport
            | Self::Access
            | Self::Canonical
            | Self::Generic
            | Self::Relocated
            | Self::Table => Some(TableForm::KeyValue),
            _ => None,
        }
    }
}

/// Whether a name is a word, or begins with it and something that is no letter.
fn begins_with_word(name: &str, word: &str) -> bool {
    name.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
}

/// What one logical line looks like.
fn of_line(line: &[u8]) -> FileKind {
    let mut words = line.split(|&byte| is_space(byte)).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    if matches!(second, b"inet" | b"unix" | b"unix-dgram" | b"fifo" | b"pass") && words.count() >= 5 {
        return FileKind::MasterCf;
    }
    let name = first.split(|&byte| byte == b'=').next().unwrap_or_default();
    let is_word = |text: &[u8]| text.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if !name.is_empty() && is_word(name) && (name.len() < first.len() || second.starts_with(b"=")) {
        return FileKind::MainCf;
    }
    if first == b"dnl"
        || [&b"define("[..], b"FEATURE(", b"MAILER(", b"OSTYPE(", b"divert(", b"VERSIONID("]
            .iter()
            .any(|start| first.starts_with(start))
    {
        return FileKind::SendmailMc;
    }
    if first.starts_with(b"/") || matches!(first, b"if" | b"endif") {
        return FileKind::Regexp;
    }
    if is_network(first) {
        return FileKind::Cidr;
    }
    // `name: value`, `name:value` or `name : value`; the address of an IPv6 client has more colons, an address a
    // domain.
    let (name, rest) = first.split_at(memchr::memchr(b':', first).unwrap_or(first.len()));
    let has_colon = !rest.is_empty() || second.starts_with(b":");
    let is_address =
        memchr::memchr(b'@', name).is_some() || memchr::memchr(b':', rest.get(1..).unwrap_or(b"")).is_some();
    if has_colon && !name.is_empty() && !is_address { FileKind::Aliases } else { FileKind::Table }
}

/// `address/bits`, as access tables do not have it.
fn is_network(word: &[u8]) -> bool {
    let word = std::str::from_utf8(word).unwrap_or_default().trim_start_matches('!');
    let Some((address, bits)) = word.split_once('/') else { return false };
    let address = address.trim_start_matches('[').trim_end_matches(']');
    address.parse::<std::net::IpAddr>().is_ok() && bits.trim_end_matches(']').parse::<u8>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_kinds() {
        let cases = [
            ("/etc/postfix/main.cf", Some("main.cf")),
            ("master.cf", Some("master.cf")),
            ("/etc/aliases", Some("aliases")),
            ("maps/virtual", Some("virtual")),
            ("senders.pcre", Some("pcre")),
            ("sendmail.mc", Some("sendmail-mc")),
            ("table", None),
            (".source.cf", None),
            ("tmp.Xa8Q", None),
        ];
        for (path, expected) in cases {
            assert_eq!(FileKind::of_path(Path::new(path)).map(FileKind::name), expected, "{path}");
        }
        assert!(FileKind::names().all(|name| FileKind::from_name(name).is_some_and(|kind| kind.name() == name)));
    }

    #[test]
    fn content_tells_kinds() {
        let cases = [
            ("# x\nmyhostname = mail.example.com\nmydomain=example.com\n", "main.cf"),
            ("a =\n  one\n  two\nstray\n", "main.cf"),
            ("smtp inet n - n - - smtpd\n  -o a=b\nbroken\n", "master.cf"),
            ("root: alice\nwww-data:root\nstaff : a, b\n", "aliases"),
            ("info@example.com alice\nexample.com x\n", "table"),
            ("example.com smtp:[mx.example.com]:25\n.example.com relay:\n", "table"),
            ("/^a/ REJECT\nif /b/\n/c/ OK\nendif\n", "regexp"),
            ("192.0.2.0/24 REJECT\n2001:db8::/32 OK\n", "cidr"),
            ("192.0.2.1 REJECT\n2001:db8::1 OK\n", "table"),
            ("divert(-1)dnl\ndnl x\ndefine(`a', `b')dnl\n", "sendmail-mc"),
            ("", "table"),
            ("# only\n", "table"),
        ];
        for (text, expected) in cases {
            assert_eq!(FileKind::of_content(text.as_bytes()).name(), expected, "{text:?}");
        }
    }
}
