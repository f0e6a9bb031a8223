//! The parameters that decisions depend on, as text, numbers, switches, lists and tables.

use super::Router;
use super::element_list::ElementList;
use super::values::{Value, bad_value};
use crate::config::catalogue::{self, TimeUnit, ValueType};
use crate::config::table_reference::behind_proxy;
use crate::maps::{LookupError, TableReference};
use crate::syntax::table_line::TableForm;
use std::rc::Rc;

impl Router<'_> {
    /// The expanded value of a parameter; empty if nothing defines it.
    ///
    /// # Errors
    /// A value that cannot be expanded.
    pub fn text(&self, parameter: &str) -> Result<Rc<[u8]>, LookupError> {
        self.value(parameter).text.clone()
    }

    /// The value of a parameter, not expanded: a template that is filled in later.
    #[must_use]
    pub fn raw(&self, parameter: &str) -> Vec<u8> {
        self.site
            .configuration
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
        match &*text {
            yes if yes.eq_ignore_ascii_case(b"yes") => Ok(true),
            no if no.eq_ignore_ascii_case(b"no") => Ok(false),
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

    /// The time that a parameter holds, in seconds.
    ///
    /// # Errors
    /// As for [`text`](Self::text), and for what is no time.
    pub fn seconds(&self, parameter: &str) -> Result<u64, LookupError> {
        let text = self.text(parameter)?;
        let unit = match catalogue::parameter(parameter).map(|known| known.value_type) {
            Some(ValueType::Time { unit, .. }) => unit,
            _ => TimeUnit::Second,
        };
        let seconds = unit.parse_time(&text).and_then(|seconds| u64::try_from(seconds).ok());
        seconds.ok_or_else(|| bad_value(parameter, &text))
    }

    /// What is said of a value that its parameter does not take.
    #[must_use]
    pub fn bad_value(&self, parameter: &str) -> LookupError {
        self.text(parameter).map_or_else(|error| error, |text| bad_value(parameter, &text))
    }

    /// Whether a word is in the list that a parameter holds, without regard to case.
    ///
    /// # Errors
    /// As for [`text`](Self::text).
    pub fn has_word(&self, parameter: &str, word: &str) -> Result<bool, LookupError> {
        self.value(parameter).has_word(word)
    }

    /// The elements of the match list that a parameter holds.
    ///
    /// # Errors
    /// As for [`text`](Self::text).
    pub(in crate::routing) fn elements(&self, parameter: &str) -> Result<Rc<ElementList>, LookupError> {
        self.value(parameter).elements()
    }

    /// The tables that a parameter names, in order. Who asks through `proxy:` gets the same answer as who asks himself.
    ///
    /// # Errors
    /// As for [`text`](Self::text), and for what names no table.
    pub fn tables(&self, parameter: &str) -> Result<Rc<[TableReference]>, LookupError> {
        self.value(parameter).tables(parameter, |text| self.table(text))
    }

    /// The form in which alias databases are stored.
    pub(in crate::routing) fn alias_form(&self) -> TableForm {
        self.site.configuration.platform.alias_form()
    }

    /// The table that a text names. `proxy:` before it changes no answer, and goes; it stays if proxymap(8) would not
    /// open it.
    #[must_use]
    pub fn table(&self, text: &[u8]) -> Option<TableReference> {
        let behind = behind_proxy(text);
        if behind.len() < text.len() && !self.opening.may_proxy(behind) {
            return Some(TableReference { map_type: "proxy".into(), name: behind.into() });
        }
        TableReference::parse(behind)
    }

    /// The value of a parameter for whoever asks.
    fn value(&self, parameter: &str) -> Rc<Value> {
        self.value_for(self.asking.service, parameter)
    }

    /// The value of a parameter for the service of this number.
    pub(super) fn value_for(&self, service: Option<usize>, parameter: &str) -> Rc<Value> {
        self.values.get(service, parameter, || {
            let service = service.and_then(|number| self.site.configuration.files.services.get(number));
            let value =
                self.site.configuration.expanded(parameter.as_bytes(), service).map_err(|error| error.to_string())?;
            // A file may hold it.
            if parameter != "myorigin" || value.is_empty() {
                return Ok(value);
            }
            let origin = self.site.configuration.origin(value, |name| self.site.paths.read(name));
            origin.map_err(|fault| String::from_utf8_lossy(&fault.fatal(b"main.cf")).into_owned())
        })
    }
}
