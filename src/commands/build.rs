//! `postwright build`: compiles every indexed table that a configuration names, if its content changed.

use super::output::{Output, fail};
use super::progress::Progress;
use super::site_options::SiteOptions;
use crate::base::{FileError, Place, Source, system_words, threads};
use crate::config::Site;
use crate::config::tables::{NamedTable, named_tables};
use crate::diagnostic::Finding;
use crate::diagnostic::render::{clean, concise};
use crate::lint::rules::maps::dropped_entry;
use crate::lint::rules::maps::{dropped_entry::RULE as DROPPED, duplicate_key::RULE as DUPLICATE};
use crate::maps::compile::compare::{Digest, digest_entries, digest_index, is_current};
use crate::maps::compile::index::{
    IndexType, Inherit, OtherNames, WriteError, add_alias_records, inherited_access, write_index_aside,
};
use crate::maps::compile::steady::KEEPS_CHANGING;
use crate::maps::compile::{
    Complaint, ComplaintKind, Entries, Recipe, Swap, Version, load, read_entries, until_steady,
};
use clap::Args;
use foldhash::quality::RandomState;
use serde_json::json;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
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
    let mut site = match options.site.open(options.directory.as_deref()) {
        Ok(site) => site,
        Err(message) => return fail(&message),
    };
    if options.all {
        site.paths.allow_all();
    }
    let progress = Progress::start("looking", output.quiet);
    let seed = RandomState::default();
    let mut lines = Vec::new();
    for table in named_tables(&site.configuration) {
        let Some(index_type) = wanted_type(&table, options, &site) else { continue };
        progress.message(format!("{}", table.reference));
        lines.push(one(&table, index_type, options, &site, &seed, output));
    }
    drop(progress);
    report(&lines, options, output);
    if lines.iter().any(|line| line.status.is_bad()) { ExitCode::from(1) } else { ExitCode::SUCCESS }
}

/// The type to build a table as; nothing for tables that are not compiled. `Err`: a type that we cannot write.
fn wanted_type(table: &NamedTable, options: &Build, site: &Site) -> Option<Result<IndexType, String>> {
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
    if let Some(index_type) = redirected(map_type, site) {
        return Some(Ok(index_type));
    }
    Some(Err(format!("{map_type}: tables cannot be built; use lmdb: or cdb: (--type builds them beside)")))
}

/// Where `non_bdb_migration_level` sends a Berkeley DB type.
fn redirected(map_type: &str, site: &Site) -> Option<IndexType> {
    let value = |name: &str| {
        let bytes = site.configuration.expanded(name.as_bytes(), None).unwrap_or_default();
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
    site: &Site,
    seed: &RandomState,
    output: &Output,
) -> Line {
    let source_path = site.paths.shown(&table.reference.name);
    let line = |path: PathBuf, status| Line { table: table.reference.to_string(), path, status };
    let index_type = match index_type {
        Ok(index_type) => index_type,
        Err(_) if !site.paths.in_scope(&source_path) => return line(source_path, Status::Outside),
        Err(message) => return line(source_path, Status::Failed(message)),
    };
    let path = site.paths.shown(&[&table.reference.name, index_type.suffix().as_bytes()].concat());
    let place = match site.paths.index_place(&table.reference.name, index_type.suffix()) {
        Ok(None) => return line(path, Status::Outside),
        Ok(Some(place)) => Ok(place),
        Err(error) => Err(error),
    };
    let job = Job { table, index_type, options, site, seed, output, source_path, path, place };
    let status = until_steady(|| job.attempt());
    let status = status.unwrap_or_else(|| Status::Failed(format!("{}: {KEEPS_CHANGING}", job.source_path.display())));
    line(job.path, status)
}

/// An index that may be written.
struct Job<'a> {
    table: &'a NamedTable,
    index_type: IndexType,
    options: &'a Build,
    site: &'a Site,
    seed: &'a RandomState,
    output: &'a Output,
    source_path: PathBuf,
    path: PathBuf,
    /// Where it stands, or why it cannot stand there.
    place: io::Result<Place>,
}

impl Job<'_> {
    /// Brings the index up to date; nothing if the source changed meanwhile.
    fn attempt(&self) -> Option<Status> {
        let recipe = Recipe::standard(self.table.form());
        threads::share_out();
        // Reading the index keeps one core busy meanwhile; only --force does not ask what is there.
        let (entries, index) = rayon::join(|| self.read_source(&recipe), || self.read_index(&recipe));
        let (mut entries, source) = match entries {
            Ok(read) => read,
            Err(error) => {
                return Some(Status::Failed(FileError { path: self.source_path.clone(), error }.to_string()));
            }
        };
        let current = match index {
            Index::Read(digest) => {
                let whole = digest_entries(&entries, self.seed);
                is_current(&entries, whole, &recipe, digest, self.seed).unwrap_or(false)
            }
            Index::Missing | Index::Unread => false,
        };
        if current || self.options.check {
            let status = match index {
                _ if current => Status::Current,
                Index::Missing => Status::Missing,
                _ => Status::Stale,
            };
            return self.is_still(&source).unwrap_or(true).then_some(status);
        }
        if recipe.form == crate::syntax::table_line::TableForm::Aliases {
            // As postalias does, which stores the name that the mail system goes by.
            let host = self.site.configuration.expanded(b"myhostname", None).unwrap_or_default();
            add_alias_records(&mut entries, &host);
        }
        match self.write(&entries, &recipe, &source) {
            Ok(entries) => Some(Status::Built { entries }),
            Err(WriteError::SourceChanged) => None,
            Err(error) => Some(Status::Failed(self.not_written(&error, &entries))),
        }
    }

    fn read_source(&self, recipe: &Recipe) -> io::Result<(Entries, Metadata)> {
        let file = self.site.paths.open(&self.table.reference.name)?;
        let metadata = file.metadata()?;
        Ok((read_entries(load(&file, &metadata)?, recipe), metadata))
    }

    /// Whether the source is the one that was read.
    fn is_still(&self, read: &Metadata) -> io::Result<bool> {
        let now = || self.site.paths.open(&self.table.reference.name)?.metadata();
        Version::is_still(Version::of(read), now)
    }

    fn read_index(&self, recipe: &Recipe) -> Index {
        let file = match &self.place {
            Ok(place) => place.open_plain(),
            Err(error) => Err(error.kind().into()),
        };
        match file {
            Ok(_) if self.options.force && !self.options.check => Index::Unread,
            Ok(file) => digest_index(file, self.index_type, recipe.form, self.seed).map_or(Index::Unread, Index::Read),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Index::Missing,
            Err(_) => Index::Unread,
        }
    }

    /// Writes the index and says what is to be said; gives the number of entries.
    fn write(&self, entries: &Entries, recipe: &Recipe, source: &Metadata) -> Result<usize, WriteError> {
        let copy = |error: &io::Error| error.raw_os_error().map_or(error.kind().into(), io::Error::from_raw_os_error);
        let place = self.place.as_ref().map_err(|error| WriteError::Create(copy(error)))?;
        let aside = place.replace().map_err(WriteError::Create)?;
        let inherit = Inherit { owner: true, mode: true };
        let access = inherited_access(self.index_type, source, aside.old_metadata().ok().as_ref(), inherit);
        // Other names may lie outside of what may be written.
        let other_names = match self.site.paths.is_unbounded() {
            true => OtherNames::Follow { owner: source.uid() },
            false => OtherNames::Leave,
        };
        let swap = Swap { is_still: &|| self.is_still(source), other_names };
        let outcome = write_index_aside(entries, recipe, self.index_type, aside, access, &swap)?;
        warn(entries, entries.complaints().iter().chain(&outcome.duplicates), &self.source_path, self.output);
        if let Some(words) = outcome.about_names().filter(|_| !self.output.quiet) {
            self.output.warning(&format!("postwright: {}: {words}", clean(&self.path.to_string_lossy())));
        }
        self.output.warn_of_lost(&self.path, &outcome.lost);
        Ok(outcome.entries)
    }

    fn not_written(&self, error: &WriteError, entries: &Entries) -> String {
        let place = match error.line() {
            Some(line) => format!("{}:{}: ", self.source_path.display(), entries.line_number(line)),
            None => format!("{}: ", self.path.display()),
        };
        let words = match error {
            WriteError::Create(error) | WriteError::Io(error) => system_words(error),
            other => other.to_string(),
        };
        format!("{place}{words}; the old file stays as it was")
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
