//! What a site holds that names retired types and that no migration may change by itself: commands in crontabs,
//! Makefiles and scripts, settings that nothing is known to read, comments, and other instances.

use crate::base::user_file;
use crate::base::{Source, system_words};
use crate::config::retired_types::{occurrences, written_types};
use crate::config::site::TablesFrom;
use crate::config::table_reference::TableReference;
use crate::config::tables::named_tables;
use crate::config::{ConfigFiles, Configuration, Site};
use crate::maps::compile::IndexType;
use crate::migrate::transaction::backups::PREFIX;
use crate::syntax::main_cf::parse_main_cf;
use crate::syntax::match_list::split_list;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Something for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByHand {
    /// The file and line, or the directory.
    pub place: String,
    /// What is to be done.
    pub what: String,
}

/// Files of this length are no scripts.
const LONGEST: u64 = 1 << 20;

/// How deep directories are looked through.
const DEEPEST: usize = 8;

/// Most files that are looked at.
const MOST_FILES: usize = 20_000;

/// Programs that are told the type of a table.
const PROGRAMS: [&[u8]; 3] = [b"postmap", b"postalias", b"makemap"];

/// Everything below the configuration directory, and in the crontabs of a whole system; `known` are texts that are
/// looked after already, `databases` the old indexes.
#[must_use]
pub fn by_hand(site: &Site, known: &BTreeSet<PathBuf>, databases: &[PathBuf]) -> Vec<ByHand> {
    let mut files = Vec::new();
    list(&site.configuration.files.directory, 0, &mut files);
    if site.is_system || site.tables_from == TablesFrom::Indexes || site.paths.below().is_some() {
        for name in [
            "/etc/crontab",
            "/etc/cron.d",
            "/etc/cron.daily",
            "/etc/cron.hourly",
            "/etc/cron.weekly",
            "/var/spool/cron",
        ] {
            list(&site.paths.resolve(name.as_bytes()), 0, &mut files);
        }
    }
    let mut found = Vec::new();
    // A text may be named from here or from the root.
    let known: BTreeSet<PathBuf> = known.iter().map(|path| real(path)).collect();
    for path in files.into_iter().filter(|path| !known.contains(&real(path))) {
        let Ok(text) = user_file::read(&path, LONGEST) else { continue };
        if text.contains(&0) {
            continue;
        }
        if path.extension().is_some_and(|suffix| suffix == "cf") {
            settings(&path, text, &mut found);
        } else {
            commands(&path, &text, databases, &mut found);
        }
    }
    found
}

/// Adds the regular files below a directory, or itself; links are not followed.
fn list(path: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(status) = std::fs::symlink_metadata(path) else { return };
    if status.is_file() && files.len() < MOST_FILES {
        files.push(path.to_path_buf());
    } else if status.is_dir() && depth <= DEEPEST {
        let Ok(entries) = std::fs::read_dir(path) else { return };
        let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        inside.sort();
        for path in inside {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            if name != b".git" && !name.starts_with(PREFIX.as_bytes()) {
                list(&path, depth + 1, files);
            }
        }
    }
}

/// Settings of which nothing is known: who reads them?
fn settings(path: &Path, text: Vec<u8>, found: &mut Vec<ByHand>) {
    let source = Arc::new(Source::new(path.to_string_lossy(), text));
    for entry in parse_main_cf(&source).entries {
        for one in occurrences(entry.value.bytes()) {
            let Some(name) = one.name.filter(|name| !name.is_empty()) else { continue };
            let span = entry.value.source_span(one.span.start..name.end);
            let table = String::from_utf8_lossy(source.slice(span));
            let place = format!("{}:{}", path.display(), source.position(span.start).line);
            found.push(ByHand { place, what: format!("{} names {table}", entry.name.to_string_lossy()) });
        }
    }
}

fn commands(path: &Path, text: &[u8], databases: &[PathBuf], found: &mut Vec<ByHand>) {
    for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        if line.trim_ascii_start().starts_with(b"#") {
            continue;
        }
        let holds = |word: &[u8]| memchr::memmem::find(line, word).is_some();
        let is_told = PROGRAMS.iter().any(|program| holds(program)) && tells_type(line);
        // A restriction in an access table, a setting in a script.
        let is_reference = || names_table(line);
        let names_old = || {
            let mut names = databases.iter().filter_map(|path| path.file_name());
            names.any(|name| memchr::memmem::find(line, name.as_encoded_bytes()).is_some())
        };
        if is_told || is_reference() || names_old() {
            let place = format!("{}:{number}", path.display());
            found.push(ByHand { place, what: String::from_utf8_lossy(line.trim_ascii()).into_owned() });
        }
    }
}

/// Whether a text names a table of a retired type: `hash:/etc/aliases`.
fn names_table(text: &[u8]) -> bool {
    occurrences(text).iter().any(|one| one.name.as_ref().is_some_and(|name| !name.is_empty()))
}

/// Tables that comments name, for who switches these on again.
#[must_use]
pub fn in_comments(site: &Site) -> Vec<ByHand> {
    let files = &site.configuration.files;
    let sources = [Some(files.main.tree.source()), files.master.as_ref().map(|master| master.tree.source())];
    let mut found = Vec::new();
    for source in sources.into_iter().flatten() {
        for (number, line) in (1..).zip(source.bytes().split(|&byte| byte == b'\n')) {
            let Some(text) = line.trim_ascii_start().strip_prefix(b"#") else { continue };
            if names_table(text) {
                let place = format!("{}:{number}", source.name());
                found.push(ByHand { place, what: String::from_utf8_lossy(line.trim_ascii()).into_owned() });
            }
        }
    }
    found
}

/// Whether a command line has `hash:`, or `makemap`'s `hash`.
fn tells_type(line: &[u8]) -> bool {
    let mut words = line.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'=' | b';' | b'`'));
    words.any(|word| {
        let word = word.strip_prefix(b"proxy:").unwrap_or(word);
        let name = word.split(|&byte| byte == b':').next().unwrap_or_default();
        matches!(name, b"hash" | b"btree" | b"dbm" | b"sdbm")
    })
}

/// The directories of the other instances of the same system, as far as this one or the system's own names them.
fn instances(site: &Site) -> Vec<PathBuf> {
    let mut directories: Vec<PathBuf> = named(site, &site.configuration);
    if site.is_system || site.tables_from == TablesFrom::Indexes || site.paths.below().is_some() {
        let stock = site.paths.resolve(crate::config::paths::STOCK_DIRECTORY.as_bytes());
        if let Ok(files) = ConfigFiles::load(&stock) {
            directories.extend(named(site, &Configuration::new(files, site.configuration.platform.clone())));
            directories.push(stock);
        }
    }
    let mut seen = BTreeSet::from([real(&site.configuration.files.directory)]);
    directories.retain(|directory| seen.insert(real(directory)));
    directories
}

/// Other instances of the same system that name retired types.
#[must_use]
pub fn other_instances(site: &Site) -> Vec<ByHand> {
    let mut found = Vec::new();
    for directory in instances(site) {
        let place = directory.display().to_string();
        let what = match ConfigFiles::load(&directory) {
            Ok(files) => {
                let configuration = Configuration::new(files, site.configuration.platform.clone());
                match written_types(&configuration).len() {
                    0 => continue,
                    1 => format!("this instance names 1 table: postwright migrate bdb {place}"),
                    count => format!("this instance names {count} tables: postwright migrate bdb {place}"),
                }
            }
            Err(failed) => format!("this instance cannot be read: {}", system_words(&failed.error)),
        };
        found.push(ByHand { place, what });
    }
    found
}

/// An index among some files that another instance names: the instance and the table.
#[must_use]
pub fn named_by_others(site: &Site, files: &[PathBuf]) -> Option<(PathBuf, TableReference)> {
    let files: BTreeSet<PathBuf> = files.iter().map(|path| real(path)).collect();
    instances(site).into_iter().find_map(|directory| {
        let configuration =
            Configuration::new(ConfigFiles::load(&directory).ok()?, site.configuration.platform.clone());
        let table = named_tables(&configuration).into_iter().map(|named| named.reference).find(|table| {
            let index = IndexType::by_name(&table.map_type)
                .map(|index_type| site.paths.shown(&[&table.name[..], index_type.suffix().as_bytes()].concat()));
            index.is_some_and(|index| files.contains(&real(&index)))
        })?;
        Some((directory, table))
    })
}

fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// The directories of the other instances that a configuration names.
fn named(site: &Site, configuration: &Configuration) -> Vec<PathBuf> {
    let text = configuration.expanded(b"multi_instance_directories", None).unwrap_or_default();
    split_list(&text).into_iter().map(|range| site.paths.resolve(&text[range])).collect()
}
