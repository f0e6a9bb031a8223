//! How tables are named: `type:name`, and what is known of a table by that alone, tables inside it counted.
//!
//! `proxy:` and `debug:` stand before another table, `unionmap:` and `pipemap:` hold a list of some in braces. Whoever
//! asks what a table is, or which tables a value names, asks here.

use super::catalogue::{self, MapContent, MapType};
use crate::syntax::match_list::{closing_brace, split_list};
use crate::syntax::pattern_table::PatternForm;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// `type:name`, as tables are named in main.cf and on command lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableReference {
    /// The map type.
    pub map_type: String,
    /// The name: for files a path without the indexed file's suffix.
    pub name: TableName,
}

/// The name of a table, shared by all who hold it: that of an `inline:` table is all that is in it, and may be long.
#[derive(Clone, Debug, Eq, PartialOrd, Ord)]
pub struct TableName(Arc<[u8]>);

/// Bytes at either end of a name that tell most names from each other.
const TELLING: usize = 64;

impl Deref for TableName {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<T: AsRef<[u8]>> From<T> for TableName {
    fn from(name: T) -> Self {
        Self(name.as_ref().into())
    }
}

impl PartialEq for TableName {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Hash for TableName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.len().hash(state);
        self.0[..self.0.len().min(TELLING)].hash(state);
        self.0[self.0.len().saturating_sub(TELLING)..].hash(state);
    }
}

impl TableReference {
    /// Parses `type:name`; nothing if there is no colon, or nothing that a type could be called before it.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (map_type, name) = Self::split(text)?;
        Some(Self { map_type: map_type.to_string(), name: name.into() })
    }

    /// As [`parse`](Self::parse): the type and the name as they stand in the text.
    #[must_use]
    pub fn split(text: &[u8]) -> Option<(&str, &[u8])> {
        let colon = memchr::memchr(b':', text)?;
        let (map_type, name) = (&text[..colon], &text[colon + 1..]);
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'-';
        if map_type.is_empty() || name.is_empty() || !map_type.iter().all(plain) {
            return None;
        }
        Some((std::str::from_utf8(map_type).ok()?, name))
    }

    /// The table that is asked when `text` is: `proxy:` before it changes no answer.
    #[must_use]
    pub fn behind_proxy(text: &[u8]) -> Option<Self> {
        Self::parse(behind_proxy(text))
    }

    /// The name as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn name_lossy(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// The type, if Postfix has one of that name.
    #[must_use]
    pub fn known_type(&self) -> Option<&'static MapType> {
        catalogue::map_type(&self.map_type)
    }

    /// The texts that name the tables right inside this one.
    #[must_use]
    pub fn members(&self) -> Vec<&[u8]> {
        self.known_type().and_then(|known| members(known, &self.name)).unwrap_or_default()
    }

    /// Whether its text is in a file, the one that is named or the one that its index is made from.
    #[must_use]
    pub fn has_source(&self) -> bool {
        // cidr:{ … } and its kin hold their rules in the name itself.
        !self.name.starts_with(b"{") && self.known_type().is_some_and(MapType::has_source)
    }

    /// How its text is written, if it is one of patterns.
    #[must_use]
    pub fn pattern_form(&self) -> Option<PatternForm> {
        self.known_type().and_then(MapType::pattern_form)
    }

    /// The tables that it comes down to: itself, or, if it holds others, those.
    #[must_use]
    pub fn innermost(&self) -> Vec<Self> {
        let mut found = Vec::new();
        // Tables stand in tables for as long as they like: what is still to be looked at is kept on a list and not on
        // the stack.
        let mut pending = vec![(self.map_type.as_str(), &*self.name)];
        while let Some((map_type, name)) = pending.pop() {
            match catalogue::map_type(map_type).and_then(|known| members(known, name)) {
                Some(members) => pending.extend(members.into_iter().rev().filter_map(Self::split)),
                None => found.push(Self { map_type: map_type.to_string(), name: name.into() }),
            }
        }
        found
    }

    /// Whether results may hold parts of the key, in this table or in one inside.
    #[must_use]
    pub fn may_substitute(&self) -> bool {
        self.innermost().iter().any(|table| table.known_type().is_some_and(|known| known.regexp_like))
    }

    /// Whether keys that are only part of an address are looked up in it: patterns see whole addresses only.
    #[must_use]
    pub fn takes_partial_keys(&self) -> bool {
        let tables = self.innermost();
        tables.is_empty() || tables.iter().any(|table| table.pattern_form().is_none())
    }
}

impl fmt::Display for TableReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.map_type, self.name_lossy())
    }
}

/// The texts that name the tables right inside one of this type and name; nothing for a type that holds no others.
#[must_use]
pub fn members<'a>(map_type: &MapType, name: &'a [u8]) -> Option<Vec<&'a [u8]>> {
    match map_type.content {
        MapContent::Table => Some(vec![name]),
        MapContent::Tables => Some(braced_elements(name).unwrap_or_default()),
        _ => None,
    }
}

/// The tables that a text in a list names, those inside others for these.
#[must_use]
pub fn tables_within(text: &[u8]) -> Vec<TableReference> {
    let mut tables = TableReference::parse(text).map(|table| table.innermost()).unwrap_or_default();
    // `[::1]:25`, `inet:host`: not a table; an unknown type in a table's place is for the linter to tell.
    tables.retain(|table| table.known_type().is_some());
    tables
}

/// A table's name without any `proxy:` before it.
#[must_use]
pub fn behind_proxy(mut name: &[u8]) -> &[u8] {
    while let Some(rest) = name.strip_prefix(b"proxy:") {
        name = rest;
    }
    name
}

/// The elements of a list in braces; nothing if it is none, or empty.
///
/// They are separated by commas and white space; braces inside keep together what they hold, and stay.
#[must_use]
pub fn braced_elements(name: &[u8]) -> Option<Vec<&[u8]>> {
    if !name.starts_with(b"{") || closing_brace(name, 0)? + 1 != name.len() {
        return None;
    }
    let inner = &name[1..name.len() - 1];
    let elements: Vec<&[u8]> = split_list(inner).into_iter().map(|range| &inner[range]).collect();
    (!elements.is_empty()).then_some(elements)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(text: &str) -> TableReference {
        TableReference::parse(text.as_bytes()).expect("a table")
    }

    #[test]
    fn tables_inside_tables_are_found() {
        let cases = [
            ("lmdb:/x", "lmdb:/x"),
            ("proxy:proxy:debug:cdb:/x", "cdb:/x"),
            ("unionmap:{proxy:lmdb:/x, pipemap:{cdb:/y cidr:/z}}", "lmdb:/x cdb:/y cidr:/z"),
            ("debug:inline:{a=b, c=d}", "inline:{a=b, c=d}"),
            // Results, not tables.
            ("randmap:{lmdb:/x}", "randmap:{lmdb:/x}"),
            ("unionmap:lmdb:/x", ""),
            ("inet:host", ""),
            ("[::1]:25", ""),
        ];
        for (text, expected) in cases {
            let found: Vec<String> = tables_within(text.as_bytes()).iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn tables_may_stand_in_tables_for_as_long_as_they_like() {
        let nested = || {
            for (before, after) in [("proxy:", ""), ("debug:", ""), ("unionmap:{", "}")] {
                let text = format!("{}hash:/a{}", before.repeat(5000), after.repeat(5000));
                assert_eq!(tables_within(text.as_bytes()), [reference("hash:/a")], "{before}");
            }
            assert_eq!(tables_within(["pipemap:{".repeat(5000).as_str(), "cdb:/x"].concat().as_bytes()), []);
        };
        let small = std::thread::Builder::new().stack_size(1 << 18);
        std::thread::scope(|scope| small.spawn_scoped(scope, nested).expect("a thread").join()).expect("no panic");
    }

    #[test]
    fn patterns_are_asked_for_whole_addresses() {
        let cases = [
            ("lmdb:/x", true, false),
            ("pcre:/x", false, true),
            ("cidr:/x", false, false),
            ("debug:proxy:regexp:/x", false, true),
            ("unionmap:{pcre:/x, lmdb:/y}", true, true),
            ("pipemap:{pcre:/x, cidr:/y}", false, true),
            ("unionmap:{}", true, false),
            ("randmap:{pcre:/x}", true, false),
            ("static:pcre:/x", true, false),
        ];
        for (text, partial, substitutes) in cases {
            let table = reference(text);
            assert_eq!((table.takes_partial_keys(), table.may_substitute()), (partial, substitutes), "{text}");
        }
    }

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
            assert_eq!(braced_elements(name.as_bytes()), expected, "{name}");
        }
    }
}
