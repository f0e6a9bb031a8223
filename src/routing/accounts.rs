//! The accounts of the site's machine, as far as a passwd(5) file knows them.

use super::lookups::Lookups;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The line of the file.
    pub line: Vec<u8>,
    /// Its home directory.
    pub home: Vec<u8>,
}

impl Lookups<'_> {
    /// The account of a name; nothing too if the file cannot be read.
    #[must_use]
    pub fn account(&self, name: &[u8]) -> Option<Account> {
        let text = self.accounts.get_or_init(|| std::fs::read(self.paths.resolve(b"/etc/passwd")).unwrap_or_default());
        let line =
            text.split(|&byte| byte == b'\n').find(|line| line.split(|&byte| byte == b':').next() == Some(name))?;
        let home = line.split(|&byte| byte == b':').nth(5)?.to_vec();
        Some(Account { line: line.to_vec(), home })
    }
}
