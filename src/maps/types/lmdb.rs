//! `lmdb:` — NAME.lmdb, a file of LMDB's that Postfix or this program made.
//!
//! Each lookup holds a shared whole-file lock, as Postfix's do, since a writer may change the file in place; a file swapped by
//! rename is noticed and opened anew. Source: `LMDB_README`, `lmdb_table(5)`.

use super::{NulForm, damaged, index_path, open_index, was_replaced, without_nul};
use crate::base::{FileLock, LockKind};
use crate::maps::compile::Folding;
use crate::maps::error::LookupError;
use crate::maps::lmdb::{Damage, LmdbFile};
use crate::maps::table::{LookupTable, OpenOptions};
use std::fs::File;
use std::path::{Path, PathBuf};

/// An open `lmdb:` table.
pub struct LmdbTable {
    path: PathBuf,
    open: Open,
    nul: NulForm,
    folding: Folding,
}

/// An open file.
struct Open {
    /// Shares its lock with `pages`, and can be borrowed beside it.
    lock: File,
    pages: LmdbFile,
}

impl Open {
    fn at(path: &Path) -> Result<Self, LookupError> {
        let file = open_index(path)?;
        let lock = file.try_clone().map_err(|error| damaged(path, &error))?;
        let held = FileLock::acquire(&lock, LockKind::Shared).map_err(|error| damaged(path, &error))?;
        let pages = LmdbFile::open(file).map_err(|damage| match damage {
            Damage::Foreign(_) => LookupError::Config(format!("open database {}: {damage}", path.display())),
            _ => damaged(path, &damage),
        })?;
        drop(held);
        Ok(Self { lock, pages })
    }
}

impl LmdbTable {
    /// Opens the table NAME, whose file is NAME.lmdb.
    ///
    /// # Errors
    /// When the file cannot be opened or is no LMDB file.
    pub fn open(name: &[u8], options: OpenOptions) -> Result<Self, LookupError> {
        let path = index_path(name, ".lmdb");
        Ok(Self { open: Open::at(&path)?, path, nul: NulForm::new(options), folding: options.folding })
    }

    /// Runs `read` under a shared lock, on the file that stands at the path now.
    fn locked<T>(
        &mut self,
        read: impl FnOnce(&mut LmdbFile, &mut NulForm) -> Result<T, LookupError>,
    ) -> Result<T, LookupError> {
        if was_replaced(&self.open.lock, &self.path) {
            self.open = Open::at(&self.path)?;
        }
        let _lock =
            FileLock::acquire(&self.open.lock, LockKind::Shared).map_err(|error| damaged(&self.path, &error))?;
        self.open.pages.refresh().map_err(|error| damaged(&self.path, &error))?;
        read(&mut self.open.pages, &mut self.nul)
    }

    fn lookup_locked(
        path: &Path,
        key: &[u8],
        folding: Folding,
        pages: &mut LmdbFile,
        nul: &mut NulForm,
    ) -> Result<Option<Vec<u8>>, LookupError> {
        nul.lookup(key, folding, |key| {
            if key.is_empty() {
                // What LMDB itself says to a key of no length.
                let error = format!("error reading lmdb:{}: {}", table_name(path), lmdb::Error::BadValSize);
                return Err(LookupError::Config(error));
            }
            pages.get(key).map_err(|error| damaged(path, &error))
        })
    }
}

/// The name of the table whose file is at `path`.
fn table_name(path: &Path) -> std::borrow::Cow<'_, str> {
    let path = path.to_string_lossy();
    match path.strip_suffix(".lmdb") {
        Some(name) => name.to_string().into(),
        None => path,
    }
}

impl LookupTable for LmdbTable {
    fn lookup(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, LookupError> {
        let (folding, path) = (self.folding, self.path.clone());
        self.locked(|pages, nul| Self::lookup_locked(&path, key, folding, pages, nul))
    }

    fn lookup_all(&mut self, keys: &[&[u8]]) -> Vec<Result<Option<Vec<u8>>, LookupError>> {
        let (folding, path) = (self.folding, self.path.clone());
        let found = self.locked(|pages, nul| {
            Ok(keys.iter().map(|key| Self::lookup_locked(&path, key, folding, pages, nul)).collect())
        });
        found.unwrap_or_else(|error| vec![Err(error); keys.len()])
    }

    fn walk(&mut self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        let path = self.path.clone();
        self.locked(|pages, _| {
            let walked = pages.walk(|key, value| {
                visit(without_nul(key), without_nul(value));
                Ok::<(), Damage>(())
            });
            walked.map_err(|error| damaged(&path, &error))
        })
    }
}
