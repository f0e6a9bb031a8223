//! Names and values that Postfix renamed, deprecated or removed, and what takes over (DEPRECATION_README,
//! RELEASE_NOTES).

use super::version::Version;

/// A renamed, deprecated or removed name.
#[derive(Debug)]
pub struct Deprecation {
    /// The old name or value.
    pub name: &'static str,
    /// What it names.
    pub kind: NameKind,
    /// Where a [`NameKind::Value`] is meant, such as `cipher grade`; else empty.
    pub context: &'static str,
    /// What happened first.
    pub change: Change,
    /// When; [`Version::UNRECORDED`] = before 2.11, or at no known date.
    pub since: Version,
    /// For a name that was deprecated first: when it went.
    pub removed: Option<Version>,
    /// The first series in which a program of Postfix warns.
    pub warning_since: Option<Version>,
    /// The program that warns.
    pub warned_by: Option<&'static str>,
    /// Names that take over; empty if the setting has no successor.
    pub replacement: &'static [&'static str],
    /// Old value and new value, where one value becomes another in the replacement.
    pub values: &'static [(&'static str, &'static str)],
    /// More about the replacement; may be empty.
    pub note: &'static str,
}

/// What an old name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// A main.cf parameter.
    Parameter,
    /// An access restriction.
    Restriction,
    /// A lookup table type.
    MapType,
    /// A value, keyword or flag in some [context](Deprecation::context).
    Value,
}

/// What became of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It has a new name.
    Renamed,
    /// It still works and should not be used.
    Deprecated,
    /// It no longer does anything, or is an error.
    Removed,
}

impl Deprecation {
    /// What this series has done to the name; `None` while it was still in good standing.
    pub fn change_in(&self, version: Version) -> Option<Change> {
        if self.removed.is_some_and(|removed| removed <= version) {
            Some(Change::Removed)
        } else {
            (self.since <= version).then_some(self.change)
        }
    }

    /// Whether a program of this series warns when it meets the name.
    pub fn warned_in(&self, version: Version) -> bool {
        self.warning_since.is_some_and(|since| since <= version)
    }

    /// The new name, if the change was a plain renaming: the value stays as it is.
    pub fn new_name(&self) -> Option<&'static str> {
        match (self.change, self.replacement) {
            (Change::Renamed, [name]) => Some(name),
            _ => None,
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/catalogue_deprecated.rs"));

/// Everything that was renamed, deprecated or removed, sorted by name.
pub fn deprecations() -> &'static [Deprecation] {
    &DEPRECATED
}

/// What became of a name of this kind, over all versions; [`Deprecation::change_in`] tells for one.
pub fn deprecation(kind: NameKind, name: &str) -> Option<&'static Deprecation> {
    DEPRECATED.binary_search_by(|entry| (entry.name, entry.kind).cmp(&(name, kind))).ok().map(|at| &DEPRECATED[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn v(major: u8, minor: u8) -> Version {
        Version::new(major, minor)
    }

    #[test]
    fn every_entry_is_found_by_kind_and_name() {
        assert_eq!(deprecations().len(), 101);
        for entry in deprecations() {
            let found = deprecation(entry.kind, entry.name).unwrap();
            assert!(std::ptr::eq(found, entry), "{}", entry.name);
        }
        assert!(deprecation(NameKind::Restriction, "virtual_maps").is_none());
    }

    #[test]
    fn changes_have_dates() {
        use NameKind::{MapType, Parameter, Restriction, Value};
        let cases = [
            (Parameter, "virtual_maps", v(2, 11), Some(Change::Renamed), false),
            (Parameter, "virtual_maps", v(3, 11), Some(Change::Renamed), true),
            (Parameter, "smtpd_use_tls", v(3, 8), None, false),
            (Parameter, "smtpd_use_tls", v(3, 9), Some(Change::Deprecated), true),
            (Parameter, "qmgr_fudge_factor", v(2, 11), Some(Change::Deprecated), false),
            (Parameter, "tls_dane_digest_agility", v(3, 3), None, false),
            (Parameter, "tls_dane_digest_agility", v(3, 4), Some(Change::Removed), false),
            (Restriction, "check_relay_domains", v(3, 8), Some(Change::Deprecated), true),
            (Restriction, "check_relay_domains", v(3, 9), Some(Change::Removed), true),
            (MapType, "hash", v(3, 11), Some(Change::Deprecated), false),
            (Value, "low", v(3, 7), None, false),
        ];
        for (kind, name, version, change, warned) in cases {
            let entry = deprecation(kind, name).unwrap();
            assert_eq!((entry.change_in(version), entry.warned_in(version)), (change, warned), "{name} in {version}");
        }
    }

    #[test]
    fn replacements_say_what_becomes_of_the_value() {
        let tls = deprecation(NameKind::Parameter, "smtpd_use_tls").unwrap();
        assert_eq!(tls.replacement, ["smtpd_tls_security_level"]);
        assert_eq!(tls.values, [("no", "none"), ("yes", "may")]);
        assert_eq!(tls.new_name(), None);
        let renamed = deprecation(NameKind::Parameter, "fallback_relay").unwrap();
        assert_eq!(renamed.new_name(), Some("smtp_fallback_relay"));
    }
}
