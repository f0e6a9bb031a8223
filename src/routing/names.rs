//! What a site's lists and tables name: the addresses and domains that its mail is about, and all else besides.

use crate::mail::local_part::internal;
use crate::maps::TableReference;
use crate::routing::rewrite::resolve::AddressClass;
use crate::routing::router::Router;
use crate::routing::router::keys::KeyPart;
use crate::routing::router::keys::Style;
use crate::routing::router::listing::Listed;
use crate::syntax::table_line::TableForm;

/// The lists of domains, with the class of their addresses, in the order in which Postfix asks them.
pub const DOMAIN_LISTS: [(&str, AddressClass); 4] = [
    ("mydestination", AddressClass::Local),
    ("virtual_alias_domains", AddressClass::VirtualAlias),
    ("virtual_mailbox_domains", AddressClass::VirtualMailbox),
    ("relay_domains", AddressClass::Relay),
];

/// The tables that are asked about recipients, and what their keys are.
const TABLES: [(&str, Keys); 10] = [
    ("recipient_canonical_maps", Keys::Addresses { lead_on: true }),
    ("canonical_maps", Keys::Addresses { lead_on: true }),
    ("virtual_alias_maps", Keys::Addresses { lead_on: true }),
    // The mail goes to the values as well.
    ("recipient_bcc_maps", Keys::Addresses { lead_on: true }),
    ("alias_maps", Keys::Names),
    ("relocated_maps", Keys::Addresses { lead_on: false }),
    ("virtual_mailbox_maps", Keys::Addresses { lead_on: false }),
    ("relay_recipient_maps", Keys::Addresses { lead_on: false }),
    ("local_recipient_maps", Keys::Addresses { lead_on: false }),
    ("transport_maps", Keys::Domains),
];

/// What the keys of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// `user@domain`, `user`, `@domain`.
    Addresses {
        /// Whether the values are addresses that the mail goes to instead.
        lead_on: bool,
    },
    /// Names of aliases.
    Names,
    /// `domain`, `.domain`, `user@domain`, `*`.
    Domains,
}

impl Keys {
    /// Whether values hold addresses that the mail goes to instead.
    #[must_use]
    pub fn lead_on(self) -> bool {
        matches!(self, Self::Names | Self::Addresses { lead_on: true })
    }
}

/// Whom mail is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// One address, or the name of one of this machine's.
    Address(Vec<u8>),
    /// Every address of a domain that nothing names.
    Domain(Vec<u8>),
    /// Every address of the domains below one that nothing names.
    Below(Vec<u8>),
    /// Every address of domains that nothing names.
    Elsewhere,
}

/// Whether the entries of a table are its name, so that another entry makes it another table.
#[must_use]
pub fn is_own_name(table: &TableReference) -> bool {
    table.map_type == "inline"
}

/// Whether the entries of the tables that a parameter names are among those that are visited.
#[must_use]
pub fn is_visited(parameter: &str) -> bool {
    TABLES.iter().any(|(visited, _)| *visited == parameter)
}

/// What stands for a domain that nobody names; RFC 2606 keeps it from being anybody's.
pub const ELSEWHERE: &[u8] = b"elsewhere.invalid";

impl Subject {
    /// The subjects that a key is about.
    #[must_use]
    pub fn of_key(keys: Keys, key: &[u8]) -> Vec<Self> {
        match (keys, key) {
            (_, b"") | (Keys::Names, b"@") => Vec::new(),
            (Keys::Names, name) => vec![Self::Address(name.to_vec())],
            (_, [b'@', domain @ ..]) => vec![Self::Domain(domain.to_vec())],
            (_, address) if address.contains(&b'@') => vec![Self::Address(address.to_vec())],
            (Keys::Domains, b"*") => vec![Self::Elsewhere],
            (Keys::Domains, [b'.', domain @ ..]) => vec![Self::Below(domain.to_vec())],
            (Keys::Domains, domain) => vec![Self::Domain(domain.to_vec()), Self::Below(domain.to_vec())],
            // A virtual alias domain, or a user with a dot in the name.
            (_, name) if name.contains(&b'.') => vec![Self::Domain(name.to_vec()), Self::Address(name.to_vec())],
            (_, name) => vec![Self::Address(name.to_vec())],
        }
    }

    /// An address, in internal form, that mail for the subject is sent to. `somebody` is a local part that nothing
    /// names, `home` the domain of names without one.
    #[must_use]
    pub fn example(&self, somebody: &[u8], home: &[u8]) -> Vec<u8> {
        match self {
            Self::Address(address) if address.contains(&b'@') => internal(address),
            Self::Address(name) => internal(&[name, b"@".as_slice(), home].concat()),
            Self::Domain(domain) => [somebody, b"@", domain].concat(),
            Self::Below(domain) => [somebody, b"@", somebody, b".", domain].concat(),
            Self::Elsewhere => [somebody, b"@", ELSEWHERE].concat(),
        }
    }
}

/// For people: `any other address in example.com`. What is not UTF-8 is replaced.
impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => f.write_str(&String::from_utf8_lossy(address)),
            Self::Domain(domain) => write!(f, "any other address in {}", String::from_utf8_lossy(domain)),
            Self::Below(domain) => write!(f, "any other address below {}", String::from_utf8_lossy(domain)),
            Self::Elsewhere => f.write_str("any other address"),
        }
    }
}

/// An entry of a table, or an element of a list.
#[derive(Clone, Copy, Debug)]
pub struct NamedEntry<'e> {
    /// The table, or the parameter that holds the list; of a table that is its own name, where it is named.
    pub place: &'e str,
    /// How many places were visited before it.
    pub number: usize,
    /// What its keys are.
    pub keys: Keys,
    /// The key.
    pub key: &'e [u8],
    /// The value; empty for elements.
    pub value: &'e [u8],
}

impl Router<'_> {
    /// Visits the entries of all tables that are asked about recipients, each table once (one that is its own name:
    /// wherever it is named). Returns the tables whose
    /// entries cannot be listed, such as those of patterns.
    pub fn each_entry(&mut self, visit: &mut dyn FnMut(NamedEntry<'_>)) -> Vec<String> {
        let mut unlisted = Vec::new();
        let mut seen: Vec<(TableReference, Keys)> = Vec::new();
        let aliases = self.tables("alias_maps").unwrap_or_default();
        for (parameter, keys) in TABLES {
            for (at, table) in self.tables(parameter).unwrap_or_default().iter().enumerate() {
                let is_alias = aliases.contains(table);
                let keys = if is_alias { Keys::Names } else { keys };
                // Accounts are no entries of the site.
                if table.map_type == "unix" || !is_own_name(table) && seen.contains(&(table.clone(), keys)) {
                    continue;
                }
                let form = if is_alias { self.alias_form() } else { TableForm::KeyValue };
                let place = if is_own_name(table) { format!("{parameter} {at}") } else { table.to_string() };
                let number = seen.len();
                let mut visit = |key: &[u8], value: &[u8]| {
                    let plain = (form == TableForm::QuotedAliases).then(|| internal(key));
                    visit(NamedEntry { place: &place, number, keys, key: plain.as_deref().unwrap_or(key), value });
                };
                if self.walk(table, form, &mut visit).is_err() {
                    unlisted.push(table.to_string());
                }
                seen.push((table.clone(), keys));
            }
        }
        for (number, (parameter, _)) in (seen.len()..).zip(DOMAIN_LISTS) {
            let below = self.domain_style(parameter) == Style::Parent;
            for listed in self.listed(parameter).unwrap_or_default() {
                let (keys, key) = match listed {
                    Listed::Domain(domain) if domain.starts_with(b".") || below => (Keys::Domains, domain),
                    Listed::Domain(domain) => (Keys::Addresses { lead_on: false }, [b"@", &*domain].concat()),
                    Listed::Table(table) => {
                        unlisted.push(table);
                        continue;
                    }
                };
                visit(NamedEntry { place: parameter, number, keys, key: &key, value: b"" });
            }
        }
        unlisted.sort();
        unlisted.dedup();
        unlisted
    }

    /// The senders that `sender_bcc_maps` name, and the tables of it that cannot be listed.
    pub fn senders_with_copies(&mut self) -> (Vec<Subject>, Vec<String>) {
        let (mut senders, mut unlisted) = (Vec::new(), Vec::new());
        for table in self.tables("sender_bcc_maps").unwrap_or_default().iter() {
            let keys = Keys::Addresses { lead_on: false };
            let mut visit = |key: &[u8], _: &[u8]| senders.extend(Subject::of_key(keys, key));
            if self.walk(table, TableForm::KeyValue, &mut visit).is_err() {
                unlisted.push(table.to_string());
            }
        }
        (senders, unlisted)
    }

    /// The domain of names without one: `myorigin`, if that is this machine's, else the first that `mydestination`
    /// names.
    #[must_use]
    pub fn home(&mut self) -> Vec<u8> {
        let origin = self.text("myorigin").unwrap_or_default().to_vec();
        if self.is_local_domain(&origin).unwrap_or(false) {
            return origin;
        }
        let listed = self.listed("mydestination").unwrap_or_default();
        let first = listed.into_iter().find_map(|listed| match listed {
            Listed::Domain(domain) if !domain.starts_with(b".") => Some(domain),
            _ => None,
        });
        first.unwrap_or(origin)
    }

    /// A local part that no table with entries knows, so that it stands for all others.
    #[must_use]
    pub fn somebody(&mut self) -> Vec<u8> {
        let is_known = |router: &mut Self, name: &[u8]| {
            let parameters = TABLES.iter().filter(|(_, keys)| *keys != Keys::Domains);
            let mut answers = parameters.map(|(parameter, _)| router.ask_tables(parameter, name, KeyPart::Partial));
            answers.any(|answer| matches!(answer, Ok(Some(_))))
        };
        let names = ["someone".to_string()].into_iter().chain((2..100).map(|number| format!("someone{number}")));
        let mut names = names.map(String::into_bytes);
        names.find(|name| !is_known(self, name)).unwrap_or_else(|| b"someone".to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_whom_they_are_about() {
        let addresses = Keys::Addresses { lead_on: true };
        let cases: [(Keys, &str, &str); 9] = [
            (addresses, "joe@example.com", "joe@example.com"),
            (addresses, "@example.com", "any other address in example.com"),
            (addresses, "joe", "joe"),
            (addresses, "example.com", "any other address in example.com, example.com"),
            (Keys::Names, "joe", "joe"),
            (Keys::Names, "@", ""),
            (Keys::Domains, "*", "any other address"),
            (Keys::Domains, ".example.com", "any other address below example.com"),
            (Keys::Domains, "example.com", "any other address in example.com, any other address below example.com"),
        ];
        for (keys, key, expected) in cases {
            let shown: Vec<String> = Subject::of_key(keys, key.as_bytes()).iter().map(ToString::to_string).collect();
            assert_eq!(shown.join(", "), expected, "{keys:?} {key}");
        }
        let example =
            |subject: Subject| String::from_utf8_lossy(&subject.example(b"someone", b"example.net")).into_owned();
        assert_eq!(example(Subject::Address(b"\"a b\"".to_vec())), "a b@example.net");
        assert_eq!(example(Subject::Below(b"example.com".to_vec())), "someone@someone.example.com");
        assert_eq!(example(Subject::Elsewhere), "someone@elsewhere.invalid");
    }
}
