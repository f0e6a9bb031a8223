//! Which parameter may have been meant by a name that none has.

use super::family::service_parameters;
use super::map_types::{map_type, map_types};
use super::parameter::parameters;
use super::restrictions::{Restriction, restriction};
use crate::base::suggest;

/// What may have been meant by a main.cf name that no parameter has.
#[derive(Debug)]
pub struct ParameterSuggestion {
    /// The name is a restriction: it belongs inside an `smtpd_…_restrictions` list.
    pub restriction: Option<&'static Restriction>,
    /// Parameters that resemble it, the best first, at most three.
    pub similar: Vec<String>,
}

/// What may have been meant by `name`, which is not a parameter.
///
/// Per-transport names are suggested with the transport that `name` seems to have, its first word.
pub fn suggest_parameter(name: &str) -> ParameterSuggestion {
    let transport = name.split('_').next().unwrap_or_default();
    let members: Vec<String> = if transport.is_empty() || transport.len() == name.len() {
        Vec::new()
    } else {
        service_parameters().iter().map(|family| format!("{transport}{}", family.suffix)).collect()
    };
    let known = parameters().iter().map(|parameter| parameter.name);
    let similar = suggest(name, known.chain(members.iter().map(String::as_str)));
    ParameterSuggestion { restriction: restriction(name), similar: similar.into_iter().map(str::to_owned).collect() }
}

/// The map type that may have been meant by `name`, which is none: one that is spelled like it, or one whose name a
/// replacement of `hash` by `lmdb` in a whole file has changed (`texthash` to `textlmdb`).
#[must_use]
pub fn suggest_map_type(name: &str) -> Option<&'static str> {
    const OLD: [&str; 3] = ["hash", "btree", "dbm"];
    let replaced = ["lmdb", "cdb"].into_iter().flat_map(|new| OLD.map(|old| name.replace(new, old)));
    let before = replaced.filter(|old| old != name).find_map(|old| map_type(&old)).map(|known| known.name);
    let called = OTHER_NAMES.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, known)| *known);
    before.or(called).or_else(|| suggest(name, map_types().iter().map(|known| known.name)).into_iter().next())
}

/// What others call the software behind a type.
const OTHER_NAMES: [(&str, &str); 10] = [
    ("bdb", "hash"),
    ("db", "hash"),
    ("file", "texthash"),
    ("mariadb", "mysql"),
    ("mongo", "mongodb"),
    ("plain", "texthash"),
    ("postgres", "pgsql"),
    ("postgresql", "pgsql"),
    ("text", "texthash"),
    ("txt", "texthash"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn map_types_that_a_replacement_has_changed() {
        let cases = [
            ("textlmdb", Some("texthash")),
            ("textcdb", Some("texthash")),
            ("slmdb", Some("sdbm")),
            ("lmbd", Some("lmdb")),
            ("postgresql", Some("pgsql")),
            ("mariadb", Some("mysql")),
            ("Text", Some("texthash")),
            ("redis", None),
            ("proxylmdb", None),
        ];
        for (name, expected) in cases {
            assert_eq!(suggest_map_type(name), expected, "{name}");
        }
    }

    #[test]
    fn parameters_are_suggested_with_their_families() {
        let cases: &[(&str, &[&str])] = &[
            ("smtpd_recipent_restrictions", &["smtpd_recipient_restrictions"]),
            ("virtual_aliases_maps", &["virtual_alias_maps"]),
            ("smtpd_tls_security_levels", &["smtpd_tls_security_level", "smtp_tls_security_level"]),
            ("slow_destination_rate_dealy", &["slow_destination_rate_delay"]),
            ("unheard_of", &[]),
        ];
        for (name, expected) in cases {
            assert_eq!(suggest_parameter(name).similar, *expected, "{name}");
        }
    }

    #[test]
    fn a_restriction_is_recognised() {
        let found = suggest_parameter("reject_unauth_destination");
        assert_eq!(found.restriction.map(|entry| entry.name), Some("reject_unauth_destination"));
        assert!(suggest_parameter("smtpd_helo_required_").restriction.is_none());
    }
}
