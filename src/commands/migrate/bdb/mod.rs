//! `postwright migrate bdb`: a site off Berkeley DB.

mod back;
mod report;

use crate::base::FileError;
use crate::commands::site_options::SiteOptions;
use crate::commands::terminal::format::Format;
use crate::commands::terminal::output::Output;
use crate::config::Site;
use crate::maps::compile::IndexType;
use crate::migrate::berkeley_db::carry_out::carry_out;
use crate::migrate::berkeley_db::plan::{Style, index_type, plan};
use crate::migrate::transaction::{alone, is_unfinished, recover};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Turn hash: and btree: tables into those of lmdb: or cdb:, wherever they are named
///
/// Every hash:, btree:, dbm: and sdbm: in main.cf, master.cf and the files that they name becomes another type, where
/// it is written; each table gets an index of that type, made from its source, or from its .db file alone, of which a
/// source is made too. Caches begin anew. All is done, or nothing: what was there before is kept in a directory
/// postwright-backup-DATE beside main.cf until --forget. The .db files stay; the report lists them.
#[derive(Args, Clone, Debug)]
pub struct Bdb {
    /// Configuration directory
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// The type of tables [default: the default_database_type of the profile, if it is one of these; else lmdb]. Caches
    /// are never cdb:
    #[arg(long, value_enum, value_name = "TYPE")]
    to: Option<To>,
    /// How types are written: literal (lmdb:) or variable ($default_database_type:)
    #[arg(long, value_enum, value_name = "STYLE", default_value = "literal")]
    style: StyleName,
    /// Do what the plan says
    #[arg(long)]
    yes: bool,
    /// Undo what the last run did
    #[arg(long, conflicts_with_all = ["to", "style", "yes", "forget"])]
    rollback: bool,
    /// Remove the backups of earlier runs
    #[arg(long, conflicts_with_all = ["to", "style", "yes"])]
    forget: bool,
    /// Change files outside the directory too
    #[arg(long)]
    all: bool,
    /// Format of plan and report
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
    #[command(flatten)]
    site: SiteOptions,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum To {
    Lmdb,
    Cdb,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StyleName {
    Literal,
    Variable,
}

/// Runs the command.
///
/// # Errors
/// What kept it from its job, in words for the terminal.
pub fn run(options: &Bdb, output: &Output) -> Result<ExitCode, String> {
    let mut site = open(options)?;
    let directory = absolute(&site)?;
    if options.rollback {
        return back::roll_back(&site, &directory, options.format, output);
    }
    if options.forget {
        return back::forget(&directory, options.format, output);
    }
    let mut is_left = is_unfinished(&directory)?;
    let held = options.yes.then(|| alone(&directory)).transpose()?;
    if is_left && options.yes {
        back::tell_recovered(&recover(&directory, &site.paths)?, output);
        site = open(options)?;
        is_left = false;
    } else if is_left {
        output.warning(
            "postwright: an earlier run was interrupted; --rollback undoes what it did, and --yes does so before it begins",
        );
    }
    let to = options.to.map(|to| match to {
        To::Lmdb => IndexType::Lmdb,
        To::Cdb => IndexType::Cdb,
    });
    let style = match options.style {
        StyleName::Literal => Style::Literal,
        StyleName::Variable => Style::Variable,
    };
    let plan = plan(&site, index_type(&site, to, style)?, style);
    let is_blocked = plan.obstacles().next().is_some();
    let done = match held.filter(|_| !is_blocked && !plan.is_empty()) {
        Some(held) => Some(carry_out(&site, &plan, held).map_err(|failed| back::not_done(&failed))?),
        None => None,
    };
    for (path, lost) in done.iter().flat_map(|done| &done.lost) {
        output.warn_of_lost(path, std::slice::from_ref(lost));
    }
    let backup = done.as_ref().map(|done| done.backup.as_path());
    match options.format {
        Format::Json => output.line(&report::json(&plan, style, backup).to_string()),
        Format::Human => report::show(&site, &plan, options.yes, backup, output),
    }
    Ok(if is_left || plan.needs_person() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn open(options: &Bdb) -> Result<Site, String> {
    let mut site = options.site.open(options.directory.as_deref())?;
    if options.all {
        site.paths.allow_all();
    }
    Ok(site)
}

fn absolute(site: &Site) -> Result<PathBuf, FileError> {
    let directory: &Path = &site.configuration.files.directory;
    std::path::absolute(directory).map_err(FileError::at(directory))
}
