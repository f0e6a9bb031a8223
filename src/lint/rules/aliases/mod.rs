//! Rules about aliases files (AL).

pub mod alias_loop;
pub mod comment_in_alias;
pub mod empty_alias;
pub mod forbidden_command;
pub mod forbidden_file;
pub mod malformed_value;
pub mod missing_include;
pub mod missing_postmaster;
pub mod odd_destination;
pub mod writable_include;

use crate::base::{Source, Span};
use crate::lint::site::table_text::EntryText;
use crate::lint::site::{LoadedSite, Table};
use crate::syntax::alias_value::{AliasValue, DestinationKind, parse_alias_value};
use crate::syntax::match_list::split_list;
use crate::syntax::table_line::TableForm;
use std::path::PathBuf;
use std::sync::Arc;

/// The tables in the form of aliases whose entries are known.
fn alias_tables(site: &LoadedSite) -> impl Iterator<Item = &Table> {
    site.tables.iter().filter(|table| table.named.form() == TableForm::Aliases && table.entries.is_some())
}

/// Shows the value of each alias whose text holds one of three bytes, which most addresses do not.
fn each_value(site: &LoadedSite, needles: [u8; 3], mut show: impl FnMut(&Arc<Source>, &EntryText, &AliasValue)) {
    for table in alias_tables(site) {
        let Some(entries) = &table.entries else { continue };
        for entry in entries.all() {
            if memchr::memchr3(needles[0], needles[1], needles[2], entries.value(entry)).is_none() {
                continue;
            }
            let Some((source, text)) = table.text_of(entry) else { continue };
            let value = parse_alias_value(text.value_bytes());
            show(source, &text, &value);
        }
    }
}

/// Shows each `:include:` of aliases: its path as written, the file, and the place. Files that are not of this site are
/// left out.
fn each_include(site: &LoadedSite, mut show: impl FnMut(&[u8], PathBuf, &Arc<Source>, Span)) {
    each_value(site, [b':'; 3], |source, text, value| {
        for destination in &value.destinations {
            let DestinationKind::Include(name) = &destination.kind else { continue };
            let path = site.paths.resolve(name);
            if site.is_whole && site.paths.in_scope(&path) {
                show(name, path, source, text.part_of_value(destination.span));
            }
        }
    });
}

/// Whether a list of sorts of files (allow_mail_to_commands, allow_mail_to_files) has a word.
fn allows(site: &LoadedSite, parameter: &str, word: &[u8]) -> bool {
    let list = site.expanded(parameter);
    split_list(&list).into_iter().any(|range| list[range].eq_ignore_ascii_case(word))
}
