//! Finding an address in tables: every table is asked for a key before the next key is tried, in the order of
//! [`keys`](super::keys).
//!
//! A local part that needs quotes is tried with them first, then without.
//!
//! Source: virtual(5), canonical(5), "Table search order"; experiments with 3.11.

use super::keys::{ADDRESS_ORDER, AddressParts, KeyPart};
use super::{Router, Way};
use crate::mail::local_part::{external, external_local, split_extension};
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

/// The two parts of a local part: what stands before the delimiter, and the extension.
type Split<'l> = (&'l [u8], &'l [u8]);

impl Router<'_> {
    /// Asks the tables of a parameter for one key, in order; the first that has it answers.
    ///
    /// # Errors
    /// The first table that gives no answer.
    pub fn ask_tables(&mut self, parameter: &str, key: &[u8], part: KeyPart) -> Result<Option<Vec<u8>>, LookupError> {
        if key.is_empty() {
            // Postfix asks no table for it.
            return Ok(None);
        }
        let aliases = self.tables("alias_maps")?;
        for table in self.tables(parameter)?.iter() {
            let form = if aliases.contains(table) { self.alias_form() } else { TableForm::KeyValue };
            if part == KeyPart::Partial && !table.takes_partial_keys() {
                continue;
            }
            let (substitution, folds) = (self.may_substitute(parameter), self.folds_keys(parameter));
            if let Some(value) = self.lookup_in(table, Way { form, substitution, folds }, key)? {
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
        let parts = AddressParts::of(address, |local| self.extension(local))?;
        let mut is_ours = None;
        for key in ADDRESS_ORDER {
            let Some(text) = key.text(&parts) else { continue };
            if let Some(domain) = parts.domain.filter(|_| key.is_of_own_domain()) {
                // Lists are asked only when it comes to that, and once.
                let known = match is_ours {
                    Some(known) => known,
                    None => domain.eq_ignore_ascii_case(&self.text("myorigin")?) || self.is_local_domain(domain)?,
                };
                is_ours = Some(known);
                if !known {
                    continue;
                }
            }
            let value = if key.is_of_own_domain() && key.has_local_part() {
                // A local part by itself, whose @ divides nothing.
                self.ask_both(parameter, &external_local(&text), &text, key.part())?
            } else if key.has_local_part() {
                self.ask_forms(parameter, &text, key.part())?
            } else {
                self.ask_tables(parameter, &text, key.part())?
            };
            if let Some(value) = value {
                return Ok(Some(AddressMatch { value, unmatched_extension: key.unmatched_extension(&parts).to_vec() }));
            }
        }
        Ok(None)
    }

    /// Asks for an address with quotes, if it needs any, and then without.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub fn ask_forms(&mut self, parameter: &str, key: &[u8], part: KeyPart) -> Result<Option<Vec<u8>>, LookupError> {
        self.ask_both(parameter, &external(key), key, part)
    }

    /// Asks for the quoted form of a key, if that is another, and then for the key.
    pub(in crate::routing) fn ask_both(
        &mut self,
        parameter: &str,
        quoted: &[u8],
        key: &[u8],
        part: KeyPart,
    ) -> Result<Option<Vec<u8>>, LookupError> {
        if quoted != key
            && let Some(value) = self.ask_tables(parameter, quoted, part)?
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
