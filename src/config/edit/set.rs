//! Setting values by range: the bytes of a value change, and nothing else in the file.
//!
//! The entry in force (the last one) is changed. Comments between its lines are kept when an element is added to or removed
//! from a list; a wholly new value replaces the old one from its first byte to its last.

use crate::base::{Edit, Span};
use crate::syntax::main_cf::{Assignment, MainCf};
use crate::syntax::match_list::split_list;

/// A change of one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `name=value`
    Set(Vec<u8>),
    /// `name+=element`: adds an element, unless it is there.
    Add(Vec<u8>),
    /// `name-=element`: removes an element, wherever it stands.
    Remove(Vec<u8>),
}

/// The edits that a change needs; none when the text says so already.
#[must_use]
pub fn set(main: &MainCf, name: &[u8], change: &Change) -> Vec<Edit> {
    let entry = main.entries.iter().rev().find(|entry| entry.name.bytes() == name);
    let Some(entry) = entry else {
        return match change {
            Change::Set(value) | Change::Add(value) => vec![append(main, name, value)],
            Change::Remove(_) => Vec::new(),
        };
    };
    match change {
        Change::Set(value) => set_value(entry, value),
        Change::Add(element) => add(main, entry, element),
        Change::Remove(element) => remove(main, entry, element),
    }
}

fn append(main: &MainCf, name: &[u8], value: &[u8]) -> Edit {
    let bytes = main.tree.source().bytes();
    let newline: &[u8] = if bytes.is_empty() || bytes.ends_with(b"\n") { b"" } else { b"\n" };
    let blank: &[u8] = if value.is_empty() { b"" } else { b" " };
    Edit::insert(bytes.len(), [newline, name, b" =", blank, value, b"\n"].concat())
}

fn set_value(entry: &Assignment, value: &[u8]) -> Vec<Edit> {
    if entry.value.bytes() == value {
        return Vec::new();
    }
    if entry.value.bytes().is_empty() {
        // Behind the `=`, one blank away from it.
        return vec![Edit::insert(entry.equals.end, [b" ", value].concat())];
    }
    vec![Edit::replace(entry.value.span(), value)]
}

fn add(main: &MainCf, entry: &Assignment, element: &[u8]) -> Vec<Edit> {
    let text = entry.value.bytes();
    let parts = split_list(text);
    if parts.iter().any(|part| &text[part.clone()] == element) {
        return Vec::new();
    }
    let Some(last) = parts.last() else { return set_value(entry, element) };
    let at = entry.value.source_span(last.clone()).end;
    // The elements are separated as the last two are: by what stands between them, comments left out.
    let separator = match parts.len() {
        1 => {
            if text[last.end..].contains(&b',') {
                b" ".to_vec()
            } else {
                b", ".to_vec()
            }
        }
        n => {
            let before = entry.value.source_span(parts[n - 2].clone()).end;
            let between = main.tree.source().slice(Span::new(before, entry.value.source_span(last.clone()).start));
            if memchr::memchr(b'#', between).is_some() {
                if between.contains(&b',') { b", ".to_vec() } else { b" ".to_vec() }
            } else {
                between.to_vec()
            }
        }
    };
    vec![Edit::insert(at, [separator.as_slice(), element].concat())]
}

fn remove(main: &MainCf, entry: &Assignment, element: &[u8]) -> Vec<Edit> {
    let text = entry.value.bytes();
    let parts = split_list(text);
    let source = main.tree.source();
    let mut edits = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        if &text[part.clone()] != element {
            continue;
        }
        let span = entry.value.source_span(part.clone());
        // With the separator behind it; the last one with the separator before it. Comments in between stay.
        let whole = match (parts.get(index + 1), index.checked_sub(1).and_then(|before| parts.get(before))) {
            (Some(next), _) => Span::new(span.start, entry.value.source_span(next.clone()).start),
            (None, Some(before)) => Span::new(entry.value.source_span(before.clone()).end, span.end),
            (None, None) => span,
        };
        let between = source.slice(whole);
        if memchr::memchr(b'#', between).is_none() {
            edits.push(Edit::replace(whole, ""));
        } else {
            edits.push(Edit::replace(span, ""));
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Source, apply_edits};
    use crate::syntax::main_cf::parse_main_cf;
    use std::sync::Arc;

    fn changed(text: &str, name: &str, change: &Change) -> String {
        let source = Arc::new(Source::new("main.cf", text));
        let edits = set(&parse_main_cf(&source), name.as_bytes(), change);
        String::from_utf8_lossy(&apply_edits(source.bytes(), &edits).expect("edits do not overlap")).into_owned()
    }

    #[test]
    fn only_the_bytes_of_the_value_change() {
        let set = |value: &str| Change::Set(value.into());
        let add = |value: &str| Change::Add(value.into());
        let remove = |value: &str| Change::Remove(value.into());
        let list = "a =\n  one,\n# c\n  two,\n  three\n";
        let cases: &[(&str, Change, &str)] = &[
            ("a=1 \n", set("2"), "a=2 \n"),
            ("a = 1\na = 2\n", set("3"), "a = 1\na = 3\n"),
            ("a =\n", set("x"), "a = x\n"),
            ("b = 1", set("x"), "b = 1\na = x\n"),
            ("", set(""), "a =\n"),
            (list, add("four"), "a =\n  one,\n# c\n  two,\n  three,\n  four\n"),
            (list, add("two"), list),
            (list, remove("two"), "a =\n  one,\n# c\n  three\n"),
            (list, remove("three"), "a =\n  one,\n# c\n  two\n"),
            (list, remove("one"), "a =\n  ,\n# c\n  two,\n  three\n"),
            ("a = x\n", add("y"), "a = x, y\n"),
            ("a = x y\n", add("z"), "a = x y z\n"),
            ("a = x\n", remove("x"), "a = \n"),
        ];
        for (text, change, expected) in cases {
            assert_eq!(&changed(text, "a", change), expected, "{text:?} {change:?}");
        }
    }
}
