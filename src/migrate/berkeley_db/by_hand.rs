//! What a site holds that names retired types and that no migration may change by itself: commands in crontabs,
//! Makefiles and scripts, settings that nothing is known to read, and other instances.

use crate::base::user_file;
use crate::base::{Source, system_words};
use crate::config::retired_types::{occurrences, written_types};
use crate::config::site::TablesFrom;
use crate::config::{ConfigFiles, Configuration, Site};
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
    for path in files.into_iter().filter(|path| !known.contains(path)) {
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
        // What an access table says may name restrictions, and these a table.
        let is_restriction = || holds(b"check_") && !occurrences(line).is_empty();
        let names_old = || {
            let mut names = databases.iter().filter_map(|path| path.file_name());
            names.any(|name| memchr::memmem::find(line, name.as_encoded_bytes()).is_some())
        };
        if is_told || is_restriction() || names_old() {
            let place = format!("{}:{number}", path.display());
            found.push(ByHand { place, what: String::from_utf8_lossy(line.trim_ascii()).into_owned() });
        }
    }
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

/// Other instances of the same system that name retired types.
#[must_use]
pub fn other_instances(site: &Site) -> Vec<ByHand> {
    let own = real(&site.configuration.files.directory);
    let mut directories: Vec<PathBuf> = named(site, &site.configuration);
    if site.is_system || site.tables_from == TablesFrom::Indexes || site.paths.below().is_some() {
        let stock = site.paths.resolve(crate::config::paths::STOCK_DIRECTORY.as_bytes());
        if let Ok(files) = ConfigFiles::load(&stock) {
            directories.extend(named(site, &Configuration::new(files, site.configuration.platform.clone())));
            directories.push(stock);
        }
    }
    let mut seen = BTreeSet::from([own]);
    let mut found = Vec::new();
    for directory in directories.into_iter().filter(|directory| seen.insert(real(directory))) {
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

fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// The directories of the other instances that a configuration names.
fn named(site: &Site, configuration: &Configuration) -> Vec<PathBuf> {
    let text = configuration.expanded(b"multi_instance_directories", None).unwrap_or_default();
    split_list(&text).into_iter().map(|range| site.paths.resolve(&text[range])).collect()
}
