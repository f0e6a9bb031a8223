//! `postwright migrate lmdb`: tables of LMDB 0.9 into those of LMDB 1.0, or back.

use super::rollback::roll_back_site;
use crate::commands::site_options::SiteOptions;
use crate::commands::terminal::format::Format;
use crate::commands::terminal::output::Output;
use crate::config::lmdb_format::LmdbFormat;
use crate::diagnostic::render::clean;
use crate::maps::compile::swap::about_names;
use crate::migrate::lmdb::{Table, Verdict, plan};
use crate::migrate::record::Record;
use crate::migrate::step::{Done, StepError};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Turn tables of LMDB 0.9 into those of LMDB 1.0, or back
///
/// Neither library opens the files of the other. Index is made from index, so sources need not be there. Caches, which
/// daemons make anew, are deleted. Each file that is changed has a backup beside it, and postwright-migration.json
/// beside main.cf tells of it.
#[derive(Args, Clone, Debug)]
pub struct Lmdb {
    /// Configuration directory
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// The series of LMDB that the system will read: 0.9 or 1.0 [default: lmdb_format of postwright.toml; else what the
    /// package of the profile reads]
    #[arg(long, value_name = "SERIES")]
    to: Option<LmdbFormat>,
    /// Do what the plan says
    #[arg(long)]
    yes: bool,
    /// Bring back what was changed
    #[arg(long, conflicts_with_all = ["to", "yes"])]
    rollback: bool,
    /// Change tables outside the directory too
    #[arg(long)]
    all: bool,
    /// Format of plan and report
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
    #[command(flatten)]
    site: SiteOptions,
}

/// Runs the command.
///
/// # Errors
/// What kept it from its job, in words for the terminal.
pub fn run(options: &Lmdb, output: &Output) -> Result<ExitCode, String> {
    let mut site = options.site.open(options.directory.as_deref())?;
    if options.all {
        site.paths.allow_all();
    }
    let mut record = Record::read(&site.configuration.files.directory)?;
    if options.rollback {
        return roll_back_site(&site, &mut record, options.format, output);
    }
    let to = options
        .to
        .or(site.configuration.platform.wanted_lmdb_format())
        .ok_or("neither postwright.toml nor the profile tells which LMDB the system reads: say --to 0.9 or --to 1.0")?;
    let lines: Vec<Line> = plan(&site, to)
        .into_iter()
        .map(|table| {
            let outcome = if options.yes { table.migrate(to, &mut record) } else { None };
            Line { table, outcome }
        })
        .collect();
    for line in &lines {
        if let Some(Ok(done)) = &line.outcome {
            output.warn_of_lost(&line.table.path, &done.lost);
            if let Some(words) = about_names(done.names, false) {
                let path = line.table.path.to_string_lossy();
                output.warning(&format!("postwright: {}: {words}", clean(&path)));
            }
        }
    }
    match options.format {
        Format::Json => {
            let tables: Vec<_> = lines.iter().map(Line::json).collect();
            output.line(&json!({ "version": 1, "to": to.name(), "done": options.yes, "tables": tables }).to_string());
        }
        Format::Human => show(&lines, to, options.yes, output),
    }
    Ok(if lines.iter().any(Line::is_bad) { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// A table of the plan, and what became of it.
struct Line {
    table: Table,
    outcome: Option<Result<Done, StepError>>,
}

impl Line {
    fn is_bad(&self) -> bool {
        matches!(self.table.verdict, Verdict::Undecided(_)) || matches!(self.outcome, Some(Err(_)))
    }

    fn word(&self) -> &'static str {
        match (&self.table.verdict, &self.outcome) {
            (_, Some(Err(_))) => "failed",
            (Verdict::Convert { .. }, None) => "convert",
            (Verdict::Convert { .. }, Some(Ok(_))) => "converted",
            (Verdict::Delete { .. }, None) => "delete",
            (Verdict::Delete { .. }, Some(Ok(_))) => "deleted",
            (Verdict::Undecided(_), _) => "decide",
            _ => "skip",
        }
    }

    /// Why, or what of it.
    fn more(&self, to: LmdbFormat) -> String {
        if let Some(Err(error)) = &self.outcome {
            return format!("{error}; it stays as it was");
        }
        let what = match &self.table.verdict {
            Verdict::Convert { from, entries: 1 } => format!("1 entry, from {from}"),
            Verdict::Convert { from, entries } => format!("{entries} entries, from {from}"),
            Verdict::Delete { from } => format!("a cache of {from}, which Postfix makes anew"),
            Verdict::Current => format!("of {to} already"),
            Verdict::Missing => "there is no index".into(),
            Verdict::Outside => "outside of the directory: --all changes it".into(),
            Verdict::Undecided(why) => why.clone(),
        };
        match &self.outcome {
            Some(Ok(done)) => {
                let name = self.table.path.file_name().unwrap_or_default().to_string_lossy();
                format!("{what}; the old file is {name}{}", done.backup)
            }
            _ => what,
        }
    }

    fn json(&self) -> Value {
        let (from, entries) = match self.table.verdict {
            Verdict::Convert { from, entries } => (Some(from), Some(entries)),
            Verdict::Delete { from } => (Some(from), None),
            _ => (None, None),
        };
        let reason = match &self.table.verdict {
            Verdict::Current => Some("current"),
            Verdict::Missing => Some("missing"),
            Verdict::Outside => Some("outside"),
            Verdict::Undecided(why) => Some(why.as_str()),
            Verdict::Convert { .. } | Verdict::Delete { .. } => None,
        };
        let backup = match &self.outcome {
            Some(Ok(done)) => Some(format!("{}{}", self.table.path.display(), done.backup)),
            _ => None,
        };
        let error = self.outcome.as_ref().and_then(|outcome| outcome.as_ref().err()).map(StepError::to_string);
        json!({
            "table": self.table.table, "index": self.table.path.to_string_lossy(), "action": self.word(),
            "from": from.map(LmdbFormat::name), "entries": entries, "reason": reason, "backup": backup, "error": error,
        })
    }
}

fn show(lines: &[Line], to: LmdbFormat, yes: bool, output: &Output) {
    let width = lines.iter().map(|line| clean(&line.table.table).chars().count()).max().unwrap_or(0);
    for line in lines {
        if output.quiet && !line.is_bad() {
            continue;
        }
        output.line(&format!("{:9} {:width$}  {}", line.word(), clean(&line.table.table), clean(&line.more(to))));
    }
    if output.quiet {
        return;
    }
    let count = |word: &str| lines.iter().filter(|line| line.word() == word).count();
    let planned = lines.iter().filter(|line| line.table.is_to_change()).count();
    output.line(&match (yes, planned) {
        (_, 0) => format!("nothing is to be changed for {to}"),
        (false, _) => format!("{planned} of {} to be changed for {to}; nothing was: --yes does it", lines.len()),
        (true, _) => format!("{} of {} changed for {to}", count("converted") + count("deleted"), lines.len()),
    });
}
