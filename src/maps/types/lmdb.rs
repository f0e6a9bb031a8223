//! `lmdb:` — NAME.lmdb, a file of LMDB's that Postfix or this program made.
//!
//! Each lookup holds a shared whole-file lock, as Postfix's do, since a writer may change the file in place; a file
//! swapped by rename is noticed and opened anew. A snapshot needs neither: pages that were read are kept, and after one
//! is read the meta pages tell whether it still counted. Source: `LMDB_README`, `lmdb_table(5)`.

use crate::base::{FileLock, LockKind, system_words};
use crate::maps::compile::Folding;
use crate::maps::error::LookupError;
use crate::maps::index_file::{NulForm, damaged, index_path, open_index, was_replaced, without_nul};
use crate::maps::lmdb::{Damage, LmdbFile, mismatch};
use crate::maps::table::{Answer, LookupTable, OpenOptions};
use std::fs::File;
use std::path::{Path, PathBuf};

/// An open `lmdb:` table.
pub struct LmdbTable {
    path: PathBuf,
    open: Open,
    nul: NulForm,
    folding: Folding,
    snapshot: bool,
}

/// An open file.
struct Open {
    /// Shares its lock with `pages`, and can be borrowed beside it.
    lock: File,
    pages: LmdbFile,
}

impl Open {
    fn at(path: &Path) -> Result<Self, LookupError> {
        let file = open_index(path)?;
        let lock = file.try_clone().map_err(|error| damaged(path, &error))?;
        let held = FileLock::acquire(&lock, LockKind::Shared).map_err(|error| damaged(path, &error))?;
        let pages = LmdbFile::open(file).map_err(|damage| {
            let words = match damage {
                Damage::Io(error) => system_words(&error),
                damage => damage.to_string(),
            };
            LookupError::Config(format!("open database {}: {words}", path.display()))
        })?;
        drop(held);
        Ok(Self { lock, pages })
    }
}

impl LmdbTable {
    /// Opens the table NAME, whose file is NAME.lmdb.
    ///
    /// # Errors
    /// When the file cannot be opened or is no LMDB file.
    pub fn open(name: &[u8], options: &OpenOptions) -> Result<Self, LookupError> {
        let path = index_path(name, ".lmdb");
        let mut open = Open::at(&path)?;
        if let Some(wanted) = options.lmdb_format.filter(|&wanted| wanted != open.pages.format()) {
            let words = mismatch(open.pages.format(), wanted);
            let table = table_name(&path);
            let text = format!(
                "lmdb:{table} is {words}: Postfix does not open it; make it anew, or use `postwright migrate lmdb`"
            );
            options.caller.warning(text.as_bytes());
        }
        if options.snapshot {
            open.pages.keep_more();
        }
        let (nul, folding, snapshot) = (NulForm::new(options), options.folding, options.snapshot);
        Ok(Self { path, open, nul, folding, snapshot })
    }

    /// Runs `read` under a shared lock, on the file that stands at the path now.
    fn locked<T>(
        &mut self,
        read: impl FnOnce(&mut LmdbFile, &mut NulForm) -> Result<T, LookupError>,
    ) -> Result<T, LookupError> {
        if !self.snapshot && was_replaced(&self.open.lock, &self.path) {
            self.open = Open::at(&self.path)?;
        }
        let _lock =
            FileLock::acquire(&self.open.lock, LockKind::Shared).map_err(|error| damaged(&self.path, &error))?;
        self.open.pages.refresh().map_err(|error| damaged(&self.path, &error))?;
        read(&mut self.open.pages, &mut self.nul)
    }

    fn lookup_locked(path: &Path, key: &[u8], folding: Folding, pages: &mut LmdbFile, nul: &mut NulForm) -> Answer {
        nul.lookup(key, folding, |key| {
            if key.is_empty() {
                return Err(empty_key(path));
            }
            pages.get(key).map_err(|error| damaged(path, &error))
        })
    }
}

impl LmdbTable {
    /// Looks up many keys in a table of which it is known whether it has trailing NULs.
    fn lookup_rest(
        path: &Path,
        keys: &[&[u8]],
        folding: Folding,
        pages: &mut LmdbFile,
        with_nul: bool,
    ) -> Result<Vec<Answer>, LookupError> {
        let mut text = Vec::new();
        let mut ends = Vec::with_capacity(keys.len());
        for key in keys {
            text.extend_from_slice(&folding.apply(key));
            text.extend_from_slice(if with_nul { b"\0" } else { b"" });
            ends.push(text.len());
        }
        let mut start = 0;
        let stored: Vec<&[u8]> = ends.iter().map(|&end| &text[std::mem::replace(&mut start, end)..end]).collect();
        let mut found = Vec::with_capacity(keys.len());
        // LMDB itself refuses a key of no length; what follows it then has no answer either.
        let usable = stored.iter().position(|key| key.is_empty()).unwrap_or(stored.len());
        for value in pages.get_all(&stored[..usable]).map_err(|error| damaged(path, &error))? {
            found.push(Ok(value.map(|mut value| {
                if with_nul && value.last() == Some(&0) {
                    value.pop();
                }
                value
            })));
        }
        found.resize(keys.len(), Err(empty_key(path)));
        Ok(found)
    }
}

/// What LMDB itself says to a key of no length.
fn empty_key(path: &Path) -> LookupError {
    LookupError::Config(format!("error reading lmdb:{}: {}", table_name(path), lmdb::Error::BadValSize))
}

/// The name of the table whose file is at `path`.
fn table_name(path: &Path) -> std::borrow::Cow<'_, str> {
    let path = path.to_string_lossy();
    match path.strip_suffix(".lmdb") {
        Some(name) => name.to_string().into(),
        None => path,
    }
}

impl LookupTable for LmdbTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        if self.snapshot {
            let before = self.nul;
            let Open { pages, .. } = &mut self.open;
            let answer = Self::lookup_locked(&self.path, key, self.folding, pages, &mut self.nul);
            if pages.is_as_read() {
                return answer;
            }
            self.nul = before;
        }
        let (folding, path) = (self.folding, self.path.clone());
        self.locked(|pages, nul| Self::lookup_locked(&path, key, folding, pages, nul))
    }

    fn lookup_all(&mut self, keys: &[&[u8]]) -> Vec<Answer> {
        let (folding, path) = (self.folding, self.path.clone());
        let found = self.locked(|pages, nul| {
            let mut answers = Vec::with_capacity(keys.len());
            // Until the first hit tells whether this table has trailing NULs, the order matters.
            while answers.len() < keys.len() && nul.settled().is_none() {
                answers.push(Self::lookup_locked(&path, keys[answers.len()], folding, pages, nul));
            }
            let rest = &keys[answers.len()..];
            if let Some(with_nul) = nul.settled() {
                answers.extend(Self::lookup_rest(&path, rest, folding, pages, with_nul)?);
            }
            Ok(answers)
        });
        found.unwrap_or_else(|error| vec![Err(error); keys.len()])
    }

    fn walk(&mut self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        let path = self.path.clone();
        self.locked(|pages, _| {
            let walked = pages.walk(|key, value| {
                visit(without_nul(key), without_nul(value));
                Ok::<(), Damage>(())
            });
            walked.map_err(|error| damaged(&path, &error))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::lmdb::{Format, LmdbWriter, update};
    use std::os::unix::ffi::OsStrExt;

    fn table_in(directory: &Path, name: &str) -> (Vec<u8>, PathBuf) {
        let path = directory.join(format!("{name}.lmdb"));
        let file = File::options().read(true).write(true).create_new(true).open(&path).expect("scratch file");
        LmdbWriter::new(&file, Format::V0_9).finish().expect("scratch space");
        (directory.join(name).as_os_str().as_bytes().to_vec(), path)
    }

    fn put(path: &Path, entries: &[(&[u8], &[u8])]) {
        update(path, 1, None, |update| {
            entries.iter().try_for_each(|(key, value)| update.put(key, value, true).map(drop))
        })
        .expect("updated");
    }

    #[test]
    fn a_changed_and_a_replaced_file_are_noticed() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        let (name, path) = table_in(scratch.path(), "t");
        let mut table = LmdbTable::open(&name, &OpenOptions::default()).expect("opened");
        assert_eq!(table.lookup(b"Key"), Ok(None));
        for value in [&b"1\0"[..], b"2\0", b"3\0"] {
            put(&path, &[(b"key\0", value)]);
            assert_eq!(table.lookup(b"Key"), Ok(Some(value[..1].to_vec())));
        }
        let (_, other) = table_in(scratch.path(), "other");
        put(&other, &[(b"key\0", b"4\0")]);
        std::fs::rename(&other, &path).expect("renamed");
        assert_eq!(table.lookup(b"Key"), Ok(Some(b"4".to_vec())));
        std::fs::write(&path, b"").expect("written");
        assert!(table.lookup(b"Key").is_err());
    }

    #[test]
    fn a_snapshot_stays_as_it_is_unless_the_file_changes_in_place() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        let (name, path) = table_in(scratch.path(), "t");
        let long = [b"x".repeat(5000), b"\0".to_vec()].concat();
        put(&path, &[(b"key\0", b"1\0"), (b"long\0", &long)]);
        let options = OpenOptions { snapshot: true, ..OpenOptions::default() };
        let mut table = LmdbTable::open(&name, &options).expect("opened");
        assert_eq!(table.lookup(b"Key"), Ok(Some(b"1".to_vec())));
        assert_eq!(table.lookup(b"long"), Ok(Some(long[..5000].to_vec())));
        // No lock keeps the writer out. Pages that are kept need no look at the file; one that must be read tells of
        // the change.
        let other = [b"y".repeat(6000), b"\0".to_vec()].concat();
        for number in [b'2', b'3'] {
            put(&path, &[(b"key\0", &[number, 0]), (b"long\0", &other)]);
            assert_eq!(table.lookup(b"long"), Ok(Some(other[..6000].to_vec())));
            assert_eq!(table.lookup(b"key"), Ok(Some(vec![number])));
        }
        // Another file at its place is none of its business.
        let (_, newer) = table_in(scratch.path(), "newer");
        std::fs::rename(&newer, &path).expect("renamed");
        assert_eq!(table.lookup(b"long"), Ok(Some(other[..6000].to_vec())));
    }

    /// The first hit tells whether keys have trailing NULs; entries of the other form are then not found.
    #[test]
    fn many_keys_at_once_get_the_answers_that_they_get_one_by_one() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        let (name, path) = table_in(scratch.path(), "t");
        put(&path, &[(b"a\0", b"1\0"), (b"b", b"2"), (b"c\0", b"3"), (b"d", b"4\0")]);
        let lists: [&[&[u8]]; 5] =
            [&[], &[b"x", b"A", b"b", b"c", b"d"], &[b"x", b"b", b"a", b"d"], &[b"y", b"x"], &[b"b", b"", b"d"]];
        for keys in lists {
            let open = || LmdbTable::open(&name, &OpenOptions::default()).expect("opened");
            let mut table = open();
            let one_by_one: Vec<Answer> = keys.iter().map(|key| table.lookup(key)).collect();
            let at_once = open().lookup_all(keys);
            let end = one_by_one.iter().position(Result::is_err).unwrap_or(keys.len());
            assert_eq!(at_once[..end], one_by_one[..end], "{keys:?}");
            assert!(at_once[end..].iter().all(Result::is_err), "{keys:?}");
        }
    }
}
