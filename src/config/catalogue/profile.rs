//! The defaults that packages choose when they build Postfix.
//!
//! Paths, the database type and a few more defaults are fixed when Postfix is compiled; `data/profiles.tsv` lists where
//! a package differs from upstream, and where each of that is known from.

use super::parameter::{Origin, Parameter};
use super::system::{Profile, System};
use super::version::Version;

/// A default that a build changes.
#[derive(Debug)]
struct ProfileDefault {
    parameter: &'static str,
    /// `None`: no profile is chosen.
    profile: Option<Profile>,
    first: Version,
    last: Version,
    value: &'static str,
    /// Where it is known from; empty: it was not verified.
    source: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/catalogue_profiles.rs"));

/// The default of a parameter in one release series, as a package builds it: raw, as its `postconf -d` prints it.
///
/// Without a profile it is upstream's, but that `default_database_type` is `lmdb`, which needs no Berkeley DB. `None`
/// as for [`Parameter::default_for`]: the series does not list the parameter, or computes the value.
pub fn default_value(
    parameter: &Parameter,
    target: Version,
    profile: impl Into<Option<Profile>>,
) -> Option<&'static str> {
    let default = parameter.default_for(target)?;
    Some(changed(parameter, target, profile.into()).map_or(default, |entry| entry.value))
}

/// How it is known that [`default_value`] is the default of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// It was seen there.
    Verified(&'static str),
    /// It was not.
    NotVerified,
    /// Nothing is known of the package: this is upstream's.
    AsUpstream,
}

impl Knowledge {
    /// What is known from a source, which may be empty.
    pub fn from_source(source: &'static str) -> Self {
        if source.is_empty() { Self::NotVerified } else { Self::Verified(source) }
    }
}

/// How the default of a parameter is known that a package has.
pub fn knowledge_of_default(parameter: &Parameter, target: Version, profile: Profile) -> Knowledge {
    match (changed(parameter, target, Some(profile)), profile.facts()) {
        (Some(entry), _) if entry.profile.is_some() => Knowledge::from_source(entry.source),
        (None, Some(facts)) if facts.compared => Knowledge::from_source(facts.source),
        _ => Knowledge::AsUpstream,
    }
}

/// What a package changes: of its release, else of its system; else what a build without Berkeley DB changes, if it is
/// taken for one.
fn changed(parameter: &Parameter, target: Version, profile: Option<Profile>) -> Option<&'static ProfileDefault> {
    if parameter.origin != Origin::Build {
        return None;
    }
    let listed = |profile: Option<Profile>| {
        let key = (parameter.name, profile);
        let start = PROFILE_DEFAULTS.partition_point(|entry| (entry.parameter, entry.profile) < key);
        PROFILE_DEFAULTS[start..]
            .iter()
            .take_while(|entry| (entry.parameter, entry.profile) == key)
            .find(|entry| entry.first <= target && target <= entry.last)
    };
    let Some(chosen) = profile else { return listed(None) };
    let without = || chosen.facts().filter(|facts| facts.without_berkeley_db).and_then(|_| listed(None));
    listed(Some(chosen)).or_else(|| listed(Some(chosen.of_any_release()))).or_else(without)
}

#[cfg(test)]
mod tests {
    use super::super::parameter::parameter;
    use super::*;

    #[test]
    fn profiles_change_what_the_build_decides() {
        let new = Version::NEWEST;
        let old = Version::new(3, 10);
        let none = None;
        let cases = [
            ("default_database_type", new, none, "lmdb"),
            ("default_database_type", new, Some(Profile::UPSTREAM), "hash"),
            ("default_database_type", new, Some(Profile::DEBIAN), "cdb"),
            ("default_database_type", old, Some(Profile::DEBIAN), "hash"),
            ("default_database_type", new, Some(Profile::REDHAT), "lmdb"),
            ("default_database_type", new, Some(Profile::ALPINE), "lmdb"),
            ("default_cache_db_type", new, none, "btree"),
            ("default_cache_db_type", new, Some(Profile::DEBIAN), "lmdb"),
            ("alias_maps", new, none, "$default_database_type:/etc/aliases, nis:mail.aliases"),
            ("alias_maps", old, none, "lmdb:/etc/aliases, nis:mail.aliases"),
            ("alias_maps", old, Some(Profile::UPSTREAM), "hash:/etc/aliases, nis:mail.aliases"),
            ("alias_maps", new, Some(Profile::ALPINE), "$default_database_type:/etc/aliases"),
            ("alias_maps", old, Some(Profile::ALPINE), "lmdb:/etc/aliases"),
            ("daemon_directory", Version::new(3, 0), Some(Profile::DEBIAN), "/usr/lib/postfix"),
            ("daemon_directory", old, Some(Profile::DEBIAN), "/usr/lib/postfix/sbin"),
            ("daemon_directory", old, Some(Profile::REDHAT), "/usr/libexec/postfix"),
            ("shlib_directory", old, Some(Profile::REDHAT), "/usr/lib64/postfix"),
            ("mail_owner", old, Some(Profile::REDHAT), "postfix"),
            ("tls_ffdhe_auto_groups", new, Some(Profile::DEBIAN), ""),
            ("tls_ffdhe_auto_groups", old, Some(Profile::DEBIAN), "ffdhe2048 ffdhe3072"),
        ];
        for (name, target, profile, expected) in cases {
            let found = default_value(parameter(name).unwrap(), target, profile);
            assert_eq!(found, Some(expected), "{name} in {target} of {profile:?}");
        }
        let cases = [
            ("default_database_type", old, "debian-12", "hash"),
            ("default_database_type", new, "debian-12", "hash"),
            ("default_cache_db_type", new, "debian-12", "btree"),
            ("alias_database", new, "debian-12", "$default_database_type:/etc/aliases"),
            ("daemon_directory", old, "debian-12", "/usr/lib/postfix/sbin"),
            ("default_database_type", new, "debian-14", "cdb"),
            ("default_database_type", old, "redhat-9", "hash"),
            ("alias_database", Version::new(3, 5), "redhat-9", "hash:/etc/aliases"),
            ("address_verify_map", Version::new(3, 8), "redhat-10", "lmdb:$data_directory/verify_cache"),
            ("shlib_directory", old, "redhat-10", "/usr/lib64/postfix"),
            ("default_database_type", old, "gentoo", "hash"),
            ("default_database_type", new, "gentoo-testing", "lmdb"),
            ("alias_database", new, "gentoo", "$default_database_type:/etc/mail/aliases"),
            ("default_database_type", old, "suse", "lmdb"),
            ("default_database_type", old, "netbsd", "lmdb"),
            ("alias_database", old, "nixos", "lmdb:/etc/aliases"),
            ("default_cache_db_type", new, "arch", "btree"),
            ("config_directory", new, "freebsd", "/usr/local/etc/postfix"),
        ];
        for (name, target, profile, expected) in cases {
            let found = default_value(parameter(name).unwrap(), target, Profile::from_name(profile));
            assert_eq!(found, Some(expected), "{name} in {target} of {profile}");
        }
        assert_eq!(default_value(parameter("shlib_directory").unwrap(), Version::OLDEST, Profile::DEBIAN), None);
        assert_eq!(default_value(parameter("myhostname").unwrap(), Version::NEWEST, Profile::DEBIAN), None);
    }

    #[test]
    fn only_build_dependent_defaults_change() {
        for entry in &PROFILE_DEFAULTS {
            assert_eq!(parameter(entry.parameter).unwrap().origin, Origin::Build, "{}", entry.parameter);
            assert!(entry.first <= entry.last);
        }
    }

    #[test]
    fn what_was_not_verified_is_told_apart() {
        let new = Version::NEWEST;
        let cases = [
            ("default_database_type", "debian", Knowledge::Verified("the package")),
            ("default_database_type", "debian-13", Knowledge::Verified("its release notes")),
            ("queue_directory", "debian-14", Knowledge::Verified("the package")),
            ("default_database_type", "gentoo-testing", Knowledge::Verified("its news")),
            ("command_directory", "gentoo", Knowledge::AsUpstream),
            ("shlib_directory", "redhat-10", Knowledge::NotVerified),
            ("default_database_type", "redhat-10", Knowledge::Verified("public reports")),
            ("default_database_type", "arch", Knowledge::AsUpstream),
            ("queue_directory", "upstream", Knowledge::Verified("the source")),
        ];
        for (name, profile, expected) in cases {
            let found = knowledge_of_default(parameter(name).unwrap(), new, Profile::from_name(profile).unwrap());
            assert_eq!(found, expected, "{name} of {profile}");
        }
    }
}
