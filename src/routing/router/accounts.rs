//! The accounts of the site's machine, as far as a passwd(5) file knows them.

use super::Router;
use super::passwd::Account;

impl Router<'_> {
    /// The account of a name; nothing too if the file cannot be read.
    #[must_use]
    pub fn account(&self, name: &[u8]) -> Option<Account> {
        self.opening.accounts().account(name)
    }
}
