//! Doing what the plan says: indexes first, then the texts that name them; all or nothing.

use super::contents;
use super::plan::Plan;
use super::tables::{Origin, Source, Table};
use crate::base::carried_over::Lost;
use crate::base::{FileError, system_words};
use crate::config::Site;
use crate::maps::compile::compare::{Digest, digest_as_stored};
use crate::maps::compile::index::{add_alias_records, write_entries};
use crate::maps::compile::{Entries, IndexType, Inherit, Version, WriteError, inherited_access};
use crate::maps::lmdb::{self, Format};
use crate::migrate::transaction::{NewFile, Transaction, TransactionError};
use foldhash::quality::RandomState;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// What came of it.
#[derive(Debug)]
pub struct Done {
    /// Where the old files are.
    pub backup: PathBuf,
    /// What new files could not get of the old ones.
    pub lost: Vec<(PathBuf, Lost)>,
}

/// Why it did not come to that.
#[derive(Debug)]
pub struct Failed {
    /// What went wrong.
    pub error: TransactionError,
    /// What could not be undone, and why; else all is as it was.
    pub left: Vec<(String, String)>,
}

/// Does it; `alone` is the lock of [`alone`](crate::migrate::transaction::alone).
///
/// # Errors
/// [`Failed`].
pub fn carry_out(site: &Site, plan: &Plan, alone: File) -> Result<Done, Failed> {
    let failed = |error: TransactionError| Failed { error, left: Vec::new() };
    let absolute = |path: &Path| std::path::absolute(path).map_err(|error| failed(FileError::at(path)(error).into()));
    let directory = absolute(&site.configuration.files.directory)?;
    let texts = plan.references.texts.iter().map(|text| absolute(Path::new(text.before.name())));
    let texts = texts.collect::<Result<Vec<PathBuf>, _>>()?;
    let made = plan.tables.iter().filter(|table| table.is_to_change());
    let made = made.flat_map(|table| [table.index.clone(), table.source.clone()]);
    let planned: Vec<PathBuf> = made.chain(texts.iter().cloned()).collect();
    let what = format!("migrate bdb --to {}", plan.to.name());
    let mut transaction = Transaction::begin(&directory, &site.paths, what, &planned, alone).map_err(failed)?;
    match change_all(site, plan, &texts, &mut transaction) {
        Ok(lost) => match transaction.finish() {
            Ok(backup) => Ok(Done { backup, lost }),
            Err(error) => Err(failed(error.into())),
        },
        Err(error) => Err(Failed { error, left: transaction.undo() }),
    }
}

type AllLost = Vec<(PathBuf, Lost)>;

/// Makes the indexes, then the texts, which stand at these paths.
fn change_all(
    site: &Site,
    plan: &Plan,
    paths: &[PathBuf],
    transaction: &mut Transaction<'_>,
) -> Result<AllLost, TransactionError> {
    let mut lost = AllLost::new();
    let seed = RandomState::default();
    for table in &plan.tables {
        match table.origin {
            Origin::Source { .. } => from_source(site, table, transaction, &seed, &mut lost)?,
            Origin::Database { .. } => from_database(site, table, transaction, &seed, &mut lost)?,
            _ => {}
        }
    }
    for path in paths {
        transaction.lock(path)?;
    }
    for (text, path) in plan.references.texts.iter().zip(paths) {
        let write = |file: &File| write_all(file, text.after.bytes());
        let new = NewFile { path, access: None, like: None, expected: Some(text.before.bytes()), write: &write };
        add(&mut lost, path, transaction.put(&new)?);
    }
    Ok(lost)
}

fn add(lost: &mut AllLost, path: &Path, more: Vec<Lost>) {
    lost.extend(more.into_iter().map(|one| (path.to_path_buf(), one)));
}

fn write_all(mut file: &File, bytes: &[u8]) -> Result<(), String> {
    std::io::Write::write_all(&mut file, bytes).map_err(|error| system_words(&error))
}

fn from_source(
    site: &Site,
    table: &Table,
    transaction: &mut Transaction<'_>,
    seed: &RandomState,
    lost: &mut AllLost,
) -> Result<(), TransactionError> {
    let at = FileError::at(&table.source);
    let Source { mut entries, metadata } = table.read_source(site).map_err(&at)?;
    add_records(site, table, &mut entries);
    let old = table.open_old(site).ok();
    let of_old = old.as_ref().and_then(|file| file.metadata().ok()).map(|old| (&old).into());
    let inherit = Inherit { owner: true, mode: true };
    let access = of_old.unwrap_or_else(|| inherited_access(table.index_type, &metadata, None, inherit));
    let write = |file: &File| write_index(site, table, &entries, None, seed, file);
    let new = NewFile { path: &table.index, access: Some(access), like: old.as_ref(), expected: None, write: &write };
    add(lost, &table.index, transaction.put(&new)?);
    let now = || site.paths.open(&table.reference.name)?.metadata();
    match Version::is_still(Version::of(&metadata), now).map_err(at)? {
        true => Ok(()),
        false => Err(TransactionError::Busy(table.source.clone())),
    }
}

fn from_database(
    site: &Site,
    table: &Table,
    transaction: &mut Transaction<'_>,
    seed: &RandomState,
    lost: &mut AllLost,
) -> Result<(), TransactionError> {
    let at = FileError::at(&table.database);
    let old = table.open_old(site).map_err(&at)?;
    let access = Some((&old.metadata().map_err(&at)?).into());
    let contents =
        contents::read(&old, table.form, seed).map_err(|why| TransactionError::Make(table.database.clone(), why))?;
    let write = |file: &File| {
        let name = table.database.file_name().unwrap_or_default().to_string_lossy();
        let mut buffered = BufWriter::with_capacity(1 << 20, file);
        let written = contents.write_source(&name, &mut buffered);
        written.and_then(|()| std::io::Write::flush(&mut buffered)).map_err(|error| system_words(&error))
    };
    let new = NewFile { path: &table.source, access, like: Some(&old), expected: None, write: &write };
    add(lost, &table.source, transaction.put(&new)?);
    let (mut entries, digest) = contents.into_entries();
    add_records(site, table, &mut entries);
    let write = |file: &File| write_index(site, table, &entries, Some(digest), seed, file);
    let new = NewFile { path: &table.index, access, like: Some(&old), expected: None, write: &write };
    add(lost, &table.index, transaction.put(&new)?);
    Ok(())
}

/// As postalias does, which stores the name that the mail system goes by.
fn add_records(site: &Site, table: &Table, entries: &mut Entries) {
    if table.form.is_aliases() {
        let host = site.configuration.expanded(b"myhostname", None).unwrap_or_default();
        add_alias_records(entries, &host);
    }
}

/// Writes an index and reads it back: it must hold what it is made from, key for key, and what was read of an old one.
fn write_index(
    site: &Site,
    table: &Table,
    entries: &Entries,
    old: Option<Digest>,
    seed: &RandomState,
    file: &File,
) -> Result<(), String> {
    let recipe = table.recipe(site);
    let old_format = || match table.index_type {
        IndexType::Lmdb => lmdb::format_of(&table.open_index(site).ok()?).ok(),
        IndexType::Cdb => None,
    };
    let format = recipe.lmdb_format.or_else(old_format).unwrap_or(Format::V0_9);
    let written = write_entries(entries, &recipe, table.index_type, format, file).map_err(|error| match error {
        WriteError::Create(error) | WriteError::Io(error) => system_words(&error),
        error => error.to_string(),
    })?;
    let mut meant = Digest::default();
    for entry in written.kept.into_iter().map(|index| &entries.all()[index as usize]) {
        meant.add_unless_record(entries.key(entry), entries.value(entry), table.form, seed);
    }
    let file = file.try_clone().map_err(|error| system_words(&error))?;
    let found = digest_as_stored(file, table.index_type, table.form, seed).map_err(|error| error.to_string())?;
    match [Some(meant), old].into_iter().flatten().find(|digest| *digest != found) {
        None => Ok(()),
        Some(digest) => {
            Err(format!("it holds {} entries and not the {} that it is made from", found.count(), digest.count()))
        }
    }
}
