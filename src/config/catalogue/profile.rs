//! Which package of Postfix is meant: the defaults that packages choose when they build it.
//!
//! Paths, the database type and a few more defaults are fixed when Postfix is compiled; `data/profiles.tsv` lists where a
//! package differs from upstream.

use super::parameter::Parameter;
use super::version::Version;
use std::fmt;

/// A build of Postfix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// As the source builds it on Linux, with Berkeley DB.
    Upstream,
    /// The Debian package.
    Debian,
    /// The package of Red Hat Enterprise Linux 10 and Fedora.
    Redhat,
    /// The Alpine Linux package.
    Alpine,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 4] = [Self::Upstream, Self::Debian, Self::Redhat, Self::Alpine];

    /// The name on the command line and in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Debian => "debian",
            Self::Redhat => "redhat",
            Self::Alpine => "alpine",
        }
    }

    /// The profile with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A default that a build changes.
#[derive(Debug)]
struct ProfileDefault {
    parameter: &'static str,
    /// `None`: no profile is chosen.
    profile: Option<Profile>,
    first: Version,
    last: Version,
    value: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/catalogue_profiles.rs"));

/// The default of a parameter in one release series, as a package builds it: raw, as its `postconf -d` prints it.
///
/// Without a profile it is upstream's, but that `default_database_type` is `lmdb`, which needs no Berkeley DB. `None` as for
/// [`Parameter::default_for`]: the series does not list the parameter, or computes the value.
pub fn default_value(
    parameter: &Parameter,
    target: Version,
    profile: impl Into<Option<Profile>>,
) -> Option<&'static str> {
    let default = parameter.default_for(target)?;
    let key = (parameter.name, profile.into());
    let start = PROFILE_DEFAULTS.partition_point(|entry| (entry.parameter, entry.profile) < key);
    let changed = PROFILE_DEFAULTS[start..]
        .iter()
        .take_while(|entry| (entry.parameter, entry.profile) == key)
        .find(|entry| entry.first <= target && target <= entry.last);
    Some(changed.map_or(default, |entry| entry.value))
}

#[cfg(test)]
mod tests {
    use super::super::parameter::{Origin, parameter};
    use super::*;

    #[test]
    fn profiles_change_what_the_build_decides() {
        let new = Version::NEWEST;
        let old = Version::new(3, 10);
        let none = None;
        let cases = [
            ("default_database_type", new, none, "lmdb"),
            ("default_database_type", new, Some(Profile::Upstream), "hash"),
            ("default_database_type", new, Some(Profile::Debian), "cdb"),
            ("default_database_type", old, Some(Profile::Debian), "hash"),
            ("default_database_type", new, Some(Profile::Redhat), "lmdb"),
            ("default_database_type", new, Some(Profile::Alpine), "lmdb"),
            ("default_cache_db_type", new, none, "btree"),
            ("default_cache_db_type", new, Some(Profile::Debian), "lmdb"),
            ("alias_maps", new, none, "$default_database_type:/etc/aliases, nis:mail.aliases"),
            ("alias_maps", old, none, "lmdb:/etc/aliases, nis:mail.aliases"),
            ("alias_maps", old, Some(Profile::Upstream), "hash:/etc/aliases, nis:mail.aliases"),
            ("alias_maps", new, Some(Profile::Alpine), "$default_database_type:/etc/aliases"),
            ("alias_maps", old, Some(Profile::Alpine), "lmdb:/etc/aliases"),
            ("daemon_directory", Version::new(3, 0), Some(Profile::Debian), "/usr/lib/postfix"),
            ("daemon_directory", old, Some(Profile::Debian), "/usr/lib/postfix/sbin"),
            ("daemon_directory", old, Some(Profile::Redhat), "/usr/libexec/postfix"),
            ("shlib_directory", old, Some(Profile::Redhat), "/usr/lib64/postfix"),
            ("mail_owner", old, Some(Profile::Redhat), "postfix"),
            ("tls_ffdhe_auto_groups", new, Some(Profile::Debian), ""),
            ("tls_ffdhe_auto_groups", old, Some(Profile::Debian), "ffdhe2048 ffdhe3072"),
        ];
        for (name, target, profile, expected) in cases {
            let found = default_value(parameter(name).unwrap(), target, profile);
            assert_eq!(found, Some(expected), "{name} in {target} of {profile:?}");
        }
        assert_eq!(default_value(parameter("shlib_directory").unwrap(), Version::OLDEST, Profile::Debian), None);
        assert_eq!(default_value(parameter("myhostname").unwrap(), Version::NEWEST, Profile::Debian), None);
    }

    #[test]
    fn only_build_dependent_defaults_change() {
        for entry in &PROFILE_DEFAULTS {
            assert_eq!(parameter(entry.parameter).unwrap().origin, Origin::Build, "{}", entry.parameter);
            assert!(entry.first <= entry.last);
        }
    }

    #[test]
    fn profiles_have_names() {
        for profile in Profile::ALL {
            assert_eq!(Profile::from_name(profile.name()), Some(profile));
        }
        assert_eq!(Profile::from_name("Debian"), None);
    }
}
