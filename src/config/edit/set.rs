//! Setting values by range: the bytes of a value change, and nothing else in the file.
//!
//! The entry in force (the last one) is changed. Comments and blank lines between its lines stay, whatever becomes of
//! the lines themselves: of a value on many lines, the new one stands where the first of them began.

use super::Refused;
use crate::base::{Edit, Source, Span, apply_edits};
use crate::syntax::logical::{is_comment, is_space, trim_end};
use crate::syntax::main_cf::{Assignment, MainCf, parse_main_cf};
use crate::syntax::match_list::split_list;
use std::ops::Range;
use std::sync::Arc;

/// A change of one parameter. Values stand on one line, without white space at their ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `name=value`
    Set(Vec<u8>),
    /// `name+=elements`: adds the elements that are not there yet, in their order.
    Add(Vec<u8>),
    /// `name-=elements`: removes the elements, wherever they stand.
    Remove(Vec<u8>),
}

/// The edits that a change needs; none when the text says so already. A list without an entry begins as `default`.
///
/// # Errors
/// A list whose braces do not match: where its elements end cannot be told.
pub fn set(main: &MainCf, name: &[u8], change: &Change, default: &[u8]) -> Result<Vec<Edit>, Refused> {
    let entry = main.entries.iter().rev().find(|entry| entry.name.bytes() == name);
    if let Change::Add(elements) | Change::Remove(elements) = change {
        let old = entry.map_or(default, |entry| entry.value.bytes());
        if !is_closed(elements) || !is_closed(old) {
            return Err(Refused::UnbalancedBraces);
        }
    }
    let source = main.tree.source();
    Ok(match (entry, change) {
        (None, Change::Set(value)) => vec![append(source, name, value)],
        (None, Change::Add(elements)) if split_list(elements).is_empty() => Vec::new(),
        (None, Change::Add(elements)) if default.is_empty() => vec![append(source, name, elements)],
        (None, Change::Add(_) | Change::Remove(_)) => {
            // As if the default stood there.
            let line = [name, b" = ", trim_end(default), b"\n"].concat();
            let written = parse_main_cf(&Arc::new(Source::new(source.name(), line)));
            match &written.entries[..] {
                [entry] => {
                    let edits = match change {
                        Change::Remove(elements) => remove(written.tree.source(), entry, elements),
                        Change::Add(elements) | Change::Set(elements) => add(written.tree.source(), entry, elements),
                    };
                    appended(source, written.tree.source(), &edits)
                }
                // Nothing to take from, or no name at all.
                _ => Vec::new(),
            }
        }
        (Some(entry), Change::Set(value)) => set_value(source, entry, value),
        (Some(entry), Change::Add(elements)) => add(source, entry, elements),
        (Some(entry), Change::Remove(elements)) => remove(source, entry, elements),
    })
}

/// Whether every `{` in a list has its `}`, as [`split_list`] counts them.
fn is_closed(text: &[u8]) -> bool {
    let step = |depth: usize, byte: &u8| match byte {
        b'{' => depth + 1,
        b'}' => depth.saturating_sub(1),
        _ => depth,
    };
    text.iter().fold(0, step) == 0
}

/// The edited line at the end of the text; none if nothing of it was edited.
fn appended(source: &Source, line: &Source, edits: &[Edit]) -> Vec<Edit> {
    let newline = if source.bytes().is_empty() || source.bytes().ends_with(b"\n") { "" } else { "\n" };
    match apply_edits(line.bytes(), edits) {
        Ok(line) if !edits.is_empty() => {
            vec![Edit::insert(source.bytes().len(), [newline.as_bytes(), &line].concat())]
        }
        _ => Vec::new(),
    }
}

fn append(source: &Source, name: &[u8], value: &[u8]) -> Edit {
    let bytes = source.bytes();
    let newline: &[u8] = if bytes.is_empty() || bytes.ends_with(b"\n") { b"" } else { b"\n" };
    let blank: &[u8] = if value.is_empty() { b"" } else { b" " };
    Edit::insert(bytes.len(), [newline, name, b" =", blank, value, b"\n"].concat())
}

fn set_value(source: &Source, entry: &Assignment, value: &[u8]) -> Vec<Edit> {
    if entry.value.bytes() == value {
        return Vec::new();
    }
    // Behind the `=`, one blank away from it.
    let behind_equals = Edit::insert(entry.equals.end, [b" ", value].concat());
    if entry.value.bytes().is_empty() {
        return vec![behind_equals];
    }
    let span = entry.value.span();
    let first_end = line_end(source, span.start);
    let first = &source.bytes()[span.start..first_end];
    let mut edits = match blank_line_before(source, span.start) {
        // On a line of its own it would be a comment, or leave a line of blanks.
        Some(line_start) if value.is_empty() || value.starts_with(b"#") => {
            let first = Edit::replace(Span::new(line_start - 1, first_end), "");
            if value.is_empty() { vec![first] } else { vec![behind_equals, first] }
        }
        _ => vec![Edit::replace(Span::new(span.start, span.start + trim_end(first).len()), value)],
    };
    if first_end < span.end {
        edits.extend(delete(source, Span::new(first_end, span.end)));
    }
    edits
}

fn add(source: &Source, entry: &Assignment, elements: &[u8]) -> Vec<Edit> {
    let text = entry.value.bytes();
    let parts = split_list(text);
    let mut new: Vec<&[u8]> = Vec::new();
    for range in split_list(elements) {
        let element = &elements[range];
        if !new.contains(&element) && !parts.iter().any(|part| &text[part.clone()] == element) {
            new.push(element);
        }
    }
    let Some(last) = parts.last() else { return set_value(source, entry, &new.join(&b", "[..])) };
    let at = entry.value.source_span(last.clone()).end;
    // The elements are separated as the last two are: by what stands between them, comments left out.
    let before_last = parts.len().checked_sub(2).map(|before| entry.value.source_span(parts[before].clone()).end);
    let between = before_last.map(|end| source.slice(Span::new(end, entry.value.source_span(last.clone()).start)));
    let comma = match between {
        Some(between) => between.contains(&b','),
        None => !text[last.end..].contains(&b','),
    };
    let plain: &[u8] = if comma { b", " } else { b" " };
    let mut added = Vec::new();
    for element in new {
        // On a line of its own it would be a comment.
        let starts_comment = element.starts_with(b"#");
        let fits = |between: &&[u8]| !between.contains(&b'#') && (!starts_comment || !between.contains(&b'\n'));
        let usual = between.filter(fits);
        added.extend_from_slice(usual.unwrap_or(plain));
        added.extend_from_slice(element);
    }
    if added.is_empty() { Vec::new() } else { vec![Edit::insert(at, added)] }
}

fn remove(source: &Source, entry: &Assignment, elements: &[u8]) -> Vec<Edit> {
    let text = entry.value.bytes();
    let parts = split_list(text);
    let unwanted = split_list(elements);
    let goes = |part: &Range<usize>| unwanted.iter().any(|range| elements[range.clone()] == text[part.clone()]);
    let place = |index: usize| entry.value.source_span(parts[index].clone());
    let mut edits = Vec::new();
    let mut at = 0;
    while at < parts.len() {
        let first = at;
        at += 1;
        if !goes(&parts[first]) {
            continue;
        }
        // A run of them goes with the separators behind it; the last run with those before it.
        while at < parts.len() && goes(&parts[at]) {
            at += 1;
        }
        let span = match (at < parts.len(), first.checked_sub(1)) {
            (true, _) => Span::new(place(first).start, place(at).start),
            (false, Some(before)) => Span::new(place(before).end, place(at - 1).end),
            (false, None) => Span::new(place(first).start, place(at - 1).end),
        };
        if at < parts.len() && text[parts[at].start] == b'#' && blank_line_before(source, span.start).is_some() {
            // What comes next would begin a line, and be a comment there.
            let kept: Vec<&[u8]> = parts.iter().filter(|part| !goes(part)).map(|part| &text[part.clone()]).collect();
            return set_value(source, entry, &kept.join(&b" "[..]));
        }
        edits.extend(delete(source, span));
    }
    edits
}

/// Where the line of an offset ends: at its newline, or the end of the text.
fn line_end(source: &Source, offset: usize) -> usize {
    let bytes = source.bytes();
    memchr::memchr(b'\n', &bytes[offset..]).map_or(bytes.len(), |length| offset + length)
}

/// The start of the line of an offset, if only white space stands between them; never that of the first line.
fn blank_line_before(source: &Source, offset: usize) -> Option<usize> {
    let before = &source.bytes()[..offset];
    let start = memchr::memrchr(b'\n', before)? + 1;
    before[start..].iter().all(|&byte| is_space(byte)).then_some(start)
}

/// Takes a part of a value away. Comments and blank lines that lie in it stay, and so do the blanks before what
/// follows.
fn delete(source: &Source, span: Span) -> Vec<Edit> {
    let bytes = source.bytes();
    let mut lines = Vec::new();
    let mut start = span.start;
    while start <= span.end {
        let end = line_end(source, start).min(span.end);
        lines.push(start..end);
        start = end + 1;
    }
    let inner = || lines.iter().skip(1);
    if !inner().any(|line| line.end < span.end && is_comment(&bytes[line.clone()])) {
        return if span.is_empty() { Vec::new() } else { vec![Edit::replace(span, "")] };
    }
    let mut edits = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let begins_line = if index > 0 { Some(line.start) } else { blank_line_before(source, line.start) };
        let whole_end = line_end(source, line.end);
        let ends_line = bytes[line.end..whole_end].iter().all(|&byte| is_space(byte));
        let text = &bytes[line.clone()];
        let blanks = text.iter().take_while(|&&byte| is_space(byte)).count();
        match begins_line {
            _ if is_comment(text) => {}
            // The whole line, with the newline before it.
            Some(start) if ends_line && start > 0 => edits.push(Edit::replace(Span::new(start - 1, whole_end), "")),
            _ => edits.push(Edit::replace(Span::new(line.start + blanks, line.end), "")),
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str, name: &str, change: &Change) -> String {
        let source = Arc::new(Source::new("main.cf", text));
        let edits = set(&parse_main_cf(&source), name.as_bytes(), change, b"").expect("braces match");
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
            (list, remove("one"), "a =\n# c\n  two,\n  three\n"),
            (list, remove("one three"), "a =\n# c\n  two\n"),
            (list, remove("two one"), "a =\n# c\n  three\n"),
            (list, remove("two three"), "a =\n  one\n# c\n"),
            (list, set("new"), "a =\n  new\n# c\n"),
            (list, set("#new"), "a = #new\n# c\n"),
            (list, set(""), "a =\n# c\n"),
            (list, add("#x"), "a =\n  one,\n# c\n  two,\n  three, #x\n"),
            ("a = x\n\n  y z\nb = 1\n", set("1"), "a = 1\n\nb = 1\n"),
            ("a = x\n# c\n  y z\n", remove("x y"), "a = \n# c\n  z\n"),
            ("a = x\r\n# c\r\n  y\r\n", set("1"), "a = 1\r\n# c\r\n"),
            ("a =\n  x #y\n", remove("x"), "a = #y\n"),
            ("a = x x x\n", remove("x"), "a = \n"),
            ("a = y x x\n", remove("x"), "a = y\n"),
            ("a = x, y\n", add("z, x w z"), "a = x, y, z, w\n"),
            ("a = { b c } d\n", remove("{ b c }"), "a = d\n"),
            ("b = 1\n", add(""), "b = 1\n"),
            ("a = x\n", add("y"), "a = x, y\n"),
            ("a = x y\n", add("z"), "a = x y z\n"),
            ("a = x\n", remove("x"), "a = \n"),
        ];
        for (text, change, expected) in cases {
            assert_eq!(&changed(text, "a", change), expected, "{text:?} {change:?}");
        }
    }

    #[test]
    fn a_list_that_is_not_set_begins_as_its_default() {
        let cases = [
            ("b = 1", Change::Add("z".into()), "$x, y", "b = 1\na = $x, y, z\n"),
            ("", Change::Add("z w".into()), "$x y ", "a = $x y z w\n"),
            ("", Change::Add("y".into()), "$x y", ""),
            ("", Change::Add("y".into()), "", "a = y\n"),
            ("", Change::Remove("y".into()), "$x y", "a = $x\n"),
            ("", Change::Remove("x".into()), "x", "a = \n"),
            ("", Change::Remove("z".into()), "$x y", ""),
            ("a = q\n", Change::Add("z".into()), "$x y", "a = q, z\n"),
            ("a =\n", Change::Add("z".into()), "$x y", "a = z\n"),
        ];
        for (text, change, default, expected) in cases {
            let source = Arc::new(Source::new("main.cf", text));
            let edits = set(&parse_main_cf(&source), b"a", &change, default.as_bytes()).expect("braces match");
            let after = apply_edits(source.bytes(), &edits).expect("edits do not overlap");
            assert_eq!(String::from_utf8_lossy(&after), expected, "{text:?} {change:?} {default:?}");
        }
    }

    #[test]
    fn lists_with_open_braces_are_refused() {
        let parse = |text: &str| parse_main_cf(&Arc::new(Source::new("main.cf", text)));
        let refused = Err(Refused::UnbalancedBraces);
        assert_eq!(set(&parse("a = { b\n"), b"a", &Change::Add("c".into()), b""), refused);
        assert_eq!(set(&parse("a = b\n"), b"a", &Change::Remove("{".into()), b""), refused);
        assert!(set(&parse("a = { b\n"), b"a", &Change::Set("{".into()), b"").is_ok());
    }
}
