//! The elements of a match list, as they were read from a parameter or a file: the names among them are found by a
//! hash, however many there are.

use super::keys::Style;
use crate::base::Source;
use crate::maps::compile::Folding;
use crate::syntax::match_list::{Element, ElementKind};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::Arc;

/// The elements.
pub(in crate::routing) struct ElementList {
    /// The file that they stand in, if they do not stand in a parameter's value.
    pub(in crate::routing) file: Option<Arc<Source>>,
    /// All of them, in order.
    pub(in crate::routing) elements: Vec<Element>,
    /// Where each name, in lower case, stands first.
    names: HashMap<Vec<u8>, usize, RandomState>,
    /// Where those stand that are no names: files and tables.
    others: Vec<usize>,
}

impl ElementList {
    /// Takes elements, and the file that they stand in.
    pub(in crate::routing) fn new(elements: Vec<Element>, file: Option<Arc<Source>>) -> Self {
        let (mut names, mut others) = (HashMap::default(), Vec::new());
        for (at, element) in elements.iter().enumerate() {
            match element.kind {
                ElementKind::Pattern => {
                    names.entry(element.text.bytes().to_ascii_lowercase()).or_insert(at);
                }
                ElementKind::File | ElementKind::Table => others.push(at),
            }
        }
        Self { file, elements, names, others }
    }

    /// The elements that may settle it for a domain, in order: the files and tables up to the first name that stands
    /// for it, and that name.
    pub(in crate::routing) fn candidates(&self, domain: &[u8], style: Style) -> impl Iterator<Item = &Element> {
        let name = self.first_name(domain, style);
        let before = self.others.iter().copied().take_while(move |&at| name.is_none_or(|name| at < name));
        before.chain(name).map(|at| &self.elements[at])
    }

    fn first_name(&self, domain: &[u8], style: Style) -> Option<usize> {
        let domain = Folding::Ascii.apply(domain);
        let whole = self.names.get(&*domain).copied();
        // With their dots, unless a domain stands for what is below it.
        let above = match style {
            Style::Exact => return whole,
            Style::Dot => 0,
            Style::Parent => 1,
        };
        let dots = memchr::memchr_iter(b'.', &domain).filter(|&dot| dot > 0);
        dots.filter_map(|dot| self.names.get(&domain[dot + above..]).copied()).chain(whole).min()
    }
}
