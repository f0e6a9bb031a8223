//! What options and main.cf together settle for every job: forms, keys, duplicates, access.

use crate::config::lmdb_format::LmdbFormat;
use crate::config::migration::Redirection;
use crate::maps::compile::{Duplicates, Folding, Inherit, Recipe};
use crate::maps::{Caller, OpenOptions};
use crate::syntax::table_line::TableForm;
use std::sync::Arc;

/// What is settled before the first table.
#[derive(Clone)]
pub struct Settings {
    /// The form of sources and listings.
    pub form: TableForm,
    /// `-f`: keys are not folded.
    pub no_folding: bool,
    /// `-n`, `-N`.
    pub trailing_nul: Option<bool>,
    /// The format of lmdb files that is asked for.
    pub lmdb_format: Option<LmdbFormat>,
    /// `-r`, `-w`.
    pub duplicates: Duplicates,
    /// Whether keys and values must be UTF-8.
    pub utf8: bool,
    /// `-o`, `-p`.
    pub inherit: Inherit,
    /// `-F`: values stand for the contents of files.
    pub file_values: bool,
    /// `-j`.
    pub json: bool,
    /// `default_database_type`.
    pub default_type: Vec<u8>,
    /// `lmdb_map_size`.
    pub map_size: usize,
    /// `myhostname`.
    pub host: Vec<u8>,
    /// `non_bdb_migration_level` asks for another type than `hash:` and `btree:`; these are they.
    pub redirection: Option<Redirection>,
    /// The program, as its tables see it.
    pub caller: Arc<dyn Caller>,
}

impl Settings {
    /// How keys are folded.
    #[must_use]
    pub fn folding(&self) -> Folding {
        match (self.no_folding, self.utf8) {
            (true, _) => Folding::None,
            (false, true) => Folding::Unicode,
            (false, false) => Folding::Ascii,
        }
    }

    /// How a source is compiled.
    #[must_use]
    pub fn recipe(&self) -> Recipe {
        Recipe {
            form: self.form,
            folding: self.folding(),
            utf8: self.utf8,
            duplicates: self.duplicates,
            trailing_nul: self.trailing_nul,
            lmdb_format: self.lmdb_format,
        }
    }

    /// How a table is opened.
    #[must_use]
    pub fn open_options(&self) -> OpenOptions {
        OpenOptions {
            folding: self.folding(),
            trailing_nul: self.trailing_nul,
            lmdb_format: self.lmdb_format,
            utf8: self.utf8,
            duplicates: self.duplicates,
            file_values: self.file_values,
            caller: Arc::clone(&self.caller),
            ..OpenOptions::default()
        }
    }
}
