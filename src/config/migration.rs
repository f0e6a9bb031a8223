//! `non_bdb_migration_level`: where Postfix 3.11 sends `hash:` and `btree:` tables when it runs without Berkeley DB.
//!
//! Source: postconf(5), `non_bdb_migration_level`; NON_BERKELEYDB_README.

use super::effective::Configuration;
use super::expand::ExpandError;

/// The types that stand for those of Berkeley DB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirection {
    /// Instead of `hash`: `default_database_type`.
    pub hash: Vec<u8>,
    /// Instead of `btree`: `default_cache_db_type`.
    pub btree: Vec<u8>,
}

/// What a value of `non_bdb_migration_level` asks for: that types are replaced, that they are not, or nothing that
/// means something.
#[must_use]
pub fn replaces_types(level: &[u8]) -> Option<bool> {
    match level {
        b"enable-redirect" | b"enable-reindex" => Some(true),
        b"disable" => Some(false),
        _ => None,
    }
}

impl Redirection {
    /// The redirection that a configuration asks for; nothing where types stay what they are.
    ///
    /// # Errors
    /// A value that cannot be expanded.
    pub fn of(configuration: &Configuration) -> Result<Option<Self>, ExpandError> {
        let value = |name: &[u8]| configuration.expanded(name, None);
        if replaces_types(&value(b"non_bdb_migration_level")?) != Some(true) {
            return Ok(None);
        }
        Ok(Some(Self { hash: value(b"default_database_type")?, btree: value(b"default_cache_db_type")? }))
    }

    /// What a type is replaced by; nothing for those that stay.
    #[must_use]
    pub fn instead_of(&self, map_type: &[u8]) -> Option<&[u8]> {
        match map_type {
            b"hash" => Some(&self.hash),
            b"btree" => Some(&self.btree),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::config::{ConfigFiles, Platform};
    use std::path::Path;
    use std::sync::Arc;

    #[test]
    fn types_are_replaced_where_that_is_enabled() {
        let cases = [
            ("", None),
            ("non_bdb_migration_level = disable\n", None),
            ("non_bdb_migration_level = enable-redirect\n", Some("lmdb")),
            ("non_bdb_migration_level = enable-reindex\ndefault_database_type = cdb\n", Some("cdb")),
            ("non_bdb_migration_level = maybe\n", None),
        ];
        for (main, expected) in cases {
            let files = ConfigFiles::from_sources(Path::new("/x"), &Arc::new(Source::new("main.cf", main)), None);
            let found = Redirection::of(&Configuration::new(files, Platform::default())).expect("expands");
            let hash = found.as_ref().and_then(|found| found.instead_of(b"hash"));
            assert_eq!(hash, expected.map(str::as_bytes), "{main}");
            assert_eq!(found.as_ref().and_then(|found| found.instead_of(b"dbm")), None);
        }
    }
}
