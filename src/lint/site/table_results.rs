//! What a table says: the results of its entries, or of its rules, with their places.

use super::Table;
use crate::base::{Source, Span};
use crate::maps::compile::{Entries, Entry};
use crate::syntax::Text;
use crate::syntax::pattern_table::StatementKind;
use std::sync::Arc;

/// A result in a table.
#[derive(Debug)]
pub enum TableResult<'a> {
    /// Of a key.
    Entry {
        /// The table.
        table: &'a Table,
        /// Its entries.
        entries: &'a Entries,
        /// The entry.
        entry: &'a Entry,
    },
    /// Of a pattern.
    Rule {
        /// The table's text.
        source: &'a Arc<Source>,
        /// The result as it is written.
        result: &'a Text,
    },
}

impl TableResult<'_> {
    /// The result.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        match self {
            Self::Entry { entries, entry, .. } => entries.value(entry),
            Self::Rule { result, .. } => result.bytes(),
        }
    }

    /// Whether part of it is known only when mail comes: `$1`.
    #[must_use]
    pub fn is_template(&self) -> bool {
        matches!(self, Self::Rule { result, .. } if result.bytes().contains(&b'$'))
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Option<(&Arc<Source>, Span)> {
        match self {
            Self::Entry { table, entry, .. } => table.text_of(entry).map(|(source, text)| (source, text.value_span())),
            Self::Rule { source, result } => Some((source, result.span())),
        }
    }
}

/// Shows every result of a table whose text is known.
pub fn each_result<'a>(table: &'a Table, mut show: impl FnMut(&TableResult<'a>)) {
    if let Some(entries) = &table.entries {
        entries.all().iter().for_each(|entry| show(&TableResult::Entry { table, entries, entry }));
    }
    let Some((source, rules)) = table.patterns() else { return };
    for statement in &rules.statements {
        if let StatementKind::Rule { result, .. } = &statement.kind {
            show(&TableResult::Rule { source, result });
        }
    }
}
