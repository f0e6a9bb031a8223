//! Tables of two configurations, by key: what the compiled tables would hold, not how their sources are laid out.
//! Pattern tables are compared rule by rule, in order; files of match lists by element.

use crate::base::{FileError, Source};
use crate::config::Site;
use crate::config::catalogue::MapType;
use crate::config::listed::listed;
use crate::config::site::TablesFrom;
use crate::config::table_reference::TableReference;
use crate::config::tables::{NamedTable, named_tables};
use crate::maps::source_table::SourceTable;
use crate::maps::{LookupError, LookupTable, OpenOptions, open};
use crate::syntax::match_list::{parse_elements, parse_match_list};
use crate::syntax::table_line::TableForm;
use crate::syntax::{LogicalLines, Text};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A table (or a file of list elements) that differs.
#[derive(Clone, Debug)]
pub struct TableChange {
    /// What the configuration calls it.
    pub name: String,
    /// How it differs.
    pub kind: TableChangeKind,
}

/// How a table differs.
#[derive(Clone, Debug)]
pub enum TableChangeKind {
    /// Entries by key.
    Entries(Vec<EntryChange>),
    /// Lines that only one side has (`false`: the first), in order.
    Lines(Vec<(bool, Vec<u8>)>),
    /// It could not be read on a side; the words.
    Unreadable(String),
}

/// An entry that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryChange {
    /// The key, folded.
    pub key: Vec<u8>,
    /// The value on the first side.
    pub a: Option<Vec<u8>>,
    /// The value on the second side.
    pub b: Option<Vec<u8>>,
}

/// The tables that both sides name and that differ, in the order in which the second side names them.
#[must_use]
pub fn compare_tables(a: &Site, b: &Site) -> Vec<TableChange> {
    let (of_a, of_b) = (named_tables(&a.configuration), named_tables(&b.configuration));
    let mut changes = Vec::new();
    for table in &of_b {
        let is_common = of_a.iter().any(|other| other.reference == table.reference);
        if is_common && table.reference.has_source() && !table.is_cache() {
            changes.extend(compare_table(table, a, b));
        }
    }
    for file in list_files(b) {
        if list_files(a).contains(&file) {
            changes.extend(compare_list_file(&file, a, b));
        }
    }
    changes
}

fn compare_table(table: &NamedTable, a: &Site, b: &Site) -> Option<TableChange> {
    let name = table.reference.to_string();
    let unreadable = |words: String| Some(TableChange { name: name.clone(), kind: TableChangeKind::Unreadable(words) });
    if table.reference.pattern_form().is_some() {
        let read = |side: &Site| {
            let path = side.paths.resolve(&table.reference.name);
            Source::read_table(&path).map_err(|error| FileError { path, error }.to_string())
        };
        return match (read(a), read(b)) {
            (Ok(old), Ok(new)) => {
                let lines = lines_changed(&rules(old.bytes()), &rules(new.bytes()));
                (!lines.is_empty()).then_some(TableChange { name, kind: TableChangeKind::Lines(lines) })
            }
            // Neither side has it, or it is the same file: nothing changed.
            (Err(_), Err(_)) => None,
            (Err(words), _) | (_, Err(words)) => unreadable(words),
        };
    }
    let read = |side: &Site| entries_of(&table.reference, table.stored_form(&side.configuration.platform), side);
    match (read(a), read(b)) {
        (Ok(mut old), Ok(mut new)) => match entries_changed(old.as_mut(), new.as_mut()) {
            Ok(changes) if changes.is_empty() => None,
            Ok(changes) => Some(TableChange { name, kind: TableChangeKind::Entries(changes) }),
            Err(error) => unreadable(error.to_string()),
        },
        (Err(_), Err(_)) => None,
        (Err(error), _) | (_, Err(error)) => unreadable(error.to_string()),
    }
}

/// A table by its source, or by its index where there is no source, or where that is what counts.
fn entries_of(reference: &TableReference, form: TableForm, side: &Site) -> Result<Box<dyn LookupTable>, LookupError> {
    let path = side.paths.resolve(&reference.name);
    let here =
        TableReference { map_type: reference.map_type.clone(), name: path.as_os_str().as_encoded_bytes().into() };
    let is_indexed = reference.known_type().is_some_and(MapType::needs_compile);
    if side.tables_from == TablesFrom::Indexes && is_indexed {
        return open(&here, &OpenOptions::default());
    }
    match SourceTable::open(&path, form) {
        Ok(table) => Ok(Box::new(table)),
        Err(error) => open(&here, &OpenOptions::default()).map_err(|_| error),
    }
}

/// The entries that differ between two tables, by key. Both list their entries; that of an index may be in any order.
///
/// # Errors
/// Those of reading.
pub fn entries_changed(a: &mut dyn LookupTable, b: &mut dyn LookupTable) -> Result<Vec<EntryChange>, LookupError> {
    let old = sorted(a)?;
    let new = sorted(b)?;
    let mut changes = Vec::new();
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return Ok(changes),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((old, _)), Some((new, _))) => old.cmp(new),
        };
        let of_a = if order.is_le() { old.next() } else { None };
        let of_b = if order.is_ge() { new.next() } else { None };
        let key = of_a.as_ref().or(of_b.as_ref()).map(|(key, _)| key.clone()).unwrap_or_default();
        let (of_a, of_b) = (of_a.map(|(_, value)| value), of_b.map(|(_, value)| value));
        if of_a != of_b {
            changes.push(EntryChange { key, a: of_a, b: of_b });
        }
    }
}

type Pair = (Vec<u8>, Vec<u8>);

/// All entries by key; what postalias adds is none.
fn sorted(table: &mut dyn LookupTable) -> Result<Vec<Pair>, LookupError> {
    let mut entries: Vec<Pair> = Vec::new();
    table.walk(&mut |key, value| {
        let is_added = key == b"@" || key == b"YP_LAST_MODIFIED" || key == b"YP_MASTER_NAME";
        if !is_added {
            entries.push((key.to_vec(), value.to_vec()));
        }
    })?;
    if !entries.is_sorted_by(|(a, _), (b, _)| a <= b) {
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    Ok(entries)
}

/// Logical lines that only one side has; white space between words does not count.
#[must_use]
pub fn lines_changed(a: &[Vec<u8>], b: &[Vec<u8>]) -> Vec<(bool, Vec<u8>)> {
    let squeezed = |lines: &[Vec<u8>]| -> Vec<Vec<u8>> { lines.iter().map(|line| squeeze(line)).collect() };
    let (a, b) = (squeezed(a), squeezed(b));
    let mut changes = Vec::new();
    for operation in similar::capture_diff_slices(similar::Algorithm::Myers, &a, &b) {
        let (tag, of_a, of_b) = operation.as_tag_tuple();
        if tag != similar::DiffTag::Equal {
            changes.extend(a[of_a].iter().map(|line| (false, line.clone())));
            changes.extend(b[of_b].iter().map(|line| (true, line.clone())));
        }
    }
    changes
}

/// The logical lines of a source.
#[must_use]
pub fn rules(source: &[u8]) -> Vec<Vec<u8>> {
    LogicalLines::new(source).map(|line| line.text(source).into_owned()).collect()
}

/// The words of a line, a blank between them.
fn squeeze(line: &[u8]) -> Vec<u8> {
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

/// The files that match lists name, and those that these name, as they are called there.
fn list_files(side: &Site) -> Vec<Vec<u8>> {
    use crate::config::catalogue::parameters;
    let mut files = Vec::new();
    for parameter in parameters() {
        if !parameter.kind.is_match_list() {
            continue;
        }
        let Ok(value) = side.configuration.expanded(parameter.name.as_bytes(), None) else { continue };
        let elements = parse_elements(&Text::whole(&value));
        for one in listed(&elements, |name| Source::read(&side.paths.resolve(name))) {
            let name = one.element.text.bytes().to_vec();
            if one.file.is_some() && !files.contains(&name) {
                files.push(name);
            }
        }
    }
    files
}

fn compare_list_file(file: &[u8], a: &Site, b: &Site) -> Option<TableChange> {
    let read = |side: &Site| {
        let path = side.paths.resolve(file);
        Source::read(&path).map_err(|error| FileError { path, error }.to_string())
    };
    let name = String::from_utf8_lossy(file).into_owned();
    match (read(a), read(b)) {
        (Ok(old), Ok(new)) => {
            let changes = elements_changed(&old, &new);
            (!changes.is_empty()).then_some(TableChange { name, kind: TableChangeKind::Entries(changes) })
        }
        (Err(_), Err(_)) => None,
        (Err(words), _) | (_, Err(words)) => Some(TableChange { name, kind: TableChangeKind::Unreadable(words) }),
    }
}

/// Elements of match-list files that only one side has.
#[must_use]
pub fn elements_changed(a: &Arc<Source>, b: &Arc<Source>) -> Vec<EntryChange> {
    let elements = |source: &Arc<Source>| -> BTreeMap<Vec<u8>, ()> {
        parse_match_list(source).elements.iter().map(|element| (element.shown(), ())).collect()
    };
    let (old, new) = (elements(a), elements(b));
    let removed = old.keys().filter(|key| !new.contains_key(*key));
    let added = new.keys().filter(|key| !old.contains_key(*key));
    let removed = removed.map(|key| EntryChange { key: key.clone(), a: Some(Vec::new()), b: None });
    let added = added.map(|key| EntryChange { key: key.clone(), a: None, b: Some(Vec::new()) });
    let mut changes: Vec<EntryChange> = removed.chain(added).collect();
    changes.sort_by(|a, b| a.key.cmp(&b.key));
    changes
}
