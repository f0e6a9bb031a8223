//! What a migration off Berkeley DB would do to a site.

use super::by_hand::{ByHand, by_hand, in_comments, other_instances};
use super::references::{References, rewrite};
use super::tables::{Cache, Origin, Table, tables};
use crate::config::Site;
use crate::config::retired_types::Successor;
use crate::maps::compile::IndexType;
use foldhash::quality::RandomState;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How types are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// By their names: `lmdb:`.
    #[default]
    Literal,
    /// By the parameter that holds the name: `$default_database_type:`.
    Variable,
}

/// All that would be done.
#[derive(Debug)]
pub struct Plan {
    /// The type of tables.
    pub to: IndexType,
    /// The texts, and what is left of them for a person.
    pub references: References,
    /// The tables.
    pub tables: Vec<Table>,
    /// The caches.
    pub caches: Vec<Cache>,
    /// What is for a person.
    pub by_hand: Vec<ByHand>,
    /// What comments name, which does nothing as long as they are comments.
    pub comments: Vec<ByHand>,
}

/// The type that tables get: the one that is wanted; else, for the style with a variable, the one that this has; else
/// that of the package, if it is one that we write; else lmdb.
///
/// # Errors
/// A wanted type that is not the one of the variable by which it is to be written.
pub fn index_type(site: &Site, wanted: Option<IndexType>, style: Style) -> Result<IndexType, String> {
    let known = |name: &[u8]| std::str::from_utf8(name).ok().and_then(IndexType::by_name);
    let in_force = known(&site.configuration.expanded(b"default_database_type", None).unwrap_or_default());
    let of_package = known(&site.configuration.default(b"default_database_type").unwrap_or_default());
    match (wanted, in_force) {
        (Some(wanted), Some(held)) if style == Style::Variable && held != wanted => Err(format!(
            "default_database_type is {} and is what --style variable writes: set it to {} first, or leave --to",
            held.name(),
            wanted.name()
        )),
        (Some(wanted), _) => Ok(wanted),
        (None, Some(held)) if style == Style::Variable => Ok(held),
        (None, _) => Ok(of_package.unwrap_or(IndexType::Lmdb)),
    }
}

/// Looks at a site and says what would be done.
#[must_use]
pub fn plan(site: &Site, to: IndexType, style: Style) -> Plan {
    let successor = Successor::new(&site.configuration, to.name(), style == Style::Variable);
    let references = rewrite(site, successor);
    let seed = RandomState::default();
    let (tables, caches) = tables(site, &references, &seed);
    let files = &site.configuration.files;
    let own = [Some(files.main.tree.source()), files.master.as_ref().map(|master| master.tree.source())];
    let texts = references.texts.iter().map(|text| &text.before).chain(own.into_iter().flatten());
    let mut known: BTreeSet<PathBuf> = texts.map(|source| PathBuf::from(source.name())).collect();
    let instances = other_instances(site);
    // Of these all is said by the command that is named.
    known
        .extend(instances.iter().flat_map(|one| ["main.cf", "master.cf"].map(|name| Path::new(&one.place).join(name))));
    let databases: Vec<PathBuf> = tables.iter().map(|table| table.database.clone()).collect();
    let unresolved = references.unresolved.iter();
    let mut for_people: Vec<ByHand> =
        unresolved.map(|what| ByHand { place: files.directory.display().to_string(), what: what.clone() }).collect();
    for_people.extend(instances);
    for_people.extend(by_hand(site, &known, &databases));
    Plan { to, references, tables, caches, by_hand: for_people, comments: in_comments(site) }
}

impl Plan {
    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.references.texts.is_empty() && !self.tables.iter().any(Table::is_to_change)
    }

    /// What must be settled before anything can be done.
    pub fn obstacles(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| matches!(table.origin, Origin::Undecided(_)))
    }

    /// Whether a person must look at something.
    #[must_use]
    pub fn needs_person(&self) -> bool {
        let is_open = |origin: &Origin| matches!(origin, Origin::Missing | Origin::Outside | Origin::Undecided(_));
        !self.by_hand.is_empty() || self.tables.iter().any(|table| is_open(&table.origin))
    }

    /// Old files that nothing names once it is done.
    pub fn old_files(&self) -> impl Iterator<Item = &PathBuf> {
        let of_tables = self.tables.iter().map(|table| &table.database).filter(|path| path.exists());
        of_tables.chain(self.caches.iter().filter_map(|cache| cache.old.as_ref()))
    }
}
