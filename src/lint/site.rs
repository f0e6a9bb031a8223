//! What rules look at: the configuration, its tables with their sources read once, and the state of their indexes.

use crate::base::{Overlay, Source};
use crate::config::paths::PathMap;
use crate::config::tables::{NamedTable, TableReference, TableUse, named_tables};
use crate::config::{ConfigFiles, Configuration, Settings};
use crate::maps::compile::compare::{ReadError, digest_index, is_current};
use crate::maps::compile::index::{IndexType, Unique, unique};
use crate::maps::compile::{Complaint, Duplicates, Entries, Recipe, read_entries};
use crate::syntax::FileKind;
use foldhash::quality::RandomState;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
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
        Self::open_with(configuration, paths, is_system, &Overlay::default())
    }

    /// As [`open`](Self::open), with texts that stand for files.
    #[must_use]
    pub fn open_with(configuration: Configuration, paths: &PathMap, is_system: bool, overlay: &Overlay) -> Self {
        let seed = RandomState::default();
        let named = named_tables(&configuration).into_iter();
        let tables = named.map(|named| open_table(named, paths, overlay, &seed)).collect();
        Self { configuration, is_system, is_whole: true, tables }
    }

    /// A site of which only one file is known; nothing for kinds that cannot be looked at by themselves.
    #[must_use]
    pub fn single(kind: FileKind, directory: &Path, source: &Arc<Source>, settings: Settings) -> Option<Self> {
        let nothing = Arc::new(Source::new("main.cf", ""));
        let files = match kind {
            FileKind::MainCf => ConfigFiles::from_sources(directory, source, None),
            FileKind::MasterCf => ConfigFiles::from_sources(directory, &nothing, Some(source)),
            _ => ConfigFiles::from_sources(directory, &nothing, None),
        };
        let tables = match kind {
            FileKind::MainCf | FileKind::MasterCf => Vec::new(),
            _ => vec![single_table(kind, source)?],
        };
        let configuration = Configuration::new(files, settings);
        Some(Self { configuration, is_system: false, is_whole: false, tables })
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

fn open_table(named: NamedTable, paths: &PathMap, overlay: &Overlay, seed: &RandomState) -> Table {
    let map_type = named.reference.map_type.clone();
    let mut table = Table { named, source_path: None, source: None, complaints: Vec::new(), index: None };
    // cidr:{ … } and its kin hold their rules in the name itself.
    if table.named.is_cache() || !has_source(&map_type) || table.named.reference.name.starts_with(b"{") {
        return table;
    }
    let path = paths.resolve(&table.named.reference.name);
    let source = overlay.read(&path);
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

/// A table by itself, as if the parameter that such tables are for named it.
fn single_table(kind: FileKind, source: &Arc<Source>) -> Option<Table> {
    let form = kind.table_form()?;
    let parameter = match kind {
        FileKind::Aliases => "alias_maps",
        FileKind::Transport => "transport_maps",
        FileKind::Access => "smtpd_client_restrictions",
        FileKind::Canonical => "canonical_maps",
        FileKind::Generic => "smtp_generic_maps",
        FileKind::Relocated => "relocated_maps",
        _ => "virtual_alias_maps",
    };
    let named = TableUse { parameter: parameter.into(), service: None, form, cache: false, place: None };
    let reference = TableReference { map_type: "lmdb".into(), name: source.name().as_bytes().to_vec() };
    let (complaints, _) = complaints(source, &Recipe::standard(form));
    Some(Table {
        named: NamedTable { reference, uses: vec![named] },
        source_path: Some(PathBuf::from(source.name())),
        source: Some(Ok(Arc::clone(source))),
        complaints,
        index: None,
    })
}

/// What compiling a source would warn about, in the order of its lines.
fn complaints(source: &Source, recipe: &Recipe) -> (Vec<Complaint>, Entries) {
    let entries = read_entries(source.bytes().to_vec(), recipe);
    let mut complaints = entries.complaints().to_vec();
    if let Ok(Unique { duplicates, .. }) = unique(&entries, Duplicates::Warn) {
        complaints.extend(duplicates);
    }
    complaints.sort_by_key(|complaint| complaint.span.start);
    (complaints, entries)
}

fn compare(
    source: &Source,
    index_path: &std::path::Path,
    index_type: IndexType,
    recipe: &Recipe,
    seed: &RandomState,
) -> (Vec<Complaint>, IndexState) {
    let (complaints, entries) = complaints(source, recipe);
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
