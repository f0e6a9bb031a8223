//! `postwright build`: compiles every indexed table that a configuration names, if its content changed.

use super::output::{Output, fail};
use super::progress::Progress;
use super::site_options::{Opened, SiteOptions};
use crate::base::{FileError, Source, open_plain, system_words};
use crate::config::tables::{NamedTable, named_tables};
use crate::diagnostic::Finding;
use crate::diagnostic::render::{clean, concise};
use crate::lint::rules::maps::dropped_entry;
use crate::lint::rules::maps::{dropped_entry::RULE as DROPPED, duplicate_key::RULE as DUPLICATE};
use crate::maps::compile::compare::{Digest, digest_entries, digest_index, is_current};
use crate::maps::compile::index::{IndexType, WriteError, add_alias_records, index_access, write_index};
use crate::maps::compile::{Complaint, ComplaintKind, Entries, Recipe, load, read_entries};
use clap::Args;
use foldhash::quality::RandomState;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Compile every table that the configuration names
///
/// A table is current when its indexed file holds what its source says; times do not matter. With a directory, only what lies
/// below it (or below --root) is written.
#[derive(Args, Clone, Debug)]
pub struct Build {
    /// Configuration directory
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Only tell what is stale or missing
    #[arg(long)]
    check: bool,
    /// Build tables outside the directory too
    #[arg(long)]
    all: bool,
    /// Build even what is current
    #[arg(long)]
    force: bool,
    /// Build hash: and btree: tables as this type, beside
    #[arg(long = "type", value_name = "TYPE", value_parser = ["lmdb", "cdb"])]
    as_type: Option<String>,
    /// Format of the result
    #[arg(long, value_name = "FORMAT", value_parser = ["human", "json"], default_value = "human")]
    format: String,
    #[command(flatten)]
    site: SiteOptions,
}

/// What became of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Status {
    Built { entries: usize },
    Current,
    Stale,
    Missing,
    Outside,
    Failed(String),
}

impl Status {
    fn word(&self) -> &'static str {
        match self {
            Self::Built { .. } => "built",
            Self::Current => "current",
            Self::Stale => "stale",
            Self::Missing => "missing",
            Self::Outside => "outside",
            Self::Failed(_) => "failed",
        }
    }

    fn is_bad(&self) -> bool {
        matches!(self, Self::Stale | Self::Missing | Self::Failed(_))
    }
}

/// A table and what became of it.
struct Line {
    table: String,
    path: PathBuf,
    status: Status,
}

/// Runs the command.
pub fn run(options: &Build, output: &Output) -> ExitCode {
    let settings = match options.site.settings(&options.site.directory(options.directory.as_deref())) {
        Ok(settings) => settings,
        Err(message) => return fail(&message),
    };
    let mut opened = match options.site.open(options.directory.as_deref(), settings) {
        Ok(opened) => opened,
        Err(error) => return fail(&error.to_string()),
    };
    if options.all {
        opened.paths.allow_all();
    }
    let progress = Progress::start("looking", output.quiet);
    let seed = RandomState::default();
    let mut lines = Vec::new();
    for table in named_tables(&opened.configuration) {
        let Some(index_type) = wanted_type(&table, options, &opened) else { continue };
        progress.message(format!("{}", table.reference));
        lines.push(one(&table, index_type, options, &opened, &seed, output));
    }
    drop(progress);
    report(&lines, options, output);
    if lines.iter().any(|line| line.status.is_bad()) { ExitCode::from(1) } else { ExitCode::SUCCESS }
}

/// The type to build a table as; nothing for tables that are not compiled. `Err`: a type that we cannot write.
fn wanted_type(table: &NamedTable, options: &Build, opened: &Opened) -> Option<Result<IndexType, String>> {
    if table.is_cache() {
        return None;
    }
    let map_type = table.reference.map_type.as_str();
    if let Some(index_type) = IndexType::by_name(map_type) {
        return Some(Ok(index_type));
    }
    if !matches!(map_type, "hash" | "btree" | "dbm" | "sdbm") {
        return None;
    }
    if let Some(index_type) = options.as_type.as_deref().and_then(IndexType::by_name) {
        return Some(Ok(index_type));
    }
    if let Some(index_type) = redirected(map_type, opened) {
        return Some(Ok(index_type));
    }
    Some(Err(format!("{map_type}: tables cannot be built; use lmdb: or cdb: (--type builds them beside)")))
}

/// Where `non_bdb_migration_level` sends a Berkeley DB type.
fn redirected(map_type: &str, opened: &Opened) -> Option<IndexType> {
    let value = |name: &str| {
        let bytes = opened.configuration.expanded(name.as_bytes(), None).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    if !matches!(value("non_bdb_migration_level").as_str(), "enable-redirect" | "enable-reindex") {
        return None;
    }
    let to = match map_type {
        "hash" => value("default_database_type"),
        "btree" => value("default_cache_db_type"),
        _ => return None,
    };
    IndexType::by_name(&to)
}

/// What is known of an index.
enum Index {
    Missing,
    /// Damaged, closed to us, or of no interest.
    Unread,
    Read(Digest),
}

fn one(
    table: &NamedTable,
    index_type: Result<IndexType, String>,
    options: &Build,
    opened: &Opened,
    seed: &RandomState,
    output: &Output,
) -> Line {
    let source_path = opened.paths.resolve(&table.reference.name);
    let line = |path: PathBuf, status| Line { table: table.reference.to_string(), path, status };
    let index_type = match index_type {
        Ok(index_type) => index_type,
        Err(_) if !opened.paths.in_scope(&source_path) => return line(source_path, Status::Outside),
        Err(message) => return line(source_path, Status::Failed(message)),
    };
    let path = opened.paths.resolve_index(&table.reference.name, index_type.suffix());
    if !opened.paths.in_scope(&path) {
        return line(path, Status::Outside);
    }
    let recipe = Recipe::standard(table.form());
    // Reading the index keeps one core busy meanwhile; only --force does not ask what is there.
    let (entries, index) = rayon::join(
        || open_plain(&source_path).and_then(|_| load(&source_path)).map(|source| read_entries(source, &recipe)),
        || match open_plain(&path) {
            Ok(_) if options.force && !options.check => Index::Unread,
            Ok(file) => digest_index(file, index_type, recipe.form, seed).map_or(Index::Unread, Index::Read),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Index::Missing,
            Err(_) => Index::Unread,
        },
    );
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => {
            return line(path, Status::Failed(FileError { path: source_path, error }.to_string()));
        }
    };
    let current = match index {
        Index::Read(digest) => {
            is_current(&entries, digest_entries(&entries, seed), &recipe, digest, seed).unwrap_or(false)
        }
        Index::Missing if options.check => return line(path, Status::Missing),
        Index::Missing | Index::Unread => false,
    };
    if current {
        return line(path, Status::Current);
    }
    if options.check {
        return line(path, Status::Stale);
    }
    if recipe.form == crate::syntax::table_line::TableForm::Aliases {
        // As postalias does, which stores the name that the mail system goes by.
        let host = opened.configuration.expanded(b"myhostname", None).unwrap_or_default();
        add_alias_records(&mut entries, &host);
    }
    let status = match build(entries, &recipe, index_type, &source_path, &path, output) {
        Ok(entries) => Status::Built { entries },
        Err(message) => Status::Failed(message),
    };
    line(path, status)
}

fn build(
    entries: Entries,
    recipe: &Recipe,
    index_type: IndexType,
    source_path: &Path,
    path: &Path,
    output: &Output,
) -> Result<usize, String> {
    let access = index_access(index_type, source_path, path).map_err(|error| system_words(&error))?;
    match write_index(&entries, recipe, index_type, path, access) {
        Ok(outcome) => {
            let complaints = entries.complaints().iter().chain(&outcome.duplicates);
            warn(&entries, complaints, source_path, output);
            Ok(outcome.entries)
        }
        Err(error) => {
            let place = match error {
                WriteError::KeyTooLong { line, .. } | WriteError::EmptyKey { line } => {
                    format!("{}:{}: ", source_path.display(), entries.line_number(line))
                }
                _ => format!("{}: ", path.display()),
            };
            let words = match &error {
                WriteError::Create(error) | WriteError::Io(error) => system_words(error),
                other => other.to_string(),
            };
            Err(format!("{place}{words}; the old file stays as it was"))
        }
    }
}

/// Says on standard error what postmap would warn about.
fn warn<'a>(entries: &Entries, complaints: impl Iterator<Item = &'a Complaint>, source_path: &Path, output: &Output) {
    let mut complaints: Vec<&Complaint> = complaints.collect();
    if complaints.is_empty() || output.quiet {
        return;
    }
    complaints.sort_by_key(|complaint| complaint.span.start);
    let source = Arc::new(Source::new(source_path.to_string_lossy(), entries.source().to_vec()));
    for complaint in complaints {
        let finding = match &complaint.kind {
            ComplaintKind::Form(kind) => {
                let (message, effect) = dropped_entry::words(*kind);
                Finding::new(&DROPPED, format!("{message}: {effect}"))
            }
            ComplaintKind::Duplicate { key, first } => {
                let key = String::from_utf8_lossy(key);
                let first = source.position(*first).line;
                Finding::new(
                    &DUPLICATE,
                    format!("the key {key} stands on line {first} already, and that entry is kept"),
                )
            }
        };
        output.warning(&concise::line(&finding.at(&source, complaint.span, "")));
    }
}

fn report(lines: &[Line], options: &Build, output: &Output) {
    if options.format == "json" {
        let tables: Vec<_> = lines
            .iter()
            .map(|line| {
                let (entries, error) = match &line.status {
                    Status::Built { entries } => (Some(entries), None),
                    Status::Failed(message) => (None, Some(message)),
                    _ => (None, None),
                };
                json!({
                    "table": line.table, "index": line.path.to_string_lossy(), "status": line.status.word(),
                    "entries": entries, "error": error,
                })
            })
            .collect();
        output.line(&json!({ "version": 1, "tables": tables }).to_string());
        return;
    }
    let width = lines.iter().map(|line| clean(&line.table).chars().count()).max().unwrap_or(0);
    for line in lines {
        if output.quiet && !line.status.is_bad() {
            continue;
        }
        let more = match &line.status {
            Status::Built { entries: 1 } => "1 entry".to_string(),
            Status::Built { entries } => format!("{entries} entries"),
            Status::Failed(message) => clean(message),
            Status::Outside => "skipped: --all builds it".to_string(),
            _ => String::new(),
        };
        let text = format!("{:8} {:width$}  {more}", line.status.word(), clean(&line.table));
        output.line(text.trim_end());
    }
    if !output.quiet {
        output.line(&summary(lines));
    }
}

/// `4 tables: 3 built, 1 current`
fn summary(lines: &[Line]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for line in lines {
        let word = line.status.word();
        match counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => counts.push((word, 1)),
        }
    }
    let tables = if lines.len() == 1 { "1 table".to_string() } else { format!("{} tables", lines.len()) };
    if counts.is_empty() {
        return format!("{tables}: the configuration names none that is compiled");
    }
    let parts: Vec<String> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    format!("{tables}: {}", parts.join(", "))
}
