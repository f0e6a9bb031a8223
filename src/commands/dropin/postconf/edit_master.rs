//! Editing master.cf: whole services (`-Me -MX -M#`), their fields (`-Fe`), the parameters that they set (`-Pe -PX`).
//!
//! Services that no edit matches stay as they are, to the byte, and are not even looked at. A replaced service stands
//! where the old one began; one whose fields or parameters change is printed anew behind the comments that follow it,
//! as Postfix does it.

use super::assignment::{assignment, check_operand};
use super::faults::{check_entry, too_few_fields};
use super::fields::{FIELD_NAMES, check_field};
use super::master_cf::{Request, arguments};
use super::options::Options;
use super::print::Printer;
use crate::base::Source;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::services::services;
use crate::syntax::logical::{is_comment, is_space, trim_start};
use crate::syntax::master_cf::parse_entry;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// A service as words.
struct Entry {
    fields: Vec<Vec<u8>>,
    arguments: Vec<Vec<u8>>,
}

/// One edit.
struct Edit {
    text: Vec<u8>,
    request: Request,
    change: Change,
    matched: bool,
}

/// What happens to the services that a request matches.
enum Change {
    /// `-Me`: the new service.
    Replace(Entry),
    /// `-MX`
    Remove,
    /// `-M#`
    CommentOut,
    /// `-Fe`: the field with this number.
    Field(usize, Vec<u8>),
    /// `-Fe`: the command with its arguments.
    Command(Entry),
    /// `-Pe`
    Set(Vec<u8>, Vec<u8>),
    /// `-PX`
    Unset(Vec<u8>),
}

/// Edits master.cf in a directory.
///
/// # Errors
/// Operands that make no sense, or a file that cannot be read or replaced.
pub fn edit(options: &Options, mode: char, directory: &Path, messages: &Messages) -> Result<(), Fatal> {
    let edits = options.operands.iter().map(|operand| one_edit(options, mode, operand.as_bytes(), messages));
    let mut edits: Vec<Edit> = edits.collect::<Result<_, _>>()?;
    let path = directory.join("master.cf");
    super::edited_file::edit_file(&path, messages, |text| {
        edits.iter_mut().for_each(|edit| edit.matched = false);
        rewrite(text, &path.to_string_lossy(), &mut edits, messages)
    })?;
    for edit in edits.iter().filter(|edit| !edit.matched) {
        if !matches!(edit.change, Change::Replace(_) | Change::Remove | Change::CommentOut) {
            messages.warning([b"unmatched service_name/type: \"", edit.text.as_slice(), b"\""].concat());
        }
    }
    Ok(())
}

fn one_edit(options: &Options, mode: char, text: &[u8], messages: &Messages) -> Result<Edit, Fatal> {
    check_operand(text, "-Me, -Fe, -Pe, -X, or -# accept")?;
    let (target, value) = if options.has('e') {
        let (target, value) = assignment(text)?;
        (target, Some(value))
    } else if memchr::memchr(b'=', text).is_some() {
        return Err(Fatal::new("-X or -# requires names without value"));
    } else {
        (trim_start(text).to_vec(), None)
    };
    let (parts, complaint) = match mode {
        'M' => (2, "-Me, -MX or -M# requires service_name/type"),
        'F' => (3, "-Fe or -FX requires service_name/type/field_name"),
        _ => (3, "-Pe or -PX requires service_name/type/parameter"),
    };
    let is_whole = |request: &Request| request.parts().len() == parts;
    let request = Request::parse(&target, parts).filter(is_whole).ok_or_else(|| Fatal::new(complaint))?;
    let last = request.parts().last().cloned().unwrap_or_default();
    match mode {
        'F' if last == b"*" => return Err(Fatal::new("-Fe does not accept wild-card field name")),
        'P' if last == b"*" => return Err(Fatal::new("-Pe does not accept wild-card parameter name")),
        _ => {}
    }
    let change = match (mode, value) {
        ('M', Some(value)) => {
            let entry = read_entry(&value, messages)?;
            Change::Replace(entry.ok_or_else(|| Fatal::new([b"bad field count: \"", text, b"\""].concat()))?)
        }
        ('M', None) if options.has('X') => Change::Remove,
        ('M', None) => Change::CommentOut,
        ('F', Some(value)) => {
            let Some(field) = FIELD_NAMES.iter().position(|name| name.as_bytes() == last) else {
                return Err(Fatal::new([b"invalid service attribute name: \"", last.as_slice(), b"\""].concat()));
            };
            if FIELD_NAMES[field] != "command" && value.iter().any(|&byte| is_space(byte)) {
                return Err(Fatal::new("-Fe does not accept whitespace in non-command field"));
            }
            check_field(field, &value, &value)?;
            match FIELD_NAMES[field] {
                "command" => command(&value, messages)?,
                _ => Change::Field(field, value),
            }
        }
        (_, Some(value)) => {
            if value.iter().any(|&byte| is_space(byte)) {
                return Err(Fatal::new("-Pe does not accept whitespace in parameter value"));
            }
            Change::Set(last, value)
        }
        (_, None) => Change::Unset(last),
    };
    Ok(Edit { text: text.to_vec(), request, change, matched: false })
}

/// Reads an entry with its newlines, and says what is wrong with it; nothing if it has less than eight fields.
fn read_entry(text: &[u8], messages: &Messages) -> Result<Option<Entry>, Fatal> {
    let master = parse_entry(&Arc::new(Source::new("master.cf", text)));
    let services = services(&master);
    let Some(service) = services.first() else { return Ok(None) };
    check_entry(&master, &services, messages)?;
    let fields = service.line.fields.iter().map(|field| field.bytes().to_vec()).collect();
    Ok(Some(Entry { fields, arguments: arguments(service) }))
}

/// Reads a command with its arguments: an entry of which only they count.
fn command(text: &[u8], messages: &Messages) -> Result<Change, Fatal> {
    let entry = read_entry(&[b"command unix - - - - - ", text].concat(), messages)?;
    Ok(Change::Command(entry.ok_or_else(|| Fatal::new("-Fe requires a command"))?))
}

impl Entry {
    fn printed(&self) -> Vec<u8> {
        let fields: Vec<&[u8]> = self.fields.iter().map(Vec::as_slice).collect();
        let mut printer = Printer::default();
        printer.service(&fields, &self.arguments, true);
        printer.into_bytes()
    }

    /// Sets a parameter wherever it is set, else behind the last option; without a value takes it away.
    fn set(&mut self, name: &[u8], value: Option<&[u8]>) {
        let new = value.map(|value| [name, b"=", value].concat());
        let mut words = Vec::with_capacity(self.arguments.len() + 2);
        let mut old = std::mem::take(&mut self.arguments).into_iter().peekable();
        let mut done = new.is_none();
        while let Some(word) = old.next_if(|word| word.first() == Some(&b'-') && word != b"--") {
            let Some(mut set) = (word == b"-o").then(|| old.next()).flatten() else {
                words.push(word);
                continue;
            };
            let inner = set.strip_prefix(b"{").unwrap_or(&set);
            if inner.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&b'=')) {
                let Some(new) = &new else { continue };
                set.clone_from(new);
                done = true;
            }
            words.extend([word, set]);
        }
        if let (Some(new), false) = (new, done) {
            words.extend([b"-o".to_vec(), new]);
        }
        words.extend(old);
        self.arguments = words;
    }
}

/// What becomes of the physical lines of an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    Keep,
    Drop,
    CommentOut,
    /// They are collected, to be printed anew.
    Change,
}

/// An entry that is printed anew behind the comments that follow it.
#[derive(Default)]
struct Collected {
    text: Vec<u8>,
    line: usize,
}

fn rewrite(text: &[u8], path: &str, edits: &mut [Edit], messages: &Messages) -> Result<Vec<u8>, Fatal> {
    let mut out = Vec::with_capacity(text.len() + 64);
    let mut collected = Collected::default();
    let mut lines = Lines::Keep;
    for (number, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let line = [line.strip_suffix(b"\n").unwrap_or(line), b"\n"].concat();
        if is_comment(&line) {
            out.extend(line);
            continue;
        }
        if !is_space(line[0]) {
            out.extend(changed(&std::mem::take(&mut collected), path, edits, messages)?);
            let mut words = line.split(|&byte| is_space(byte)).filter(|word| !word.is_empty());
            let (Some(name), Some(service_type)) = (words.next(), words.next()) else {
                let line = number + 1;
                let what = "specify service name and type on the same line";
                return Err(Fatal::new(format!("file {path}: line {line}: {what}")));
            };
            lines = begin(name, service_type, edits, &mut out);
            collected.line = number + 1;
        }
        match lines {
            Lines::Keep => out.extend(line),
            Lines::CommentOut => out.extend([b"#", line.as_slice()].concat()),
            Lines::Change => collected.text.extend(line),
            Lines::Drop => {}
        }
    }
    out.extend(changed(&collected, path, edits, messages)?);
    for edit in edits.iter().filter(|edit| !edit.matched) {
        if let Change::Replace(entry) = &edit.change {
            out.extend(entry.printed());
        }
    }
    Ok(out)
}

/// Whether an edit is about a service. A new entry also takes the place of one with its own name and type.
fn is_about(edit: &Edit, name: &[u8], service_type: &[u8]) -> bool {
    let is_namesake =
        matches!(&edit.change, Change::Replace(new) if new.fields[0] == name && new.fields[1] == service_type);
    is_namesake || (edit.request.matches(0, name) && edit.request.matches(1, service_type))
}

/// Tells what becomes of an entry. Of several new ones in its place, the last that was not used yet is.
fn begin(name: &[u8], service_type: &[u8], edits: &mut [Edit], out: &mut Vec<u8>) -> Lines {
    let mut lines = Lines::Keep;
    let mut new = None;
    for edit in edits.iter_mut().filter(|edit| is_about(edit, name, service_type)) {
        let again = std::mem::replace(&mut edit.matched, true);
        lines = match &edit.change {
            Change::Replace(entry) => {
                new = if again { new } else { Some(entry) };
                Lines::Drop
            }
            Change::Remove => Lines::Drop,
            Change::CommentOut => Lines::CommentOut,
            Change::Field(..) | Change::Command(_) | Change::Set(..) | Change::Unset(_) => Lines::Change,
        };
    }
    out.extend(new.map(Entry::printed).unwrap_or_default());
    lines
}

/// A collected entry after all edits of it.
fn changed(old: &Collected, path: &str, edits: &[Edit], messages: &Messages) -> Result<Vec<u8>, Fatal> {
    if old.text.is_empty() {
        return Ok(Vec::new());
    }
    let mut entry = read_entry(&old.text, messages)?.ok_or_else(|| too_few_fields(path, old.line))?;
    let (name, service_type) = (entry.fields[0].clone(), entry.fields[1].clone());
    for edit in edits.iter().filter(|edit| is_about(edit, &name, &service_type)) {
        match &edit.change {
            Change::Field(field, value) => entry.fields[*field].clone_from(value),
            Change::Command(new) => {
                entry.fields[FIELD_NAMES.len() - 1].clone_from(&new.fields[FIELD_NAMES.len() - 1]);
                entry.arguments.clone_from(&new.arguments);
            }
            Change::Set(name, value) => entry.set(name, Some(value)),
            Change::Unset(name) => entry.set(name, None),
            Change::Replace(_) | Change::Remove | Change::CommentOut => {}
        }
    }
    Ok(entry.printed())
}
