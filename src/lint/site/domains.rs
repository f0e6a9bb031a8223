//! The domains that a site's lists name, with the places that name them: one list for each address class but the
//! default one.
//!
//! Files and tables in the lists are read; a list that holds something else is known to be
//! [incomplete](List::complete).
//!
//! Source: ADDRESS_CLASS_README.

use super::table::{Table, table_named};
use crate::base::{Overlay, Source, Span};
use crate::config::Site;
use crate::config::effective::Origin;
use crate::config::listed::{Listed, listed};
use crate::syntax::Text;
use crate::syntax::match_list::{ElementKind, parse_elements, split_list};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// The lists, in the order in which Postfix asks them.
pub const LISTS: [&str; 4] = ["mydestination", "virtual_alias_domains", "virtual_mailbox_domains", "relay_domains"];

/// The lists of a site.
#[derive(Debug, Default)]
pub struct Domains {
    /// One for each of [`LISTS`].
    pub lists: Vec<List>,
}

/// One list.
#[derive(Debug)]
pub struct List {
    /// The parameter.
    pub parameter: &'static str,
    /// What it names, without the names behind `!`.
    pub named: Vec<Named>,
    /// Whether all of it is known.
    pub complete: bool,
    /// Whether a name stands for the domains below it too.
    pub parent_matches: bool,
    index: HashMap<Vec<u8>, usize>,
    excluded: HashSet<Vec<u8>>,
}

/// Where files and tables are found.
struct Files<'s> {
    site: &'s Site,
    overlay: &'s Overlay,
    tables: &'s [Table],
}

/// A domain in a list.
#[derive(Clone, Debug)]
pub struct Named {
    /// The domain in lower case.
    pub domain: Vec<u8>,
    /// What names it, unless that is a default.
    pub place: Option<(Arc<Source>, Span)>,
}

impl Domains {
    /// Reads the lists of a site; texts of the overlay stand for files, and the tables are those that the site names.
    #[must_use]
    pub fn of(site: &Site, overlay: &Overlay, tables: &[Table]) -> Self {
        let files = Files { site, overlay, tables };
        // A value that cannot be expanded is told of by another rule.
        let by_parents = site.configuration.expanded(b"parent_domain_matches_subdomains", None).unwrap_or_default();
        let read = |parameter: &'static str| {
            let parent_matches =
                split_list(&by_parents).into_iter().any(|range| &by_parents[range] == parameter.as_bytes());
            let mut list = List {
                parameter,
                named: Vec::new(),
                complete: true,
                // The other lists are matched name by name.
                parent_matches: parent_matches && parameter == "relay_domains",
                index: HashMap::new(),
                excluded: HashSet::new(),
            };
            list.read(&files);
            list
        };
        Self { lists: LISTS.into_iter().map(read).collect() }
    }

    /// The list of a parameter, one of [`LISTS`].
    #[must_use]
    pub fn list(&self, parameter: &str) -> Option<&List> {
        self.lists.iter().find(|list| list.parameter == parameter)
    }

    /// Whether everything is known that any list names.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.lists.iter().all(|list| list.complete)
    }
}

impl List {
    /// What of the list a domain, in lower case, matches.
    #[must_use]
    pub fn find(&self, domain: &[u8]) -> Option<&Named> {
        if self.excluded.contains(domain) {
            return None;
        }
        let get = |name: &[u8]| self.index.get(name).map(|&at| &self.named[at]);
        if let Some(named) = get(domain) {
            return Some(named);
        }
        if self.parameter != "relay_domains" {
            return None;
        }
        for at in memchr::memchr_iter(b'.', domain).filter(|&at| at > 0) {
            let name = if self.parent_matches { &domain[at + 1..] } else { &domain[at..] };
            if self.excluded.contains(name) {
                return None;
            }
            if let Some(named) = get(name) {
                return Some(named);
            }
        }
        None
    }

    fn read(&mut self, files: &Files<'_>) {
        let configuration = &files.site.configuration;
        let Ok(text) = configuration.expanded(self.parameter.as_bytes(), None) else {
            self.complete = false;
            return;
        };
        let written = configuration.value(self.parameter.as_bytes(), None).and_then(|value| match value.origin {
            Origin::Main(text) => Some(text),
            _ => None,
        });
        let source = configuration.files.main.tree.source();
        let places = written.map(WrittenElements::of);
        let elements = parse_elements(&Text::whole(&text));
        for one in listed(&elements, |name| files.overlay.read(&files.site.paths.resolve(name))) {
            let place = match &one.source {
                Some(file) => Some((Arc::clone(file), one.element.span)),
                None => places.as_ref().map(|places| (Arc::clone(source), places.place_of(&one.element.shown()))),
            };
            self.add(files, &one, place);
        }
    }

    fn add(&mut self, files: &Files<'_>, one: &Listed, place: Option<(Arc<Source>, Span)>) {
        let text = one.element.text.bytes();
        match one.element.kind {
            ElementKind::Pattern => {
                let domain = text.to_ascii_lowercase();
                if one.negated {
                    self.excluded.insert(domain);
                } else {
                    self.name(domain, place);
                }
            }
            // What it holds comes next.
            ElementKind::File => self.complete &= matches!(one.file, Some(Ok(_))),
            ElementKind::Table => match table_named(files.tables, text) {
                Some(table) if !one.negated => self.add_table(table),
                _ => self.complete = false,
            },
        }
    }

    /// Every key of a table that can be a domain.
    fn add_table(&mut self, table: &Table) {
        let (Some(Ok(source)), Some(entries)) = (&table.source, &table.entries) else {
            self.complete = false;
            return;
        };
        for entry in entries.all() {
            let key = entries.key(entry);
            if memchr::memchr(b'@', key).is_none() {
                let start = entries.line_start(entry);
                self.name(key.to_vec(), Some((Arc::clone(source), Span::new(start, start + key.len()))));
            }
        }
    }

    fn name(&mut self, domain: Vec<u8>, place: Option<(Arc<Source>, Span)>) {
        let at = self.named.len();
        self.index.entry(domain.clone()).or_insert(at);
        self.named.push(Named { domain, place });
    }
}

/// The elements of a value as they are written, for whoever asks for the places of many.
pub struct WrittenElements<'t> {
    written: &'t Text,
    places: HashMap<&'t [u8], Range<usize>>,
}

impl<'t> WrittenElements<'t> {
    /// Those of a value.
    #[must_use]
    pub fn of(written: &'t Text) -> Self {
        let mut places = HashMap::new();
        for range in split_list(written.bytes()) {
            places.entry(&written.bytes()[range.clone()]).or_insert(range);
        }
        Self { written, places }
    }

    /// Where the value names an element: the element itself, if it stands there as it is; else the whole value.
    #[must_use]
    pub fn place_of(&self, element: &[u8]) -> Span {
        self.written.source_span(self.places.get(element).cloned().unwrap_or(0..self.written.bytes().len()))
    }
}

/// The place of one element, see [`WrittenElements::place_of`].
#[must_use]
pub fn place_of(written: &Text, element: &[u8]) -> Span {
    WrittenElements::of(written).place_of(element)
}
