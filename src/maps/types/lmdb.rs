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
    file: File,
    nul: NulForm,
    folding: Folding,
}

impl LmdbTable {
    /// Opens the table NAME, whose file is NAME.lmdb.
    ///
    /// # Errors
    /// When the file cannot be opened or is no LMDB file.
    pub fn open(name: &[u8], options: OpenOptions) -> Result<Self, LookupError> {
        let path = index_path(name, ".lmdb");
        let file = open_index(&path)?;
        let mut table = Self { path, file, nul: NulForm::new(options), folding: options.folding };
        table.with_pages(|_| Ok(()))?;
        Ok(table)
    }

    /// Runs `read` on the file under a shared lock.
    fn with_pages<T>(&mut self, read: impl FnOnce(&mut LmdbFile) -> Result<T, Damage>) -> Result<T, LookupError> {
        if was_replaced(&self.file, &self.path) {
            self.file = open_index(&self.path)?;
        }
        let failed = |path: &Path, error: &dyn std::fmt::Display| damaged(path, error);
        let _lock = FileLock::acquire(&self.file, LockKind::Shared).map_err(|error| failed(&self.path, &error))?;
        let copy = self.file.try_clone().map_err(|error| failed(&self.path, &error))?;
        LmdbFile::open(copy).and_then(|mut pages| read(&mut pages)).map_err(|error| failed(&self.path, &error))
    }
}

impl LookupTable for LmdbTable {
    fn lookup(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, LookupError> {
        let folding = self.folding;
        let mut nul = std::mem::replace(&mut self.nul, NulForm { with: true, without: true });
        let found = self.with_pages(|pages| nul.lookup(key, folding, |key| pages.get(key)));
        self.nul = nul;
        found
    }

    fn walk(&mut self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        self.with_pages(|pages| {
            pages.walk(|key, value| {
                visit(without_nul(key), without_nul(value));
                Ok::<(), Damage>(())
            })
        })
    }
}
