//! The tables of a site from one format of LMDB to the other, index to index: their sources need not be there.

use super::record::Record;
use super::step::{Action, Done, StepError, carry_out};
use crate::base::{FileLock, LockKind, Place, system_words};
use crate::config::Site;
use crate::config::lmdb_format::LmdbFormat;
use crate::config::tables::{NamedTable, named_tables};
use crate::maps::compile::IndexType;
use crate::maps::lmdb::anew::{Changes, write_anew};
use crate::maps::lmdb::{Damage, LmdbFile};
use std::fs::File;
use std::io;
use std::path::PathBuf;

/// What is to become of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is written anew.
    Convert {
        /// The format that it has.
        from: LmdbFormat,
        /// How many entries it has.
        entries: u64,
    },
    /// It is a cache, and goes: a daemon makes it anew.
    Delete {
        /// The format that it has.
        from: LmdbFormat,
    },
    /// It has the format already.
    Current,
    /// There is no index.
    Missing,
    /// It lies where nothing may be written.
    Outside,
    /// Somebody must decide; why.
    Undecided(String),
}

/// A table of the plan.
#[derive(Debug)]
pub struct Table {
    /// As the configuration names it.
    pub table: String,
    /// Where its index is, or would be.
    pub path: PathBuf,
    /// What is to become of it.
    pub verdict: Verdict,
    /// What the configuration would call the index.
    file: Vec<u8>,
    place: Option<Place>,
}

/// What is to become of every lmdb table that a configuration names, in the order in which they are named.
#[must_use]
pub fn plan(site: &Site, to: LmdbFormat) -> Vec<Table> {
    let tables = named_tables(&site.configuration);
    let of_lmdb = tables.iter().filter(|table| table.reference.map_type == IndexType::Lmdb.name());
    of_lmdb.map(|table| judge(site, table, to)).collect()
}

fn judge(site: &Site, named: &NamedTable, to: LmdbFormat) -> Table {
    let suffix = IndexType::Lmdb.suffix();
    let file = [&named.reference.name[..], suffix.as_bytes()].concat();
    let (place, verdict) = match site.paths.index_place(&named.reference.name, suffix) {
        Ok(Some(place)) => {
            let verdict = look(&place, named.is_cache(), to);
            (Some(place), verdict)
        }
        Ok(None) => (None, Verdict::Outside),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (None, Verdict::Missing),
        Err(error) => (None, Verdict::Undecided(system_words(&error))),
    };
    let verdict = match verdict {
        Verdict::Convert { .. } | Verdict::Delete { .. } if std::str::from_utf8(&file).is_err() => {
            Verdict::Undecided("its name is not UTF-8, and could not be recorded".into())
        }
        verdict => verdict,
    };
    Table { table: named.reference.to_string(), path: site.paths.shown(&file), verdict, file, place }
}

fn look(place: &Place, is_cache: bool, to: LmdbFormat) -> Verdict {
    let file = match place.open_regular() {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Verdict::Missing,
        Err(error) => return Verdict::Undecided(system_words(&error)),
    };
    read(file, is_cache, to).unwrap_or_else(|damage| {
        Verdict::Undecided(match damage {
            Damage::Io(error) => system_words(&error),
            damage @ Damage::NamedDatabases => format!("{damage}: another program keeps its data there"),
            damage => format!("{damage}: build it from its source, or remove it"),
        })
    })
}

/// Reads a file under the lock that its readers take.
fn read(file: File, is_cache: bool, to: LmdbFormat) -> Result<Verdict, Damage> {
    let lock = file.try_clone()?;
    let _held = FileLock::acquire(&lock, LockKind::Shared)?;
    let mut file = LmdbFile::open(file)?;
    let from = file.format();
    if from == to {
        return Ok(Verdict::Current);
    }
    if is_cache {
        return Ok(Verdict::Delete { from });
    }
    file.verify()?;
    let (mut entries, mut longest) = (0, 0);
    file.walk(|key, _| {
        entries += 1;
        longest = longest.max(key.len());
        Ok::<(), Damage>(())
    })?;
    if longest > to.longest_key() {
        let words = format!("a key has {longest} bytes and {to} takes at most {}", to.longest_key());
        return Ok(Verdict::Undecided(words));
    }
    Ok(Verdict::Convert { from, entries })
}

impl Table {
    /// Whether something is to be done.
    #[must_use]
    pub const fn is_to_change(&self) -> bool {
        matches!(self.verdict, Verdict::Convert { .. } | Verdict::Delete { .. })
    }

    /// Does what is to be done; nothing if that is nothing.
    ///
    /// # Errors
    /// [`StepError`]: the file is as it was.
    pub fn migrate(&self, to: LmdbFormat, record: &mut Record) -> Option<Result<Done, StepError>> {
        let convert = |old: &File, new: &File| convert(old, to, new);
        let action = match self.verdict {
            Verdict::Convert { .. } => Action::Replace(&convert),
            Verdict::Delete { .. } => Action::SetAside,
            _ => return None,
        };
        let file = std::str::from_utf8(&self.file).ok()?;
        Some(carry_out(file, self.place.as_ref()?, action, record))
    }
}

fn convert(old: &File, to: LmdbFormat, new: &File) -> Result<(), String> {
    let mut old =
        LmdbFile::open(old.try_clone().map_err(|error| system_words(&error))?).map_err(|why| why.to_string())?;
    old.verify().map_err(|damage| damage.to_string())?;
    write_anew(Some(&mut old), Changes::new(), to, new).map(drop).map_err(|error| error.to_string())
}
