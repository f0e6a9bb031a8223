//! Whose package of Postfix is meant: that of a system, or of one release of it.
//!
//! `data/systems.tsv` lists them and says of each what its library reads, and how that is known; what a package changes
//! is in `profile.rs`. The name on the command line is `debian`, or `debian-12` for one release.

use super::version::Version;
use crate::config::lmdb_format::LmdbFormat;
use std::fmt;

/// A system that has a package of Postfix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum System {
    /// None: as the source builds it on Linux, with Berkeley DB.
    Upstream,
    /// Debian.
    Debian,
    /// Red Hat Enterprise Linux and Fedora.
    Redhat,
    /// Alpine Linux.
    Alpine,
    /// Gentoo Linux.
    Gentoo,
    /// SUSE Linux Enterprise and openSUSE Leap.
    Suse,
    /// The port of FreeBSD.
    Freebsd,
    /// NetBSD.
    Netbsd,
    /// Arch Linux.
    Arch,
    /// NixOS.
    Nixos,
}

/// A package of Postfix, by whose defaults a configuration is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Profile {
    system: System,
    /// Empty: no certain one.
    release: &'static str,
}

/// What is known of a package besides its defaults.
#[derive(Debug)]
pub struct ProfileFacts {
    /// The package.
    pub profile: Profile,
    /// Its name on the command line and in settings.
    pub name: &'static str,
    /// Its name in sentences.
    pub title: &'static str,
    /// Whether it is taken to do without Berkeley DB, as a build without any profile, where nothing is known of it.
    pub without_berkeley_db: bool,
    /// The series of Postfix that the release comes with.
    pub target: Option<Version>,
    /// The format of LMDB files that the library reads and writes with which it is linked.
    pub lmdb: Option<LmdbFormat>,
    /// For which releases of the system this holds; empty: for the release that it is about.
    pub holds_for: &'static str,
    /// Where that is known from; empty: it was not verified.
    pub source: &'static str,
    /// Whether all defaults were compared with those of the package, so that what is not listed is upstream's.
    pub compared: bool,
}

include!(concat!(env!("OUT_DIR"), "/catalogue_systems.rs"));

impl Profile {
    /// As the source builds it.
    pub const UPSTREAM: Self = Self::of(System::Upstream, "");
    /// The Debian package, whatever the release.
    pub const DEBIAN: Self = Self::of(System::Debian, "");
    /// The package of Red Hat Enterprise Linux and Fedora.
    pub const REDHAT: Self = Self::of(System::Redhat, "");
    /// The Alpine Linux package.
    pub const ALPINE: Self = Self::of(System::Alpine, "");

    pub(super) const fn of(system: System, release: &'static str) -> Self {
        Self { system, release }
    }

    /// Every profile: each system, followed by those of its releases that differ.
    pub fn all() -> impl Iterator<Item = Self> {
        PROFILES.iter().map(|facts| facts.profile)
    }

    /// The name of every profile.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        PROFILES.iter().map(|facts| facts.name).collect()
    }

    /// The profile with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        PROFILES.iter().find(|facts| facts.name == name).map(|facts| facts.profile)
    }

    /// The names that there are, for a message: `expected upstream, debian (or debian-12, …), …`.
    #[must_use]
    pub fn expected() -> String {
        let systems: Vec<String> = Self::all()
            .filter(|profile| profile.release.is_empty())
            .map(|profile| {
                let releases: Vec<&str> = profile.releases().map(|facts| facts.name).collect();
                let more = if releases.is_empty() { String::new() } else { format!(" (or {})", releases.join(", ")) };
                format!("{}{more}", profile.name())
            })
            .collect();
        let (last, others) = systems.split_last().map_or(("", &[][..]), |(last, others)| (last.as_str(), others));
        format!("expected {} or {last}", others.join(", "))
    }

    /// The system.
    #[must_use]
    pub fn system(self) -> System {
        self.system
    }

    /// The package of the same system, whatever the release.
    #[must_use]
    pub fn of_any_release(self) -> Self {
        Self { release: "", ..self }
    }

    /// What is known of the releases of the system, if this is about none of them.
    pub fn releases(self) -> impl Iterator<Item = &'static ProfileFacts> {
        PROFILES.iter().filter(move |facts| {
            self.release.is_empty() && facts.profile.system == self.system && facts.profile != self
        })
    }

    /// The name on the command line and in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().map_or("", |facts| facts.name)
    }

    /// What is known of it. There is always something: `data/systems.tsv` has a line for each.
    #[must_use]
    pub fn facts(self) -> Option<&'static ProfileFacts> {
        PROFILES.iter().find(|facts| facts.profile == self)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_have_names() {
        let mut systems = std::collections::BTreeSet::new();
        for profile in Profile::all() {
            assert_eq!(Profile::from_name(profile.name()), Some(profile));
            assert!(Profile::all().any(|other| other == profile.of_any_release()), "{profile}");
            systems.insert(profile.system());
        }
        assert_eq!(systems.len(), 10);
        for named in [Profile::UPSTREAM, Profile::DEBIAN, Profile::REDHAT, Profile::ALPINE] {
            assert!(named.facts().is_some());
        }
        assert_eq!([Profile::from_name("Debian"), Profile::from_name("debian-11"), Profile::from_name("")], [None; 3]);
        let expected = "expected upstream, debian (or debian-12, debian-13, debian-14), redhat (or redhat-9, redhat-10), alpine, \
                        gentoo (or gentoo-stable, gentoo-testing), suse, freebsd, netbsd (or netbsd-11), arch or nixos";
        assert_eq!(Profile::expected(), expected);
    }

    #[test]
    fn releases_tell_their_series_and_their_library() {
        let cases = [
            ("debian", None, Some("0.9"), "the package"),
            ("debian-12", Some("3.7"), Some("0.9"), "the package"),
            ("debian-13", Some("3.10"), Some("0.9"), "its release notes"),
            ("debian-14", Some("3.11"), Some("0.9"), "the package"),
            ("redhat", None, None, ""),
            ("redhat-9", Some("3.5"), Some("0.9"), "public reports"),
            ("redhat-10", Some("3.8"), Some("0.9"), "public reports"),
            ("alpine", None, Some("0.9"), "its release notes"),
            ("suse", None, Some("0.9"), "public reports"),
            ("gentoo", None, None, "its news"),
            ("gentoo-stable", None, Some("0.9"), "its news"),
            ("gentoo-testing", None, Some("1.0"), "its news"),
            ("freebsd", None, None, ""),
            ("netbsd-11", Some("3.11"), None, ""),
            ("arch", None, None, ""),
            ("nixos", None, Some("0.9"), ""),
            ("upstream", None, None, "the source"),
        ];
        for (name, target, lmdb, source) in cases {
            let facts = Profile::from_name(name).and_then(Profile::facts).unwrap();
            let known = (facts.target.map(|target| target.to_string()), facts.lmdb.map(|lmdb| lmdb.name().to_string()));
            assert_eq!((known.0.as_deref(), known.1.as_deref(), facts.source), (target, lmdb, source), "{name}");
        }
    }
}
