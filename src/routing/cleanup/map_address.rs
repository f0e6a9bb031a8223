//! Address maps: what `canonical_maps` and `virtual_alias_maps` make of one address, and again of what that gives.
//!
//! Source: canonical(5), virtual(5), `ADDRESS_REWRITING_README`; experiments with 3.11.

use crate::mail::local_part::split_domain;
use crate::maps::LookupError;
use crate::routing::router::Router;
use crate::routing::router::trail::StepKind;
use crate::syntax::alias_value::{DestinationKind, parse_alias_value};
use std::collections::{HashMap, HashSet};

/// How often a canonical map is applied to its own result. What has come out by then is taken, though the program's
/// warning says that the message is not.
const MAX_CANONICAL_TURNS: usize = 10;

/// What address mapping came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mapped {
    /// Recipients, in internal form, each once.
    Addresses(Vec<Vec<u8>>),
    /// A limit was passed: mail is not accepted (451 4.3.0), and trying again does not help. The text is the program's
    /// warning.
    TooMuch(String),
}

/// How much of an address that is too long is shown, in bytes.
const LONGEST_SHOWN: usize = 300;

impl Router<'_> {
    /// Looks an address up and reads the value as a list of addresses; nothing if no table has it. All are in internal
    /// form.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub fn map_address(
        &mut self,
        parameter: &str,
        class: &str,
        address: &[u8],
    ) -> Result<Option<Vec<Vec<u8>>>, LookupError> {
        let Some(found) = self.find_address(parameter, address)? else { return Ok(None) };
        let extension = found.unmatched_extension;
        let mut value = found.value;
        if value.starts_with(b"@") {
            let (local, _) = split_domain(address);
            let user = local.strip_suffix(extension.as_slice()).unwrap_or(local);
            value = [user, &value].concat();
        }
        let propagates = !extension.is_empty() && self.has_word("propagate_unmatched_extensions", class)?;
        let mut addresses = Vec::new();
        for destination in parse_alias_value(&value).destinations {
            let mut address = match &destination.kind {
                DestinationKind::Address { localpart, domain: None } => self.rewrite_local(localpart)?,
                _ => self.rewrite(&destination.text)?,
            };
            if propagates {
                let at = memchr::memrchr(b'@', &address).unwrap_or(address.len());
                address.splice(at..at, extension.iter().copied());
            }
            addresses.push(address);
        }
        Ok(Some(addresses))
    }

    /// Applies a canonical map until it changes nothing more, or for too long.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub fn canonical(&mut self, parameter: &str, address: &[u8]) -> Result<Vec<u8>, LookupError> {
        let mut address = address.to_vec();
        if self.tables(parameter)?.is_empty() {
            return Ok(address);
        }
        // What it was before each turn.
        let mut way: Vec<Vec<u8>> = Vec::new();
        for turn in 0..MAX_CANONICAL_TURNS {
            if let Some(start) = way.iter().position(|before| *before == address) {
                // From here on it goes round.
                let last = way[start + (MAX_CANONICAL_TURNS - start) % (turn - start)].clone();
                let shown = lossy(&last);
                self.note(format_args!(
                    "{parameter} leads in a circle: Postfix stops after {MAX_CANONICAL_TURNS} turns, at {shown}"
                ));
                return Ok(last);
            }
            way.push(address.clone());
            let found =
                self.stage(parameter, &address, |router| router.map_address(parameter, "canonical", &address))?;
            let Some(next) = found.and_then(|found| found.into_iter().next()) else {
                return Ok(address);
            };
            let is_same = next.eq_ignore_ascii_case(&address);
            if next != address {
                let step = StepKind::Changed { by: parameter.into(), from: address, to: next.clone() };
                self.step(|| step);
            }
            address = next;
            if is_same {
                return Ok(address);
            }
        }
        self.note(format_args!("{parameter} would go on for ever: this is where Postfix leaves it"));
        Ok(address)
    }

    /// All recipients that `virtual_alias_maps` make of one.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub fn virtual_aliases(&mut self, recipient: &[u8]) -> Result<Mapped, LookupError> {
        const MAPS: &str = "virtual_alias_maps";
        let mut list = vec![recipient.to_vec()];
        if self.tables(MAPS)?.is_empty() {
            return Ok(Mapped::Addresses(list));
        }
        let most = self.number("virtual_alias_expansion_limit")?;
        let deepest = self.number("virtual_alias_recursion_limit")?;
        let longest = self.number("virtual_alias_address_length_limit")?;
        // Addresses that have expanded into themselves: they are final.
        let mut settled: Vec<Vec<u8>> = Vec::new();
        // What was found before: in a circle the tables are asked for the same again and again.
        let mut known: HashMap<Vec<u8>, Option<Vec<Vec<u8>>>> = HashMap::new();
        let mut is_told = false;
        let mut at = 0;
        while at < list.len() {
            if list.len() > most {
                let words = format!("unreasonable {MAPS} map expansion size for {}", lossy(recipient));
                return Ok(Mapped::TooMuch(words));
            }
            let mut turns = 0;
            let mut way: HashSet<Vec<u8>> = HashSet::new();
            while !settled.contains(&list[at]) {
                if turns >= deepest {
                    let words = format!("unreasonable {MAPS} map nesting for {}", lossy(recipient));
                    return Ok(Mapped::TooMuch(words));
                }
                turns += 1;
                let address = list[at].clone();
                let found = match known.get(&address) {
                    Some(found) => {
                        if !way.insert(address.clone()) && !std::mem::replace(&mut is_told, true) {
                            self.note(format_args!("{MAPS} leads in a circle, from {0} to {0} again", lossy(&address)));
                        }
                        found.clone()
                    }
                    None => {
                        way.insert(address.clone());
                        let found =
                            self.stage(MAPS, &address, |router| router.map_address(MAPS, "virtual", &address))?;
                        known.insert(address.clone(), found.clone());
                        found
                    }
                };
                let Some(found) = found.filter(|found| !found.is_empty()) else { break };
                if let Some(long) = found.iter().find(|next| next.len() > longest) {
                    let start = &long[..long.len().min(LONGEST_SHOWN)];
                    return Ok(Mapped::TooMuch(format!("unreasonable {MAPS} result {}...", lossy(start))));
                }
                if found.iter().any(|next| next.eq_ignore_ascii_case(&address)) {
                    settled.push(address.clone());
                }
                let mut found = found.into_iter();
                list[at] = found.next().unwrap_or(address);
                list.extend(found);
            }
            at += 1;
        }
        let mut recipients: Vec<Vec<u8>> = Vec::new();
        for address in list {
            if !recipients.iter().any(|seen| seen.eq_ignore_ascii_case(&address)) {
                recipients.push(address);
            }
        }
        Ok(Mapped::Addresses(recipients))
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
