//! Changes an LMDB file in place, by the C library, in one transaction: all of the changes are on disk, or none.
//!
//! An exclusive lock on the whole file keeps Postfix's readers and other writers out; after it is granted the path is looked at
//! again, since a rebuild may have put another file there. The file is [proved sound](LmdbFile::verify) first. It is not mapped
//! for writing, so a full disk is an error and not a signal.

use super::format::{Damage, Format, MAX_KEY, MAX_MAP_SIZE};
use super::read::LmdbFile;
use crate::base::{FileLock, LockKind};
use lmdb::{Database, Environment, EnvironmentFlags, RwTransaction, Transaction, WriteFlags};
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Least room for a file, in bytes.
const LEAST_ROOM: usize = 1 << 20;

/// Why nothing was changed.
#[derive(Debug)]
pub enum UpdateError {
    /// The file cannot be opened or locked.
    Open(io::Error),
    /// It is damaged, or no LMDB file.
    Damaged(Damage),
    /// It is of LMDB 1.0, whose files the library that we have does not open.
    OtherFormat,
    /// The library refused.
    Library(lmdb::Error),
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Damaged(damage) => write!(f, "{damage}; it is left as it was: rebuild it from its source"),
            Self::OtherFormat => f.write_str(
                "an LMDB file of data version 3, from LMDB 1.0; such files are read and not yet changed: rebuild it from its source, \
                 which makes one of data version 1",
            ),
            Self::Library(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for UpdateError {}

impl From<lmdb::Error> for UpdateError {
    fn from(error: lmdb::Error) -> Self {
        Self::Library(error)
    }
}

impl From<Damage> for UpdateError {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is stored.
    Stored,
    /// There was one with its key, which stays.
    Exists,
    /// LMDB takes no key of this length: 0 or more than 511 bytes.
    BadKey,
}

/// A file being changed.
pub struct Update<'a> {
    transaction: RwTransaction<'a>,
    database: Database,
}

impl Update<'_> {
    /// Stores an entry, in place of another with its key only if `replace`.
    ///
    /// # Errors
    /// The library's.
    pub fn put(&mut self, key: &[u8], value: &[u8], replace: bool) -> Result<Put, UpdateError> {
        if key.is_empty() || key.len() > MAX_KEY {
            return Ok(Put::BadKey);
        }
        let flags = if replace { WriteFlags::empty() } else { WriteFlags::NO_OVERWRITE };
        match self.transaction.put(self.database, &key, &value, flags) {
            Ok(()) => Ok(Put::Stored),
            Err(lmdb::Error::KeyExist) => Ok(Put::Exists),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes an entry; says whether there was one.
    ///
    /// # Errors
    /// The library's.
    pub fn delete(&mut self, key: &[u8]) -> Result<bool, UpdateError> {
        if key.is_empty() || key.len() > MAX_KEY {
            return Ok(false);
        }
        match self.transaction.del(self.database, &key, None) {
            Ok(()) => Ok(true),
            Err(lmdb::Error::NotFound) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Changes the file at `path` by what `work` does, which is run again from the start when the file must grow.
///
/// `map_size` is where the room for the file begins, in bytes (`lmdb_map_size`); it is doubled as needed.
///
/// # Errors
/// [`UpdateError`]; the file is then as it was. An error of `work` undoes what it did.
pub fn update<T>(
    path: &Path,
    map_size: usize,
    mut work: impl FnMut(&mut Update<'_>) -> Result<T, UpdateError>,
) -> Result<T, UpdateError> {
    loop {
        let file = File::options().read(true).write(true).open(path).map_err(UpdateError::Open)?;
        let _lock = FileLock::acquire(&file, LockKind::Exclusive).map_err(UpdateError::Open)?;
        if is_at(&file, path).map_err(UpdateError::Open)? {
            return update_locked(path, &file, map_size, &mut work);
        }
    }
}

/// Drops all that a file holds and fills it by what `work` does, which is run again from the start when the file must grow. For
/// a file whose other names must lead to the new entries too. The caller holds the exclusive lock.
///
/// # Errors
/// [`UpdateError`]; the file is then as it was.
pub fn refill(
    file: &File,
    map_size: usize,
    mut work: impl FnMut(&mut Update<'_>) -> Result<(), UpdateError>,
) -> Result<(), UpdateError> {
    // The library opens by path alone, and this one leads to the open file whatever its name leads to by now.
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    update_locked(Path::new(&path), file, map_size, &mut |update: &mut Update<'_>| {
        update.transaction.clear_db(update.database)?;
        work(update)
    })
}

/// Whether the open file is the one at `path`.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let (open, there) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((open.dev(), open.ino()) == (there.dev(), there.ino()))
}

fn update_locked<T>(
    path: &Path,
    file: &File,
    map_size: usize,
    work: &mut impl FnMut(&mut Update<'_>) -> Result<T, UpdateError>,
) -> Result<T, UpdateError> {
    let length = file.metadata().map_err(UpdateError::Open)?.len();
    // A file without a byte is a new one to the library.
    if length > 0 {
        let copy = file.try_clone().map_err(UpdateError::Open)?;
        let mut there = LmdbFile::open(copy)?;
        if there.format() != Format::V0_9 {
            return Err(UpdateError::OtherFormat);
        }
        there.verify()?;
    }
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
    let mut update = Update { transaction: environment.begin_rw_txn()?, database };
    let outcome = work(&mut update)?;
    update.transaction.commit()?;
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::super::write::LmdbWriter;
    use super::*;
    use std::collections::BTreeMap;
    use std::os::unix::fs::FileExt;

    type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

    fn empty() -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("scratch file");
        LmdbWriter::new(file.as_file()).finish().expect("scratch space");
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

    /// Whatever the library makes of random changes is sound in our eyes, and what was meant.
    #[test]
    fn random_changes_leave_a_sound_file() {
        let scratch = empty();
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
            update(scratch.path(), 1 << 20, |update| {
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
        update(scratch.path(), 1, |update| expected.keys().try_for_each(|key| update.delete(key).map(drop)))
            .expect("updated");
        assert!(walked(scratch.path()).is_empty());
    }

    #[test]
    fn what_became_of_each_entry() {
        let scratch = empty();
        let long = [b'k'; MAX_KEY + 1];
        let outcome = update(scratch.path(), 1, |update| {
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
        assert_eq!(outcome.expect("updated"), [Stored, Exists, Stored, Stored, BadKey, Stored, BadKey]);
        let deleted = update(scratch.path(), 1, |update| Ok([update.delete(b"a")?, update.delete(b"x")?]));
        assert_eq!(deleted.expect("updated"), [true, false]);
        assert_eq!(walked(scratch.path()).len(), 2);
    }

    /// A reader is waited for; and if the file was replaced meanwhile, the new one is changed.
    #[test]
    fn the_file_that_stands_there_once_the_lock_is_granted_is_changed() {
        let (old, new) = (empty(), empty());
        let path = old.path().to_path_buf();
        let reader = File::open(&path).expect("there");
        let held = FileLock::acquire(&reader, LockKind::Shared).expect("lock");
        let writer = std::thread::spawn({
            let path = path.clone();
            move || update(&path, 1, |update| update.put(b"a", b"1", false).map(drop))
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
        let scratch = empty();
        let other = scratch.path().with_extension("other");
        std::fs::hard_link(scratch.path(), &other).expect("linked");
        update(scratch.path(), 1, |update| {
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
        let scratch = empty();
        let failed = update(scratch.path(), 1, |update| {
            update.put(b"a", b"1", false)?;
            Err::<(), _>(UpdateError::Library(lmdb::Error::BadTxn))
        });
        assert!(failed.is_err());
        assert!(walked(scratch.path()).is_empty());
    }

    /// Every byte of a small file is changed; the proof must fail, or the library must get along with what passed.
    #[test]
    fn damage_is_found_before_the_library_sees_it() {
        let scratch = empty();
        update(scratch.path(), 1, |update| {
            (0..300).try_for_each(|n| update.put(format!("key{n}").as_bytes(), &[b'v'; 40], false).map(drop))?;
            update.put(b"long", &[b'x'; 9000], false).map(drop)
        })
        .expect("updated");
        // A second transaction leaves free pages behind.
        update(scratch.path(), 1, |update| update.delete(b"key7").map(drop)).expect("updated");
        let sound = std::fs::read(scratch.path()).expect("read");
        let (mut refused, mut passed) = (0, 0);
        for at in (0..sound.len()).filter(|at| at % 4096 < 200 || at % 4096 > 3900 || at % 13 == 0) {
            for change in [0xff_u8, 0x01, 0x80] {
                scratch.as_file().write_all_at(&[sound[at] ^ change], at as u64).expect("write");
                let file = LmdbFile::open(File::open(scratch.path()).expect("there"));
                match file.and_then(|mut file| file.verify()) {
                    Err(_) => refused += 1,
                    Ok(()) => {
                        passed += 1;
                        if passed % 40 == 0 {
                            let _ = update(scratch.path(), 1, |update| {
                                update.put(b"key8", b"new", true)?;
                                update.delete(b"key9").map(drop)
                            });
                            scratch.as_file().set_len(sound.len() as u64).expect("truncate");
                            scratch.as_file().write_all_at(&sound, 0).expect("write");
                        }
                    }
                }
                scratch.as_file().write_all_at(&[sound[at]], at as u64).expect("write");
            }
        }
        assert!(refused > 1000 && passed > 1000, "{refused} refused, {passed} passed");
    }
}
