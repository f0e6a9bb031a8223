//! What rules look at: the configuration, its tables with their sources read once, and the state of their indexes.

pub mod cycles;
pub mod domains;
pub mod hops;
pub mod inet_ports;
pub mod key_index;
pub mod restriction_lists;
pub mod set_values;
pub mod table_text;
pub mod uses;
pub mod virtual_aliases;

use self::domains::Domains;
use self::key_index::KeyIndex;
use self::table_text::EntryText;
use crate::base::{Overlay, Source};
use crate::config::paths::PathMap;
use crate::config::table_reference::TableReference;
use crate::config::tables::{NamedTable, TableUse, named_tables};
use crate::config::{ConfigFiles, Configuration, Platform, Site, catalogue};
use crate::maps::compile::state::{IndexContent, IndexState, compared, complaints};
use crate::maps::compile::{Complaint, Entries, Entry, IndexType, Recipe, read_entries};
use crate::syntax::FileKind;
use crate::syntax::match_list::split_list;
use crate::syntax::table_line::TableForm;
use foldhash::quality::RandomState;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A site with what its tables hold, read-only.
#[derive(Debug)]
pub struct LoadedSite {
    /// The site itself, whose fields can be reached as if they stood here.
    pub site: Site,
    /// Whether all files are here that belong to it, not only one that is looked at by itself.
    pub is_whole: bool,
    /// The tables that it names.
    pub tables: Vec<Table>,
    /// Texts that stand for files.
    pub overlay: Overlay,
    /// The map types of the Postfix that will run it, if somebody said so.
    pub map_types: Option<Vec<String>>,
    domains: OnceLock<Domains>,
}

impl std::ops::Deref for LoadedSite {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
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
    /// Its entries, for types whose source has `key value` or `name: value` lines.
    pub entries: Option<Entries>,
    index_of_keys: OnceLock<KeyIndex>,
    /// Its index, for the types that we can compile.
    pub index: Option<(PathBuf, IndexState)>,
}

/// The tables in a parameter's list.
#[derive(Debug, Default)]
pub struct TablesOf<'s> {
    /// Those whose entries are known, in the order of the list.
    pub tables: Vec<&'s Table>,
    /// Whether these are all that the parameter names.
    pub complete: bool,
}

impl<'s> TablesOf<'s> {
    /// The entry for a key, which is folded, and its table.
    #[must_use]
    pub fn find(&self, key: &[u8]) -> Option<(&'s Table, &'s Entry)> {
        self.tables.iter().find_map(|table| table.find(key).map(|(_, entry)| (*table, entry)))
    }

    /// Every entry, its table and that table's entries.
    pub fn all(&self) -> impl Iterator<Item = (&'s Table, &'s Entries, &'s Entry)> + '_ {
        let entries = self.tables.iter().filter_map(|table| table.entries.as_ref().map(|entries| (*table, entries)));
        entries.flat_map(|(table, entries)| entries.all().iter().map(move |entry| (table, entries, entry)))
    }
}

impl Table {
    /// The entry for a key, which is folded, and its number.
    #[must_use]
    pub fn find(&self, key: &[u8]) -> Option<(usize, &Entry)> {
        let entries = self.entries.as_ref()?;
        self.index_of_keys.get_or_init(|| KeyIndex::of(entries)).find(entries, key)
    }

    /// The text of an entry in the source.
    #[must_use]
    pub fn text_of(&self, entry: &Entry) -> Option<(&Arc<Source>, EntryText)> {
        let (Some(Ok(source)), Some(entries)) = (&self.source, &self.entries) else { return None };
        Some((source, EntryText::at(source, entries.line_start(entry), self.named.form())))
    }
}

impl LoadedSite {
    /// Reads what the configuration names; texts of the overlay stand for files.
    #[must_use]
    pub fn read(site: Site, overlay: &Overlay) -> Self {
        let seed = RandomState::default();
        let overlay = overlay.below(site.paths.below());
        let named = named_tables(&site.configuration).into_iter();
        let tables = named.map(|named| open_table(named, &site.paths, &overlay, &seed)).collect();
        let domains = OnceLock::new();
        Self { site, is_whole: true, tables, overlay, map_types: None, domains }
    }

    /// A site of which only one file is known; nothing for kinds that cannot be looked at by themselves.
    #[must_use]
    pub fn single(kind: FileKind, directory: &Path, source: &Arc<Source>, platform: Platform) -> Option<Self> {
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
        let site = Site::new(Configuration::new(files, platform), PathMap::system());
        let (overlay, domains) = (Overlay::default(), OnceLock::new());
        Some(Self { site, is_whole: false, tables, overlay, map_types: None, domains })
    }

    /// Whether the Postfix that will run the site has a map type; nothing if nobody said which it has.
    #[must_use]
    pub fn has_map_type(&self, map_type: &str) -> Option<bool> {
        let listed = self.map_types.as_ref()?;
        // Some are part of every Postfix.
        let is_always_there = catalogue::map_type(map_type).is_some_and(|known| known.build.is_none());
        Some(is_always_there || listed.iter().any(|name| name == map_type))
    }

    /// The tables that a parameter of main.cf names.
    #[must_use]
    pub fn tables_of(&self, parameter: &str) -> TablesOf<'_> {
        if !self.is_whole {
            let is_for = |table: &&Table| table.named.uses.iter().any(|named| named.parameter == parameter);
            return TablesOf { tables: self.tables.iter().filter(is_for).collect(), complete: false };
        }
        let Ok(list) = self.configuration.expanded(parameter.as_bytes(), None) else { return TablesOf::default() };
        let mut found = TablesOf { tables: Vec::new(), complete: true };
        for range in split_list(&list) {
            match self.table_named(&list[range]) {
                Some(table) if table.entries.is_some() => found.tables.push(table),
                _ => found.complete = false,
            }
        }
        found
    }

    /// The table that `type:name` stands for, with or without `proxy:` before it.
    #[must_use]
    pub fn table_named(&self, text: &[u8]) -> Option<&Table> {
        let reference = TableReference::behind_proxy(text)?;
        self.tables.iter().find(|table| table.named.reference == reference)
    }

    /// The domains that its lists name.
    #[must_use]
    pub fn domains(&self) -> &Domains {
        self.domains.get_or_init(|| Domains::of(self))
    }

    /// The expanded value of a parameter of main.cf; empty if it cannot be expanded, which another rule tells.
    #[must_use]
    pub fn expanded(&self, parameter: &str) -> Vec<u8> {
        self.configuration.expanded(parameter.as_bytes(), None).unwrap_or_default()
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

fn open_table(named: NamedTable, paths: &PathMap, overlay: &Overlay, seed: &RandomState) -> Table {
    let map_type = named.reference.map_type.clone();
    let mut table = Table {
        named,
        source_path: None,
        source: None,
        complaints: Vec::new(),
        entries: None,
        index_of_keys: OnceLock::new(),
        index: None,
    };
    if table.named.is_cache() || !table.named.reference.has_source() {
        return table;
    }
    let path = paths.resolve(&table.named.reference.name);
    let source = overlay.read(&path);
    if let Some(index_type) = IndexType::by_name(&map_type) {
        let index_path = paths.resolve_index(&table.named.reference.name, index_type.suffix());
        let recipe = Recipe::standard(table.named.form());
        let state = match &source {
            Ok(source) => {
                let index = paths.open(&[&table.named.reference.name, index_type.suffix().as_bytes()].concat());
                let entries = read_entries(source.bytes().to_vec(), &recipe);
                let content = IndexContent::of(index, index_type, &recipe, seed);
                let (state, complaints) = compared(&entries, content, index_type, &recipe, seed);
                table.complaints = complaints;
                table.entries = Some(entries);
                state
            }
            Err(_) if index_path.exists() => IndexState::Unknown,
            Err(_) => IndexState::Missing,
        };
        table.index = Some((index_path, state));
    } else if let (Ok(source), None) = (&source, table.named.reference.pattern_form()) {
        let (complaints, entries) = read_alone(source, table.named.form());
        // A type that we cannot compile has a finding of its own.
        if map_type == "texthash" {
            table.complaints = complaints;
        }
        table.entries = Some(entries);
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
    let (complaints, entries) = read_alone(source, form);
    Some(Table {
        named: NamedTable { reference, uses: vec![named] },
        source_path: Some(PathBuf::from(source.name())),
        source: Some(Ok(Arc::clone(source))),
        complaints,
        entries: Some(entries),
        index_of_keys: OnceLock::new(),
        index: None,
    })
}

/// The entries of a source, and what compiling it would warn about.
fn read_alone(source: &Source, form: TableForm) -> (Vec<Complaint>, Entries) {
    let entries = read_entries(source.bytes().to_vec(), &Recipe::standard(form));
    (complaints(&entries), entries)
}
