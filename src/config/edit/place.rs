//! Where a file stands that is to be edited. The directories are held open from when the path was followed, so that a
//! link that somebody puts in their way meanwhile leads no edit elsewhere.

use crate::base::{Beneath, Place};
use rustix::fs::Stat;
use std::io;
use std::path::Path;

/// Such a file. It need not be there.
#[derive(Debug)]
pub struct EditPlace {
    /// Where the name stands, and beside it the lock.
    named: Place,
    /// Where the text lies: elsewhere if the name is that of a link.
    file: Place,
    /// What had the name.
    found: Option<(u64, u64)>,
}

impl EditPlace {
    /// The file at a path, wherever links on the way lead.
    ///
    /// # Errors
    /// When there is no directory for it, and too many links.
    pub fn at(path: &Path) -> io::Result<Self> {
        Self::beneath(&Beneath::root(Path::new("/"))?, &std::path::absolute(path)?)
    }

    /// The file at a path that is followed below a directory.
    ///
    /// # Errors
    /// The same, and those of [`Beneath::place`].
    pub fn beneath(beneath: &Beneath, path: &Path) -> io::Result<Self> {
        let (named, file) = (beneath.named(path)?, beneath.place(path)?);
        let found = identity(&named);
        Ok(Self { named, file, found })
    }

    /// Where the text lies.
    #[must_use]
    pub const fn file(&self) -> &Place {
        &self.file
    }

    /// Where the text lies.
    #[must_use]
    pub fn into_file(self) -> Place {
        self.file
    }

    /// Where the lock stands.
    ///
    /// # Errors
    /// That there is no further descriptor.
    pub fn lock(&self) -> io::Result<Place> {
        self.named.beside(".tmp")
    }

    /// Whether the name was given to something else, where it was that of a link; an edit behind the old one would be
    /// lost.
    pub(super) fn is_moved(&self) -> bool {
        self.named.name() != self.file.name() && identity(&self.named) != self.found
    }

    /// Reads the file, which must be a regular one.
    ///
    /// # Errors
    /// Those of opening and reading it.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        crate::base::user_file::read_rest(&self.file.open_regular()?, crate::base::user_file::LONGEST_TEXT)
    }
}

fn identity(place: &Place) -> Option<(u64, u64)> {
    place.status().ok().map(|Stat { st_dev, st_ino, .. }| (st_dev, st_ino))
}
