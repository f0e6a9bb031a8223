//! Texts that stand in the place of files: as an editor has them, or as they would be after changes that nobody wrote yet.

use super::Source;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Texts by the names of the files that they stand for; what is not here is read from disk.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    texts: BTreeMap<String, Arc<Source>>,
}

impl Overlay {
    /// Puts a text in the place of the file that it is named for.
    pub fn set(&mut self, source: Arc<Source>) {
        self.texts.insert(source.name().to_string(), source);
    }

    /// The texts, by name.
    pub fn texts(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.texts.values()
    }

    /// The text that stands for a file, or the file itself, named as `path` is written.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn read(&self, path: &Path) -> io::Result<Arc<Source>> {
        self.get(path).map_or_else(|| Source::read_plain(path), Ok)
    }

    /// The text that stands for a file.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<Arc<Source>> {
        path.to_str().and_then(|name| self.texts.get(name)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stands_for_its_file_alone() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let path = scratch.path().join("main.cf");
        std::fs::write(&path, "a = 1\n")?;
        std::fs::write(scratch.path().join("other"), "b\n")?;
        let mut overlay = Overlay::default();
        overlay.set(Arc::new(Source::new(path.to_string_lossy(), "a = 2\n")));
        assert_eq!(overlay.read(&path)?.bytes(), b"a = 2\n");
        assert_eq!(overlay.read(&scratch.path().join("other"))?.bytes(), b"b\n");
        assert!(overlay.read(&scratch.path().join("none")).is_err());
        Ok(())
    }
}
