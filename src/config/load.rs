//! Reading a configuration directory.

use super::services::{Service, services};
use crate::base::{FileError, Overlay, Source};
use crate::syntax::main_cf::{MainCf, parse_main_cf};
use crate::syntax::master_cf::{MasterCf, parse_master_cf};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files of a configuration directory, parsed.
#[derive(Clone, Debug)]
pub struct ConfigFiles {
    /// The directory.
    pub directory: PathBuf,
    /// main.cf.
    pub main: MainCf,
    /// master.cf, if there is one.
    pub master: Option<MasterCf>,
    /// Its services.
    pub services: Vec<Service>,
    /// The entry of main.cf that is in force for a name: the last one.
    last: HashMap<Vec<u8>, usize>,
}

impl ConfigFiles {
    /// Reads main.cf and, if it is there, master.cf below `directory`.
    ///
    /// # Errors
    /// When main.cf cannot be read, or master.cf is there and cannot.
    pub fn load(directory: &Path) -> Result<Self, FileError> {
        Self::load_with(directory, &Overlay::default())
    }

    /// As [`load`](Self::load), with texts that stand for files.
    ///
    /// # Errors
    /// The same.
    pub fn load_with(directory: &Path, overlay: &Overlay) -> Result<Self, FileError> {
        let read = |name: &str| {
            let path = directory.join(name);
            overlay.read(&path).map_err(|error| FileError { path, error })
        };
        let main = read("main.cf")?;
        let master = match read("master.cf") {
            Ok(source) => Some(source),
            Err(failed) if failed.error.kind() == io::ErrorKind::NotFound => None,
            Err(failed) => return Err(failed),
        };
        Ok(Self::from_sources(directory, &main, master.as_ref()))
    }

    /// A configuration from sources that were read elsewhere.
    #[must_use]
    pub fn from_sources(directory: &Path, main: &Arc<Source>, master: Option<&Arc<Source>>) -> Self {
        let main = parse_main_cf(main);
        let master = master.map(parse_master_cf);
        let services = master.as_ref().map(services).unwrap_or_default();
        let last = main.entries.iter().enumerate().map(|(at, entry)| (entry.name.bytes().to_vec(), at)).collect();
        Self { directory: directory.to_path_buf(), main, master, services, last }
    }

    /// The entry of main.cf that is in force for a parameter.
    #[must_use]
    pub fn entry(&self, name: &[u8]) -> Option<&crate::syntax::main_cf::Assignment> {
        self.last.get(name).map(|&at| &self.main.entries[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_entry_is_in_force_and_a_missing_master_cf_is_fine() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        std::fs::write(scratch.path().join("main.cf"), "a = 1\nb = 2\na = 3\n")?;
        let files = ConfigFiles::load(scratch.path()).map_err(|failed| failed.error)?;
        assert_eq!(files.entry(b"a").map(|entry| (entry.value.bytes(), entry.line)), Some((&b"3"[..], 3)));
        assert_eq!(files.entry(b"c"), None);
        assert!(files.master.is_none());
        Ok(())
    }

    #[test]
    fn a_missing_main_cf_is_an_error_that_names_it() {
        let failed = ConfigFiles::load(Path::new("/nonexistent")).map(|_| ()).map_err(|failed| failed.to_string());
        assert_eq!(failed, Err("/nonexistent/main.cf: No such file or directory".to_string()));
    }
}
