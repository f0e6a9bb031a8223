//! The entries of a table that is its own name, `inline:{key=value, …}`, as if they stood in lines of a source, and
//! their places in the parameter that names the table.

use super::table_text::EntryText;
use crate::base::Source;
use crate::config::tables::NamedTable;
use crate::maps::compile::{Entries, Recipe, read_entries};
use crate::maps::types::inline;
use crate::syntax::table_line::TableForm;
use crate::syntax::{LogicalLines, Text};
use std::ops::Range;
use std::sync::Arc;

/// Where the entries of an `inline:` table stand in its name: key and value by the offset of the entry's line.
#[derive(Debug, Default)]
pub struct InlinePlaces(Vec<(usize, [Range<usize>; 2])>);

/// The entries of an `inline:` table; nothing for other types, and for a name that Postfix does not take.
#[must_use]
pub fn inline_entries(named: &NamedTable) -> Option<(Entries, InlinePlaces)> {
    if named.reference.map_type != "inline" {
        return None;
    }
    let name = &named.reference.name;
    let (mut lines, mut places) = (Vec::new(), InlinePlaces::default());
    for [key, value] in inline::entries(name).ok()? {
        // What no line of a source can say: such entries stay out of sight.
        let (key_text, value_text) = (&name[key.clone()], &name[value.clone()]);
        if key_text.is_empty() || key_text.starts_with(b"#") || value_text.is_empty() {
            continue;
        }
        places.0.push((lines.len(), [key, value]));
        lines.extend([key_text, b" ", value_text, b"\n"].concat());
    }
    let recipe = Recipe::standard(TableForm::KeyValue);
    Some((read_entries(lines, &recipe), places))
}

impl InlinePlaces {
    /// The text of an entry where the table is named first; nothing where its name is not written as it comes out, such
    /// as with a `$name` in it.
    #[must_use]
    pub fn text_of<'t>(&self, named: &'t NamedTable, line_start: usize) -> Option<(&'t Arc<Source>, EntryText)> {
        let at = self.0.binary_search_by_key(&line_start, |(start, _)| *start).ok()?;
        let [key, value] = &self.0[at].1;
        let (source, span) = named.uses.iter().find_map(|one| one.place.as_ref())?;
        let written = source.slice(*span);
        let line = Text::of(&LogicalLines::new(written).next()?, written);
        let whole = [b"inline:", &*named.reference.name].concat();
        let start = memchr::memmem::find(line.bytes(), &whole)? + b"inline:".len();
        let moved = |range: &Range<usize>| start + range.start..start + range.end;
        Some((source, EntryText { key: moved(key), value: moved(value), line: line.moved(span.start) }))
    }
}
