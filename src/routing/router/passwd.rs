//! A passwd(5) file, its accounts found by name.

use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::ops::Range;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The line of the file.
    pub line: Vec<u8>,
    /// Its number; nothing if that is none.
    pub uid: Option<u32>,
    /// Its home directory.
    pub home: Vec<u8>,
}

/// The file.
pub(super) struct Passwd {
    text: Vec<u8>,
    /// Where the first line of each name lies.
    lines: HashMap<Vec<u8>, Range<usize>, RandomState>,
}

impl Passwd {
    /// Takes the text of a file.
    pub(super) fn new(text: Vec<u8>) -> Self {
        let mut lines = HashMap::default();
        let mut start = 0;
        for line in text.split(|&byte| byte == b'\n') {
            let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
            lines.entry(name.to_vec()).or_insert(start..start + line.len());
            start += line.len() + 1;
        }
        Self { text, lines }
    }

    /// The account of a name, the first if there are several.
    pub(super) fn account(&self, name: &[u8]) -> Option<Account> {
        let line = &self.text[self.lines.get(name)?.clone()];
        let field = |number| line.split(|&byte| byte == b':').nth(number);
        let uid = field(2).and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        Some(Account { line: line.to_vec(), uid, home: field(5)?.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_by_name() {
        let passwd =
            Passwd::new(b"root:x:0:0::/r:/bin/sh\njoe:x:1000:1000:Joe:/j:\njoe:x:1:1::/k:\nshort:x:2\n".to_vec());
        let home = |name: &str| passwd.account(name.as_bytes()).map(|account| account.home);
        assert_eq!(home("joe"), Some(b"/j".to_vec()));
        assert_eq!(passwd.account(b"root").and_then(|account| account.uid), Some(0));
        assert_eq!((home("short"), home("Joe"), home("nobody")), (None, None, None));
    }
}
