//! `cdb:` — NAME.cdb, a constant database.
//!
//! A cdb file is never changed in place, so no lock is needed; a file swapped by rename is noticed and opened anew.
//! Source: `CDB_README`.

use crate::maps::cdb::{CdbFile, Damage};
use crate::maps::compile::Folding;
use crate::maps::error::LookupError;
use crate::maps::index_file::{NulForm, damaged, index_path, open_index, was_replaced, without_nul};
use crate::maps::table::{Answer, LookupTable, OpenOptions};
use std::path::PathBuf;

/// An open `cdb:` table.
pub struct CdbTable {
    path: PathBuf,
    cdb: CdbFile,
    nul: NulForm,
    folding: Folding,
    snapshot: bool,
}

impl CdbTable {
    /// Opens the table NAME, whose file is NAME.cdb.
    ///
    /// # Errors
    /// When the file cannot be opened or is no cdb file.
    pub fn open(name: &[u8], options: &OpenOptions) -> Result<Self, LookupError> {
        let path = index_path(name, ".cdb");
        let cdb = open_cdb(&path)?;
        Ok(Self { path, cdb, nul: NulForm::new(options), folding: options.folding, snapshot: options.snapshot })
    }

    fn refresh(&mut self) -> Result<(), LookupError> {
        if !self.snapshot && was_replaced(self.cdb.file(), &self.path) {
            self.cdb = open_cdb(&self.path)?;
        }
        Ok(())
    }
}

fn open_cdb(path: &std::path::Path) -> Result<CdbFile, LookupError> {
    CdbFile::open(open_index(path)?).map_err(|error| damaged(path, &error))
}

impl LookupTable for CdbTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        self.refresh()?;
        self.nul.lookup(key, self.folding, |key| self.cdb.get(key)).map_err(|error| damaged(&self.path, &error))
    }

    fn lookup_all(&mut self, keys: &[&[u8]]) -> Vec<Answer> {
        if let Err(error) = self.refresh() {
            return vec![Err(error); keys.len()];
        }
        let mut get = |key: &&[u8]| self.nul.lookup(key, self.folding, |key| self.cdb.get(key));
        keys.iter().map(|key| get(key).map_err(|error| damaged(&self.path, &error))).collect()
    }

    fn walk(&mut self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        self.refresh()?;
        let walked = self.cdb.walk(|key, value| {
            visit(without_nul(key), without_nul(value));
            Ok::<(), Damage>(())
        });
        walked.map_err(|error| damaged(&self.path, &error))
    }
}
