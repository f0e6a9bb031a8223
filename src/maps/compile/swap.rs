//! A new index takes the place of the old one, or the old one's entries, as Postfix does it with LMDB files that have
//! other names (hard links): readers by those names would never see a new file.

use super::write_error::WriteError;
use crate::base::carried_over::Lost;
use crate::base::{AtomicFile, FileLock, LockKind, system_words};
use crate::maps::lmdb::{self, Format, UpdateError};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;

/// How a new index takes the place of the old one.
pub struct Swap<'a> {
    /// Whether the source is still what was read. Asked when all is ready.
    pub is_still: &'a dyn Fn() -> io::Result<bool>,
    /// What becomes of the other names of an LMDB file.
    pub other_names: OtherNames,
}

impl Swap<'_> {
    /// For entries from no file; other names are left to themselves.
    pub const PLAIN: Swap<'static> = Swap { is_still: &|| Ok(true), other_names: OtherNames::Leave };
}

/// What becomes of the other names (hard links) of an LMDB file that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherNames {
    /// They keep the old file: it may not be ours to write where they are.
    Leave,
    /// The file is filled anew in place. Done for a user by root, it must be theirs: else anybody could have root write
    /// to a file by giving it another name.
    Follow {
        /// The owner of the source.
        owner: u32,
    },
}

/// What became of the old file.
pub(super) struct Swapped {
    /// How many names (hard links) it had: 0 for none.
    pub names: u64,
    /// Whether it was filled anew, so that all of its names lead to the new entries.
    pub in_place: bool,
    /// What it carried and the new one could not get.
    pub lost: Vec<Lost>,
}

/// What is to be said of an old file with several names (hard links): whether it was written in place.
#[must_use]
pub fn about_names(names: u64, in_place: bool) -> Option<String> {
    let what = match in_place {
        true => "written in place, so that all of them lead to the new entries",
        false => "only this one leads to the new entries, and the others to the old ones",
    };
    (names > 1).then(|| format!("the index has {names} names (hard links): {what}"))
}

/// Fills a file that is there; it is given room in bytes to begin with.
pub(super) type Fill<'a> = &'a dyn Fn(&File, usize) -> Result<(), UpdateError>;

/// Puts the new file in the place of the old one, or fills that by `fill`, for types of which files can be filled anew.
///
/// # Errors
/// Whatever keeps the new entries from being there, or a source that changed.
pub(super) fn swap_in(aside: AtomicFile, swap: &Swap<'_>, fill: Option<Fill<'_>>) -> Result<Swapped, WriteError> {
    // Asked before the lock is taken too: it may take a moment.
    while (swap.is_still)()? {
        let old = aside.open_old(true);
        let _waited = old.as_ref().ok().map(|old| FileLock::acquire(old, LockKind::Exclusive)).transpose()?;
        if !(swap.is_still)()? {
            break;
        }
        // What stands there now that the lock is ours.
        let status = aside.old_metadata().ok();
        let status = status.filter(Metadata::is_file);
        let names = status.as_ref().map_or(0, Metadata::nlink);
        // The library that fills files anew does not open those of LMDB 1.0.
        let is_foreign = |old: &File| matches!(lmdb::format_of(old), Ok(Format::V1_0));
        let fill = fill.filter(|_| !old.as_ref().is_ok_and(is_foreign));
        let (Some(status), OtherNames::Follow { owner }, Some(fill), 2..) = (status, swap.other_names, fill, names)
        else {
            // One that we may not write to cannot be locked, but it can be looked at.
            let lost = match &old {
                Ok(old) => aside.carry_over(old)?,
                Err(_) => aside.open_old(false).map_or(Ok(Vec::new()), |old| aside.carry_over(&old))?,
            };
            aside.commit()?;
            return Ok(Swapped { names, in_place: false, lost });
        };
        let fail = |why: String| WriteError::InPlace { names, why };
        let old = old.as_ref().map_err(|error| fail(system_words(error)))?;
        let locked = old.metadata()?;
        if (locked.dev(), locked.ino()) != (status.dev(), status.ino()) {
            // Another writer put it there while we waited for the one before it.
            continue;
        }
        if rustix::process::geteuid().is_root() && owner != 0 && owner != status.uid() {
            return Err(fail("its owner is not that of the source".into()));
        }
        // The old entries take their room until the new ones are in.
        let room = usize::try_from(aside.file().metadata()?.len() + status.len()).unwrap_or(usize::MAX);
        return match fill(old, room) {
            Ok(()) => Ok(Swapped { names, in_place: true, lost: Vec::new() }),
            Err(UpdateError::Open(error)) => Err(fail(system_words(&error))),
            Err(error) => Err(fail(error.to_string())),
        };
    }
    Err(WriteError::SourceChanged)
}
