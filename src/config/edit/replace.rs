//! The one way in which this program edits a file that people and other programs edit too.
//!
//! Under the [lock](EditLock) the file is read, the new text made and written aside; then the file is looked at again,
//! right before the new one takes its place, and once more when it has. If somebody changed it meanwhile, all begins
//! anew with what they wrote: editors take no lock of ours.

use super::lock::EditLock;
use super::place::EditPlace;
use crate::base::atomic_file::Access;
use crate::base::carried_over::Lost;
use crate::base::user_file::{LONGEST_TEXT, read_rest};
use crate::base::{AtomicFile, Place};
use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;

/// How often it is begun, before somebody who writes all the time is left alone.
const MOST_ATTEMPTS: usize = 10;

/// Permissions of a file where none was.
const WHEN_NEW: u32 = 0o644;

/// What came of an edit.
#[derive(Debug)]
pub struct Edited<T> {
    /// What the change was noted to be, for the text that was replaced in the end.
    pub noted: T,
    /// What the new file could not get of the old one.
    pub lost: Vec<Lost>,
}

/// Why a file was not edited. It is as it was.
#[derive(Debug)]
pub enum EditError<E> {
    /// NAME.tmp cannot be locked.
    Lock(io::Error),
    /// The file cannot be read.
    Read(io::Error),
    /// The change refused.
    Change(E),
    /// The new file cannot be made or put in its place.
    Write(io::Error),
    /// Somebody else changed the file each time.
    Busy,
}

/// What is said of [`EditError::Busy`], and of a text that somebody else changed.
pub const CHANGED: &str = "changed by somebody else meanwhile; not written";

/// Edits a file, which must be there. `change` makes the new text of the old one, or `None` where nothing is to be
/// written; it is asked again when somebody else changed the file meanwhile.
///
/// # Errors
/// [`EditError`].
pub fn edit_file<T, E>(
    place: &EditPlace,
    mut change: impl FnMut(&[u8]) -> Result<(Option<Vec<u8>>, T), E>,
) -> Result<Edited<T>, EditError<E>> {
    under_lock(place, |old| match old {
        Some(text) => change(text).map_err(EditError::Change),
        None => Err(EditError::Read(io::Error::from_raw_os_error(libc::ENOENT))),
    })
}

/// As [`edit_file`], of a file that need not be there: `change` then gets nothing.
///
/// # Errors
/// The same.
pub fn edit_or_make_file<T, E>(
    place: &EditPlace,
    mut change: impl FnMut(Option<&[u8]>) -> Result<(Option<Vec<u8>>, T), E>,
) -> Result<Edited<T>, EditError<E>> {
    under_lock(place, |old| change(old).map_err(EditError::Change))
}

fn under_lock<T, E>(
    place: &EditPlace,
    mut change: impl FnMut(Option<&[u8]>) -> Result<(Option<Vec<u8>>, T), EditError<E>>,
) -> Result<Edited<T>, EditError<E>> {
    let _lock = EditLock::acquire(place).map_err(EditError::Lock)?;
    for _ in 0..MOST_ATTEMPTS {
        let old = FileSnapshot::read(place.file()).map_err(EditError::Read)?;
        let (text, noted) = change(old.as_ref().map(|old| old.text.as_slice()))?;
        let Some(text) = text else { return Ok(Edited { noted, lost: Vec::new() }) };
        let mut aside = place.file().replace().map_err(EditError::Write)?;
        let lost = fill(&mut aside, &text, old.as_ref()).map_err(EditError::Write)?;
        let is_old = old.as_ref().map(|old| |displaced: &File| old.is_same_file(displaced));
        if place.is_moved() {
            break;
        }
        if still_there(old.as_ref(), place.file()) && aside.commit_over(is_old).map_err(EditError::Write)? {
            return Ok(Edited { noted, lost });
        }
    }
    Err(EditError::Busy)
}

/// All that can be done before the file is looked at again.
fn fill(aside: &mut AtomicFile, text: &[u8], old: Option<&FileSnapshot>) -> io::Result<Vec<Lost>> {
    aside.write_all(text)?;
    let lost = match old {
        Some(old) => {
            aside.set_access(Access::from(&old.metadata))?;
            aside.carry_over(&old.file)?
        }
        None => {
            rustix::fs::fchmod(aside.file(), WHEN_NEW.into())?;
            Vec::new()
        }
    };
    aside.sync()?;
    Ok(lost)
}

/// A file as it was read.
struct FileSnapshot {
    file: File,
    metadata: Metadata,
    text: Vec<u8>,
}

impl FileSnapshot {
    /// Reads a file, if there is one.
    fn read(place: &Place) -> io::Result<Option<Self>> {
        match place.open_regular() {
            Ok(file) => Self::of(file).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn of(file: File) -> io::Result<Self> {
        // Looked at first: who writes while we read changes what is seen the next time.
        let metadata = file.metadata()?;
        let text = read_rest(&file, LONGEST_TEXT)?;
        Ok(Self { file, metadata, text })
    }

    fn is_same(&self, other: &Self) -> bool {
        let look = |seen: &Self| {
            let of = &seen.metadata;
            (of.dev(), of.ino(), of.mtime(), of.mtime_nsec(), Access::from(of))
        };
        // Two changes within a tick of the clock have the same times.
        look(self) == look(other) && self.text == other.text
    }

    /// Whether an open file is the one that was read, with the same text. If that cannot be told, it is not.
    fn is_same_file(&self, now: &File) -> bool {
        now.try_clone().and_then(Self::of).is_ok_and(|now| self.is_same(&now))
    }
}

/// Whether what stands there is what was read. If that cannot be told, it is not.
fn still_there(old: Option<&FileSnapshot>, place: &Place) -> bool {
    match (old, FileSnapshot::read(place)) {
        (Some(old), Ok(Some(now))) => old.is_same(&now),
        (None, Ok(None)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn append(old: &[u8]) -> Option<Vec<u8>> {
        Some([old, b"ours\n"].concat())
    }

    /// However an editor saves between our reading and our renaming, its change and ours are both there.
    #[test]
    fn what_an_editor_saves_meanwhile_is_kept() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let path = scratch.path().join("main.cf");
        let other = scratch.path().join("other");
        type Save<'a> = &'a dyn Fn() -> io::Result<()>;
        let by_rename: Save = &|| std::fs::write(&other, "theirs\n").and_then(|()| std::fs::rename(&other, &path));
        let in_place: Save = &|| std::fs::write(&path, "theirs\n");
        // As long as the old text.
        let same_length: Save = &|| std::fs::write(&path, "THEIR\n");
        for (save, wanted) in
            [(by_rename, "theirs\nours\n"), (in_place, "theirs\nours\n"), (same_length, "THEIR\nours\n")]
        {
            std::fs::write(&path, "first\n")?;
            let mut times = 0;
            let edited = edit_file(&EditPlace::at(&path)?, |old| {
                times += 1;
                if times == 1 {
                    save()?;
                }
                Ok::<_, io::Error>((append(old), times))
            });
            assert_eq!(edited.map(|edited| edited.noted).ok(), Some(2));
            assert_eq!(std::fs::read_to_string(&path)?, wanted);
        }
        let left: Vec<_> = std::fs::read_dir(scratch.path())?.flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left, ["main.cf"]);
        Ok(())
    }

    #[test]
    fn who_writes_all_the_time_is_left_alone() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let path = scratch.path().join("main.cf");
        std::fs::write(&path, "0\n")?;
        let mut times = 0;
        let edited = edit_file(&EditPlace::at(&path)?, |old| {
            times += 1;
            std::fs::write(&path, format!("{times}\n"))?;
            Ok::<_, io::Error>((append(old), ()))
        });
        assert!(matches!(edited, Err(EditError::Busy)), "{edited:?}");
        assert_eq!(std::fs::read_to_string(&path)?, "10\n");
        Ok(())
    }

    #[test]
    fn a_file_that_is_missing_is_made_only_where_that_is_meant() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let path = scratch.path().join("main.cf");
        let edited = edit_file(&EditPlace::at(&path)?, |old| Ok::<_, Infallible>((append(old), ())));
        assert!(
            matches!(&edited, Err(EditError::Read(error)) if error.kind() == io::ErrorKind::NotFound),
            "{edited:?}"
        );
        // Somebody else makes it while we do.
        let mut seen = Vec::new();
        let edited = edit_or_make_file(&EditPlace::at(&path)?, |old| {
            seen.push(old.map(<[u8]>::to_vec));
            if old.is_none() {
                std::fs::write(&path, "theirs\n")?;
            }
            Ok::<_, io::Error>((append(old.unwrap_or_default()), ()))
        });
        assert!(edited.is_ok(), "{edited:?}");
        assert_eq!(seen, [None, Some(b"theirs\n".to_vec())]);
        assert_eq!(std::fs::read_to_string(&path)?, "theirs\nours\n");
        Ok(())
    }

    #[test]
    fn a_change_that_refuses_or_changes_nothing_leaves_the_file() -> io::Result<()> {
        use std::os::unix::fs::MetadataExt;
        let scratch = tempfile::tempdir()?;
        let path = scratch.path().join("main.cf");
        std::fs::write(&path, "a\n")?;
        let before = std::fs::metadata(&path)?.ino();
        let refused = edit_file(&EditPlace::at(&path)?, |_| Err::<(Option<Vec<u8>>, ()), _>("no"));
        assert!(matches!(refused, Err(EditError::Change("no"))), "{refused:?}");
        let same = edit_file(&EditPlace::at(&path)?, |_| Ok::<_, Infallible>((None, 5)));
        assert_eq!(same.map(|edited| edited.noted).ok(), Some(5));
        assert_eq!(std::fs::metadata(&path)?.ino(), before);
        Ok(())
    }

    /// As `sed -i` does with a link.
    #[test]
    fn a_link_that_gave_way_to_a_file_is_told() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let (path, text) = (scratch.path().join("main.cf"), scratch.path().join("text"));
        std::fs::write(&text, "ours\n")?;
        std::os::unix::fs::symlink("text", &path)?;
        let edited = edit_file(&EditPlace::at(&path)?, |old| {
            std::fs::write(scratch.path().join("theirs"), "theirs\n")?;
            std::fs::rename(scratch.path().join("theirs"), &path)?;
            Ok::<_, io::Error>((append(old), ()))
        });
        assert!(matches!(edited, Err(EditError::Busy)), "{edited:?}");
        assert_eq!(
            (std::fs::read_to_string(&path)?, std::fs::read_to_string(&text)?),
            ("theirs\n".into(), "ours\n".into())
        );
        Ok(())
    }

    /// Whoever swaps the directory for a link to another leads no edit there.
    #[test]
    fn a_directory_that_gave_way_to_a_link_leads_no_edit_elsewhere() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let at = |name: &str| scratch.path().join(name);
        for directory in ["site", "other"] {
            std::fs::create_dir(at(directory))?;
            std::fs::write(at(directory).join("main.cf"), "a\n")?;
        }
        let place = EditPlace::at(&at("site/main.cf"))?;
        std::fs::rename(at("site"), at("aside"))?;
        std::os::unix::fs::symlink("other", at("site"))?;
        assert!(edit_file(&place, |old| Ok::<_, Infallible>((append(old), ()))).is_ok());
        assert_eq!(std::fs::read_to_string(at("other/main.cf"))?, "a\n");
        assert_eq!(std::fs::read_to_string(at("aside/main.cf"))?, "a\nours\n");
        Ok(())
    }
}
