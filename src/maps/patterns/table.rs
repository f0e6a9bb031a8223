//! An open table of expressions.

use super::Expression;
use super::load::{Rule, Test, Then, load_rules, warn_at};
use crate::maps::error::LookupError;
use crate::maps::table::{Answer, Caller, LookupTable, OpenOptions};
use std::ffi::CStr;
use std::sync::Arc;

/// An open table of expressions of one map type.
pub struct PatternTable<E: Expression> {
    name: Vec<u8>,
    rules: Vec<Rule<E>>,
    scratch: E::Scratch,
    /// The key in hand, with a zero byte behind it.
    key: Vec<u8>,
    caller: Arc<dyn Caller>,
}

impl<E: Expression> PatternTable<E> {
    /// Opens the table NAME: a file, or rules in braces.
    ///
    /// # Errors
    /// When the file cannot be opened, or the braces do not fit.
    pub fn open(name: &[u8], options: &OpenOptions) -> Result<Self, LookupError> {
        Ok(Self {
            name: name.to_vec(),
            rules: load_rules(name, options)?,
            scratch: E::Scratch::default(),
            key: Vec::new(),
            caller: Arc::clone(&options.caller),
        })
    }

    fn find(&mut self, key: &CStr) -> Option<Vec<u8>> {
        let Self { name, rules, scratch, caller, .. } = self;
        let holds =
            |test: &mut Test<E>, line: usize, scratch: &mut E::Scratch| match test.expression.is_match(key, scratch) {
                Ok(matches) => matches != test.negated,
                Err(words) => {
                    warn_at(E::WORDS, name, line, words.as_bytes(), &**caller);
                    false
                }
            };
        let mut at = 0;
        while let Some(rule) = rules.get_mut(at) {
            at += 1;
            let held = holds(&mut rule.test, rule.line, scratch);
            match &mut rule.then {
                Then::Until(end) if !held => at = *end,
                Then::Answer(template, second) if held => {
                    let answer = template.expand(key.to_bytes(), |group| E::group(scratch, group));
                    if second.as_mut().is_none_or(|second| holds(second, rule.line, scratch)) {
                        return Some(answer);
                    }
                }
                Then::Until(_) | Then::Answer(..) => {}
            }
        }
        None
    }
}

impl<E: Expression> LookupTable for PatternTable<E> {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        let mut buffer = std::mem::take(&mut self.key);
        buffer.clear();
        buffer.extend_from_slice(key);
        buffer.push(0);
        // A zero byte was put there, so there always is a key.
        let answer = CStr::from_bytes_until_nul(&buffer).ok().and_then(|key| self.find(key));
        self.key = buffer;
        Ok(answer)
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        let (map_type, name) = (E::WORDS.map_type, String::from_utf8_lossy(&self.name));
        Err(LookupError::Config(format!("table {map_type}:{name}: sequence operation is not supported")))
    }
}
