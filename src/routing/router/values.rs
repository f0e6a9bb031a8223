//! The parameters that decisions depend on, as text, numbers, switches and lists of tables.

use super::Router;
use crate::config::table_reference::behind_proxy;
use crate::maps::{LookupError, TableReference};
use crate::syntax::match_list::split_list;

impl Router<'_> {
    /// The expanded value of a parameter; empty if nothing defines it.
    ///
    /// # Errors
    /// A value that cannot be expanded.
    pub fn text(&self, parameter: &str) -> Result<Vec<u8>, LookupError> {
        let service = self.service();
        // Each service has values of its own; nothing has the address zero.
        let whose = service.map_or(0, |service| std::ptr::from_ref(service).addr());
        let known = self.texts.borrow().get(&whose).and_then(|texts| texts.get(parameter).cloned());
        known.unwrap_or_else(|| {
            let text = self.configuration.expanded(parameter.as_bytes(), service);
            let text = text.map_err(|error| LookupError::Config(format!("{parameter}: {error}")));
            self.texts.borrow_mut().entry(whose).or_default().insert(parameter.to_string(), text.clone());
            text
        })
    }

    /// The value of a parameter, not expanded: a template that is filled in later.
    #[must_use]
    pub fn raw(&self, parameter: &str) -> Vec<u8> {
        self.configuration
            .value(parameter.as_bytes(), self.service())
            .map(|value| value.bytes.into_owned())
            .unwrap_or_default()
    }

    /// Whether a parameter says `yes`.
    ///
    /// # Errors
    /// As for [`text`](Self::text), and for neither `yes` nor `no`.
    pub fn is_yes(&self, parameter: &str) -> Result<bool, LookupError> {
        let text = self.text(parameter)?;
        match text.to_ascii_lowercase().as_slice() {
            b"yes" => Ok(true),
            b"no" => Ok(false),
            _ => Err(bad_value(parameter, &text)),
        }
    }

    /// The number that a parameter holds.
    ///
    /// # Errors
    /// As for [`text`](Self::text), and for what is no number.
    pub fn number(&self, parameter: &str) -> Result<usize, LookupError> {
        let text = self.text(parameter)?;
        String::from_utf8_lossy(&text).trim().parse().map_err(|_| bad_value(parameter, &text))
    }

    /// Whether a word is in the list that a parameter holds, without regard to case.
    ///
    /// # Errors
    /// As for [`text`](Self::text).
    pub fn has_word(&self, parameter: &str, word: &str) -> Result<bool, LookupError> {
        let text = self.text(parameter)?;
        Ok(split_list(&text).into_iter().any(|range| text[range].eq_ignore_ascii_case(word.as_bytes())))
    }

    /// The tables that a parameter names, in order. Who asks through `proxy:` gets the same answer as who asks himself.
    ///
    /// # Errors
    /// As for [`text`](Self::text), and for what names no table.
    pub fn tables(&self, parameter: &str) -> Result<Vec<TableReference>, LookupError> {
        let text = self.text(parameter)?;
        let mut tables = Vec::new();
        for range in split_list(&text) {
            let name = &text[range];
            match TableReference::behind_proxy(name) {
                Some(table) => tables.push(table),
                None => return Err(bad_value(parameter, behind_proxy(name))),
            }
        }
        Ok(tables)
    }
}

fn bad_value(parameter: &str, text: &[u8]) -> LookupError {
    LookupError::Config(format!("{parameter}: bad value \"{}\"", String::from_utf8_lossy(text)))
}
