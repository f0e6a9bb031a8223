//! One file per map type.
//!
//! Some rooms serve several types: [`berkeley_db`] for `hash:` and `btree:`, [`members`] for tables made of other tables,
//! [`checked`] for the tables inside, [`server`] for clients of servers.

pub mod berkeley_db;
pub mod btree;
pub mod cdb;
pub mod checked;
pub mod cidr;
pub mod debug;
pub mod environ;
pub mod fail;
pub mod hash;
pub mod inline;
pub mod internal;
pub mod lmdb;
pub mod members;
pub mod pcre;
pub mod pipemap;
pub mod proxy;
pub mod randmap;
pub mod regexp;
pub mod server;
pub mod socketmap;
#[cfg(feature = "sql")]
pub mod sqlite;
pub mod r#static;
pub mod tcp;
pub mod texthash;
pub mod unavailable;
pub mod unionmap;
pub mod unix;

use super::compile::Folding;
use super::error::{LookupError, in_message};
use super::table::OpenOptions;
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// The indexed file of a table that is opened for reading.
fn index_path(name: &[u8], suffix: &str) -> PathBuf {
    OsString::from_vec([name, suffix.as_bytes()].concat()).into()
}

fn open_index(path: &std::path::Path) -> Result<File, LookupError> {
    File::open(path)
        .map_err(|error| LookupError::Config(format!("open database {}: {}", path.display(), system_words(&error))))
}

/// Whether another file stands at the path since `file` was opened, as after a rebuild by rename.
fn was_replaced(file: &File, path: &std::path::Path) -> bool {
    let (Ok(open), Ok(there)) = (file.metadata(), std::fs::metadata(path)) else { return false };
    (open.dev(), open.ino()) != (there.dev(), there.ino())
}

/// Whether an index is older than its source: the source changed since, and has been at rest for 100 seconds.
#[must_use]
pub fn is_outdated(index: &std::path::Path, source: &std::path::Path) -> bool {
    let (Ok(index), Ok(source)) = (std::fs::metadata(index), std::fs::metadata(source)) else { return false };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let at_rest = i64::try_from(now.as_secs()).unwrap_or(i64::MAX).saturating_sub(100);
    index.mtime() < source.mtime() && source.mtime() < at_rest
}

/// The system's words for an error, without the number that Rust adds.
#[must_use]
pub fn system_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_string(),
        None => text,
    }
}

/// Tries a key with a trailing NUL, then without, and remembers which form the table has.
#[derive(Debug)]
struct NulForm {
    with: bool,
    without: bool,
}

impl NulForm {
    fn new(options: &OpenOptions) -> Self {
        Self { with: options.trailing_nul != Some(false), without: options.trailing_nul != Some(true) }
    }

    /// Whether keys have a trailing NUL, once that is known.
    fn settled(&self) -> Option<bool> {
        (self.with != self.without).then_some(self.with)
    }

    fn lookup<E>(
        &mut self,
        key: &[u8],
        folding: Folding,
        mut get: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Option<Vec<u8>>, E> {
        let key = folding.apply(key);
        if self.with {
            let mut terminated = key.to_vec();
            terminated.push(0);
            if let Some(mut value) = get(&terminated)? {
                self.without = false;
                if value.last() == Some(&0) {
                    value.pop();
                }
                return Ok(Some(value));
            }
        }
        if self.without
            && let Some(value) = get(&key)?
        {
            self.with = false;
            return Ok(Some(value));
        }
        Ok(None)
    }
}

fn without_nul(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\0").unwrap_or(bytes)
}

/// What is said of a table whose type cannot list its entries.
fn no_sequence(map_type: &str, name: &[u8]) -> LookupError {
    unlistable(&format!("{map_type}:{}", in_message(name)))
}

/// The same of a table by the name that messages show.
fn unlistable(table: &str) -> LookupError {
    LookupError::Config(format!("table {table}: sequence operation is not supported"))
}

fn damaged(path: &std::path::Path, what: &dyn std::fmt::Display) -> LookupError {
    LookupError::Config(format!("{}: {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn paths_need_not_be_utf8() {
        assert_eq!(index_path(b"/x/\xff", ".cdb").as_os_str().as_bytes(), b"/x/\xff.cdb");
    }
}
