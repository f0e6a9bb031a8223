//! Changes an LMDB file, all of the changes or none: one of LMDB 0.9 in place, by the C library, in one transaction;
//! one of LMDB 1.0, or one that is to be in the other format, by being [written anew](super::anew) aside and put in its
//! place.
//!
//! An exclusive lock on the whole file keeps Postfix's readers and other writers out; after it is granted the path is
//! looked at again, since a rebuild may have put another file there. The file is [proved sound](LmdbFile::verify)
//! first. It is not mapped for writing, so a full disk is an error and not a signal.

use super::anew::{Changes, write_anew};
use super::format::{Damage, Format, MAX_MAP_SIZE};
use super::read::LmdbFile;
use super::update_error::UpdateError;
use crate::base::atomic_file::Access;
use crate::base::carried_over::Lost;
use crate::base::{AtomicFile, FileLock, LockKind};
use lmdb::{Database, Environment, EnvironmentFlags, RwTransaction, Transaction, WriteFlags};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Least room for a file, in bytes.
const LEAST_ROOM: usize = 1 << 20;

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is stored.
    Stored,
    /// There was one with its key, which stays.
    Exists,
    /// LMDB takes no key of this length: 0, or more than [`Format::longest_key`].
    BadKey,
}

/// A changed file.
#[derive(Debug)]
pub struct Updated<T> {
    /// What the work came to.
    pub outcome: T,
    /// How many names (hard links) the file had, if another was put in its place, to which one of them leads.
    pub names: u64,
    /// What the old file carried and the new one could not get.
    pub lost: Vec<Lost>,
}

/// A file being changed.
pub struct Update<'a> {
    way: Way<'a>,
    format: Format,
}

/// How it is changed.
enum Way<'a> {
    Library {
        transaction: RwTransaction<'a>,
        database: Database,
    },
    /// The file that is there, unless it is empty; and what has changed so far.
    Anew {
        old: Option<Box<LmdbFile>>,
        changes: Changes,
    },
}

impl Update<'_> {
    /// Stores an entry, in place of another with its key only if `replace`.
    ///
    /// # Errors
    /// The library's; that the file is damaged.
    pub fn put(&mut self, key: &[u8], value: &[u8], replace: bool) -> Result<Put, UpdateError> {
        if key.is_empty() || key.len() > self.format.longest_key() {
            return Ok(Put::BadKey);
        }
        match &mut self.way {
            Way::Library { transaction, database } => {
                let flags = if replace { WriteFlags::empty() } else { WriteFlags::NO_OVERWRITE };
                match transaction.put(*database, &key, &value, flags) {
                    Ok(()) => Ok(Put::Stored),
                    Err(lmdb::Error::KeyExist) => Ok(Put::Exists),
                    Err(error) => Err(error.into()),
                }
            }
            Way::Anew { old, changes } => {
                if !replace && holds(old.as_deref_mut(), changes, key)? {
                    return Ok(Put::Exists);
                }
                changes.insert(key.to_vec(), Some(value.to_vec()));
                Ok(Put::Stored)
            }
        }
    }

    /// Removes an entry; says whether there was one.
    ///
    /// # Errors
    /// The library's; that the file is damaged.
    pub fn delete(&mut self, key: &[u8]) -> Result<bool, UpdateError> {
        if key.is_empty() {
            return Ok(false);
        }
        match &mut self.way {
            Way::Library { .. } if key.len() > self.format.longest_key() => Ok(false),
            Way::Library { transaction, database } => match transaction.del(*database, &key, None) {
                Ok(()) => Ok(true),
                Err(lmdb::Error::NotFound) => Ok(false),
                Err(error) => Err(error.into()),
            },
            // A longer one may be in the way of another format.
            Way::Anew { old, changes } => {
                let found = holds(old.as_deref_mut(), changes, key)?;
                if found {
                    changes.insert(key.to_vec(), None);
                }
                Ok(found)
            }
        }
    }
}

/// Whether there is an entry with this key by now.
fn holds(old: Option<&mut LmdbFile>, changes: &Changes, key: &[u8]) -> Result<bool, Damage> {
    match (changes.get(key), old) {
        (Some(changed), _) => Ok(changed.is_some()),
        (None, Some(old)) => Ok(old.get(key)?.is_some()),
        (None, None) => Ok(false),
    }
}

/// Changes the file at `path` by what `work` does, which is run again from the start when the file must grow.
///
/// `map_size` is where the room for the file begins, in bytes (`lmdb_map_size`); it is doubled as needed. The file
/// comes to be in `format`; without one it stays in its own.
///
/// # Errors
/// [`UpdateError`]; the file is then as it was. An error of `work` undoes what it did.
pub fn update<T>(
    path: &Path,
    map_size: usize,
    format: Option<Format>,
    mut work: impl FnMut(&mut Update<'_>) -> Result<T, UpdateError>,
) -> Result<Updated<T>, UpdateError> {
    loop {
        let file = File::options().read(true).write(true).open(path).map_err(UpdateError::Open)?;
        let _lock = FileLock::acquire(&file, LockKind::Exclusive).map_err(UpdateError::Open)?;
        if !is_at(&file, path).map_err(UpdateError::Open)? {
            continue;
        }
        let old = proved(&file)?.map(Box::new);
        let format = format.or(old.as_deref().map(LmdbFile::format)).unwrap_or(Format::V0_9);
        if format == Format::V0_9 && old.as_ref().is_none_or(|old| old.format() == format) {
            let outcome = by_library(path, &file, map_size, &mut work)?;
            return Ok(Updated { outcome, names: 0, lost: Vec::new() });
        }
        let mut update = Update { way: Way::Anew { old, changes: Changes::new() }, format };
        let outcome = work(&mut update)?;
        let (names, lost) = update.put_in_place(path, &file)?;
        return Ok(Updated { outcome, names, lost });
    }
}

/// Drops all that a file of LMDB 0.9 holds and fills it by what `work` does, which is run again from the start when the
/// file must grow. For a file whose other names must lead to the new entries too. The caller holds the exclusive lock.
///
/// # Errors
/// [`UpdateError`]; the file is then as it was.
pub fn refill(
    file: &File,
    map_size: usize,
    mut work: impl FnMut(&mut Update<'_>) -> Result<(), UpdateError>,
) -> Result<(), UpdateError> {
    proved(file)?;
    // The library opens by path alone, and this one leads to the open file whatever its name leads to by now.
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    by_library(Path::new(&path), file, map_size, &mut |update: &mut Update<'_>| {
        if let Way::Library { transaction, database } = &mut update.way {
            transaction.clear_db(*database)?;
        }
        work(update)
    })
}

/// Whether the open file is the one at `path`.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let (open, there) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((open.dev(), open.ino()) == (there.dev(), there.ino()))
}

/// The file, all of it sound. A file without a byte is a new one to the library, and none here.
fn proved(file: &File) -> Result<Option<LmdbFile>, UpdateError> {
    if file.metadata().map_err(UpdateError::Open)?.len() == 0 {
        return Ok(None);
    }
    let mut there = LmdbFile::open(file.try_clone().map_err(UpdateError::Open)?)?;
    there.verify()?;
    Ok(Some(there))
}

impl Update<'_> {
    /// Writes the file anew and puts it in the place of the old one; says how many names that had, and what is lost
    /// with it.
    fn put_in_place(self, path: &Path, file: &File) -> Result<(u64, Vec<Lost>), UpdateError> {
        let Way::Anew { mut old, changes } = self.way else { return Ok((0, Vec::new())) };
        let status = file.metadata().map_err(UpdateError::Open)?;
        let aside = AtomicFile::create(path).map_err(UpdateError::Open)?;
        write_anew(old.as_deref_mut(), changes, self.format, aside.file())?;
        let put = || {
            aside.set_access(Access::from(&status))?;
            let lost = aside.carry_over(file)?;
            aside.commit()?;
            Ok(lost)
        };
        Ok((status.nlink(), put().map_err(UpdateError::Open)?))
    }
}

fn by_library<T>(
    path: &Path,
    file: &File,
    map_size: usize,
    work: &mut impl FnMut(&mut Update<'_>) -> Result<T, UpdateError>,
) -> Result<T, UpdateError> {
    let length = file.metadata().map_err(UpdateError::Open)?.len();
    let mut size = map_size.max(LEAST_ROOM);
    while (size as u64) < length {
        size = size.saturating_mul(2);
    }
    loop {
        match attempt(path, size, work) {
            Err(UpdateError::Library(lmdb::Error::MapFull)) if (size as u64) < MAX_MAP_SIZE => size *= 2,
            outcome => return outcome,
        }
    }
}

fn attempt<T>(
    path: &Path,
    size: usize,
    work: &mut impl FnMut(&mut Update<'_>) -> Result<T, UpdateError>,
) -> Result<T, UpdateError> {
    // Our lock stands in for the library's, as Postfix's does: there is no lock file.
    let flags = EnvironmentFlags::NO_SUB_DIR | EnvironmentFlags::NO_LOCK;
    let environment = Environment::new().set_flags(flags).set_map_size(size).open(path)?;
    let database = environment.open_db(None)?;
    let transaction = environment.begin_rw_txn()?;
    let mut update = Update { way: Way::Library { transaction, database }, format: Format::V0_9 };
    let outcome = work(&mut update)?;
    match update.way {
        Way::Library { transaction, .. } => transaction.commit()?,
        Way::Anew { .. } => {}
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::super::write::LmdbWriter;
    use super::*;
    use std::collections::BTreeMap;
    use std::os::unix::fs::FileExt;

    type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

    fn empty(format: Format) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("scratch file");
        LmdbWriter::new(file.as_file(), format).finish().expect("scratch space");
        file
    }

    fn walked(path: &Path) -> Pairs {
        let mut pairs = Pairs::new();
        let mut file = LmdbFile::open(File::open(path).expect("there")).expect("sound");
        file.verify().expect("sound");
        file.walk(|key, value| {
            pairs.insert(key.to_vec(), value.to_vec());
            Ok::<(), Damage>(())
        })
        .expect("sound");
        pairs
    }

    /// Whatever the library, or we, make of random changes is sound in our eyes, and what was meant.
    #[test]
    fn random_changes_leave_a_sound_file() {
        Format::ALL.into_iter().for_each(change_at_random);
    }

    fn change_at_random(format: Format) {
        let scratch = empty(format);
        let mut expected = Pairs::new();
        let mut seed = 7_u64;
        let mut next = move |bound: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % bound
        };
        for round in 0..60 {
            let removes = round % 7 == 3;
            let changes: Vec<(Vec<u8>, Vec<u8>, bool)> = (0..next(400))
                .map(|_| {
                    let key = format!("{:0width$}", next(3000), width = [6, 40, 300][next(3)]);
                    let length = [3, 30, 900, 2100, 20_000][next(5)];
                    (key.into_bytes(), vec![b'v'; length], next(2) == 0)
                })
                .collect();
            update(scratch.path(), 1 << 20, None, |update| {
                for (key, value, flag) in &changes {
                    if removes || (*flag && round > 20) {
                        update.delete(key)?;
                    } else {
                        update.put(key, value, *flag)?;
                    }
                }
                Ok(())
            })
            .expect("updated");
            for (key, value, flag) in changes {
                if removes || (flag && round > 20) {
                    expected.remove(&key);
                } else if flag {
                    expected.insert(key, value);
                } else {
                    expected.entry(key).or_insert(value);
                }
            }
            assert!(walked(scratch.path()) == expected, "round {round}");
        }
        update(scratch.path(), 1, None, |update| expected.keys().try_for_each(|key| update.delete(key).map(drop)))
            .expect("updated");
        assert!(walked(scratch.path()).is_empty());
    }

    #[test]
    fn what_became_of_each_entry() {
        Format::ALL.into_iter().for_each(tell_what_became);
    }

    fn tell_what_became(format: Format) {
        let scratch = empty(format);
        let long = vec![b'k'; format.longest_key() + 1];
        let updated = update(scratch.path(), 1, None, |update| {
            Ok([
                update.put(b"a", b"1", false)?,
                update.put(b"a", b"2", false)?,
                update.put(b"b", b"1", false)?,
                update.put(b"b", b"2", true)?,
                update.put(b"", b"2", true)?,
                update.put(&long[1..], b"2", true)?,
                update.put(&long, b"2", true)?,
            ])
        });
        use Put::{BadKey, Exists, Stored};
        let stored = updated.expect("updated").outcome;
        assert_eq!(stored, [Stored, Exists, Stored, Stored, BadKey, Stored, BadKey]);
        let deleted = update(scratch.path(), 1, None, |update| {
            Ok([
                update.delete(b"a")?,
                update.delete(b"a")?,
                update.delete(b"x")?,
                update.put(b"a", b"3", false)? == Stored,
                update.delete(b"a")?,
                update.delete(&long)?,
            ])
        });
        assert_eq!(deleted.expect("updated").outcome, [true, false, false, true, true, false]);
        assert_eq!(walked(scratch.path()).len(), 2);
    }

    /// Its owner's name for it stays, and its permissions; another name leads to the old file.
    #[test]
    fn a_file_comes_to_be_in_the_format_that_is_asked_for() {
        use std::os::unix::fs::PermissionsExt;
        let scratch = empty(Format::V0_9);
        let other = scratch.path().with_extension("other");
        std::fs::hard_link(scratch.path(), &other).expect("linked");
        std::fs::set_permissions(scratch.path(), PermissionsExt::from_mode(0o640)).expect("permitted");
        let format = || super::super::format_of(&File::open(scratch.path()).expect("there")).expect("sound");
        let put = |asked, key: &[u8]| update(scratch.path(), 1, asked, |update| update.put(key, b"1", false));
        let names = [None, Some(Format::V0_9), Some(Format::V1_0), None, Some(Format::V1_0)].map(|asked| {
            let updated = put(asked, format!("{asked:?}").as_bytes()).expect("updated");
            (format(), updated.names)
        });
        let (old, new) = (Format::V0_9, Format::V1_0);
        assert_eq!(names, [(old, 0), (old, 0), (new, 2), (new, 1), (new, 1)]);
        assert_eq!((walked(scratch.path()).len(), walked(&other).len()), (3, 2));
        let mode = std::fs::metadata(scratch.path()).expect("status").permissions().mode();
        assert_eq!(mode & 0o7777, 0o640);
        // A key that is too long for the other format stands in its way, until it is taken out.
        let long = [b'k'; 512];
        assert_eq!(put(None, &long).expect("updated").outcome, Put::Stored);
        let failed = put(Some(old), b"x").map(|updated| updated.outcome).map_err(|error| error.to_string());
        let told = "a key has 512 bytes and LMDB 0.9 takes at most 511; it is left as it was";
        assert_eq!((failed, format()), (Err(told.to_string()), new));
        let deleted = update(scratch.path(), 1, Some(old), |update| update.delete(&long)).expect("updated");
        assert_eq!((deleted.outcome, format(), walked(scratch.path()).len()), (true, old, 3));
        std::fs::remove_file(other).expect("removed");
    }

    /// A reader is waited for; and if the file was replaced meanwhile, the new one is changed.
    #[test]
    fn the_file_that_stands_there_once_the_lock_is_granted_is_changed() {
        Format::ALL.into_iter().for_each(replace_while_waiting);
    }

    fn replace_while_waiting(format: Format) {
        let (old, new) = (empty(format), empty(format));
        let path = old.path().to_path_buf();
        let reader = File::open(&path).expect("there");
        let held = FileLock::acquire(&reader, LockKind::Shared).expect("lock");
        let writer = std::thread::spawn({
            let path = path.clone();
            move || update(&path, 1, None, |update| update.put(b"a", b"1", false).map(drop))
        });
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(!writer.is_finished());
        std::fs::rename(new.path(), &path).expect("renamed");
        drop(held);
        writer.join().expect("no panic").expect("updated");
        assert_eq!(walked(&path).len(), 1);
        assert_eq!(LmdbFile::open(reader).expect("sound").entries(), 0);
    }

    #[test]
    fn a_refilled_file_holds_the_new_entries_alone_and_is_the_same_file() {
        let scratch = empty(Format::V0_9);
        let other = scratch.path().with_extension("other");
        std::fs::hard_link(scratch.path(), &other).expect("linked");
        update(scratch.path(), 1, None, |update| {
            (0..500).try_for_each(|n| update.put(format!("old{n}").as_bytes(), &[b'v'; 900], false).map(drop))
        })
        .expect("updated");
        let fill = |count: usize| {
            let file = File::options().read(true).write(true).open(scratch.path()).expect("there");
            refill(&file, 1, |update| {
                (0..count).try_for_each(|n| update.put(format!("new{n}").as_bytes(), &[b'w'; 1900], false).map(drop))
            })
        };
        for count in [3, 3000, 0, 1] {
            fill(count).expect("filled");
            let found = walked(&other);
            assert!(found.len() == count && found.keys().all(|key| key.starts_with(b"new")), "{count}");
        }
        // Damaged.
        scratch.as_file().write_all_at(&[0xff; 64], 8192).expect("write");
        scratch.as_file().set_len(8192 + 64).expect("cut");
        let before = std::fs::read(&other).expect("read");
        assert!(matches!(fill(1), Err(UpdateError::Damaged(_))));
        assert!(std::fs::read(&other).expect("read") == before);
        std::fs::remove_file(other).expect("removed");
    }

    #[test]
    fn a_failed_update_changes_nothing() {
        for format in Format::ALL {
            let scratch = empty(format);
            let failed = update(scratch.path(), 1, None, |update| {
                update.put(b"a", b"1", false)?;
                Err::<(), _>(UpdateError::Library(lmdb::Error::BadTxn))
            });
            assert!(failed.is_err());
            assert!(walked(scratch.path()).is_empty());
        }
    }
}
