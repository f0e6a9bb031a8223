//! Making indexed files from their sources: `postmap FILE…`, `postalias FILE…`.
//!
//! As root the index is given to the owner of the source. Postfix takes on that owner's identity for the work; we write
//! aside in the directory in which we opened the source, and never through a symbolic link that the owner could have
//! put there.

use super::complaints::{Remark, Subject, remarks, say_all};
use super::operand::Operand;
use super::settings::Settings;
use super::unindexed::{self, Inside, KeepsNothing};
use crate::base::atomic_file::open_directory;
use crate::base::regular_file::{NotRegular, check_replaceable};
use crate::base::run_as::run_as;
use crate::base::user_file::{self, LONGEST_SOURCE};
use crate::base::{AtomicFile, system_words};
use crate::commands::dropin::program::messages::{Fatal, Messages, warn_of_lost};
use crate::config::catalogue::map_type;
use crate::maps::compile::index::{Outcome, add_alias_records, inherited_access, unique, write_index_aside};
use crate::maps::compile::steady::KEEPS_CHANGING;
use crate::maps::compile::{
    Complaint, Entries, IndexType, OtherNames, Recipe, Swap, Version, WriteError, read_entries, until_steady,
};
use crate::maps::text::file_values::{FileFault, encode_files};
use rustix::fs::{Mode, OFlags};
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Makes the indexed file of every table, one after the other.
///
/// # Errors
/// The first table that cannot be made.
pub fn create_all(operands: &[OsString], settings: &Settings, messages: &Messages) -> Result<ExitCode, Fatal> {
    for operand in operands {
        create(&Operand::new(operand, settings, messages), settings, messages)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A source that was opened, and the directory in which it was.
struct Opened {
    file: File,
    metadata: Metadata,
    directory: Option<OwnedFd>,
}

fn create(operand: &Operand, settings: &Settings, messages: &Messages) -> Result<(), Fatal> {
    if operand.map_type == b"proxy" {
        return Err(Fatal::new("can't create maps via the proxy service"));
    }
    let path = PathBuf::from(OsString::from_vec(operand.name.clone()));
    let open = || open_source(&path).map_err(|error| Fatal::open(&path, &error));
    let mut source = open()?;
    check_owner(&operand.name, &operand.name, &source.metadata, settings, messages)?;
    if operand.map_type == b"fail" {
        let text = read(&mut source, operand)?;
        return unindexed::insert(&Inside::of(operand)?, KeepsNothing::Fails, &operand.name, text, settings, messages);
    }
    let index_type = index_type(operand)?;
    let target = index_type.path(&path);
    // Before the source is read, as it may be long.
    check_replaceable(&target).map_err(|error| cannot_open(index_type, &target, &error))?;
    let mut opened = Some(source);
    let done = until_steady(|| {
        let source = opened.take().map_or_else(open, Ok);
        source.and_then(|source| compile(operand, index_type, &path, source, settings, messages)).transpose()
    });
    done.unwrap_or_else(|| Err(Fatal::new([&operand.name[..], b": ", KEEPS_CHANGING.as_bytes()].concat())))
}

/// Makes the index of one source, and says what there is to say of it; nothing if the source changed meanwhile.
fn compile(
    operand: &Operand,
    index_type: IndexType,
    path: &Path,
    mut source: Opened,
    settings: &Settings,
    messages: &Messages,
) -> Result<Option<()>, Fatal> {
    let target = index_type.path(path);
    let text = read(&mut source, operand)?;
    let recipe = settings.recipe();
    let mut entries = read_entries(text, &recipe);
    let left_out =
        if settings.file_values { read_values(&mut entries, &source.metadata, settings)? } else { Vec::new() };
    if settings.form.is_aliases() {
        add_alias_records(&mut entries, &settings.host);
    }
    let table = shown_in_warnings(operand, index_type);
    let subject = Subject { source: &operand.name, table: &table };
    let say = |duplicates: &[Complaint], bad_line: Option<(usize, &[u8])>| {
        let mut all = remarks(entries.complaints());
        all.extend(left_out.iter().map(|(at, words)| (*at, Remark::Words(words))));
        all.extend(remarks(duplicates));
        if let Some((line, words)) = bad_line {
            all.retain(|&(at, _)| at <= line);
            all.push((line, Remark::Words(words)));
        }
        say_all(all, &entries, subject, messages);
    };
    let read = Version::of(&source.metadata);
    let is_still = || Version::is_still(read, || std::fs::metadata(path));
    match write(&entries, &recipe, index_type, &target, source, settings, &is_still) {
        Ok(outcome) => {
            say(&outcome.duplicates, None);
            if let Some(words) = outcome.about_names() {
                messages.warning([target.as_os_str().as_bytes(), b": ", words.as_bytes()].concat());
            }
            warn_of_lost(&target, &outcome.lost, messages);
            Ok(Some(()))
        }
        Err(WriteError::SourceChanged) => Ok(None),
        Err(error) => {
            let Some(line) = error.line() else {
                say(&[], None);
                return Err(failed(index_type, &operand.shown(), &target, &error));
            };
            let words = error.to_string();
            let duplicates = unique(&entries, recipe.duplicates).map(|unique| unique.duplicates).unwrap_or_default();
            say(&duplicates, Some((line, words.as_bytes())));
            Err(failed(index_type, &operand.shown(), &target, &error))
        }
    }
}

fn read(source: &mut Opened, operand: &Operand) -> Result<Vec<u8>, Fatal> {
    user_file::read_rest(&source.file, LONGEST_SOURCE)
        .map_err(|error| Fatal::system("read", OsStr::from_bytes(&operand.name), &error))
}

/// The type of index that an operand asks for.
fn index_type(operand: &Operand) -> Result<IndexType, Fatal> {
    let name = String::from_utf8_lossy(&operand.map_type);
    if let Some(index_type) = IndexType::by_name(&name) {
        return Ok(index_type);
    }
    let shown = operand.shown();
    let unsupported = Fatal::new([b"unsupported map type: ", &operand.map_type[..]].concat());
    Err(match map_type(&name) {
        Some(known) if known.needs_berkeley_db() => Fatal::new(no_berkeley_db(&shown)),
        // No Postfix for Linux has the last two.
        None => unsupported,
        Some(known) if known.needs_compile() => unsupported,
        Some(_) if matches!(&*name, "netinfo" | "nisplus") => unsupported,
        Some(_) => Fatal::new([b"no 'map create' support for this type: ", &operand.map_type[..]].concat()),
    })
}

/// What is said of a `hash:` or `btree:` table that is to be written.
pub(super) fn no_berkeley_db(table: &[u8]) -> Vec<u8> {
    [table, b": this program does not write Berkeley DB files; use lmdb: or cdb:"].concat()
}

/// Opens a source by way of its directory, so that the index comes to stand in the same one whatever is renamed
/// meanwhile.
fn open_source(path: &Path) -> io::Result<Opened> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Without leave to read the directory there is no index to be made, but the source may be fine to open.
    let directory = open_directory(parent).ok();
    let file = match (&directory, path.file_name()) {
        (Some(directory), Some(name)) if !path.as_os_str().as_bytes().ends_with(b"/") => {
            let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
            user_file::admit(rustix::fs::openat(directory, name, flags, Mode::empty())?.into(), path)?
        }
        _ => user_file::open(path)?,
    };
    Ok(Opened { metadata: file.metadata()?, file, directory })
}

/// Warns of an index that only root could keep up to date, where somebody else could put one in its place.
pub(super) fn check_owner(
    table: &[u8],
    source: &[u8],
    metadata: &Metadata,
    settings: &Settings,
    messages: &Messages,
) -> Result<(), Fatal> {
    if !settings.inherit.owner || !rustix::process::geteuid().is_root() || metadata.uid() != 0 {
        return Ok(());
    }
    let directory = directory_of(table);
    let status = std::fs::metadata(OsStr::from_bytes(directory))
        .map_err(|error| Fatal::system("stat", OsStr::from_bytes(directory), &error))?;
    if status.uid() != 0 {
        messages.warning(
            [
                b"Creating root-owned database file(s) ",
                table,
                b".* in non-root-owned directory ",
                directory,
                b". Files ",
                source,
                b", ",
                table,
                b".*, and directory ",
                directory,
                b" should have the same owner. Please fix ownership to avoid a privilege-escalation attack.",
            ]
            .concat(),
        );
    }
    Ok(())
}

/// The directory part of a path, `.` for none.
fn directory_of(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|&byte| byte != b'/').map_or(path.len().min(1), |at| at + 1);
    match path[..end].iter().rposition(|&byte| byte == b'/') {
        None => b".",
        Some(slash) => match path[..slash].iter().rposition(|&byte| byte != b'/') {
            None => b"/",
            Some(last) => &path[..=last],
        },
    }
}

/// Replaces values by the contents of the files that they name, read as the owner of the source.
fn read_values(entries: &mut Entries, source: &Metadata, settings: &Settings) -> Result<Vec<(usize, Vec<u8>)>, Fatal> {
    let mut work = || entries.replace_values(encode_files);
    let (uid, gid) = (source.uid(), source.gid());
    let left_out = if settings.inherit.owner && rustix::process::geteuid().is_root() && uid != 0 {
        run_as(uid, gid, work).map_err(|error| Fatal::new(format!("take on user {uid}: {}", system_words(&error))))?
    } else {
        work()
    };
    let words = |fault: FileFault| [&fault.message()[..], b": skipping this entry"].concat();
    Ok(left_out.into_iter().map(|(at, fault)| (at, words(fault))).collect())
}

/// A table as warnings about its entries name it.
pub(super) fn shown_in_warnings(operand: &Operand, index_type: IndexType) -> Vec<u8> {
    match index_type {
        IndexType::Lmdb => operand.shown(),
        IndexType::Cdb => operand.name.clone(),
    }
}

fn write(
    entries: &Entries,
    recipe: &Recipe,
    index_type: IndexType,
    target: &Path,
    source: Opened,
    settings: &Settings,
    is_still: &dyn Fn() -> io::Result<bool>,
) -> Result<Outcome, WriteError> {
    let theirs = settings.inherit.owner && rustix::process::geteuid().is_root() && source.metadata.uid() != 0;
    let (aside, old) = match (source.directory, target.file_name()) {
        (Some(directory), Some(name)) if theirs => {
            let aside = AtomicFile::create_in(directory, name).map_err(WriteError::Create)?;
            let old = aside.open_old(false).and_then(|old| old.metadata()).ok();
            (aside, old)
        }
        _ => (AtomicFile::create(target).map_err(WriteError::Create)?, std::fs::metadata(target).ok()),
    };
    let access = inherited_access(index_type, &source.metadata, old.as_ref(), settings.inherit);
    let swap = Swap { is_still, other_names: OtherNames::Follow { owner: source.metadata.uid() } };
    write_index_aside(entries, recipe, index_type, aside, access, &swap)
}

fn cannot_open(index_type: IndexType, target: &Path, error: &io::Error) -> Fatal {
    match NotRegular::of(error) {
        // As the library fails in Postfix; in the place of a cdb file Postfix puts another, whatever it was.
        Some(reason) if index_type == IndexType::Lmdb => {
            Fatal::system("open database", target, &reason.as_system_error())
        }
        _ => Fatal::system("open database", target, error),
    }
}

/// The words for an index that could not be written.
pub(super) fn failed(index_type: IndexType, table: &[u8], target: &Path, error: &WriteError) -> Fatal {
    match error {
        WriteError::Create(error) => cannot_open(index_type, target, error),
        WriteError::Io(error) => Fatal::system("write database", target, error),
        WriteError::KeyTooLong { .. } | WriteError::EmptyKey { .. } => bad_key(table),
        WriteError::TooBig
        | WriteError::TooLong { .. }
        | WriteError::SameHash { .. }
        | WriteError::InPlace { .. }
        | WriteError::SourceChanged => {
            Fatal::new([b"error updating ", table, b": ", error.to_string().as_bytes()].concat())
        }
    }
}

/// What LMDB says to a key that it does not take.
pub(super) fn bad_key(table: &[u8]) -> Fatal {
    Fatal::new([b"error updating ", table, b": ", lmdb::Error::BadValSize.to_string().as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::directory_of;

    #[test]
    fn directories_of_paths() {
        let cases = [
            ("a", "."),
            ("a/b", "a"),
            ("/a", "/"),
            ("a//b", "a"),
            ("/a/b/", "/a"),
            ("./a", "."),
            ("", "."),
            ("//", "/"),
        ];
        for (path, expected) in cases {
            assert_eq!(directory_of(path.as_bytes()), expected.as_bytes(), "{path}");
        }
    }
}
