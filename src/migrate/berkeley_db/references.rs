//! The texts of a site with every retired type replaced: main.cf, master.cf, files of match lists, and settings of
//! memcache tables.
//!
//! The new texts are expanded as the old ones were: every value must come to the same but for the types. What does not
//! is for a person.

use super::same_but_types::is_same_but_types;
use crate::base::{Edit, Source, apply_edits};
use crate::config::catalogue::{self, Kind, MapType};
use crate::config::edit::set::{Change, set};
use crate::config::listed::listed;
use crate::config::retired_types::{Successor, WrittenType, occurrences, written_types};
use crate::config::services::Service;
use crate::config::table_reference::{TableReference, tables_within};
use crate::config::tables::named_tables;
use crate::config::{ConfigFiles, Configuration, Site};
use crate::syntax::Text;
use crate::syntax::main_cf::parse_main_cf;
use crate::syntax::match_list::{ElementKind, parse_elements};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A text that changes.
#[derive(Debug)]
pub struct Rewritten {
    /// As it is.
    pub before: Arc<Source>,
    /// As it will be.
    pub after: Arc<Source>,
    /// What is replaced in it.
    pub written: Vec<WrittenType>,
    /// The parameters that are added to it, because their defaults are retired.
    pub added: Vec<String>,
}

/// A table that a file names which main.cf names.
#[derive(Clone, Debug)]
pub struct TableInFile {
    /// The table.
    pub reference: TableReference,
    /// Whether it is a cache.
    pub is_cache: bool,
}

/// All texts of a site.
#[derive(Debug)]
pub struct References {
    /// The texts that change.
    pub texts: Vec<Rewritten>,
    /// The configuration as it will be.
    pub after: Configuration,
    /// Tables of retired types that files besides main.cf and master.cf name.
    pub in_files: Vec<TableInFile>,
    /// The type that tables will have.
    pub table_type: &'static str,
    /// What of it a person must look at.
    pub unresolved: Vec<String>,
}

/// Replaces every retired type.
#[must_use]
pub fn rewrite(site: &Site, successor: Successor) -> References {
    let before = &site.configuration;
    let written = written_types(before);
    let main = before.files.main.tree.source();
    let master = before.files.master.as_ref().map(|master| master.tree.source());
    let text = |source: &Arc<Source>| {
        let own: Vec<WrittenType> = written.iter().filter(|one| Arc::ptr_eq(&one.source, source)).cloned().collect();
        let edits: Vec<Edit> = own.iter().map(|one| one.edit(successor)).collect();
        (edited(source, &edits), own)
    };
    let (mut new_main, in_main) = text(main);
    let (new_master, in_master) = master.map_or((None, Vec::new()), |master| {
        let (text, own) = text(master);
        (Some(text), own)
    });
    let with = |main: &Arc<Source>| {
        let files = ConfigFiles::from_sources(&before.files.directory, main, new_master.as_ref());
        Configuration::new(files, before.platform.clone())
    };
    let mut added = Vec::new();
    let mut after = with(&new_main);
    for (name, value) in defaults(&after, successor) {
        // A value without braces of its own is never refused.
        let Ok(edits) = set(&after.files.main, name.as_bytes(), &Change::Set(value), b"") else { continue };
        new_main = edited(&new_main, &edits);
        after = with(&new_main);
        added.push(name);
    }
    let mut texts = vec![Rewritten { before: Arc::clone(main), after: new_main, written: in_main, added }];
    if let (Some(before), Some(after)) = (master, new_master) {
        texts.push(Rewritten { before: Arc::clone(before), after, written: in_master, added: Vec::new() });
    }
    let mut unresolved = unresolved(before, &after);
    let mut in_files = Vec::new();
    for (source, written) in files(site, &mut in_files, &mut unresolved).into_values() {
        let edits: Vec<Edit> = written.iter().map(|one| one.edit(successor)).collect();
        let after = edited(&source, &edits);
        texts.push(Rewritten { before: source, after, written, added: Vec::new() });
    }
    texts.retain(|text| text.before.bytes() != text.after.bytes());
    References { texts, after, in_files, table_type: successor.table, unresolved }
}

fn edited(source: &Arc<Source>, edits: &[Edit]) -> Arc<Source> {
    // Types stand apart from each other.
    let text = apply_edits(source.bytes(), edits).unwrap_or_else(|_| source.bytes().to_vec());
    Arc::new(Source::new(source.name(), text))
}

/// Parameters whose defaults come to a retired type, with what they are to be set to.
fn defaults(configuration: &Configuration, successor: Successor) -> Vec<(String, Vec<u8>)> {
    let is_default = |name: &str| configuration.files.entry(name.as_bytes()).is_none();
    let is_retired = |name: &[u8]| {
        let value = configuration.expanded(name, None).unwrap_or_default();
        std::str::from_utf8(&value).ok().and_then(catalogue::map_type).is_some_and(MapType::is_retired)
    };
    let mut found = Vec::new();
    for parameter in catalogue::parameters() {
        let name = parameter.name;
        if !is_default(name) || !parameter.exists_in(configuration.platform.target) {
            continue;
        }
        if parameter.kind == Kind::MapType && is_retired(name.as_bytes()) {
            let value = if name == "default_cache_db_type" { "lmdb" } else { successor.table };
            found.push((name.to_string(), value.as_bytes().to_vec()));
        } else if parameter.kind.may_hold_tables() {
            let Some(default) = configuration.default_of(parameter) else { continue };
            let is_cache = crate::config::tables::is_cache(name);
            let edits: Vec<Edit> = occurrences(&default)
                .into_iter()
                .filter(|one| one.name.is_some())
                .map(|one| {
                    let span = crate::base::Span::new(one.span.start, one.span.end);
                    Edit::replace(span, successor.text(is_cache, false))
                })
                .collect();
            if !edits.is_empty()
                && let Ok(value) = apply_edits(&default, &edits)
            {
                found.push((name.to_string(), value));
            }
        }
    }
    found
}

/// The names of all values, each with the service that it is of.
fn all_values(configuration: &Configuration) -> BTreeSet<(Vec<u8>, Option<usize>)> {
    let target = configuration.platform.target;
    let known = catalogue::parameters().iter().filter(|parameter| parameter.exists_in(target));
    let known = known.map(|parameter| (parameter.name.as_bytes().to_vec(), None));
    let own = configuration.files.main.entries.iter().map(|entry| (entry.name.bytes().to_vec(), None));
    let services = configuration.files.services.iter().enumerate();
    let set = services
        .flat_map(|(at, service)| service.overrides.iter().map(move |set| (set.name.bytes().to_vec(), Some(at))));
    known.chain(own).chain(set).collect()
}

/// What does not come to the same as before, and what is still retired.
fn unresolved(before: &Configuration, after: &Configuration) -> Vec<String> {
    let mut found = Vec::new();
    for (name, at) in all_values(before) {
        let shown = String::from_utf8_lossy(&name);
        if catalogue::parameter(&shown).is_some_and(|parameter| parameter.kind == Kind::MapType) {
            continue;
        }
        let service = |configuration: &'_ Configuration| at.map(|at| configuration.files.services[at].clone());
        let value = |configuration: &Configuration| configuration.expanded(&name, service(configuration).as_ref());
        let (Ok(old), Ok(new)) = (value(before), value(after)) else { continue };
        if old != new && !is_same_but_types(&old, &new) {
            let of = service(before).map_or(String::new(), |service| format!(" of {}", service.label()));
            let [old, new] = [old, new].map(|text| String::from_utf8_lossy(&text).into_owned());
            found.push(format!("{shown}{of}: it comes to {old:?} now and would come to {new:?}"));
        }
    }
    for table in named_tables(after) {
        if table.reference.known_type().is_some_and(MapType::is_retired) {
            let used = table.uses.first().map_or(String::new(), |named| format!("{}: ", named.parameter));
            found.push(format!("{used}{} is named in a way that only a person can change", table.reference));
        }
    }
    found
}

type InFiles = BTreeMap<String, (Arc<Source>, Vec<WrittenType>)>;

/// The files besides main.cf and master.cf that name tables of retired types.
fn files(site: &Site, tables: &mut Vec<TableInFile>, unresolved: &mut Vec<String>) -> InFiles {
    let mut found = InFiles::new();
    let configuration = &site.configuration;
    let match_lists = catalogue::parameters().iter().filter(|parameter| parameter.kind.is_match_list());
    for parameter in match_lists.filter(|parameter| parameter.exists_in(configuration.platform.target)) {
        let name = parameter.name.as_bytes();
        let set = configuration.files.services.iter().filter(|service| service.value(name).is_some());
        for service in std::iter::once(None).chain(set.map(Some)) {
            match_list(site, parameter.name, service, tables, &mut found);
        }
    }
    for table in named_tables(configuration) {
        if table.reference.map_type == "memcache" && matches!(table.reference.name.first(), Some(b'/' | b'.')) {
            match site.paths.read(&table.reference.name) {
                Ok(source) => memcache(&source, tables, &mut found),
                Err(error) => unresolved.push(format!("{}: {}", table.reference, crate::base::system_words(&error))),
            }
        }
    }
    found
}

fn match_list(
    site: &Site,
    parameter: &str,
    service: Option<&Service>,
    tables: &mut Vec<TableInFile>,
    found: &mut InFiles,
) {
    let Ok(value) = site.configuration.expanded(parameter.as_bytes(), service) else { return };
    for one in listed(&parse_elements(&Text::whole(&value)), |name| site.paths.read(name)) {
        let Some(source) = one.source.filter(|_| one.element.kind == ElementKind::Table) else { continue };
        add(found, &source, &one.element.text, parameter, false, tables);
    }
}

/// What a memcache table falls back on, and stores into, is a cache.
fn memcache(source: &Arc<Source>, tables: &mut Vec<TableInFile>, found: &mut InFiles) {
    for entry in parse_main_cf(source).entries.iter().filter(|entry| entry.name.bytes() == b"backup") {
        add(found, source, &entry.value, "backup", true, tables);
    }
}

fn add(
    found: &mut InFiles,
    source: &Arc<Source>,
    text: &Text,
    parameter: &str,
    is_cache: bool,
    tables: &mut Vec<TableInFile>,
) {
    for one in occurrences(text.bytes()) {
        let Some(name) = one.name.filter(|name| !name.is_empty()) else { continue };
        let span = text.source_span(one.span);
        let (_, written) = found.entry(source.name().to_string()).or_insert_with(|| (Arc::clone(source), Vec::new()));
        if written.iter().any(|known| known.span == span) {
            continue;
        }
        written.push(WrittenType {
            source: Arc::clone(source),
            span,
            map_type: one.map_type,
            parameter: parameter.to_string(),
            service: None,
            is_cache,
            // No `$name` is expanded in such files.
            is_literal: true,
            name: Some(text.bytes()[name].to_vec()),
        });
    }
    let retired = tables_within(text.bytes()).into_iter();
    let retired = retired.filter(|table| table.known_type().is_some_and(MapType::is_retired));
    tables.extend(retired.map(|reference| TableInFile { reference, is_cache }));
}
