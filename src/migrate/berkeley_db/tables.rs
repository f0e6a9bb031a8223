//! The tables that need an index of another type, and from what it can be made.

use super::contents::{self, Contents};
use super::references::References;
use crate::base::atomic_file::Access;
use crate::base::system_words;
use crate::config::Site;
use crate::config::catalogue::{MapType, map_type};
use crate::config::table_reference::{TableName, TableReference};
use crate::config::tables::{NamedTable, named_tables};
use crate::maps::compile::compare::Digest;
use crate::maps::compile::index::{check_entries, unique};
use crate::maps::compile::state::{IndexContent, IndexState};
use crate::maps::compile::{Duplicates, Entries, IndexType, Recipe, load, read_entries};
use crate::syntax::table_line::TableForm;
use foldhash::quality::RandomState;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Metadata};
use std::io;
use std::path::PathBuf;

/// From what an index can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From its source.
    Source {
        /// How many entries that has.
        entries: u64,
        /// Whether the old index holds something else; nothing if it cannot be told, or there is none.
        old_differs: Option<bool>,
    },
    /// From the old index alone, of which a source is made too.
    Database {
        /// How many entries that has.
        entries: u64,
        /// How many of them no source can say.
        unwritable: usize,
    },
    /// Its new index is there, and holds what it should.
    Current,
    /// There is neither a source nor an old index.
    Missing,
    /// It lies where nothing may be written.
    Outside,
    /// Somebody must decide; why.
    Undecided(String),
}

/// A table that is to have another index.
#[derive(Debug)]
pub struct Table {
    /// As it will be named.
    pub reference: TableReference,
    /// The type that it has now.
    pub old_type: String,
    /// The type of its new index.
    pub index_type: IndexType,
    /// Which compiler makes it, and how it stores names.
    pub form: TableForm,
    /// Where its source is, or would be.
    pub source: PathBuf,
    /// Where its new index will be.
    pub index: PathBuf,
    /// Where its old index is, or would be.
    pub database: PathBuf,
    /// From what it is made.
    pub origin: Origin,
    /// Whose its new files will be, and who may read them.
    pub access: Option<Access>,
}

/// A cache that a daemon makes anew.
#[derive(Debug)]
pub struct Cache {
    /// As it is named now.
    pub reference: TableReference,
    /// Its old file, which nothing names any more, if it is there.
    pub old: Option<PathBuf>,
}

/// What is made of tables and caches of retired types.
#[must_use]
pub fn tables(site: &Site, references: &References, seed: &RandomState) -> (Vec<Table>, Vec<Cache>) {
    let mut old_types: BTreeMap<TableName, String> = BTreeMap::new();
    let mut caches: BTreeMap<TableName, TableReference> = BTreeMap::new();
    let is_retired = |reference: &TableReference| reference.known_type().is_some_and(MapType::is_retired);
    for named in named_tables(&site.configuration).into_iter().filter(|named| is_retired(&named.reference)) {
        if named.is_cache() {
            caches.insert(named.reference.name.clone(), named.reference.clone());
        }
        old_types.insert(named.reference.name, named.reference.map_type);
    }
    for table in &references.in_files {
        let reference = table.reference.clone();
        old_types.insert(reference.name.clone(), reference.map_type.clone());
        if table.is_cache {
            caches.insert(reference.name.clone(), reference);
        }
    }
    let mut found: Vec<NamedTable> = named_tables(&references.after);
    found.retain(|named| !named.is_cache() && IndexType::by_name(&named.reference.map_type).is_some());
    let mut tables: Vec<Table> = Vec::new();
    for named in &found {
        let old = old_types.get(&named.reference.name).cloned().or_else(|| left_behind(site, &named.reference));
        let Some(old_type) = old else { continue };
        let form = named.stored_form(&site.configuration.platform);
        tables.extend(Table::of(site, named.reference.clone(), old_type, form, seed));
    }
    let mut known: BTreeSet<TableName> = found.into_iter().map(|named| named.reference.name).collect();
    for (reference, old_type) in elsewhere(site, references) {
        if !caches.contains_key(&reference.name) && known.insert(reference.name.clone()) {
            tables.extend(Table::of(site, reference, old_type, TableForm::KeyValue, seed));
        }
    }
    let caches = caches.into_values().map(|reference| {
        let old = site.paths.shown(&[&reference.name[..], b".db"].concat());
        Cache { reference, old: Some(old).filter(|old| old.exists()) }
    });
    (tables, caches.collect())
}

/// Tables that only other files name, as they will be, and those of values that nothing uses yet, if there is something
/// of them; each with the type that it has.
fn elsewhere(site: &Site, references: &References) -> Vec<(TableReference, String)> {
    let in_files = references.in_files.iter().filter(|table| !table.is_cache);
    let in_files = in_files.map(|table| (table.reference.name.clone(), table.reference.map_type.clone()));
    let written = references.texts.iter().flat_map(|text| &text.written).filter(|one| !one.is_cache && !one.is_literal);
    let is_there =
        |name: &[u8]| ["", ".db"].iter().any(|suffix| site.paths.shown(&[name, suffix.as_bytes()].concat()).is_file());
    let unused = written.filter_map(|one| {
        let name = site.configuration.expand(one.name.as_deref()?, None).ok()?;
        is_there(&name).then(|| (name.into(), one.map_type.name.to_string()))
    });
    let named = |(name, old_type)| (TableReference { map_type: references.table_type.to_string(), name }, old_type);
    in_files.chain(unused).map(named).collect()
}

/// The type of a table whose index of a retired type is all that there is: the defaults of another release name it
/// otherwise.
fn left_behind(site: &Site, reference: &TableReference) -> Option<String> {
    let is_there = |suffix: &str| site.paths.shown(&[&reference.name[..], suffix.as_bytes()].concat()).exists();
    let suffix = IndexType::by_name(&reference.map_type)?.suffix();
    (is_there(".db") && !is_there(suffix)).then(|| "hash".to_string())
}

/// A source, read and compiled.
pub(super) struct Source {
    pub(super) entries: Entries,
    pub(super) metadata: Metadata,
}

impl Table {
    fn of(
        site: &Site,
        reference: TableReference,
        old_type: String,
        form: TableForm,
        seed: &RandomState,
    ) -> Option<Self> {
        let index_type = IndexType::by_name(&reference.map_type)?;
        let shown = |suffix: &str| site.paths.shown(&[&reference.name[..], suffix.as_bytes()].concat());
        let (source, index, database) = (shown(""), shown(index_type.suffix()), shown(".db"));
        let mut table = Self {
            reference,
            old_type,
            index_type,
            form,
            source,
            index,
            database,
            origin: Origin::Missing,
            access: None,
        };
        let old = table.open_old(site).ok();
        let of_source = || std::fs::metadata(&table.source).ok();
        let metadata = old.and_then(|file| file.metadata().ok()).or_else(of_source);
        table.access = metadata.as_ref().map(Access::from);
        table.origin = table.look(site, seed);
        Some(table)
    }

    /// How it is compiled.
    pub(super) fn recipe(&self, site: &Site) -> Recipe {
        let lmdb_format = site.configuration.platform.wanted_lmdb_format();
        Recipe { lmdb_format, ..Recipe::standard(self.form) }
    }

    fn named(&self, suffix: &str) -> Vec<u8> {
        [&self.reference.name[..], suffix.as_bytes()].concat()
    }

    /// Opens the old index.
    pub(super) fn open_old(&self, site: &Site) -> io::Result<File> {
        site.paths.open(&self.named(".db"))
    }

    /// Opens the new index, if it is there already.
    pub(super) fn open_index(&self, site: &Site) -> io::Result<File> {
        site.paths.open(&self.named(self.index_type.suffix()))
    }

    /// Reads the source.
    pub(super) fn read_source(&self, site: &Site) -> io::Result<Source> {
        let file = site.paths.open(&self.reference.name)?;
        let metadata = file.metadata()?;
        let entries = read_entries(load(&file, &metadata)?, &self.recipe(site));
        Ok(Source { entries, metadata })
    }

    /// Whether something is to be done.
    #[must_use]
    pub const fn is_to_change(&self) -> bool {
        matches!(self.origin, Origin::Source { .. } | Origin::Database { .. })
    }

    fn look(&self, site: &Site, seed: &RandomState) -> Origin {
        if std::str::from_utf8(&self.reference.name).is_err() {
            return Origin::Undecided("its name is not UTF-8, and could not be recorded".into());
        }
        match site.paths.index_place(&self.reference.name, self.index_type.suffix()) {
            Ok(Some(_)) => {}
            Ok(None) => return Origin::Outside,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Origin::Missing,
            Err(error) => return Origin::Undecided(system_words(&error)),
        }
        match self.read_source(site) {
            Ok(source) => self.judge_source(site, &source.entries, seed),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.judge_database(site, seed),
            Err(error) => Origin::Undecided(format!("{}: {}", self.source.display(), system_words(&error))),
        }
    }

    fn judge_source(&self, site: &Site, entries: &Entries, seed: &RandomState) -> Origin {
        let recipe = self.recipe(site);
        let state =
            IndexContent::of(self.open_index(site), self.index_type, &recipe, seed).compare(entries, &recipe, seed);
        if matches!(state, IndexState::Current) {
            return Origin::Current;
        }
        if let Err(error) = check_entries(entries, &recipe, self.index_type) {
            let line = error.line().map_or(String::new(), |line| format!(":{}", entries.line_number(line)));
            return Origin::Undecided(format!("{}{line}: {error}", self.source.display()));
        }
        let Ok(kept) = unique(entries, Duplicates::Ignore) else {
            return Origin::Undecided("it has too many entries".into());
        };
        let mut digest = Digest::default();
        for &index in &kept.kept {
            let entry = &entries.all()[index as usize];
            digest.add(entries.key(entry), entries.value(entry), seed);
        }
        let old = self.open_old(site).ok().and_then(|file| contents::read(&file, self.form, seed).ok());
        Origin::Source { entries: kept.kept.len() as u64, old_differs: old.map(|old| old.digest != digest) }
    }

    fn judge_database(&self, site: &Site, seed: &RandomState) -> Origin {
        let file = match self.open_old(site) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.without_both(),
            Err(error) => return Origin::Undecided(format!("{}: {}", self.database.display(), system_words(&error))),
        };
        let undecided = |why: String| Origin::Undecided(format!("{}: {why}", self.database.display()));
        let contents = match contents::read(&file, self.form, seed) {
            Ok(contents) => contents,
            Err(why) => return undecided(why),
        };
        match check_entries(&contents.entries, &self.recipe(site), self.index_type) {
            Ok(()) => self.of_contents(&contents),
            Err(error) => undecided(error.to_string()),
        }
    }

    fn of_contents(&self, contents: &Contents) -> Origin {
        Origin::Database { entries: contents.digest.count(), unwritable: contents.unwritable() }
    }

    /// What there is of a table with neither a source nor a file of Berkeley DB.
    fn without_both(&self) -> Origin {
        let suffixes = map_type(&self.old_type).map_or(&[][..], |known| known.suffixes);
        let other = suffixes.iter().filter(|suffix| **suffix != ".db");
        let mut files = other.map(|suffix| PathBuf::from(format!("{}{suffix}", self.source.display())));
        match files.find(|file| file.exists()) {
            Some(file) => Origin::Undecided(format!("{}: files of {} are not read", file.display(), self.old_type)),
            None if self.index.exists() => Origin::Current,
            None => Origin::Missing,
        }
    }
}
