//! `cidr:` — networks and what they give, tried in order: a file that is read at open, or `cidr:{ { rule }, … }`.
//!
//! Keys are addresses; what is none is not found. Rules that cannot be used are skipped with a warning. Lookups go by
//! an index, so that thousands of rules cost no more than a few. Source: cidr_table(5).

use crate::maps::error::{LookupError, no_sequence};
use crate::maps::networks::{Address, NetworkIndex, Rules};
use crate::maps::table::{Answer, LookupTable, OpenOptions};
use crate::maps::text::file_values::encode_files;
use crate::maps::text::source::{for_each_line, read_source};

/// An open `cidr:` table.
pub struct CidrTable {
    name: Vec<u8>,
    index: NetworkIndex,
}

impl CidrTable {
    /// Reads the file NAME, or the rules that are the name.
    ///
    /// # Errors
    /// When there is nothing to be read.
    pub fn open(name: &[u8], options: &OpenOptions) -> Result<Self, LookupError> {
        let text = read_source("cidr", name)?;
        let caller = &*options.caller;
        let warn = |line: usize, words: &[u8]| {
            caller.warning(&[b"cidr map ", name, format!(", line {line}: ").as_bytes(), words].concat());
        };
        let usable = |value: &[u8]| {
            if options.file_values { encode_files(value).map_err(|fault| fault.message()) } else { Ok(value.to_vec()) }
        };
        let mut rules = Rules::default();
        for_each_line(&text, name, caller, |line, text| {
            if let Err(words) = rules.add_line(line, text, usable) {
                warn(line, &[&words[..], b": skipping this rule"].concat());
            }
        });
        rules.unclosed().for_each(|line| warn(line, b"IF has no matching ENDIF"));
        Ok(Self { name: name.to_vec(), index: NetworkIndex::new(rules.into_statements()) })
    }
}

impl LookupTable for CidrTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        Ok(Address::parse(key).and_then(|address| self.index.lookup(address)).map(<[u8]>::to_vec))
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Err(no_sequence("cidr", &self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::text::source::tests::Told;
    use std::sync::Arc;

    #[test]
    fn rules_in_the_name() {
        let told = Arc::new(Told::default());
        let options = OpenOptions { caller: told.clone(), ..OpenOptions::default() };
        let mut table =
            CidrTable::open(b"{ {1.2.3.4/24 no}, {if !10.0.0.0/8} {1.0.0.0/8 a} {endif} {::/0 b} {if ::1} }", &options)
                .unwrap();
        let cases =
            [("1.2.3.4", Some("a")), ("10.0.0.1", None), ("::FFFF:1.2.3.4", Some("b")), ("[::1]", None), ("", None)];
        for (key, expected) in cases {
            assert_eq!(table.lookup(key.as_bytes()), Ok(expected.map(|value| value.as_bytes().to_vec())), "{key}");
        }
        let words = told.0.lock().unwrap();
        assert!(words[0].ends_with("}, line 1: non-null host address bits in \"1.2.3.4/24\", perhaps you should use \"1.2.3.0/24\" instead: skipping this rule"), "{words:?}");
        assert!(words[1].ends_with("}, line 6: IF has no matching ENDIF"), "{words:?}");
        assert_eq!(words.len(), 2);
    }
}
