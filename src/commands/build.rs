//! `postwright build`: compiles every indexed table that a configuration names, if its content changed.

use super::site_options::SiteOptions;
use super::terminal::output::Output;
use super::terminal::progress::Progress;
use crate::base::Source;
use crate::build::{Compiled, Outcome, Status, Wanted, jobs};
use crate::config::lmdb_format::LmdbFormat;
use crate::diagnostic::Finding;
use crate::diagnostic::render::{clean, concise};
use crate::lint::rules::maps::dropped_entry;
use crate::lint::rules::maps::{dropped_entry::RULE as DROPPED, duplicate_key::RULE as DUPLICATE};
use crate::maps::compile::{Complaint, ComplaintKind, IndexType};
use clap::Args;
use foldhash::quality::RandomState;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Compile every table that the configuration names
///
/// A table is current when its indexed file holds what its source says; times do not matter. With a directory, only
/// what lies below it (or below --root) is written.
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
    /// Make lmdb files for this series of LMDB: 0.9 or 1.0 [default: lmdb_format of postwright.toml; else what the
    /// package of the profile reads; else that of the file that is there; else 0.9]
    #[arg(long, value_name = "SERIES")]
    lmdb_format: Option<LmdbFormat>,
    /// Format of the result
    #[arg(long, value_name = "FORMAT", value_parser = ["human", "json"], default_value = "human")]
    format: String,
    #[command(flatten)]
    site: SiteOptions,
}

/// A table and what became of it.
struct Line {
    table: String,
    path: PathBuf,
    status: Status,
}

/// Runs the command.
///
/// # Errors
/// What kept it from its job, in words for the terminal.
pub fn run(options: &Build, output: &Output) -> Result<ExitCode, String> {
    let mut site = options.site.open(options.directory.as_deref())?;
    let platform = &mut site.configuration.platform;
    platform.lmdb_format = options.lmdb_format.or(platform.lmdb_format);
    if options.all {
        site.paths.allow_all();
    }
    let wanted = Wanted {
        check_only: options.check,
        force: options.force,
        instead: options.as_type.as_deref().and_then(IndexType::by_name),
    };
    let progress = Progress::start("looking", output.quiet);
    let seed = RandomState::default();
    let mut lines = Vec::new();
    for job in jobs(&site, wanted) {
        let table = job.table.reference.to_string();
        progress.message(table.clone());
        let Outcome { path, status, compiled } = job.run(&seed);
        if let Some(compiled) = &compiled {
            if !output.quiet {
                warn(compiled, &path, output);
            }
            output.warn_of_lost(&path, &compiled.lost);
        }
        lines.push(Line { table, path, status });
    }
    drop(progress);
    report(&lines, options, output);
    Ok(if lines.iter().any(|line| line.status.is_bad()) { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// The word for what became of a table.
fn word(status: &Status) -> &'static str {
    match status {
        Status::Built { .. } => "built",
        Status::Current => "current",
        Status::Stale { .. } => "stale",
        Status::Missing => "missing",
        Status::Outside => "outside",
        Status::Failed(_) => "failed",
    }
}

/// Says on standard error what postmap would warn about, and where other names of the index lead.
fn warn(compiled: &Compiled, path: &Path, output: &Output) {
    let Compiled { source_path, entries, complaints, about_names, .. } = compiled;
    if !complaints.is_empty() {
        let source = Arc::new(Source::new(source_path.to_string_lossy(), entries.source().to_vec()));
        complaints.iter().for_each(|complaint| output.warning(&concise::line(&finding(complaint, &source))));
    }
    if let Some(words) = about_names {
        output.warning(&format!("postwright: {}: {words}", clean(&path.to_string_lossy())));
    }
}

fn finding(complaint: &Complaint, source: &Arc<Source>) -> Finding {
    let finding = match &complaint.kind {
        ComplaintKind::Form(kind) => {
            let (message, effect) = dropped_entry::words(*kind);
            Finding::new(&DROPPED, format!("{message}: {effect}"))
        }
        ComplaintKind::Duplicate { key, first } => {
            let key = String::from_utf8_lossy(key);
            let first = source.position(*first).line;
            Finding::new(&DUPLICATE, format!("the key {key} stands on line {first} already, and that entry is kept"))
        }
    };
    finding.at(source, complaint.span, "")
}

fn report(lines: &[Line], options: &Build, output: &Output) {
    if options.format == "json" {
        let tables: Vec<_> = lines
            .iter()
            .map(|line| {
                let (entries, error) = match &line.status {
                    Status::Built { entries } => (Some(entries), None),
                    Status::Failed(error) => (None, Some(error.to_string())),
                    _ => (None, None),
                };
                json!({
                    "table": line.table, "index": line.path.to_string_lossy(), "status": word(&line.status),
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
            Status::Failed(error) => clean(&error.to_string()),
            Status::Stale { format: Some(format) } => format!("in the format of {format}"),
            Status::Outside => "skipped: --all builds it".to_string(),
            _ => String::new(),
        };
        let text = format!("{:8} {:width$}  {more}", word(&line.status), clean(&line.table));
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
        let word = word(&line.status);
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
