//! The new site while it is being made: settings, tables and patterns, each with where it came from.

use super::report::{Line, Origin};
use std::collections::{BTreeMap, HashSet};

/// Texts in the order in which they are said first, each once.
#[derive(Clone, Debug, Default)]
pub struct Names {
    all: Vec<String>,
    known: HashSet<String>,
}

impl Names {
    /// Adds one, unless it is there; whether it was not.
    pub fn add(&mut self, name: &str) -> bool {
        let is_new = !self.known.contains(name);
        if is_new {
            self.known.insert(name.to_string());
            self.all.push(name.to_string());
        }
        is_new
    }

    /// Whether it is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[String] {
        &self.all
    }
}

/// A setting of main.cf.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// The elements of the value.
    pub elements: Names,
    /// Where they came from, and what is to be said of them.
    pub remarks: Names,
}

/// An indexed table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Its entries, in the order of the old site.
    pub entries: Vec<(String, String)>,
    keys: HashSet<String>,
}

/// The new site.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Indexed tables by the names of their files.
    pub tables: BTreeMap<&'static str, Table>,
    /// Tables of patterns, their lines as they are written.
    pub patterns: BTreeMap<&'static str, Vec<String>>,
    /// Lists of names, one a line.
    pub lists: BTreeMap<&'static str, Names>,
    /// Lists of main.cf that several places add to, by parameter.
    pub values: BTreeMap<&'static str, Setting>,
    /// What became of each line.
    pub lines: Vec<Line>,
}

impl Draft {
    /// Adds an entry to a table, unless its key has one: the first holds. Whether it was added.
    pub fn entry(&mut self, table: &'static str, key: &str, value: &str) -> bool {
        let table = self.tables.entry(table).or_default();
        let is_new = table.keys.insert(key.to_string());
        if is_new {
            table.entries.push((key.to_string(), value.to_string()));
        }
        is_new
    }

    /// Adds a line to a table of patterns.
    pub fn pattern(&mut self, table: &'static str, line: impl Into<String>) {
        self.patterns.entry(table).or_default().push(line.into());
    }

    /// Adds a name to a list.
    pub fn list(&mut self, list: &'static str, name: &str) {
        self.lists.entry(list).or_default().add(name);
    }

    /// Adds an element to a list of main.cf, with its origin.
    pub fn element(&mut self, parameter: &'static str, element: &str, origin: Option<&Origin>) {
        let setting = self.values.entry(parameter).or_default();
        setting.elements.add(element);
        if let Some(origin) = origin {
            setting.remarks.add(&origin.to_string());
        }
    }

    /// Whether a table has entries.
    #[must_use]
    pub fn has_table(&self, table: &str) -> bool {
        self.tables.get(table).is_some_and(|table| !table.entries.is_empty())
    }

    /// Whether a table of patterns has lines.
    #[must_use]
    pub fn has_patterns(&self, table: &str) -> bool {
        self.patterns.get(table).is_some_and(|lines| !lines.is_empty())
    }

    /// Reports a line.
    pub fn told(&mut self, line: Line) {
        self.lines.push(line);
    }
}

/// A text as a pattern that only it matches; a slash ends a pattern.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        if !char.is_alphanumeric() && !matches!(char, '@' | '_' | '-') {
            out.push('\\');
        }
        out.push(char);
    }
    out
}

/// A text as the result of a pattern that stands for itself.
#[must_use]
pub fn literal(text: &str) -> String {
    text.replace('$', "$$")
}
