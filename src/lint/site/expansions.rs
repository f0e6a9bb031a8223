//! What written values come to, remembered: many rules ask for each of them.

use crate::config::Configuration;
use crate::config::services::Service;
use crate::syntax::Text;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// No longer results are kept.
const LONGEST: usize = 1 << 16;

/// Results by the place in memory of the value, which stays where it is as long as the site does.
#[derive(Debug, Default)]
pub struct Expansions(Mutex<HashMap<usize, Option<Vec<u8>>>>);

impl Expansions {
    /// What a value of this configuration comes to; nothing if it cannot be expanded.
    pub fn of(&self, configuration: &Configuration, value: &Text, service: Option<&Service>) -> Option<Vec<u8>> {
        let expand = || configuration.expand(value.bytes(), service).ok();
        if memchr::memchr(b'$', value.bytes()).is_none() {
            return expand();
        }
        let place = std::ptr::from_ref(value) as usize;
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&place) {
            return known.clone();
        }
        let result = expand();
        if result.as_ref().is_none_or(|result| result.len() <= LONGEST) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(place, result.clone());
        }
        result
    }
}
