//! The lookup table types that Postfix knows (DATABASE_README): what a `type:name` may begin with.
//!
//! This says what a type *is* in Postfix; which of them this program can open or compile is declared with the code that
//! does.

use super::version::Version;
use crate::syntax::pattern_line::Dialect;
use crate::syntax::pattern_table::PatternForm;

/// A lookup table type.
#[derive(Debug)]
pub struct MapType {
    /// What stands before the colon.
    pub name: &'static str,
    /// The first series that has it; 1.1 also stands for older ones.
    pub introduced: Version,
    /// What sort of table it is.
    pub kind: MapKind,
    /// What the name behind the colon stands for.
    pub file: MapFile,
    /// What an indexed file adds to the name of its source; two files for some types.
    pub suffixes: &'static [&'static str],
    /// What its text or its name holds.
    pub content: MapContent,
    /// Whether a daemon can store into it, as caches need.
    pub updatable: bool,
    /// Whether it may stand behind `proxy:`.
    pub usable_in_proxy: bool,
    /// Whether its results may hold `$1` and kin.
    pub regexp_like: bool,
    /// What Postfix must be compiled with; `None` = it is always there.
    pub build: Option<&'static str>,
    /// Facts that the other fields do not tell; may be empty.
    pub note: &'static str,
}

/// Sorts of lookup tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapKind {
    /// A database made from a source by `postmap` or `postalias`.
    IndexedFile,
    /// Text that is read when the table is opened.
    Text,
    /// A client of a database or a server.
    DatabaseClient,
    /// Made of other tables.
    Combinator,
    /// Answers without any data of its own.
    Pseudo,
}

/// What the name of a table stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapFile {
    /// A source file, beside which lies the indexed file.
    Indexed,
    /// The file that is read itself.
    Source,
    /// A file with the settings of a client.
    Client,
    /// No file.
    None,
}

/// What the text of a table holds, or the name of one that has no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapContent {
    /// A key and a value on each line, or in each element of a list.
    Entries,
    /// Regular expressions, as the C library has them.
    Regexp,
    /// Regular expressions of PCRE.
    Pcre,
    /// Networks and addresses.
    Networks,
    /// Its name is that of another table.
    Table,
    /// Its name holds those of several tables, in braces.
    Tables,
    /// Nothing that could be looked at.
    Other,
}

impl MapType {
    /// Whether `postmap` must compile the source before the table can be used.
    pub fn needs_compile(&self) -> bool {
        self.kind == MapKind::IndexedFile
    }

    /// Whether the name is the path of a text file: the one that is read, or the one that an index is made from.
    pub fn has_source(&self) -> bool {
        matches!(self.file, MapFile::Indexed | MapFile::Source)
    }

    /// What is added to the name of the source to give that of its index, for types with one file.
    pub fn index_suffix(&self) -> Option<&'static str> {
        match self.suffixes {
            [suffix] => Some(suffix),
            _ => None,
        }
    }

    /// How its rules are written, if it is a type of patterns.
    pub fn pattern_form(&self) -> Option<PatternForm> {
        match self.content {
            MapContent::Regexp => Some(PatternForm::Expression(Dialect::Regexp)),
            MapContent::Pcre => Some(PatternForm::Expression(Dialect::Pcre)),
            MapContent::Networks => Some(PatternForm::Network),
            _ => None,
        }
    }

    /// Whether its files are those of Berkeley DB.
    pub fn needs_berkeley_db(&self) -> bool {
        self.build == Some("db")
    }

    /// Whether its index needs Berkeley DB or another library that Postfix is often built without.
    pub fn is_retired(&self) -> bool {
        self.needs_compile() && matches!(self.build, Some("db" | "dbm" | "sdbm"))
    }
}

include!(concat!(env!("OUT_DIR"), "/catalogue_map_types.rs"));

/// Every type, sorted by name.
pub fn map_types() -> &'static [MapType] {
    &MAP_TYPES
}

/// The type with this name. Names are case-sensitive.
pub fn map_type(name: &str) -> Option<&'static MapType> {
    MAP_TYPES.binary_search_by(|entry| entry.name.cmp(name)).ok().map(|at| &MAP_TYPES[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexed_files_have_suffixes_and_nothing_else_has() {
        assert_eq!(map_types().len(), 32);
        for entry in map_types() {
            assert_eq!(entry.file == MapFile::Indexed, entry.needs_compile(), "{}", entry.name);
            assert_eq!(!entry.suffixes.is_empty(), entry.needs_compile(), "{}", entry.name);
        }
    }

    #[test]
    fn what_is_known_of_types_fits_together() {
        let named = |is: fn(&MapType) -> bool| -> Vec<&str> {
            map_types().iter().filter(|entry| is(entry)).map(|entry| entry.name).collect()
        };
        let sources = ["btree", "cdb", "cidr", "dbm", "hash", "lmdb", "pcre", "regexp", "sdbm", "texthash"];
        assert_eq!(named(MapType::has_source), sources);
        assert_eq!(named(MapType::is_retired), ["btree", "dbm", "hash", "sdbm"]);
        assert_eq!(named(MapType::needs_berkeley_db), ["btree", "hash"]);
        assert_eq!(named(|entry| entry.index_suffix().is_some()), ["btree", "cdb", "hash", "lmdb"]);
        assert_eq!(named(|entry| entry.pattern_form().is_some()), ["cidr", "pcre", "regexp"]);
        assert_eq!(named(|entry| entry.content == MapContent::Tables), ["pipemap", "unionmap"]);
        assert_eq!(named(|entry| entry.content == MapContent::Table), ["debug", "proxy"]);
    }

    #[test]
    fn types_are_found_by_name() {
        let lmdb = map_type("lmdb").unwrap();
        assert_eq!((lmdb.introduced, lmdb.suffixes, lmdb.updatable), (Version::new(2, 11), &[".lmdb"][..], true));
        let dbm = map_type("dbm").unwrap();
        assert_eq!(dbm.suffixes, [".dir", ".pag"]);
        assert!(!map_type("proxy").unwrap().usable_in_proxy);
        assert!(map_type("pcre").unwrap().regexp_like);
        assert_eq!(map_type("regexp").unwrap().build, None);
        assert_eq!(map_type("cdb").unwrap().build, Some("cdb"));
        assert!(!map_type("cdb").unwrap().updatable);
        assert!(map_type("LMDB").is_none());
    }
}
