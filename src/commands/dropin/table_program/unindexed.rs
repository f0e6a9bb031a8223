//! Changing tables that are no indexed file: what stands inside `debug:` and `proxy:`, and types that take entries, or
//! refuse them one by one, without storing them anywhere.

use super::complaints::{Remark, Subject, remarks, say_all};
use super::operand::Operand;
use super::settings::Settings;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::table_reference::behind_proxy;
use crate::maps;
use crate::maps::compile::index::add_alias_records;
use crate::maps::compile::{Entries, Folding, Recipe, read_entries};
use crate::maps::text::file_values::encode_files;

/// The table that an operand comes down to behind `debug:` and `proxy:`.
#[derive(Debug)]
pub struct Inside {
    /// The table itself.
    pub table: Operand,
    /// The names under which `debug:` tells of it, in the order of telling.
    told: Vec<Vec<u8>>,
    /// The operand as it was given.
    outer: Vec<u8>,
}

impl Inside {
    /// Takes `debug:` and `proxy:` off an operand.
    ///
    /// # Errors
    /// When what is left names no table.
    pub fn of(operand: &Operand) -> Result<Self, Fatal> {
        let mut inside = Self { table: operand.clone(), told: Vec::new(), outer: operand.shown() };
        loop {
            let name = match inside.table.map_type.as_slice() {
                b"debug" => inside.table.name.clone(),
                b"proxy" => behind_proxy(&inside.table.name).to_vec(),
                _ => break,
            };
            if inside.table.map_type == b"debug" {
                inside.told.insert(0, name.clone());
            }
            let colon = memchr::memchr(b':', &name).unwrap_or(0);
            if colon == 0 || colon + 1 == name.len() {
                let words = [b"open dictionary: expecting \"type:name\" form instead of \"", &name[..], b"\""];
                return Err(Fatal::new(words.concat()));
            }
            inside.table = Operand { map_type: name[..colon].to_vec(), name: name[colon + 1..].to_vec() };
        }
        Ok(inside)
    }

    /// The keys of a source as they stand there, which is how `debug:` tells them; nothing where there is no `debug:`.
    #[must_use]
    pub fn given_keys(&self, text: &[u8], settings: &Settings) -> Vec<Vec<u8>> {
        if self.told.is_empty() {
            return Vec::new();
        }
        let given = read_entries(text.to_vec(), &Recipe { folding: Folding::None, ..settings.recipe() });
        given.all().iter().map(|entry| given.key(entry).to_vec()).collect()
    }

    /// What `debug:` tells of entries that were to be stored, each with the place of its line. `outcome` has the words
    /// for an entry, by its number; nothing is told from the first on for which it has none.
    #[must_use]
    pub fn updates(
        &self,
        entries: &Entries,
        given_keys: &[Vec<u8>],
        outcome: impl Fn(usize) -> Option<&'static str>,
    ) -> Vec<(usize, Vec<u8>)> {
        let mut lines = Vec::new();
        for (number, entry) in entries.all().iter().enumerate() {
            let Some(outcome) = outcome(number) else { break };
            let (at, value) = (entries.line_start(entry), entries.value(entry));
            // The records that every alias database has stand in no source.
            let key = given_keys.get(number).map_or(entries.key(entry), Vec::as_slice);
            let line = |name: &Vec<u8>| {
                [name, &b" update: \""[..], key, b"\" = \"", value, b"\": ", outcome.as_bytes()].concat()
            };
            lines.extend(self.told.iter().map(|name| (at, line(name))));
        }
        lines
    }

    /// What `debug:` tells of a key that was to be removed.
    #[must_use]
    pub fn delete_lines(&self, key: &[u8], outcome: &[u8]) -> Vec<Vec<u8>> {
        self.told.iter().map(|name| [name, &b" delete: \""[..], key, b"\": ", outcome].concat()).collect()
    }

    /// How the table takes changes, if it is of a type that keeps nothing.
    #[must_use]
    pub fn keeping_nothing(&self) -> Option<KeepsNothing> {
        match self.table.map_type.as_slice() {
            b"static" => Some(KeepsNothing::RefusesAll),
            b"fail" => Some(KeepsNothing::Fails),
            b"environ" => Some(KeepsNothing::TakesEntries),
            b"internal" => Some(KeepsNothing::TakesAll),
            _ => None,
        }
    }

    fn unsupported(&self, operation: &str) -> Fatal {
        let words = format!(": {operation} operation is not supported");
        Fatal::new([b"table ", &self.table.shown()[..], words.as_bytes()].concat())
    }

    fn failed(&self, operation: &str) -> Fatal {
        let words = format!(": {operation} error: Application error");
        Fatal::new([b"table ", &self.outer[..], words.as_bytes()].concat())
    }
}

/// How a table takes changes that nobody will see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepsNothing {
    /// `static:`
    RefusesAll,
    /// `fail:`
    Fails,
    /// `environ:`, whose variables end with the program.
    TakesEntries,
    /// `internal:`, which ends with the program.
    TakesAll,
}

/// Says what is wrong with the entries up to the one at which it all ends, if there is one.
///
/// # Errors
/// For the first entry, from a table that takes none.
pub fn insert(
    inside: &Inside,
    kind: KeepsNothing,
    source: &[u8],
    text: Vec<u8>,
    settings: &Settings,
    messages: &Messages,
) -> Result<(), Fatal> {
    open(inside, settings)?;
    let given_keys = inside.given_keys(&text, settings);
    let mut entries = read_entries(text, &settings.recipe());
    let left_out = if settings.file_values { entries.replace_values(encode_files) } else { Vec::new() };
    if settings.form.is_aliases() {
        add_alias_records(&mut entries, &settings.host);
    }
    let taken = matches!(kind, KeepsNothing::TakesEntries | KeepsNothing::TakesAll);
    let first = entries.all().first().filter(|_| !taken).map(|entry| entries.line_start(entry));
    let told = inside.updates(&entries, &given_keys, |number| match kind {
        KeepsNothing::RefusesAll => None,
        KeepsNothing::Fails => (number == 0).then_some("error"),
        KeepsNothing::TakesEntries | KeepsNothing::TakesAll => Some("success"),
    });
    let left_out: Vec<(usize, Vec<u8>)> = left_out
        .into_iter()
        .map(|(at, fault)| (at, [&fault.message()[..], b": skipping this entry"].concat()))
        .collect();
    let mut all = remarks(entries.complaints());
    all.extend(left_out.iter().map(|(at, words)| (*at, Remark::Words(words))));
    all.extend(told.iter().map(|(at, line)| (*at, Remark::Log(line))));
    if let Some(line) = first {
        all.retain(|&(at, _)| at <= line);
    }
    say_all(all, &entries, Subject { source, table: &inside.table.shown() }, messages);
    match (first, kind) {
        (None, _) => Ok(()),
        (Some(_), KeepsNothing::Fails) => Err(inside.failed("write")),
        (Some(_), _) => Err(inside.unsupported("update")),
    }
}

/// Removes nothing, as there is nothing.
///
/// # Errors
/// For the first key, from a table that does not even try.
pub fn delete<'k>(
    inside: &Inside,
    kind: KeepsNothing,
    keys: impl Iterator<Item = &'k Vec<u8>>,
    settings: &Settings,
    messages: &Messages,
) -> Result<(), Fatal> {
    open(inside, settings)?;
    for key in keys {
        let say = |outcome| inside.delete_lines(key, outcome).iter().for_each(|line| messages.say(line));
        match kind {
            KeepsNothing::RefusesAll | KeepsNothing::TakesEntries => return Err(inside.unsupported("delete")),
            KeepsNothing::Fails => {
                say(b"error");
                return Err(inside.failed("delete"));
            }
            KeepsNothing::TakesAll => say(b"failed"),
        }
    }
    Ok(())
}

fn open(inside: &Inside, settings: &Settings) -> Result<(), Fatal> {
    let opened = maps::open(&inside.table.reference()?, &settings.open_options());
    opened.map(drop).map_err(|error| Fatal::new(error.to_string()))
}
