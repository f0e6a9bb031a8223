//! Texts that stand in the place of files: as an editor has them, or as they would be after changes that nobody wrote
//! yet.
//!
//! Where a root is given, what is read below it is read with no way out of it.

use super::user_file::{self, LONGEST_SOURCE, LONGEST_TEXT};
use super::{Beneath, Source};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Texts by the names of the files that they stand for; what is not here is read from disk.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    texts: BTreeMap<String, Arc<Source>>,
    root: Option<PathBuf>,
}

impl Overlay {
    /// The same texts, with the root of the files below it.
    #[must_use]
    pub fn below(&self, root: Option<&Path>) -> Self {
        let root = root.and_then(|root| std::path::absolute(root).ok());
        Self { texts: self.texts.clone(), root }
    }

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
        self.read_up_to(path, LONGEST_TEXT)
    }

    /// The same for a file that may be the source of a table, which are larger.
    ///
    /// # Errors
    /// The same.
    pub fn read_table(&self, path: &Path) -> io::Result<Arc<Source>> {
        self.read_up_to(path, LONGEST_SOURCE)
    }

    fn read_up_to(&self, path: &Path, most: u64) -> io::Result<Arc<Source>> {
        if let Some(text) = self.get(path) {
            return Ok(text);
        }
        let whole = std::path::absolute(path)?;
        let file = match self.root.as_deref().and_then(|root| Some((root, whole.strip_prefix(root).ok()?))) {
            Some((root, inside)) => Beneath::root(root)?.open_file(inside)?,
            None => user_file::open(path)?,
        };
        Source::read_open(path, &file, most)
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

    #[test]
    fn links_below_a_root_stay_inside() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let path = |name: &str| scratch.path().join(name);
        std::fs::create_dir(path("root"))?;
        std::fs::write(path("outside"), "outside")?;
        std::fs::write(path("root/outside"), "inside")?;
        std::os::unix::fs::symlink("../outside", path("root/link"))?;
        let overlay = Overlay::default();
        assert_eq!(overlay.read(&path("root/link"))?.bytes(), b"outside");
        let overlay = overlay.below(Some(&path("root")));
        assert_eq!(overlay.read(&path("root/link"))?.bytes(), b"inside");
        assert_eq!(overlay.read(&path("outside"))?.bytes(), b"outside");
        Ok(())
    }
}
