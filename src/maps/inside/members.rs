//! Tables made of other tables or values: `{element, …}` in a name, and the tables that the elements name.
//!
//! Elements are separated by commas and white space; braces inside keep together what they hold, and stay.

use super::checked::Checked;
use crate::maps::error::{LookupError, in_message};
use crate::maps::table::OpenOptions;
use crate::syntax::match_list::{closing_brace, split_list};

/// The elements of a list in braces; nothing if it is none, or empty.
#[must_use]
pub fn elements(name: &[u8]) -> Option<Vec<&[u8]>> {
    if !name.starts_with(b"{") || closing_brace(name, 0)? + 1 != name.len() {
        return None;
    }
    let inner = &name[1..name.len() - 1];
    let elements: Vec<&[u8]> = split_list(inner).into_iter().map(|range| &inner[range]).collect();
    (!elements.is_empty()).then_some(elements)
}

/// Opens the tables that `MAP_TYPE:{type:name, …}` is made of.
///
/// # Errors
/// A name that is no list of tables, and the first table that cannot be opened.
pub fn open_members(map_type: &str, name: &[u8], options: &OpenOptions) -> Result<Vec<Checked>, LookupError> {
    let tables = elements(name).filter(|elements| elements.iter().all(|element| element.contains(&b':')));
    let Some(tables) = tables else {
        let shown = format!("{map_type}:{}", in_message(name));
        return Err(LookupError::Config(format!("bad syntax: \"{shown}\"; need \"{map_type}:{{type:name...}}\"")));
    };
    tables.into_iter().map(|table| Checked::open(table, options)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_as_postfix_3_11_splits_them() {
        let cases: &[(&str, Option<&[&str]>)] = &[
            ("{a}", Some(&["a"])),
            ("{a, {b c}\t,,d }", Some(&["a", "{b c}", "d"])),
            ("{{ b c }}", Some(&["{ b c }"])),
            ("{{a}b}", Some(&["{a}b"])),
            ("{{}}", Some(&["{}"])),
            ("{}", None),
            ("{ , }", None),
            ("{a", None),
            ("{{a}", None),
            ("{a}}", None),
            ("{a} ", None),
            (" {a}", None),
            ("a", None),
            ("", None),
        ];
        for (name, expected) in cases {
            let expected = expected.map(|list| list.iter().map(|text| text.as_bytes()).collect::<Vec<_>>());
            assert_eq!(elements(name.as_bytes()), expected, "{name}");
        }
    }
}
