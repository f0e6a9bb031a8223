//! A table that a site names: its source, read once, or its entries, if they are its name; and the state of its index.

use super::inline_entries::{InlinePlaces, inline_entries};
use super::key_index::KeyIndex;
use super::table_text::EntryText;
use crate::base::{Overlay, Source};
use crate::config::Site;
use crate::config::lmdb_format::LmdbFormat;
use crate::config::table_reference::TableReference;
use crate::config::tables::{NamedTable, TableUse};
use crate::maps::compile::state::{IndexContent, IndexState, compared, complaints};
use crate::maps::compile::{Complaint, Entries, Entry, IndexType, Recipe, read_shared_entries};
use crate::maps::lmdb;
use crate::maps::table::{LookupTable, OpenOptions};
use crate::maps::types::pcre::PcreTable;
use crate::maps::types::regexp::RegexpTable;
use crate::syntax::FileKind;
use crate::syntax::pattern_line::Dialect;
use crate::syntax::pattern_table::{PatternForm, PatternTable, parse_pattern_table};
use crate::syntax::table_line::TableForm;
use foldhash::quality::RandomState;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

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
    /// Where its entries stand, if they are its name.
    inline: Option<InlinePlaces>,
    index_of_keys: OnceLock<KeyIndex>,
    patterns: OnceLock<PatternTable>,
    /// Its index, for the types that we can compile.
    pub index: Option<(PathBuf, IndexState)>,
    /// Its index or cache, and the format of that, if it is an LMDB file of another than the system's library reads.
    pub foreign: Option<(PathBuf, LmdbFormat)>,
}

impl Table {
    /// Reads a table that a site's configuration names; texts of the overlay stand for files, and `seed` is for
    /// comparing contents.
    #[must_use]
    pub fn open(named: NamedTable, site: &Site, overlay: &Overlay, seed: &RandomState) -> Self {
        let paths = &site.paths;
        let lmdb_format = site.configuration.platform.wanted_lmdb_format();
        let map_type = named.reference.map_type.clone();
        let mut table = Self::unread(named);
        if let Some((entries, places)) = inline_entries(&table.named) {
            (table.entries, table.inline) = (Some(entries), Some(places));
        }
        if table.named.is_cache() && map_type == IndexType::Lmdb.name() {
            let suffix = IndexType::Lmdb.suffix();
            let file = paths.open(&[&table.named.reference.name, suffix.as_bytes()].concat()).ok();
            let format = file.and_then(|file| lmdb::format_of(&file).ok());
            let other = format.filter(|&format| lmdb_format.is_some_and(|wanted| wanted != format));
            table.foreign = other.map(|format| (paths.resolve_index(&table.named.reference.name, suffix), format));
        }
        if table.named.is_cache() || !table.named.reference.has_source() {
            return table;
        }
        let path = paths.resolve(&table.named.reference.name);
        let source = overlay.read_table(&path);
        if let Some(index_type) = IndexType::by_name(&map_type) {
            let index_path = paths.resolve_index(&table.named.reference.name, index_type.suffix());
            let form = table.named.stored_form(&site.configuration.platform);
            let recipe = Recipe { lmdb_format, ..Recipe::standard(form) };
            let index = paths.open(&[&table.named.reference.name, index_type.suffix().as_bytes()].concat());
            let content = IndexContent::of(index, index_type, &recipe, seed);
            let state = match &source {
                Ok(source) => {
                    let entries = read_shared_entries(Arc::clone(source), &recipe);
                    let (state, complaints) = compared(&entries, content, index_type, &recipe, seed);
                    table.complaints = complaints;
                    // Rules look at names as people write them.
                    let is_plain = recipe.form == table.named.form();
                    let plain = || read_shared_entries(Arc::clone(source), &Recipe::standard(table.named.form()));
                    table.entries = Some(if is_plain { entries } else { plain() });
                    state
                }
                Err(_) => content.alone(&recipe),
            };
            table.foreign = state.other_format().map(|format| (index_path.clone(), format));
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

    /// A table by itself, as if the parameter that such tables are for named it; nothing for files that are none.
    #[must_use]
    pub fn single(kind: FileKind, source: &Arc<Source>) -> Option<Self> {
        if matches!(kind, FileKind::Regexp | FileKind::Pcre | FileKind::Cidr) {
            // What it is asked for is not known.
            return Some(Self::of_file(kind.name(), "", TableForm::KeyValue, source));
        }
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
        let (complaints, entries) = read_alone(source, form);
        Some(Self { complaints, entries: Some(entries), ..Self::of_file("lmdb", parameter, form, source) })
    }

    /// A table whose text alone is known, as if this parameter named it.
    fn of_file(map_type: &str, parameter: &str, form: TableForm, source: &Arc<Source>) -> Self {
        let named = TableUse { parameter: parameter.into(), service: None, form, cache: false, place: None };
        let reference = TableReference { map_type: map_type.into(), name: source.name().as_bytes().into() };
        Self {
            source_path: Some(PathBuf::from(source.name())),
            source: Some(Ok(Arc::clone(source))),
            ..Self::unread(NamedTable { reference, uses: vec![named] })
        }
    }

    /// A table of which only the name is known.
    fn unread(named: NamedTable) -> Self {
        Self {
            named,
            source_path: None,
            source: None,
            complaints: Vec::new(),
            entries: None,
            inline: None,
            index_of_keys: OnceLock::new(),
            patterns: OnceLock::new(),
            index: None,
            foreign: None,
        }
    }

    /// The entry for a key, which is folded, and its number.
    #[must_use]
    pub fn find(&self, key: &[u8]) -> Option<(usize, &Entry)> {
        let entries = self.entries.as_ref()?;
        self.index_of_keys.get_or_init(|| KeyIndex::of(entries)).find(entries, key)
    }

    /// Its source and the rules in it, if it is one of patterns and can be read.
    #[must_use]
    pub fn patterns(&self) -> Option<(&Arc<Source>, &PatternTable)> {
        let (Some(form), Some(Ok(source))) = (self.named.reference.pattern_form(), &self.source) else { return None };
        Some((source, self.patterns.get_or_init(|| parse_pattern_table(source, form))))
    }

    /// The table for lookups, if it holds regular expressions and can be opened.
    #[must_use]
    pub fn open_patterns(&self) -> Option<Box<dyn LookupTable>> {
        let reference = &self.named.reference;
        let path = self.source_path.as_ref().map(|path| path.as_os_str().as_bytes());
        let (name, options) = (path.unwrap_or(&reference.name), OpenOptions::default());
        match reference.pattern_form()? {
            PatternForm::Expression(Dialect::Regexp) => Some(Box::new(RegexpTable::open(name, &options).ok()?)),
            PatternForm::Expression(Dialect::Pcre) => Some(Box::new(PcreTable::open(name, &options).ok()?)),
            PatternForm::Network => None,
        }
    }

    /// The text of an entry in the source.
    #[must_use]
    pub fn text_of(&self, entry: &Entry) -> Option<(&Arc<Source>, EntryText)> {
        let entries = self.entries.as_ref()?;
        if let Some(inline) = &self.inline {
            return inline.text_of(&self.named, entries.line_start(entry));
        }
        let Some(Ok(source)) = &self.source else { return None };
        Some((source, EntryText::at(source, entries.line_start(entry), self.named.form())))
    }
}

/// The one that `type:name` stands for, with or without `proxy:` before it.
#[must_use]
pub fn table_named<'t>(tables: &'t [Table], text: &[u8]) -> Option<&'t Table> {
    let reference = TableReference::behind_proxy(text)?;
    tables.iter().find(|table| table.named.reference == reference)
}

/// The entries of a source, and what compiling it would warn about.
fn read_alone(source: &Arc<Source>, form: TableForm) -> (Vec<Complaint>, Entries) {
    let entries = read_shared_entries(Arc::clone(source), &Recipe::standard(form));
    (complaints(&entries), entries)
}
