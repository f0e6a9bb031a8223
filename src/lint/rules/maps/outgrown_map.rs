//! MAP031: a table that outgrows lmdb_map_size, with capital letters in its keys, which postmap then stores wrongly.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::uses::described;
use crate::lint::site::{LoadedSite, Table};
use crate::maps::compile::state::IndexState;
use crate::maps::compile::{Entries, Entry, Folding};
use crate::syntax::logical::is_space;
use crate::syntax::table_line::TableForm;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP031",
    name: "outgrown-map",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "a table with capital letters in its keys that outgrows lmdb_map_size",
    why: "When an LMDB file outgrows lmdb_map_size while Postfix's postmap or postalias compiles it, all its keys are stored as they \
          are written; lookups are in lower case, so that those with a capital letter are never found. This program's build, \
          postmap and postalias store them in lower case.",
    example: "lmdb_map_size = 65536\nvirtual_alias_maps = lmdb:/etc/postfix/virtual\n",
    remedy: "Compile it with `postwright build`, or raise lmdb_map_size to several times the size of the source.",
    fix: None,
    link: "https://www.postfix.org/lmdb_table.5.html",
};

/// Bytes that an entry takes in an LMDB file besides its key and value: its header, two NULs, and where it stands on
/// its page.
const BESIDES: usize = 12;

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Ok(map_size) = String::from_utf8_lossy(&site.expanded("lmdb_map_size")).trim().parse::<usize>() else { return };
    for table in site.tables.iter().filter(|table| table.named.reference.map_type == "lmdb") {
        let Some(entries) = &table.entries else { continue };
        let stored = |entry: &Entry| entries.key(entry).len() + entries.value(entry).len() + BESIDES;
        if entries.all().iter().map(stored).sum::<usize>() <= map_size {
            continue;
        }
        let Some(entry) = entries.all().iter().find(|entry| is_folded_by_compiling(table, entries, entry)) else {
            continue;
        };
        let Some((source, text)) = table.text_of(entry) else { continue };
        let message = format!("{} is larger than lmdb_map_size, {map_size} bytes", described(table));
        let is_current = matches!(table.index, Some((_, IndexState::Current)));
        let finding = Finding::new(&RULE, message)
            .severity(if is_current { Severity::Info } else { RULE.severity })
            .at(source, text.key_span(), "Postfix's postmap would store this as it is, and never find it")
            .help(RULE.remedy);
        findings.push(finding);
    }
}

/// Whether a key is written otherwise than it is looked up.
fn is_folded_by_compiling(table: &Table, entries: &Entries, entry: &Entry) -> bool {
    let Some(Ok(source)) = &table.source else { return false };
    let line = &source.bytes()[entries.line_start(entry)..];
    // Most keys stand there as they are stored.
    if line.starts_with(entries.key(entry)) {
        return false;
    }
    let form = table.named.form();
    let is_end = |byte: &u8| is_space(*byte) || *byte == b'\n' || form == TableForm::Aliases && *byte == b':';
    let key = &line[..line.iter().position(is_end).unwrap_or(line.len())];
    *Folding::Unicode.apply(key) != *key
}
