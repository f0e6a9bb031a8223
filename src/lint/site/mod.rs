//! What rules look at: the configuration, its tables with their sources read once, and the state of their indexes.

pub mod accounts;
mod client_files;
pub mod cycles;
pub mod domains;
pub mod expansions;
pub mod hops;
pub mod inet_ports;
pub mod inline_entries;
pub mod key_advice;
pub mod key_index;
pub mod list_files;
pub mod no_address;
pub mod restriction_lists;
pub mod set_values;
pub mod table;
pub mod table_results;
pub mod table_text;
pub mod templates;
pub mod tls_logging;
pub mod uses;
pub mod virtual_aliases;

pub use self::table::Table;

use self::domains::Domains;
use self::expansions::Expansions;
use self::table::table_named;
use crate::base::{Overlay, Source};
use crate::config::paths::PathMap;
use crate::config::tables::named_tables;
use crate::config::{ConfigFiles, Configuration, Platform, Site, catalogue};
use crate::maps::compile::{Entries, Entry};
use crate::syntax::FileKind;
use crate::syntax::match_list::split_list;
use foldhash::quality::RandomState;
use std::path::Path;
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
    expansions: Expansions,
    list_files: OnceLock<Vec<Arc<Source>>>,
    client_files: OnceLock<Vec<Arc<Source>>>,
}

impl std::ops::Deref for LoadedSite {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
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

impl LoadedSite {
    /// Reads what the configuration names; texts of the overlay stand for files.
    #[must_use]
    pub fn read(site: Site, overlay: &Overlay) -> Self {
        let seed = RandomState::default();
        let overlay = overlay.below(site.paths.below());
        let named = named_tables(&site.configuration).into_iter();
        let tables = named.map(|named| Table::open(named, &site, &overlay, &seed)).collect();
        let (map_types, domains, expansions, list_files, client_files) = Default::default();
        Self { site, is_whole: true, tables, overlay, map_types, domains, expansions, list_files, client_files }
    }

    /// A site of which only main.cf and master.cf are looked at; no table is opened.
    #[must_use]
    pub fn without_tables(site: Site) -> Self {
        let (tables, overlay, map_types, domains, expansions) = Default::default();
        let (list_files, client_files) = Default::default();
        Self { site, is_whole: false, tables, overlay, map_types, domains, expansions, list_files, client_files }
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
            FileKind::MainCf | FileKind::MasterCf | FileKind::Client => Vec::new(),
            _ => vec![Table::single(kind, source)?],
        };
        let site = Site::new(Configuration::new(files, platform), PathMap::system());
        let (overlay, map_types, domains, expansions, list_files) = Default::default();
        let client_files = OnceLock::from(if kind == FileKind::Client { vec![Arc::clone(source)] } else { Vec::new() });
        Some(Self { site, is_whole: false, tables, overlay, map_types, domains, expansions, list_files, client_files })
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
        table_named(&self.tables, text)
    }

    /// The domains that its lists name.
    #[must_use]
    pub fn domains(&self) -> &Domains {
        self.domains.get_or_init(|| Domains::of(&self.site, &self.overlay, &self.tables))
    }

    /// The expanded value of a parameter of main.cf; empty if it cannot be expanded, which another rule tells.
    #[must_use]
    pub fn expanded(&self, parameter: &str) -> Vec<u8> {
        self.configuration.expanded(parameter.as_bytes(), None).unwrap_or_default()
    }

    /// Every text that was read, once: main.cf, master.cf, the sources of tables, files of lists and of
    /// clients.
    #[must_use]
    pub fn sources(&self) -> Vec<&Arc<Source>> {
        let files = &self.configuration.files;
        let mut sources = vec![files.main.tree.source()];
        sources.extend(files.master.as_ref().map(|master| master.tree.source()));
        let of_tables = self.tables.iter().filter_map(|table| table.source.as_ref()?.as_ref().ok());
        for source in of_tables.chain(self.list_files()).chain(self.client_files()) {
            // One file may be two tables.
            if !sources.iter().any(|seen| seen.name() == source.name()) {
                sources.push(source);
            }
        }
        sources
    }
}
