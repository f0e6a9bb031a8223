//! What reading an indexed file is about whatever its format: its name, whether it was replaced or is older than its
//! source, and the NUL that may end its keys and values.

use super::compile::Folding;
use super::error::LookupError;
use super::table::OpenOptions;
use crate::base::user_file;
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// The indexed file of a table that is opened for reading.
pub(super) fn index_path(name: &[u8], suffix: &str) -> PathBuf {
    OsString::from_vec([name, suffix.as_bytes()].concat()).into()
}

pub(super) fn open_index(path: &std::path::Path) -> Result<File, LookupError> {
    user_file::open(path).map_err(|error| LookupError::system("open database", path.as_os_str().as_bytes(), &error))
}

/// Whether another file stands at the path since `file` was opened, as after a rebuild by rename.
pub(super) fn was_replaced(file: &File, path: &std::path::Path) -> bool {
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

/// Tries a key with a trailing NUL, then without, and remembers which form the table has.
#[derive(Clone, Copy, Debug)]
pub(super) struct NulForm {
    with: bool,
    without: bool,
}

impl NulForm {
    pub fn new(options: &OpenOptions) -> Self {
        Self { with: options.trailing_nul != Some(false), without: options.trailing_nul != Some(true) }
    }

    /// Whether keys have a trailing NUL, once that is known.
    pub fn settled(&self) -> Option<bool> {
        (self.with != self.without).then_some(self.with)
    }

    pub fn lookup<E>(
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

pub(super) fn without_nul(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\0").unwrap_or(bytes)
}

pub(super) fn damaged(path: &std::path::Path, what: &dyn std::fmt::Display) -> LookupError {
    LookupError::Config(format!("{}: {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_need_not_be_utf8() {
        assert_eq!(index_path(b"/x/\xff", ".cdb").as_os_str().as_bytes(), b"/x/\xff.cdb");
    }
}
