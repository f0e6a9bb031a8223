//! The main.cf parameters (postconf(5)): type, kind, versions and defaults, as constant tables sorted by name.
//!
//! Defaults are raw text, `$name` unexpanded, exactly as `postconf -d` prints them. The data is in
//! `data/parameters.tsv` and `data/earlier_defaults.tsv`; the build script checks it.

use super::kind::Kind;
use super::value_type::{Limits, TimeUnit, ValueType};
use super::version::Version;

/// A main.cf parameter.
#[derive(Debug)]
pub struct Parameter {
    /// The name, as in main.cf. Names are case-sensitive.
    pub name: &'static str,
    /// How Postfix reads the value.
    pub value_type: ValueType,
    /// What the value is.
    pub kind: Kind,
    /// The words of a [`Kind::Enum`] or [`Kind::EnumList`] (and the named elements of some other lists); else empty.
    pub allowed: &'static [&'static str],
    /// The first series that has it; [`Version::OLDEST`] also stands for older ones.
    pub introduced: Version,
    /// The last series that uses a setting of it.
    pub last: Version,
    /// The last series whose `postconf -d` lists it. Postfix still reads some renamed parameters that it no longer
    /// lists, and some that it never listed since 2.11 (`None`).
    pub listed: Option<Version>,
    /// The default in the newest series. `None`: it has none of its own (an old name), or it is computed at run time.
    pub default: Option<&'static str>,
    /// Defaults before [`default`](Self::default), oldest first.
    pub earlier: &'static [EarlierDefault],
    /// What the default depends on.
    pub origin: Origin,
    /// Facts about the value that the other fields do not tell; may be empty.
    pub note: &'static str,
}

/// A default that a parameter once had.
#[derive(Debug)]
pub struct EarlierDefault {
    /// The last series with this default.
    pub through: Version,
    /// The default; `None` as for [`Parameter::default`].
    pub value: Option<&'static str>,
}

/// What a default depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing: it is the same everywhere.
    Postfix,
    /// How the package was built: see [`Profile`](super::Profile).
    Build,
    /// The machine: its name and networks.
    Host,
    /// The running program: its name, process id, service.
    Process,
    /// The release: its number and date.
    Release,
}

impl Parameter {
    /// Whether this series uses a setting of it.
    pub fn exists_in(&self, version: Version) -> bool {
        self.introduced <= version && version <= self.last
    }

    /// Whether `postconf -d` of this series lists it.
    pub fn listed_in(&self, version: Version) -> bool {
        self.introduced <= version && self.listed.is_some_and(|listed| version <= listed)
    }

    /// The default in this series, as built upstream. `None` if the series does not list it, or computes the value.
    ///
    /// [`default_value`](super::default_value) also knows what packages change.
    pub fn default_for(&self, version: Version) -> Option<&'static str> {
        if !self.listed_in(version) {
            return None;
        }
        match self.earlier.iter().find(|earlier| version <= earlier.through) {
            Some(earlier) => earlier.value,
            None => self.default,
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/catalogue_parameters.rs"));

/// Every parameter, sorted by name.
pub fn parameters() -> &'static [Parameter] {
    &PARAMETERS
}

/// The parameter with this name. Per-transport names such as `relay_destination_rate_delay` are not here, unless
/// Postfix declares them: see [`service_parameter`](super::service_parameter).
pub fn parameter(name: &str) -> Option<&'static Parameter> {
    PARAMETERS.binary_search_by(|parameter| parameter.name.cmp(name)).ok().map(|at| &PARAMETERS[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn v(major: u8, minor: u8) -> Version {
        Version::new(major, minor)
    }

    #[test]
    fn parameters_are_found_by_name() {
        assert_eq!(parameters().len(), 926);
        assert!(parameters().is_sorted_by(|a, b| a.name < b.name));
        for parameter in parameters() {
            assert_eq!(super::parameter(parameter.name).map(|found| found.name), Some(parameter.name));
        }
        assert!(parameter("Mydestination").is_none());
        assert!(parameter("").is_none());
    }

    #[test]
    fn types_carry_their_limits_and_units() {
        let limits = |min, max| Limits { min, max };
        let cases = [
            ("soft_bounce", ValueType::Bool, Kind::Boolean),
            ("smtputf8_enable", ValueType::NBool, Kind::Boolean),
            ("unknown_local_recipient_reject_code", ValueType::Int(limits(None, None)), Kind::Number),
            ("default_delivery_slot_discount", ValueType::Int(limits(None, Some(100))), Kind::Number),
            ("lmdb_map_size", ValueType::Long(limits(Some(1), None)), Kind::Number),
            (
                "maximal_queue_lifetime",
                ValueType::Time { unit: TimeUnit::Day, limits: limits(None, Some(8_640_000)) },
                Kind::Duration,
            ),
            ("virtual_alias_maps", ValueType::Str(limits(None, None)), Kind::TableList),
            ("forward_path", ValueType::Raw(limits(None, None)), Kind::PathTemplateList),
            ("mynetworks", ValueType::Str(limits(None, None)), Kind::HostMatchList),
        ];
        for (name, value_type, kind) in cases {
            let parameter = parameter(name).unwrap();
            assert_eq!((parameter.value_type, parameter.kind), (value_type, kind), "{name}");
        }
        assert_eq!(parameter("mynetworks_style").unwrap().allowed, ["class", "subnet", "host"]);
    }

    #[test]
    fn defaults_follow_the_series() {
        let cases = [
            ("mynetworks_style", v(2, 11), Some("subnet")),
            ("mynetworks_style", v(3, 0), Some("${{$compatibility_level} < {2} ? {subnet} : {host}}")),
            ("mynetworks_style", v(3, 5), Some("${{$compatibility_level} < {2} ? {subnet} : {host}}")),
            ("mynetworks_style", v(3, 6), Some("${{$compatibility_level} <level {2} ? {subnet} : {host}}")),
            ("address_verify_map", v(3, 10), Some("btree:$data_directory/verify_cache")),
            ("address_verify_map", v(3, 11), Some("$default_cache_db_type:$data_directory/verify_cache")),
            ("smtp_tls_dane_insecure_mx_policy", v(3, 0), None),
            ("smtp_tls_dane_insecure_mx_policy", v(3, 1), Some("dane")),
            ("tls_export_cipherlist", v(3, 8), Some("")),
            ("stress", v(3, 11), Some("")),
            ("postscreen_dnsbl_ttl", v(3, 0), Some("1h")),
            ("postscreen_dnsbl_ttl", v(3, 1), None),
            ("virtual_maps", v(2, 11), None),
            ("tls_dane_digest_agility", v(3, 3), Some("on")),
            ("tls_dane_digest_agility", v(3, 4), None),
            ("myhostname", v(3, 11), None),
            ("smtpd_expansion_filter", v(3, 11), parameter("smtpd_expansion_filter").unwrap().default),
        ];
        for (name, version, expected) in cases {
            assert_eq!(parameter(name).unwrap().default_for(version), expected, "{name} in {version}");
        }
        assert!(parameter("smtpd_expansion_filter").unwrap().default.unwrap().starts_with(r##"\t\40!"#$%&'()*+"##));
    }

    #[test]
    fn old_names_exist_but_are_not_listed() {
        let cases = [
            ("virtual_maps", v(3, 11), true, false),
            ("postscreen_blacklist_action", v(3, 5), true, true),
            ("postscreen_blacklist_action", v(3, 6), true, false),
            ("tls_dane_digest_agility", v(3, 4), false, false),
            ("smtp_requiretls_policy", v(3, 10), false, false),
            ("smtp_requiretls_policy", v(3, 11), true, true),
        ];
        for (name, version, exists, listed) in cases {
            let parameter = parameter(name).unwrap();
            assert_eq!(
                (parameter.exists_in(version), parameter.listed_in(version)),
                (exists, listed),
                "{name} {version}"
            );
        }
    }

    /// The table is what the snapshot of 2026-08-21 registers; nothing else is new in 3.12.
    #[test]
    fn what_3_12_brings_is_what_its_snapshot_has() {
        let table = include_str!("../../../testdata/postfix-3.12/parameters.tsv");
        let rows = table.lines().filter(|line| !line.starts_with('#')).skip(1);
        let listed: Vec<[&str; 4]> = rows
            .map(|row| {
                let mut cells = row.split('\t');
                std::array::from_fn(|_| cells.next().unwrap_or_default())
            })
            .collect();
        assert_eq!(listed.len(), 37);
        let (new, before) = (v(3, 12), v(3, 11));
        let ours = parameters().iter().filter(|parameter| parameter.introduced == new);
        let ours: Vec<[String; 4]> = ours
            .map(|parameter| {
                let min = match (parameter.value_type.name(), parameter.value_type.limits()) {
                    ("bool" | "nbool", _) | (_, None) => String::new(),
                    (_, Some(limits)) => limits.min.unwrap_or_default().to_string(),
                };
                let value_type = parameter.value_type.name().to_string();
                [parameter.name.to_string(), value_type, min, parameter.default_for(new).unwrap().to_string()]
            })
            .collect();
        assert_eq!(ours, listed);
        let gone = parameters().iter().filter(|parameter| parameter.exists_in(before) && !parameter.exists_in(new));
        assert_eq!(gone.map(|gone| gone.name).collect::<Vec<_>>(), ["tlsproxy_client_loglevel_parameter"]);
        // Which defaults differ besides those that name the release.
        let changed = parameters().iter().filter(|parameter| parameter.listed_in(before) && parameter.listed_in(new));
        let changed = changed.filter(|parameter| parameter.default_for(before) != parameter.default_for(new));
        let names: Vec<_> = changed.map(|changed| changed.name).collect();
        assert_eq!(names, ["mail_release_date", "mail_version", "proxy_read_maps", "service_name"]);
        let proxied = |version| parameter("proxy_read_maps").unwrap().default_for(version).unwrap().split(' ');
        let added: Vec<_> = proxied(new).filter(|name| !proxied(before).any(|old| old == *name)).collect();
        let tables =
            ["$lmtp_tls", "$postscreen_tls", "$smtp_tls", "$smtpd_tls"].map(|of| format!("{of}_loglevel_maps"));
        assert_eq!(added, tables);
    }

    #[test]
    fn mail_version_is_the_newest_patch() {
        let parameter = parameter("mail_version").unwrap();
        for series in Version::supported() {
            assert_eq!(parameter.default_for(series), series.newest_patch());
        }
    }

    #[test]
    fn every_default_fits_its_own_parameter() {
        for parameter in parameters() {
            for version in Version::supported() {
                let Some(default) = parameter.default_for(version).filter(|value| !value.contains('$')) else {
                    continue;
                };
                let words: Vec<_> = default.split([' ', ',', '\t']).filter(|word| !word.is_empty()).collect();
                let fits = match parameter.kind {
                    Kind::Boolean => matches!(default, "yes" | "no"),
                    // Octal, with or without the leading zero.
                    _ if parameter.name == "maillog_file_permissions" => parameter.allowed.contains(&&default[1..]),
                    Kind::Enum => words.iter().all(|word| parameter.allowed.contains(word)),
                    Kind::EnumList => words.iter().all(|word| parameter.allowed.contains(word)),
                    Kind::Number => {
                        let limits = parameter.value_type.limits();
                        default.parse().is_ok_and(|value| limits.is_some_and(|limits| limits.allow(value)))
                    }
                    Kind::Duration => default.trim_end_matches(|c| "smhdw".contains(c)).parse::<u32>().is_ok(),
                    // Both have no usable default: the program that needs one refuses to start without a setting.
                    _ if matches!(parameter.name, "debugger_command" | "virtual_mailbox_base") => default.is_empty(),
                    _ => !(default.is_empty() && parameter.value_type.refuses_empty()),
                };
                assert!(fits, "{} in {version}: {default:?}", parameter.name);
            }
        }
    }
}
