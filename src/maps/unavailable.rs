//! Map types that Postfix has and this program does not open: clients of database servers, and formats that no Linux
//! build of Postfix reads. Each says what to do instead.

use crate::maps::error::{LookupError, in_message};

/// A type, and what there is to say of it.
const TYPES: [(&str, &str); 10] = [
    ("dbm", FORMAT),
    ("ldap", SERVER),
    ("memcache", SERVER),
    ("mongodb", SERVER),
    ("mysql", SERVER),
    ("netinfo", NAME_SERVICE),
    ("nis", NAME_SERVICE),
    ("nisplus", NAME_SERVICE),
    ("pgsql", SERVER),
    ("sdbm", FORMAT),
];

const SERVER: &str =
    "this program is no client of such servers; ask Postfix's own postmap, or export the data to an lmdb: table";
const NAME_SERVICE: &str =
    "this name service is not supported; export the data to a file and make an lmdb: table of it";
const FORMAT: &str = "this format is not supported; make an lmdb: or cdb: table of its source";

/// Whether a type is that of a client of servers which this program is not.
#[must_use]
pub fn is_server(map_type: &str) -> bool {
    TYPES.contains(&(map_type, SERVER))
}

/// Why a type of Postfix's is not available here; nothing for all other types.
#[must_use]
pub fn why(map_type: &str, name: &[u8]) -> Option<LookupError> {
    let (_, words) = TYPES.iter().find(|(known, _)| *known == map_type)?;
    Some(LookupError::Config(format!("{map_type}:{}: {words}", in_message(name))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::catalogue::map_type;

    #[test]
    fn they_are_types_of_postfix_and_say_what_to_do() {
        for (name, _) in TYPES {
            assert!(map_type(name).is_some(), "{name}");
        }
        assert_eq!(
            why("dbm", b"x"),
            Some(LookupError::Config(
                "dbm:x: this format is not supported; make an lmdb: or cdb: table of its source".into()
            ))
        );
        assert_eq!(why("lmdb", b"x"), None);
    }
}
