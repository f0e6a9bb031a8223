//! Keeping a file that is about to be replaced.

use crate::base::Place;
use crate::base::atomic_file::Access;
use std::fs::File;
use std::io;

/// Keeps an old file under the name of its backup: the file itself, if that can be, else a copy.
pub(super) fn keep(place: &Place, old: &File, backup: &Place) -> io::Result<()> {
    match place.link(backup) {
        Ok(()) => backup.sync_directory(),
        Err(_) => copy(old, backup),
    }
}

/// Copies a file with all that belongs to it but its other names.
pub(super) fn copy(mut from: &File, to: &Place) -> io::Result<()> {
    let mut aside = to.replace()?;
    io::Seek::rewind(&mut from)?;
    io::copy(&mut from, &mut aside.file())?;
    aside.set_access(Access::of(from)?)?;
    aside.carry_over(from)?;
    let metadata = from.metadata()?;
    let times = std::fs::FileTimes::new().set_accessed(metadata.accessed()?).set_modified(metadata.modified()?);
    aside.file().set_times(times)?;
    aside.sync()?;
    aside.commit()
}
