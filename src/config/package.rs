//! What is known of a package of Postfix for one series: its types, directories and library, and how each of that is
//! known.

use super::catalogue::{
    self, Knowledge, Profile, ProfileFacts, Version, default_value, knowledge_of_default, parameter,
};

/// The defaults that tell packages apart.
const TOLD: [&str; 10] = [
    "default_database_type",
    "default_cache_db_type",
    "alias_database",
    "alias_maps",
    "config_directory",
    "command_directory",
    "daemon_directory",
    "data_directory",
    "queue_directory",
    "mail_owner",
];

/// A package, for one series of Postfix.
#[derive(Clone, Debug)]
pub struct PackageFacts {
    /// What is known of it whatever the series.
    pub about: &'static ProfileFacts,
    /// The series.
    pub target: Version,
    /// Its defaults, in an order that is the same for all packages.
    pub defaults: Vec<PackageDefault>,
    /// Those releases of the system that differ, if the package is of no certain one.
    pub releases: Vec<&'static ProfileFacts>,
}

/// A default of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackageDefault {
    /// The parameter.
    pub name: &'static str,
    /// What it is.
    pub value: &'static str,
    /// How that is known.
    pub knowledge: Knowledge,
}

impl PackageFacts {
    /// What is known of a package. There is always something.
    #[must_use]
    pub fn of(profile: Profile, target: Version) -> Option<Self> {
        let defaults = TOLD.iter().filter_map(|name| package_default(name, profile, target)).collect();
        Some(Self { about: profile.facts()?, target, defaults, releases: profile.releases().collect() })
    }

    /// How it is known which LMDB library the package is linked with.
    #[must_use]
    pub fn knowledge_of_library(&self) -> Knowledge {
        Knowledge::from_source(self.about.source)
    }
}

fn package_default(name: &'static str, profile: Profile, target: Version) -> Option<PackageDefault> {
    let known = parameter(name)?;
    if let Some(value) = default_value(known, target, profile) {
        return Some(PackageDefault { name, value, knowledge: knowledge_of_default(known, target, profile) });
    }
    // Before the type of caches had a parameter of its own, each cache named it.
    let cache = catalogue::parameter("address_verify_map").filter(|_| name == "default_cache_db_type")?;
    let (value, _) = default_value(cache, target, profile)?.split_once(':')?;
    Some(PackageDefault { name, value, knowledge: knowledge_of_default(cache, target, profile) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_told_by_its_defaults() {
        let of = |name: &str, target| {
            let facts = PackageFacts::of(Profile::from_name(name).unwrap(), target).unwrap();
            let default = |wanted: &str| {
                let found = facts.defaults.iter().find(|default| default.name == wanted).unwrap();
                (found.value, found.knowledge)
            };
            assert_eq!(facts.defaults.len(), TOLD.len(), "{name}");
            (default("default_database_type"), default("default_cache_db_type"), default("data_directory"))
        };
        let package = Knowledge::Verified("the package");
        let old = of("debian-12", Version::new(3, 7));
        assert_eq!(old, (("hash", package), ("btree", package), ("/var/lib/postfix", package)));
        let reports = Knowledge::Verified("public reports");
        let red = of("redhat-10", Version::new(3, 8));
        assert_eq!(red, (("lmdb", reports), ("lmdb", reports), ("/var/lib/postfix", Knowledge::AsUpstream)));
        let free = of("freebsd", Version::NEWEST);
        let upstream = Knowledge::AsUpstream;
        assert_eq!(free, (("lmdb", upstream), ("btree", upstream), ("/var/db/postfix", Knowledge::NotVerified)));
    }
}
