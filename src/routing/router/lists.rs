//! Match lists: whether a domain is in `mydestination`, `relay_domains` and their like.
//!
//! Elements are tried in order and the first that matches settles it: `!` before it means no. `/file` stands for the
//! elements in that file, `type:name` matches what the table has a value for. Names are compared without regard to
//! case.
//!
//! Source: postconf(5), mydestination, `relay_domains`, `parent_domain_matches_subdomains`.

use super::Router;
use super::element_list::ElementList;
use super::keys::{Style, domain_and_parents};
use super::trail::{Place, StepKind};
use super::unknown::Purpose;
use crate::base::system_words;
use crate::maps::{LookupError, TableReference};
use crate::syntax::match_list::{Element, ElementKind, parse_match_list};
use crate::syntax::table_line::TableForm;
use std::rc::Rc;

/// How deeply files may name files.
const MAX_DEPTH: usize = 20;

impl Router<'_> {
    /// The style of a domain list that [`Style::Dot`] and [`Style::Parent`] are possible for.
    #[must_use]
    pub fn domain_style(&self, parameter: &str) -> Style {
        // One that cannot be expanded names nothing.
        let is_named = self.has_word("parent_domain_matches_subdomains", parameter).unwrap_or(false);
        if is_named { Style::Parent } else { Style::Dot }
    }

    /// Whether a value is in the list that a parameter holds.
    ///
    /// # Errors
    /// A parameter that cannot be expanded, a file that cannot be read, a table that gives no answer.
    pub fn is_listed(&mut self, parameter: &str, value: &[u8], style: Style) -> Result<bool, LookupError> {
        let list = self.elements(parameter)?;
        let settled = self.settle(&list, value, style, 0)?;
        self.step(|| {
            let (element, place) =
                settled.as_ref().map(|settled| (settled.element.clone(), settled.place.clone())).unzip();
            StepKind::Matched { list: parameter.into(), value: value.to_vec(), element, place: place.flatten() }
        });
        Ok(settled.is_some_and(|settled| settled.holds))
    }

    fn settle(
        &mut self,
        list: &ElementList,
        value: &[u8],
        style: Style,
        depth: usize,
    ) -> Result<Option<Settled>, LookupError> {
        for element in list.candidates(value, style) {
            let holds = match element.kind {
                ElementKind::File => {
                    let file = self.list_file(element, depth)?;
                    if let Some(inside) = self.settle(&file, value, style, depth + 1)? {
                        return Ok(Some(Settled { holds: inside.holds != element.negated, ..inside }));
                    }
                    false
                }
                ElementKind::Table => self.in_table(element, value, style)?,
                ElementKind::Pattern => true,
            };
            if holds {
                let place = self
                    .is_recording()
                    .then_some(list.file.as_ref())
                    .flatten()
                    .map(|file| Place { file: file.name().into(), line: file.position(element.span.start).line });
                return Ok(Some(Settled { holds: !element.negated, element: element.shown(), place }));
            }
        }
        Ok(None)
    }

    /// The file that an element of a list names, at this depth of files in files; read once.
    ///
    /// # Errors
    /// One that cannot be read, or lies too deep.
    pub(in crate::routing) fn list_file(
        &mut self,
        element: &Element,
        depth: usize,
    ) -> Result<Rc<ElementList>, LookupError> {
        let name = element.text.bytes();
        let failed =
            |words: &str| LookupError::Config(format!("open {}: {words}", self.site.paths.shown(name).display()));
        if depth > MAX_DEPTH {
            return Err(failed("match lists are nested too deeply"));
        }
        if let Some(file) = self.list_files.get(name) {
            return Ok(Rc::clone(file));
        }
        let source = self.site.paths.read(name).map_err(|error| failed(&system_words(&error)))?;
        let file = Rc::new(ElementList::new(parse_match_list(&source).elements, Some(source)));
        self.list_files.insert(name.to_vec(), Rc::clone(&file));
        Ok(file)
    }

    /// Whether a table has a value for the name, or, by the style of the list, for a domain above it.
    fn in_table(&mut self, element: &Element, value: &[u8], style: Style) -> Result<bool, LookupError> {
        let table = self.list_table(element.text.bytes())?;
        let value = value.to_ascii_lowercase();
        self.asking_for(Purpose::Listed, |router| {
            for key in domain_and_parents(&value, style) {
                if router.lookup(&table, TableForm::KeyValue, key)?.is_some() {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// The table that an element with a colon names.
    ///
    /// # Errors
    /// There is no such type of tables: nothing is matched, and the element does not count as one that does not match
    /// either.
    pub(in crate::routing) fn list_table(&self, text: &[u8]) -> Result<TableReference, LookupError> {
        self.table(text).ok_or_else(|| match memchr::memchr(b':', text) {
            Some(colon @ 1..) => {
                let map_type = String::from_utf8_lossy(&text[..colon]);
                LookupError::Config(format!("unsupported dictionary type: {map_type}"))
            }
            _ => untyped(text),
        })
    }
}

/// The error with which a daemon ends that has an element such as `::1` in its list.
pub(in crate::routing) fn untyped(text: &[u8]) -> LookupError {
    let shown = String::from_utf8_lossy(text);
    LookupError::Config(format!("open dictionary: expecting \"type:name\" form instead of \"{shown}\""))
}

/// The element that settled it.
struct Settled {
    /// Whether the value is in the list.
    holds: bool,
    element: Vec<u8>,
    place: Option<Place>,
}

/// Whether an element that is a domain matches a name.
#[must_use]
pub(in crate::routing) fn matches(pattern: &[u8], value: &[u8], style: Style) -> bool {
    if pattern.eq_ignore_ascii_case(value) {
        return true;
    }
    let is_below =
        |suffix: &[u8]| value.len() > suffix.len() && value[value.len() - suffix.len()..].eq_ignore_ascii_case(suffix);
    match style {
        Style::Exact => false,
        Style::Dot => pattern.starts_with(b".") && is_below(pattern),
        Style::Parent => is_below(&[b".", pattern].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Platform, Site};
    use crate::maps::NoCaller;
    use crate::routing::Recording;
    use crate::syntax::Text;
    use crate::syntax::match_list::parse_elements;
    use std::sync::Arc;

    #[test]
    fn elements_in_order_and_by_style() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        std::fs::write(scratch.path().join("list"), "file.example\n!not.example /etc/postfix/more\n").expect("written");
        std::fs::write(scratch.path().join("more"), "more.example\nnot.example\n").expect("written");
        std::fs::write(scratch.path().join("table"), "table.example x\n.dot.example x\n").expect("written");
        let main = "relay_domains = a.example, !b.example .b.example /etc/postfix/list lmdb:/etc/postfix/table\n\
                    mydestination = !/etc/postfix/list, c.example\n";
        let main = Arc::new(Source::new("main.cf", main));
        let files = ConfigFiles::from_sources(scratch.path(), &main, None);
        let site = Site::new(Configuration::new(files, Platform::default()), PathMap::directory(scratch.path(), None));
        let mut router = Router::new(&site, Arc::new(NoCaller));
        assert_eq!(router.domain_style("relay_domains"), Style::Parent);
        assert_eq!(router.domain_style("mydestination"), Style::Dot);
        use Style::{Dot, Exact, Parent};
        let cases = [
            ("relay_domains", "A.Example", Exact, true),
            ("relay_domains", "x.a.example", Exact, false),
            ("relay_domains", "x.a.example", Parent, true),
            ("relay_domains", "x.a.example", Dot, false),
            ("relay_domains", "xa.example", Parent, false),
            ("relay_domains", "b.example", Dot, false),
            ("relay_domains", "x.b.example", Dot, true),
            ("relay_domains", "x.b.example", Parent, false),
            ("relay_domains", "file.example", Exact, true),
            ("relay_domains", "more.example", Exact, true),
            ("relay_domains", "not.example", Exact, false),
            ("relay_domains", "table.example", Exact, true),
            ("relay_domains", "x.table.example", Exact, false),
            ("relay_domains", "x.y.table.example", Parent, true),
            ("relay_domains", "x.table.example", Dot, false),
            ("relay_domains", "x.dot.example", Dot, true),
            ("relay_domains", "x.dot.example", Parent, false),
            ("mydestination", "file.example", Exact, false),
            ("mydestination", "not.example", Exact, true),
            ("mydestination", "c.example", Exact, true),
        ];
        for (list, value, style, expected) in cases {
            let found = router.is_listed(list, value.as_bytes(), style);
            assert_eq!(found, Ok(expected), "{value} in {list}, {style:?}");
        }
    }

    /// As Postfix 3.11: an address without brackets is a table of no type that exists, and a comment ends the list.
    #[test]
    fn addresses_without_brackets_and_comments() {
        let main = "relay_domains = p.example, # main\n  q.example\nmydestination = p.example 2001:db8::1 q.example\n\
                    virtual_mailbox_domains = ::1\nvirtual_alias_domains = 192.0.2.1:25\n";
        let main = Arc::new(Source::new("main.cf", main));
        let files = ConfigFiles::from_sources(std::path::Path::new("."), &main, None);
        let site = Site::new(Configuration::new(files, Platform::default()), PathMap::directory(".".as_ref(), None));
        let mut router = Router::new(&site, Arc::new(NoCaller));
        let failed = |text: &str| Err(LookupError::Config(text.into()));
        let cases = [
            ("relay_domains", "p.example", Ok(true)),
            ("relay_domains", "q.example", Ok(false)),
            ("relay_domains", "main", Ok(false)),
            ("mydestination", "p.example", Ok(true)),
            ("mydestination", "q.example", failed("unsupported dictionary type: 2001")),
            (
                "virtual_mailbox_domains",
                "x.example",
                failed("open dictionary: expecting \"type:name\" form instead of \"::1\""),
            ),
            ("virtual_alias_domains", "x.example", failed("unsupported dictionary type: 192.0.2.1")),
        ];
        for (list, value, expected) in cases {
            assert_eq!(router.is_listed(list, value.as_bytes(), Style::Exact), expected, "{value} in {list}");
        }
    }

    /// Those found by the hash are those that are found one after the other.
    #[test]
    fn candidates_are_what_may_match_up_to_the_first_name_that_does() {
        let text =
            b"lmdb:/t1 B.example !a.b.example /f1 .example x..c.example .c.example lmdb:/t2 b.example .b.example";
        let list = ElementList::new(parse_elements(&Text::whole(text)), None);
        let domains = ["b.example", "A.B.example", "x.a.b.example", "example", ".example", "z", "x..c.example", ""];
        for domain in domains.map(str::as_bytes) {
            for style in [Style::Exact, Style::Dot, Style::Parent] {
                let is_name = |element: &&Element| element.kind == ElementKind::Pattern;
                let may_settle = |element: &&Element| !is_name(element) || matches(element.text.bytes(), domain, style);
                let mut expected: Vec<&Element> = list.elements.iter().filter(may_settle).collect();
                let first = expected.iter().position(is_name).unwrap_or(expected.len());
                expected.truncate(first + 1);
                let found: Vec<&Element> = list.candidates(domain, style).collect();
                assert_eq!(found, expected, "{} {style:?}", String::from_utf8_lossy(domain));
            }
        }
    }

    #[test]
    fn the_trail_names_element_and_line() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        std::fs::write(scratch.path().join("list"), "# domains\nfile.example\n").expect("written");
        let main = Arc::new(Source::new("main.cf", "relay_domains = /etc/postfix/list\n"));
        let files = ConfigFiles::from_sources(scratch.path(), &main, None);
        let site = Site::new(Configuration::new(files, Platform::default()), PathMap::directory(scratch.path(), None));
        let mut router = Router::new(&site, Arc::new(NoCaller)).with_recording(Recording::Steps);
        let (found, steps) =
            router.recorded(|router| router.is_listed("relay_domains", b"x.file.example", Style::Parent));
        assert_eq!(found, Ok(true));
        let file = scratch.path().join("list").display().to_string();
        let expected = StepKind::Matched {
            list: "relay_domains".into(),
            value: b"x.file.example".to_vec(),
            element: Some(b"file.example".to_vec()),
            place: Some(Place { file, line: 2 }),
        };
        assert_eq!(steps.iter().map(|step| &step.kind).collect::<Vec<_>>(), [&expected]);
    }
}
