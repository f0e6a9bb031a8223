//! What rules look at: the configuration, its tables with their sources read once, and the state of their indexes.

use crate::base::Source;
use crate::config::Configuration;
use crate::config::paths::PathMap;
use crate::config::tables::{NamedTable, named_tables};
use crate::maps::compile::compare::{ReadError, digest_index, is_current};
use crate::maps::compile::index::{IndexType, Unique, unique};
use crate::maps::compile::{Complaint, Duplicates, Recipe, read_entries};
use foldhash::quality::RandomState;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// A site, read-only.
#[derive(Debug)]
pub struct Site {
    /// main.cf, master.cf and their layers.
    pub configuration: Configuration,
    /// Whether this is the system's own configuration, not one that is looked at somewhere else.
    pub is_system: bool,
    /// Whether all files are here that belong to it, not only one that is looked at by itself.
    pub is_whole: bool,
    /// The tables that it names.
    pub tables: Vec<Table>,
}

/// A table that the configuration names.
#[derive(Debug)]
pub struct Table {
    /// Its name and who uses it.
    pub named: NamedTable,
    /// Its source, for types that have a file.
    pub source_path: Option<PathBuf>,
    /// The source's bytes, read for file types.
    pub source: Option<Result<Arc<Source>, io::Error>>,
    /// What compiling it would warn about.
    pub complaints: Vec<Complaint>,
    /// Its index, for the types that we can compile.
    pub index: Option<(PathBuf, IndexState)>,
}

/// How an index stands to its source.
#[derive(Debug)]
pub enum IndexState {
    /// There is none.
    Missing,
    /// It holds what the source says.
    Current,
    /// It holds something else.
    Stale,
    /// It cannot be read.
    Damaged(ReadError),
    /// There is no source to compare it with.
    Unknown,
}

impl Site {
    /// Reads what the configuration names.
    #[must_use]
    pub fn open(configuration: Configuration, paths: &PathMap, is_system: bool) -> Self {
        let seed = RandomState::default();
        let tables = named_tables(&configuration).into_iter().map(|named| open_table(named, paths, &seed)).collect();
        Self { configuration, is_system, is_whole: true, tables }
    }

    /// A site of which only the configuration is known, for single files.
    #[must_use]
    pub fn without_tables(configuration: Configuration) -> Self {
        Self { configuration, is_system: false, is_whole: false, tables: Vec::new() }
    }

    /// Every text that was read, once: main.cf, master.cf, and the sources of tables.
    #[must_use]
    pub fn sources(&self) -> Vec<&Arc<Source>> {
        let files = &self.configuration.files;
        let mut sources = vec![files.main.tree.source()];
        sources.extend(files.master.as_ref().map(|master| master.tree.source()));
        for source in self.tables.iter().filter_map(|table| table.source.as_ref()?.as_ref().ok()) {
            // One file may be two tables.
            if !sources.iter().any(|seen| seen.name() == source.name()) {
                sources.push(source);
            }
        }
        sources
    }
}

/// Types whose name is the path of a text file.
fn has_source(map_type: &str) -> bool {
    matches!(map_type, "lmdb" | "cdb" | "hash" | "btree" | "dbm" | "sdbm" | "texthash" | "cidr" | "regexp" | "pcre")
}

fn open_table(named: NamedTable, paths: &PathMap, seed: &RandomState) -> Table {
    let map_type = named.reference.map_type.clone();
    let mut table = Table { named, source_path: None, source: None, complaints: Vec::new(), index: None };
    // cidr:{ … } and its kin hold their rules in the name itself.
    if table.named.is_cache() || !has_source(&map_type) || table.named.reference.name.starts_with(b"{") {
        return table;
    }
    let path = paths.resolve(&table.named.reference.name);
    let source = Source::read(&path);
    if let Some(index_type) = IndexType::by_name(&map_type) {
        let index_path = paths.resolve_index(&table.named.reference.name, index_type.suffix());
        let recipe = Recipe::standard(table.named.form());
        let state = match &source {
            Ok(source) => {
                let (complaints, state) = compare(source, &index_path, index_type, &recipe, seed);
                table.complaints = complaints;
                state
            }
            Err(_) if index_path.exists() => IndexState::Unknown,
            Err(_) => IndexState::Missing,
        };
        table.index = Some((index_path, state));
    }
    table.source_path = Some(path);
    table.source = Some(source);
    table
}

fn compare(
    source: &Source,
    index_path: &std::path::Path,
    index_type: IndexType,
    recipe: &Recipe,
    seed: &RandomState,
) -> (Vec<Complaint>, IndexState) {
    let entries = read_entries(source.bytes().to_vec(), recipe);
    let mut complaints = entries.complaints().to_vec();
    if let Ok(Unique { duplicates, .. }) = unique(&entries, Duplicates::Warn) {
        complaints.extend(duplicates);
    }
    complaints.sort_by_key(|complaint| complaint.span.start);
    let state = match File::open(index_path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => IndexState::Missing,
        Err(error) => IndexState::Damaged(ReadError::Lmdb(error.into())),
        Ok(file) => match digest_index(file, index_type, recipe.form, seed) {
            Err(error) => IndexState::Damaged(error),
            Ok(digest) => match is_current(&entries, recipe, digest, seed) {
                Ok(true) => IndexState::Current,
                _ => IndexState::Stale,
            },
        },
    };
    (complaints, state)
}
