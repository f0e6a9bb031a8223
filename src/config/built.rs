//! What a build of Postfix says of itself: `makedefs.out`, which packages install beside it.
//!
//! It tells the types that tables have unless somebody says otherwise, and whether the package is Debian's. Source:
//! makedefs(1) of
//! 3.7 and 3.11 as Debian builds them.

use super::catalogue::Profile;
use super::paths::PathMap;
use crate::base::Source;
use std::path::Path;

/// Where the file is: beside the files that all of a system's configurations share.
const PLACES: [&str; 2] = ["/usr/share/postfix/makedefs.out", "/etc/postfix/makedefs.out"];

/// A build, as far as its file tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// `default_database_type`.
    pub database_type: Option<String>,
    /// `default_cache_db_type`.
    pub cache_type: Option<String>,
    /// The package.
    pub profile: Option<Profile>,
}

impl Build {
    /// What the system below a root says; nothing is told if it has no such file.
    #[must_use]
    pub fn of_system(root: &Path) -> Self {
        let paths = if root == Path::new("/") { PathMap::system() } else { PathMap::root(root) };
        let found = PLACES.iter().find_map(|place| paths.read(place.as_bytes()).ok());
        found.map_or_else(Self::default, |source| Self::parse(&source))
    }

    fn parse(source: &Source) -> Self {
        let text = String::from_utf8_lossy(source.bytes());
        let defined = |name: &str| text.split_ascii_whitespace().any(|word| word.trim_matches('\'') == name);
        let value = |name: &str| {
            let (_, rest) = text.split_once(&format!("-D{name}="))?;
            let rest = rest.trim_start_matches(['\\', '"', '\'']);
            let end = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
            (end > 0).then(|| rest[..end].to_string())
        };
        // Whoever builds it with Berkeley DB and says nothing gets that.
        let usual = |name: &str| (!defined("-DNO_DB")).then(|| name.to_string());
        Self {
            database_type: value("DEF_DB_TYPE").or_else(|| usual("hash")),
            cache_type: value("DEF_CACHE_DB_TYPE").or_else(|| usual("btree")),
            profile: defined("-DDEBIAN").then_some(Profile::DEBIAN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_tell_their_types() -> std::io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let directory = scratch.path().join("usr/share/postfix");
        std::fs::create_dir_all(&directory)?;
        assert_eq!(Build::of_system(scratch.path()), Build::default());
        let build = |text: &str| -> std::io::Result<Build> {
            std::fs::write(directory.join("makedefs.out"), text)?;
            Ok(Build::of_system(scratch.path()))
        };
        let types = |database: &str, cache: &str, profile| Build {
            database_type: Some(database.into()),
            cache_type: Some(cache.into()),
            profile,
        };
        // Debian forky.
        let forky = "CC\t= gcc -fPIC -DDEBIAN -DDEF_DB_TYPE=\\\"cdb\\\" -DDEF_CACHE_DB_TYPE=\\\"lmdb\\\" $(WARN)\n";
        assert_eq!(build(forky)?, types("cdb", "lmdb", Some(Profile::DEBIAN)));
        // Debian 12.
        assert_eq!(build("CC\t= gcc -I. -DDEBIAN -DHAS_CDB\n")?, types("hash", "btree", Some(Profile::DEBIAN)));
        assert_eq!(
            build("EXPORT = CCARGS='-DNO_DB -DDEF_DB_TYPE=\\\"lmdb\\\"'\n")?.database_type.as_deref(),
            Some("lmdb")
        );
        assert_eq!(build("CCARGS = -DNO_DB\n")?, Build::default());
        Ok(())
    }
}
