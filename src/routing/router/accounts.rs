//! The accounts of the site's machine, as far as a passwd(5) file knows them.

use super::Router;

/// Where the accounts are.
pub const PASSWD: &[u8] = b"/etc/passwd";

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

impl Router<'_> {
    /// The account of a name; nothing too if the file cannot be read.
    #[must_use]
    pub fn account(&self, name: &[u8]) -> Option<Account> {
        let text =
            self.accounts.get_or_init(|| self.paths.read(PASSWD).map(|text| text.bytes().to_vec()).unwrap_or_default());
        let line =
            text.split(|&byte| byte == b'\n').find(|line| line.split(|&byte| byte == b':').next() == Some(name))?;
        let field = |number| line.split(|&byte| byte == b':').nth(number);
        let uid = field(2).and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        Some(Account { line: line.to_vec(), uid, home: field(5)?.to_vec() })
    }
}
