//! The accounts of the site's machine, as far as a passwd(5) file knows them.

use super::Router;
use super::passwd::{Account, Passwd};

/// Where the accounts are.
pub const PASSWD: &[u8] = b"/etc/passwd";

impl Router<'_> {
    /// The account of a name; nothing too if the file cannot be read.
    #[must_use]
    pub fn account(&self, name: &[u8]) -> Option<Account> {
        let read = || self.site.paths.read(PASSWD).map(|text| text.bytes().to_vec()).unwrap_or_default();
        self.accounts.get_or_init(|| Passwd::new(read())).account(name)
    }
}
