//! A Berkeley DB file as a lookup table.
//!
//! Each lookup holds a shared `flock` of the file, the kind of lock that Postfix takes on these, since a writer changes
//! the file in place; nothing is kept from one to the next. A file swapped by rename is noticed and opened anew.

use crate::base::system_words;
use crate::maps::berkeley_db::{BerkeleyDb, Damage, Kind};
use crate::maps::compile::Folding;
use crate::maps::error::LookupError;
use crate::maps::index_file::{NulForm, damaged, index_path, open_index, was_replaced, without_nul};
use crate::maps::table::{Answer, LookupTable, OpenOptions};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// An open `hash:` or `btree:` table.
#[derive(Debug)]
pub struct BerkeleyDbTable {
    path: PathBuf,
    file: File,
    kind: Kind,
    nul: NulForm,
    folding: Folding,
}

/// A held lock; dropping it unlocks.
struct Lock<'a>(&'a File);

impl<'a> Lock<'a> {
    fn acquire(file: &'a File) -> io::Result<Self> {
        loop {
            match file.lock_shared() {
                Ok(()) => return Ok(Self(file)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // Unlocking an open descriptor cannot fail in a way that anybody could act on.
        let _ = self.0.unlock();
    }
}

impl BerkeleyDbTable {
    /// Opens the table NAME, whose file is NAME.db and must be of this kind.
    ///
    /// # Errors
    /// When the file cannot be opened or is no such file.
    pub fn open(name: &[u8], kind: Kind, options: &OpenOptions) -> Result<Self, LookupError> {
        let path = index_path(name, ".db");
        let file = open_index(&path)?;
        let mut table = Self { path, file, kind, nul: NulForm::new(options), folding: options.folding };
        table.locked(|_, _| Ok(()))?;
        Ok(table)
    }

    /// Runs `read` under a shared lock, on the file that stands at the path now.
    fn locked<T>(
        &mut self,
        read: impl FnOnce(&BerkeleyDb<&File>, &mut NulForm) -> Result<T, Damage>,
    ) -> Result<T, LookupError> {
        let Self { path, file, kind, nul, .. } = self;
        loop {
            if was_replaced(file, path) {
                *file = open_index(path)?;
            }
            let _lock = Lock::acquire(file).map_err(|error| damaged(path, &error))?;
            // It may have been replaced while we waited.
            if !was_replaced(file, path) {
                let database = open_locked(file, *kind, path)?;
                return read(&database, nul).map_err(|error| damaged(path, &error));
            }
        }
    }
}

fn open_locked<'f>(file: &'f File, kind: Kind, path: &Path) -> Result<BerkeleyDb<&'f File>, LookupError> {
    let opened = BerkeleyDb::open(file).and_then(|database| match (kind, database.kind()) {
        (Kind::Hash, Kind::Btree) => Err(Damage::Foreign("it is a btree, not a hash")),
        (Kind::Btree, Kind::Hash) => Err(Damage::Foreign("it is a hash, not a btree")),
        _ => Ok(database),
    });
    opened.map_err(|damage| {
        let words = match damage {
            Damage::Io(error) => system_words(&error),
            damage => damage.to_string(),
        };
        LookupError::Config(format!("open database {}: {words}", path.display()))
    })
}

impl LookupTable for BerkeleyDbTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        let folding = self.folding;
        self.locked(|database, nul| nul.lookup(key, folding, |key| database.get(key)))
    }

    fn lookup_all(&mut self, keys: &[&[u8]]) -> Vec<Answer> {
        let (folding, path) = (self.folding, self.path.clone());
        let found = self.locked(|database, nul| {
            let mut get = |key: &&[u8]| nul.lookup(key, folding, |key| database.get(key));
            Ok(keys.iter().map(|key| get(key).map_err(|error| damaged(&path, &error))).collect())
        });
        found.unwrap_or_else(|error| vec![Err(error); keys.len()])
    }

    fn walk(&mut self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        self.locked(|database, _| {
            database.walk(|key, value| {
                visit(without_nul(key), without_nul(value));
                Ok(())
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::sync::mpsc;
    use std::time::Duration;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/berkeley-db").join(name)
    }

    /// A copy of a table that has one entry, its name, and its path.
    fn copied(directory: &Path) -> (Vec<u8>, PathBuf) {
        let path = directory.join("t.db");
        std::fs::copy(fixture("hash-one.db"), &path).expect("scratch space");
        (directory.join("t").as_os_str().as_bytes().to_vec(), path)
    }

    const KEY: &[u8] = b"user@example.com";

    #[test]
    fn a_writer_is_waited_for() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        let (name, path) = copied(scratch.path());
        let mut table = BerkeleyDbTable::open(&name, Kind::Hash, &OpenOptions::default()).expect("opened");
        let mut writer = File::options().read(true).write(true).open(&path).expect("there");
        writer.lock().expect("nobody else has it");
        let (sender, receiver) = mpsc::channel();
        let lookup = std::thread::spawn(move || {
            sender.send(table.lookup(KEY)).expect("somebody listens");
            table
        });
        assert!(receiver.recv_timeout(Duration::from_millis(100)).is_err(), "read under a writer's lock");
        // The file is emptied and written in place, as Postfix does it.
        writer.set_len(0).expect("scratch space");
        let mut empty = File::open(fixture("hash-empty.db")).expect("a fixture");
        io::copy(&mut empty, &mut writer).expect("scratch space");
        writer.unlock().expect("it was ours");
        assert_eq!(receiver.recv_timeout(Duration::from_secs(20)), Ok(Ok(None)));
        // And no lock is left behind.
        writer.try_lock().expect("unlocked");
        drop(lookup.join());
    }

    #[test]
    fn a_replaced_and_a_damaged_file_are_noticed() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        let (name, path) = copied(scratch.path());
        let mut table = BerkeleyDbTable::open(&name, Kind::Hash, &OpenOptions::default()).expect("opened");
        assert_eq!(table.lookup(KEY), Ok(Some(b"mailbox".to_vec())));
        let other = scratch.path().join("other");
        std::fs::copy(fixture("hash-thousand.db"), &other).expect("scratch space");
        std::fs::rename(&other, &path).expect("renamed");
        assert_eq!(table.lookup(KEY), Ok(None));
        assert_eq!(table.lookup(b"User7@example.com"), Ok(Some(b"mailbox7".to_vec())));
        std::fs::write(&path, b"").expect("written");
        let message = format!("open database {}: not a usable Berkeley DB file: it is too short", path.display());
        assert_eq!(table.lookup(KEY), Err(LookupError::Config(message)));
    }

    /// `-N` and `-n` ask for one form only.
    #[test]
    fn trailing_nuls_are_asked_for_as_told() {
        let cases = [
            ("hash-one", None, true),
            ("hash-one", Some(true), true),
            ("hash-one", Some(false), false),
            ("hash-without-nul", None, true),
            ("hash-without-nul", Some(true), false),
            ("hash-without-nul", Some(false), true),
        ];
        for (name, trailing_nul, is_found) in cases {
            let options = OpenOptions { trailing_nul, ..OpenOptions::default() };
            let mut table =
                BerkeleyDbTable::open(fixture(name).as_os_str().as_bytes(), Kind::Hash, &options).expect("opened");
            let expected = is_found.then(|| b"mailbox".to_vec());
            assert_eq!(table.lookup(KEY), Ok(expected), "{name} {trailing_nul:?}");
        }
    }
}
