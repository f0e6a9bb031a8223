//! The elements of a list after expansion, each with the place of what it came from.

use super::effective::Configuration;
use super::services::Service;
use crate::base::Span;
use crate::syntax::Text;
use crate::syntax::match_list::split_list;

/// An element of a list after expansion, with the place of what it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListElement {
    /// The element.
    pub bytes: Vec<u8>,
    /// Its place; that of the `$name` which held it, if it came from one.
    pub span: Span,
    /// Whether it stands in the text as it is.
    pub literal: bool,
}

/// The elements of a list in a value; those that cannot be expanded are left out.
#[must_use]
pub fn list_elements(configuration: &Configuration, value: &Text, service: Option<&Service>) -> Vec<ListElement> {
    let mut elements = Vec::new();
    for range in split_list(value.bytes()) {
        let (bytes, span) = (&value.bytes()[range.clone()], value.source_span(range));
        if !bytes.contains(&b'$') {
            elements.push(ListElement { bytes: bytes.to_vec(), span, literal: true });
        } else if let Ok(text) = configuration.expand(bytes, service) {
            let inner = split_list(&text).into_iter();
            elements.extend(inner.map(|range| ListElement { bytes: text[range].to_vec(), span, literal: false }));
        }
    }
    elements
}
