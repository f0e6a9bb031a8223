//! `randmap:{VALUE, …}` — to every key one of the values, at random; a value that stands there twice comes twice as
//! often.
//!
//! With `-F` each value names a file, whose contents are meant. Source: `DATABASE_README`, "randmap".

use crate::config::table_reference::braced_elements;
use crate::maps::error::unlistable;
use crate::maps::error::{LookupError, in_message};
use crate::maps::table::{Answer, LookupTable, OpenOptions};
use crate::maps::text::file_values::encode_files;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A `randmap:` table.
pub struct RandomTable {
    name: String,
    /// Never empty.
    values: Vec<Vec<u8>>,
}

impl RandomTable {
    /// The table `randmap:NAME`.
    ///
    /// # Errors
    /// A name that is no list of values in braces, and files that cannot be read.
    pub fn open(name: &[u8], options: &OpenOptions) -> Result<Self, LookupError> {
        let shown = format!("randmap:{}", in_message(name));
        let Some(texts) = braced_elements(name) else {
            return Err(LookupError::Config(format!("bad syntax: \"{shown}\"; need \"randmap:{{value...}}\"")));
        };
        let value = |text: &[u8]| match options.file_values {
            true => encode_files(text).map_err(|fault| LookupError::Config(in_message(&fault.message()))),
            false => Ok(text.to_vec()),
        };
        let values = texts.into_iter().map(value).collect::<Result<_, _>>()?;
        Ok(Self { name: shown, values })
    }
}

impl LookupTable for RandomTable {
    fn lookup(&mut self, _: &[u8]) -> Answer {
        // The standard library's source of randomness; nobody's secrets hang on it.
        let number = RandomState::new().build_hasher().finish();
        let at = usize::try_from(number % self.values.len().max(1) as u64).unwrap_or(0);
        Ok(self.values.get(at).cloned())
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Err(unlistable(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_and_a_doubled_one_more_often() {
        let mut table = RandomTable::open(b"{a, {b c} a a}", &OpenOptions::default()).expect("a list");
        let mut seen = [0_u32; 2];
        for _ in 0..2000 {
            match table.lookup(b"x").expect("an answer").as_deref() {
                Some(b"a") => seen[0] += 1,
                Some(b"{b c}") => seen[1] += 1,
                other => unreachable!("{other:?}"),
            }
        }
        // 1500 and 500 are expected; these bounds are more than ten deviations away.
        assert!(seen[0] > 1250 && seen[1] > 250, "{seen:?}");
    }
}
