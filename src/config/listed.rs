//! What a match list holds, the files that it names read: one walk for all who ask.
//!
//! `/path` in `mydestination`, `relay_domains`, `mynetworks` and their like stands for the elements in that file, which
//! may name more files; `!` before it turns them all. Postfix 3.11.7 follows files without limit; here they are
//! followed [`MAX_DEPTH`] deep, and [`MAX_FILES`] of them.
//!
//! Source: postconf(5), mydestination.

use crate::base::Source;
use crate::syntax::match_list::{Element, ElementKind, parse_match_list};
use std::io;
use std::sync::Arc;

/// How deeply files may name files.
pub const MAX_DEPTH: usize = 20;

/// How many files are read for one list: files that each name another one twice would soon be a million.
pub const MAX_FILES: usize = 1000;

/// An element of a list, or of a file that it names.
#[derive(Debug)]
pub struct Listed {
    /// The element as it stands there.
    pub element: Element,
    /// Whether it is shut out: `!` before it and before the files on the way counted.
    pub negated: bool,
    /// The file that it stands in; nothing for the list itself.
    pub source: Option<Arc<Source>>,
    /// Which element of the list leads to it, by number.
    pub root: usize,
    /// For an element that names a file: its text, whose elements come next, or why it is not read.
    pub file: Option<Result<Arc<Source>, Unread>>,
}

/// Why a file of elements is not read.
#[derive(Debug)]
pub enum Unread {
    /// The system refused.
    Io(io::Error),
    /// It is one of too many, or too deep in others.
    Limit,
}

/// All elements of a list, in order; `read` gives the text of a file by its name.
pub fn listed(elements: &[Element], mut read: impl FnMut(&[u8]) -> io::Result<Arc<Source>>) -> Vec<Listed> {
    let mut found = Vec::new();
    let mut files = 0;
    let own = elements.iter().enumerate().rev();
    let mut pending: Vec<(Listed, usize)> = own
        .map(|(root, element)| {
            let (element, negated) = (element.clone(), element.negated);
            (Listed { element, negated, source: None, root, file: None }, 0)
        })
        .collect();
    while let Some((mut one, depth)) = pending.pop() {
        if one.element.kind == ElementKind::File {
            let file = if depth > MAX_DEPTH || files >= MAX_FILES {
                Err(Unread::Limit)
            } else {
                files += 1;
                read(one.element.text.bytes()).map_err(Unread::Io)
            };
            if let Ok(source) = &file {
                let inside = parse_match_list(source).elements.into_iter().rev();
                pending.extend(inside.map(|element| {
                    let negated = element.negated != one.negated;
                    (
                        Listed { element, negated, source: Some(Arc::clone(source)), root: one.root, file: None },
                        depth + 1,
                    )
                }));
            }
            one.file = Some(file);
        }
        found.push(one);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Text;
    use crate::syntax::match_list::parse_elements;

    fn shown(list: &str, files: &[(&str, &str)]) -> String {
        let read = |name: &[u8]| {
            let file = files.iter().find(|(known, _)| known.as_bytes() == name);
            file.map(|(name, text)| Arc::new(Source::new(*name, *text))).ok_or(io::ErrorKind::NotFound.into())
        };
        let show = |one: &Listed| {
            let mark = if one.negated { "!" } else { "" };
            let file = match &one.file {
                Some(Ok(_)) => " read",
                Some(Err(Unread::Io(_))) => " not there",
                Some(Err(Unread::Limit)) => " left",
                None => "",
            };
            let place = one.source.as_ref().map_or(String::new(), |source| format!("{}:", source.name()));
            format!("{} {place}{mark}{}{file}", one.root, one.element.text.to_string_lossy())
        };
        let elements = parse_elements(&Text::whole(list.as_bytes()));
        listed(&elements, read).iter().map(show).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn files_stand_for_their_elements() {
        let files = [("/f", "b, !c\n/g hash:/t\n"), ("/g", "!!d\n")];
        let expected = "0 a\n1 /f read\n1 /f:b\n1 /f:!c\n1 /f:/g read\n1 /g:d\n1 /f:hash:/t\n2 !/none not there\n3 !e";
        assert_eq!(shown("a /f !/none !e", &files), expected);
        let turned = "0 !/f read\n0 /f:!b\n0 /f:c\n0 /f:!/g read\n0 /g:!d\n0 /f:!hash:/t";
        assert_eq!(shown("!/f", &files), turned);
    }

    #[test]
    fn comments_end_a_list_and_a_line_of_a_file() {
        let files = [("/f", "b # c\n  d\ne\n")];
        assert_eq!(shown("/f # g\n  h", &files), "0 /f read\n0 /f:b\n0 /f:e");
    }

    #[test]
    fn files_that_name_each_other_end() {
        let itself = shown("/f", &[("/f", "a /f")]);
        assert_eq!(itself.lines().filter(|line| line.ends_with(" read")).count(), MAX_DEPTH + 1);
        assert!(itself.ends_with("\n0 /f:a\n0 /f:/f left"), "{itself}");
        let twice = shown("/f x", &[("/f", "/f /f")]);
        assert_eq!(twice.lines().filter(|line| line.ends_with(" read")).count(), MAX_FILES);
        assert!(twice.ends_with("\n1 x"), "{twice}");
    }
}
