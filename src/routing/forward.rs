//! `.forward` files: which one an account has, as `forward_path` names them.
//!
//! The first of the paths that can be opened counts. One that is no plain file, or that everybody may write, is passed over.
//! Owners are not looked at: a copy of a site need not have them.
//!
//! Source: local(8), postconf(5) `forward_path`, and experiments with 3.11.

use super::accounts::Account;
use super::lookups::Lookups;
use super::trail::Trail;
use crate::config::expand::expand;
use crate::maps::LookupError;
use crate::maps::types::system_words;
use crate::syntax::match_list::split_list;
use std::borrow::Cow;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A `.forward` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Forward {
    /// As `forward_path` names it.
    pub(super) name: Vec<u8>,
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its contents.
    pub(super) text: Vec<u8>,
}

/// A recipient, as names in `forward_path` tell of it.
pub(super) struct Addressee<'a> {
    /// The account's name.
    pub(super) user: &'a [u8],
    /// The delimiter and what stands behind it; may be empty.
    pub(super) extension: &'a [u8],
    /// The address.
    pub(super) recipient: &'a [u8],
}

impl Lookups<'_> {
    /// The file that counts for a recipient; nothing if there is none.
    ///
    /// # Errors
    /// A `forward_path` that cannot be expanded.
    pub(super) fn forward_file(
        &self,
        account: &Account,
        addressee: &Addressee<'_>,
        trail: &mut Trail,
    ) -> Result<Option<Forward>, LookupError> {
        let at = addressee.recipient.iter().rposition(|&byte| byte == b'@').unwrap_or(addressee.recipient.len());
        let (delimiter, extension) = addressee.extension.split_at(addressee.extension.len().min(1));
        // The names that only local(8) knows; they are not parameters of main.cf.
        let values: [(&[u8], &[u8]); 7] = [
            (b"home", &account.home),
            (b"user", addressee.user),
            (b"recipient_delimiter", delimiter),
            (b"extension", extension),
            (b"recipient", addressee.recipient),
            (b"local", &addressee.recipient[..at]),
            (b"domain", addressee.recipient.get(at + 1..).unwrap_or_default()),
        ];
        let Some(list) = self.configuration.value(b"forward_path", self.service()) else { return Ok(None) };
        let mut seen: Vec<Vec<u8>> = Vec::new();
        for range in split_list(&list.bytes) {
            let name = expand(&list.bytes[range], &mut |name: &[u8]| {
                let found = values.iter().find(|(known, value)| *known == name && !value.is_empty());
                // What an address holds is text, whatever it looks like.
                found.map(|(_, value)| Cow::Owned(escaped(value)))
            });
            let name = name.map_err(|error| LookupError::Config(format!("forward_path: {error}")))?;
            if name.is_empty() || seen.contains(&name) {
                continue;
            }
            let (shown, path) = (String::from_utf8_lossy(&name).into_owned(), self.paths.resolve(&name));
            match read(&path) {
                Ok(text) => return Ok(Some(Forward { name, path, text })),
                Err(None) => trail.note(format!("no {shown}")),
                Err(Some(words)) => trail.note(format!("{shown} is passed over: {words}")),
            }
            seen.push(name);
        }
        Ok(None)
    }
}

/// The contents of a file that may be followed; nothing if there is no file, words if it may not be followed.
fn read(path: &std::path::Path) -> Result<Vec<u8>, Option<String>> {
    let words = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => None,
        _ => Some(system_words(&error)),
    };
    let metadata = std::fs::symlink_metadata(path).map_err(words)?;
    if !metadata.is_file() {
        return Err(Some("not a plain file".into()));
    }
    if metadata.permissions().mode() & 0o002 != 0 {
        return Err(Some("everybody may write it".into()));
    }
    std::fs::read(path).map_err(words)
}

fn escaped(value: &[u8]) -> Vec<u8> {
    value.iter().flat_map(|&byte| if byte == b'$' { vec![b'$', b'$'] } else { vec![byte] }).collect()
}
