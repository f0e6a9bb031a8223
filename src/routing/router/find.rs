//! Finding an address in tables: which keys are tried, in which order.
//!
//! Of `user+ext@domain`: itself, `user@domain`, then, where the domain is one of this machine's, `user+ext` and `user`, and at last
//! `@domain`. Every table is asked for a key before the next key is tried. Tables of patterns see the whole address only. A local
//! part that needs quotes is tried with them first, then without.
//!
//! Source: virtual(5), canonical(5), "Table search order"; experiments with 3.11.

use super::Router;
use crate::mail::local_part::{external, split_domain, split_extension};
use crate::maps::LookupError;
use crate::syntax::table_line::TableForm;

/// What was found for an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressMatch {
    /// The value.
    pub value: Vec<u8>,
    /// The extension that the key did not have, with its delimiter; empty if there is none.
    pub unmatched_extension: Vec<u8>,
}

/// Whether a key is all that is asked about, or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPart {
    /// All.
    Whole,
    /// A part.
    Partial,
}

/// The two parts of a local part: what stands before the delimiter, and the extension.
type Split<'l> = (&'l [u8], &'l [u8]);

impl Router<'_> {
    /// Asks the tables of a parameter for one key, in order; the first that has it answers.
    ///
    /// # Errors
    /// The first table that gives no answer.
    pub fn ask_tables(&mut self, parameter: &str, key: &[u8], part: KeyPart) -> Result<Option<Vec<u8>>, LookupError> {
        let aliases = self.tables("alias_maps")?;
        for table in self.tables(parameter)? {
            let form = if aliases.contains(&table) { TableForm::Aliases } else { TableForm::KeyValue };
            if part == KeyPart::Partial && !table.takes_partial_keys() {
                continue;
            }
            if let Some(value) = self.lookup_with(&table, form, self.may_substitute(parameter), key)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Looks an address up, in internal form.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub fn find_address(&mut self, parameter: &str, address: &[u8]) -> Result<Option<AddressMatch>, LookupError> {
        if self.tables(parameter)?.is_empty() {
            return Ok(None);
        }
        let (local, domain) = split_domain(address);
        let split = self.extension(local)?;
        let found = |value, extension: &[u8]| AddressMatch { value, unmatched_extension: extension.to_vec() };
        if let Some(value) = self.ask_forms(parameter, address, KeyPart::Whole)? {
            return Ok(Some(found(value, b"")));
        }
        if let Some((user, extension)) = split {
            let mut key = user.to_vec();
            if let Some(domain) = domain {
                key.push(b'@');
                key.extend_from_slice(domain);
            }
            if let Some(value) = self.ask_forms(parameter, &key, KeyPart::Partial)? {
                return Ok(Some(found(value, extension)));
            }
        }
        let Some(domain) = domain else { return Ok(None) };
        let is_ours = domain.eq_ignore_ascii_case(&self.text("myorigin")?) || self.is_local_domain(domain)?;
        if is_ours {
            if let Some(value) = self.ask_forms(parameter, local, KeyPart::Partial)? {
                return Ok(Some(found(value, b"")));
            }
            if let Some((user, extension)) = split
                && let Some(value) = self.ask_forms(parameter, user, KeyPart::Partial)?
            {
                return Ok(Some(found(value, extension)));
            }
        }
        let key = [b"@", domain].concat();
        let value = self.ask_tables(parameter, &key, KeyPart::Partial)?;
        // Everybody is meant, so no extension is left over.
        Ok(value.map(|value| found(value, b"")))
    }

    /// Asks for an address or local part with quotes, if it needs any, and then without.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub fn ask_forms(&mut self, parameter: &str, key: &[u8], part: KeyPart) -> Result<Option<Vec<u8>>, LookupError> {
        let quoted = external(key);
        if *quoted != *key
            && let Some(value) = self.ask_tables(parameter, &quoted, part)?
        {
            return Ok(Some(value));
        }
        self.ask_tables(parameter, key, part)
    }

    /// Cuts a local part at the first of `recipient_delimiter`.
    ///
    /// # Errors
    /// A parameter that cannot be expanded.
    pub fn extension<'l>(&self, local: &'l [u8]) -> Result<Option<Split<'l>>, LookupError> {
        let delimiters = self.text("recipient_delimiter")?;
        let special = self.is_yes("owner_request_special")?;
        Ok(split_extension(local, &delimiters, special))
    }
}
