//! Parameters that exist once per transport: `relay_destination_rate_delay`, `maildrop_time_limit`, and kin.
//!
//! Postfix makes these names from a service name of master.cf and a suffix (postconf(5), `transport_…`).

use super::parameter::parameter;
use super::value_type::{Limits, TimeUnit, ValueType};
use super::version::Version;

/// A family of parameters with one member per transport.
#[derive(Debug)]
pub struct ServiceParameter {
    /// What follows the name of the transport, with its leading underscore.
    pub suffix: &'static str,
    /// How Postfix reads the value.
    pub value_type: ValueType,
    /// The first series that has it; [`Version::OLDEST`] also stands for older ones.
    pub introduced: Version,
    /// The daemons whose services have it by themselves; the queue manager reads the others for any transport that is
    /// named.
    pub commands: &'static [&'static str],
    /// The default, raw: another parameter.
    pub default: &'static str,
    /// Facts that the other fields do not tell; may be empty.
    pub note: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/catalogue_families.rs"));

/// Every family, sorted by suffix.
pub fn service_parameters() -> &'static [ServiceParameter] {
    &FAMILIES
}

/// The transport and the family of a per-transport name, by the longest suffix.
///
/// `None` for a name that is itself a [`parameter`], such as `default_recipient_limit` or
/// `local_destination_concurrency_limit`: its own declaration counts. Whether the transport exists is for the caller to
/// see.
pub fn service_parameter(name: &str) -> Option<(&str, &'static ServiceParameter)> {
    if parameter(name).is_some() {
        return None;
    }
    // From the left, so that the longest suffix is met first; a transport has at least one byte.
    name.match_indices('_').filter(|(at, _)| *at > 0).find_map(|(at, _)| {
        let (transport, suffix) = name.split_at(at);
        let place = FAMILIES.binary_search_by(|family| family.suffix.cmp(suffix)).ok()?;
        Some((transport, &FAMILIES[place]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_split_at_the_longest_suffix() {
        let cases = [
            ("relay_destination_recipient_limit", Some(("relay", "_destination_recipient_limit"))),
            ("relay_recipient_limit", Some(("relay", "_recipient_limit"))),
            ("my_relay_recipient_limit", Some(("my_relay", "_recipient_limit"))),
            ("x_destination_concurrency_limit", Some(("x", "_destination_concurrency_limit"))),
            ("maildrop_time_limit", Some(("maildrop", "_time_limit"))),
            ("slow-mail_transport_rate_delay", Some(("slow-mail", "_transport_rate_delay"))),
            ("default_destination_recipient_limit", None),
            ("local_destination_concurrency_limit", None),
            ("command_time_limit", None),
            ("_recipient_limit", None),
            ("recipient_limit", None),
            ("relay_recipient_limits", None),
            ("", None),
            ("_", None),
        ];
        for (name, expected) in cases {
            let found = service_parameter(name).map(|(transport, family)| (transport, family.suffix));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn families_default_to_declared_parameters() {
        assert_eq!(service_parameters().len(), 17);
        for family in service_parameters() {
            let default = family.default.strip_prefix('$').and_then(parameter).unwrap();
            assert!(default.introduced <= family.introduced, "{}", family.suffix);
        }
        let (_, delay) = service_parameter("relay_transport_rate_delay").unwrap();
        assert_eq!((delay.introduced, delay.default), (Version::new(3, 1), "$default_transport_rate_delay"));
    }
}
