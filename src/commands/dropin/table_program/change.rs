//! Changing tables in place: `postmap -i TABLE…` with entries on standard input, `postmap -d KEY TABLE…`.
//!
//! Each table is changed in one transaction.

use super::complaints::{Remark, Subject, remarks, say_all};
use super::create::{bad_key, check_owner, failed, no_berkeley_db, shown_in_warnings};
use super::operand::Operand;
use super::query::{for_lines, found, no_input};
use super::settings::Settings;
use super::unindexed::{self, Inside};
use crate::base::atomic_file::Access;
use crate::base::run_as::run_as;
use crate::base::{Span, system_words};
use crate::commands::dropin::program::messages::{Fatal, Messages, warn_of_lost};
use crate::config::catalogue::{MapKind, map_type};
use crate::maps::compile::index::{add_alias_records, inherited_access, write_index};
use crate::maps::compile::swap::about_names;
use crate::maps::compile::{Complaint, ComplaintKind, Duplicates, Entries, IndexType, Recipe, read_entries};
use crate::maps::lmdb::{Damage, Put, Update, UpdateError, Updated, update};
use crate::maps::text::file_values::encode_files;
use crate::maps::unavailable;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Adds the entries on standard input to every table.
///
/// # Errors
/// The first table that cannot be changed.
pub fn insert(operands: &[OsString], settings: &Settings, messages: &Messages) -> Result<ExitCode, Fatal> {
    let input = standard_input().map_err(|error| no_input(&error))?;
    // The first table gets all that there is to read; the others then get nothing, as with Postfix.
    let mut is_first = true;
    for operand in operands {
        let operand = Operand::new(operand, settings, messages);
        check_owner(&operand.name, b"stdin", &input, settings, messages)?;
        let inside = Inside::of(&operand)?;
        let keeps_nothing = inside.keeping_nothing();
        let target = match keeps_nothing {
            Some(_) => PathBuf::new(),
            None => changeable(&inside.table, b"unsupported map type: ")?,
        };
        let mut text = Vec::new();
        if std::mem::take(&mut is_first) {
            io::stdin().lock().read_to_end(&mut text).map_err(|error| no_input(&error))?;
        }
        let work = || match keeps_nothing {
            Some(kind) => unindexed::insert(&inside, kind, b"stdin", text, settings, messages),
            None => insert_into(&inside, &target, text, &input, settings, messages),
        };
        let root = rustix::process::geteuid().is_root();
        if root && settings.inherit.owner && input.uid() != 0 {
            let (uid, gid) = (input.uid(), input.gid());
            run_as(uid, gid, work)
                .unwrap_or_else(|error| Err(Fatal::new(format!("take on user {uid}: {}", system_words(&error)))))?;
        } else {
            work()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn standard_input() -> io::Result<Metadata> {
    File::from(io::stdin().as_fd().try_clone_to_owned()?).metadata()
}

fn insert_into(
    inside: &Inside,
    target: &Path,
    text: Vec<u8>,
    input: &Metadata,
    settings: &Settings,
    messages: &Messages,
) -> Result<(), Fatal> {
    let operand = &inside.table;
    let recipe = settings.recipe();
    let given_keys = inside.given_keys(&text, settings);
    let mut entries = read_entries(text, &recipe);
    let from_lines = entries.all().len();
    let left_out = if settings.file_values { entries.replace_values(encode_files) } else { Vec::new() };
    let stored_lines = from_lines - left_out.len();
    if settings.form.is_aliases() {
        add_alias_records(&mut entries, &settings.host);
    }
    let access = |old: Option<&Metadata>| inherited_access(IndexType::Lmdb, input, old, settings.inherit);
    make_if_missing(operand, target, &recipe, access, messages)?;
    let work = |update: &mut Update<'_>| put_all(update, &entries, stored_lines, settings);
    let stored = change(target, settings, messages, work)?;
    let told = inside.updates(&entries, &given_keys, |number| {
        stored.outcomes.get(number).map(|&stored| if stored { "success" } else { "failed" })
    });

    let left_out: Vec<(usize, Vec<u8>)> = left_out
        .into_iter()
        .map(|(at, fault)| (at, [&fault.message()[..], b": skipping this entry"].concat()))
        .collect();
    let mut all = remarks(entries.complaints());
    all.extend(left_out.iter().map(|(at, words)| (*at, Remark::Words(words))));
    all.extend(remarks(&stored.duplicates));
    all.extend(told.iter().map(|(at, line)| (*at, Remark::Log(line))));
    if let Some(line) = stored.bad_line {
        all.retain(|&(at, _)| at <= line);
    }
    let table = shown_in_warnings(operand, IndexType::Lmdb);
    say_all(all, &entries, Subject { source: b"stdin", table: &table }, messages);
    if stored.bad_line.is_some() { Err(bad_key(&operand.shown())) } else { Ok(()) }
}

/// What storing entries came to.
#[derive(Default)]
struct Stored {
    /// The keys that were there before.
    duplicates: Vec<Complaint>,
    /// Where the line stands whose key LMDB does not take.
    bad_line: Option<usize>,
    /// For each entry up to that line, whether it was stored.
    outcomes: Vec<bool>,
}

fn put_all(
    update: &mut Update<'_>,
    entries: &Entries,
    stored_lines: usize,
    settings: &Settings,
) -> Result<Stored, UpdateError> {
    let nul = settings.trailing_nul.unwrap_or(true);
    let terminated = |bytes: &[u8]| if nul { [bytes, b"\0"].concat() } else { bytes.to_vec() };
    let mut stored = Stored::default();
    for (number, entry) in entries.all().iter().enumerate() {
        // The records of an alias database are always brought up to date.
        let replace = settings.duplicates == Duplicates::Replace || number >= stored_lines;
        let (key, value, line) = (entries.key(entry), entries.value(entry), entries.line_start(entry));
        let put = update.put(&terminated(key), &terminated(value), replace)?;
        match put {
            Put::Stored => {}
            Put::Exists if settings.duplicates == Duplicates::Warn => {
                let kind = ComplaintKind::Duplicate { key: key.to_vec(), first: line };
                stored.duplicates.push(Complaint { span: Span::at(line), kind });
            }
            Put::Exists => {}
            // What came before stays, as with Postfix.
            Put::BadKey => {
                stored.bad_line = Some(line);
                return Ok(stored);
            }
        }
        stored.outcomes.push(put == Put::Stored);
    }
    Ok(stored)
}

/// Removes a key, or the keys on standard input if it is `-`, from every table.
///
/// # Errors
/// The first table that cannot be changed.
pub fn delete(key: &[u8], operands: &[OsString], settings: &Settings, messages: &Messages) -> Result<ExitCode, Fatal> {
    let mut keys = vec![key.to_vec()];
    if key == b"-" {
        keys.clear();
        for_lines(io::stdin(), |lines| {
            keys.extend(lines.iter().map(|line| line.to_vec()));
            Ok(())
        })?;
    }
    let operands: Vec<Operand> = operands.iter().map(|operand| Operand::new(operand, settings, messages)).collect();
    let usable = |key: &Vec<u8>| !settings.utf8 || std::str::from_utf8(key).is_ok();
    let mut any = false;
    for (number, operand) in operands.iter().enumerate() {
        operand.reference()?;
        let inside = Inside::of(operand)?;
        if let Some(kind) = inside.keeping_nothing() {
            if number == 0 {
                warn_of_bad_keys(keys.iter().filter(|key| !usable(key)), &operands, messages);
            }
            unindexed::delete(&inside, kind, keys.iter().filter(|key| usable(key)), settings, messages)?;
            continue;
        }
        let target = changeable(&inside.table, b"unsupported dictionary type: ")?;
        let own = |_: Option<&Metadata>| {
            let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
            Access { uid, gid, mode: 0o644 }
        };
        make_if_missing(&inside.table, &target, &settings.recipe(), own, messages)?;
        if number == 0 {
            warn_of_bad_keys(keys.iter().filter(|key| !usable(key)), &operands, messages);
        }
        let work = |update: &mut Update<'_>| delete_all(update, keys.iter().filter(|key| usable(key)), settings);
        let outcome = change(&target, settings, messages, work)?;
        for (key, found) in &outcome.asked {
            let lines = inside.delete_lines(key, if *found { b"success" } else { b"failed" });
            lines.iter().for_each(|line| messages.say(line));
            any |= found;
        }
        if outcome.empty_key {
            let words = [b"error deleting from ", &inside.table.shown()[..], b": "].concat();
            let library = lmdb::Error::BadValSize.to_string();
            return Err(Fatal::new([&words, library.as_bytes()].concat()));
        }
    }
    Ok(found(any))
}

fn warn_of_bad_keys<'k>(keys: impl Iterator<Item = &'k Vec<u8>>, operands: &[Operand], messages: &Messages) {
    for key in keys {
        for operand in operands {
            let shown = operand.shown();
            let words = [&shown[..], b": non-UTF-8 key \"", key, b"\": malformed UTF-8 or invalid codepoint"];
            messages.warning(words.concat());
        }
    }
}

#[derive(Default)]
struct Deleted {
    /// The keys that were asked for, and whether they were there.
    asked: Vec<(Vec<u8>, bool)>,
    /// A key without a character was met, which LMDB does not take; nothing behind it was looked at.
    empty_key: bool,
}

fn delete_all<'k>(
    update: &mut Update<'_>,
    keys: impl Iterator<Item = &'k Vec<u8>>,
    settings: &Settings,
) -> Result<Deleted, UpdateError> {
    let (mut with_nul, mut without_nul) = (settings.trailing_nul != Some(false), settings.trailing_nul != Some(true));
    let mut deleted = Deleted::default();
    for given in keys {
        let key = settings.folding().apply(given).into_owned();
        if with_nul && update.delete(&[&key[..], b"\0"].concat())? {
            without_nul = false;
            deleted.asked.push((given.clone(), true));
            continue;
        }
        if without_nul && key.is_empty() {
            deleted.empty_key = true;
            break;
        }
        let found = without_nul && update.delete(&key)?;
        with_nul &= !found;
        deleted.asked.push((given.clone(), found));
    }
    Ok(deleted)
}

/// The file of a table that can be changed in place.
fn changeable(operand: &Operand, unknown: &[u8]) -> Result<PathBuf, Fatal> {
    let name = String::from_utf8_lossy(&operand.map_type);
    let shown = operand.shown();
    if name == "lmdb" {
        let path = PathBuf::from(OsString::from_vec(operand.name.clone()));
        return Ok(IndexType::Lmdb.path(&path));
    }
    let known = map_type(&name);
    // A cache that Postfix could change.
    if let Some(error) = known.filter(|known| known.updatable).and_then(|_| unavailable::why(&name, &operand.name))
        && known.is_some_and(|known| known.kind == MapKind::DatabaseClient)
    {
        return Err(Fatal::new(error.to_string()));
    }
    Err(match known {
        Some(known) if known.needs_compile() && name == "cdb" => Fatal::new("unsupported non-bulk change request"),
        Some(known) if known.needs_berkeley_db() => Fatal::new(no_berkeley_db(&shown)),
        Some(known) if !known.needs_compile() => {
            Fatal::new([&shown[..], b" map requires O_RDONLY access mode"].concat())
        }
        _ => Fatal::new([unknown, &operand.map_type[..]].concat()),
    })
}

/// Makes an empty table where there is none, as Postfix does.
fn make_if_missing(
    operand: &Operand,
    target: &Path,
    recipe: &Recipe,
    access: impl FnOnce(Option<&Metadata>) -> Access,
    messages: &Messages,
) -> Result<(), Fatal> {
    let old = match std::fs::metadata(target) {
        Ok(old) if old.len() > 0 => return Ok(()),
        Ok(old) => Some(old),
        Err(_) => None,
    };
    let access = access(old.as_ref());
    write_index(&read_entries(Vec::new(), recipe), recipe, IndexType::Lmdb, target, access)
        .map(|outcome| warn_of_lost(target, &outcome.lost, messages))
        .map_err(|error| failed(IndexType::Lmdb, &operand.shown(), target, &error))
}

/// Changes a table, and says what there is to say of a file that took the place of the old one.
fn change<T>(
    target: &Path,
    settings: &Settings,
    messages: &Messages,
    work: impl FnMut(&mut Update<'_>) -> Result<T, UpdateError>,
) -> Result<T, Fatal> {
    let updated = update(target, settings.map_size, settings.lmdb_format, work);
    let Updated { outcome, names, lost } = updated.map_err(|error| not_changed(target, &error))?;
    if let Some(words) = about_names(names, false) {
        messages.warning([target.as_os_str().as_bytes(), b": ", words.as_bytes()].concat());
    }
    warn_of_lost(target, &lost, messages);
    Ok(outcome)
}

fn not_changed(target: &Path, error: &UpdateError) -> Fatal {
    let path: &OsStr = target.as_os_str();
    let words = match error {
        UpdateError::Open(error) | UpdateError::Damaged(Damage::Io(error)) => system_words(error),
        other => other.to_string(),
    };
    Fatal::new([b"open database ", path.as_bytes(), b": ", words.as_bytes()].concat())
}
