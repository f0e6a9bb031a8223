//! The values of parameters: one address asks for hundreds of them, so that each is expanded once for a service, and
//! taken apart once.

use super::element_list::ElementList;
use crate::config::table_reference::behind_proxy;
use crate::maps::{LookupError, TableReference};
use crate::syntax::Text;
use crate::syntax::match_list::{parse_elements, split_list};
use foldhash::fast::FixedState;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

/// The values that were asked for, by name: first those of no service, then those of each.
#[derive(Default)]
pub(super) struct Values(RefCell<Vec<ByName>>);

type ByName = HashMap<String, Rc<Value>, FixedState>;

impl Values {
    /// The value that a parameter has for a service; `expanded` tells it the first time.
    pub(super) fn get(
        &self,
        service: Option<usize>,
        parameter: &str,
        expanded: impl FnOnce() -> Result<Vec<u8>, String>,
    ) -> Rc<Value> {
        let whose = service.map_or(0, |number| number + 1);
        if let Some(value) = self.0.borrow().get(whose).and_then(|values| values.get(parameter)) {
            return Rc::clone(value);
        }
        let text = expanded().map(Rc::from).map_err(|error| LookupError::Config(format!("{parameter}: {error}")));
        let value = Rc::new(Value { text, tables: OnceCell::new(), elements: OnceCell::new(), words: OnceCell::new() });
        let mut values = self.0.borrow_mut();
        if values.len() <= whose {
            values.resize_with(whose + 1, ByName::default);
        }
        values[whose].insert(parameter.to_string(), Rc::clone(&value));
        value
    }
}

/// The expanded value of a parameter, and what it is made of.
pub(super) struct Value {
    pub(super) text: Result<Rc<[u8]>, LookupError>,
    tables: OnceCell<Result<Rc<[TableReference]>, LookupError>>,
    elements: OnceCell<Rc<ElementList>>,
    words: OnceCell<Vec<Range<usize>>>,
}

impl Value {
    /// The elements of a match list.
    pub(super) fn elements(&self) -> Result<Rc<ElementList>, LookupError> {
        let text = self.text.as_ref().map_err(Clone::clone)?;
        let listed = || Rc::new(ElementList::new(parse_elements(&Text::whole(text)), None));
        Ok(Rc::clone(self.elements.get_or_init(listed)))
    }

    /// Whether a word is in the list, without regard to case.
    pub(super) fn has_word(&self, word: &str) -> Result<bool, LookupError> {
        let text = self.text.as_ref().map_err(Clone::clone)?;
        let words = self.words.get_or_init(|| split_list(text));
        Ok(words.iter().any(|range| text[range.clone()].eq_ignore_ascii_case(word.as_bytes())))
    }

    /// The tables that the parameter of this name holds.
    pub(super) fn tables(
        &self,
        parameter: &str,
        table: impl Fn(&[u8]) -> Option<TableReference>,
    ) -> Result<Rc<[TableReference]>, LookupError> {
        let text = self.text.as_ref().map_err(Clone::clone)?;
        let named = |name: &[u8]| table(name).ok_or_else(|| bad_value(parameter, behind_proxy(name)));
        let parsed = || split_list(text).into_iter().map(|range| named(&text[range])).collect();
        self.tables.get_or_init(parsed).clone()
    }
}

/// What is no value of a parameter.
pub(super) fn bad_value(parameter: &str, text: &[u8]) -> LookupError {
    LookupError::Config(format!("{parameter}: bad value \"{}\"", String::from_utf8_lossy(text)))
}
