//! `postwright check`: what is wrong with a configuration.

mod fix;
mod format;
mod settings;
mod subject;

use super::site_options::SiteOptions;
use super::terminal::output::{Output, not_edited};
use super::terminal::progress::Progress;
use crate::base::{FileError, Source};
use crate::config::edit::place::EditPlace;
use crate::config::edit::replace::{CHANGED, edit_or_make_file};
use crate::config::lmdb_format::LmdbFormat;
use crate::diagnostic::render::Report;
use crate::diagnostic::{Finding, Fix, Rule, Safety, Severity};
use crate::lint::policy::baseline::Baseline;
use crate::lint::policy::selection::Selector;
use crate::lint::policy::settings::Threshold;
use crate::lint::{Policy, declarations, lint_by};
use crate::syntax::FileKind;
use clap::Args;
use fix::MendedTexts;
use format::Format;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use subject::Subject;

/// Find what is wrong with a configuration
///
/// PATH is a configuration directory, a file that is looked at by itself, or - for standard input. The kind of a file
/// is taken from its name, else guessed from its content.
#[derive(Args, Clone, Debug)]
pub struct Check {
    /// Configuration directories or files
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// What a file or standard input is: main.cf, master.cf, aliases, virtual, transport, access, …
    #[arg(long = "as", value_name = "KIND", value_parser = parse_kind)]
    kind: Option<FileKind>,
    /// Format of the findings
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
    /// Least severity that ends the command with status 1: error, warning, info, never [default: warning]
    #[arg(long, value_name = "SEVERITY", value_parser = parse_threshold)]
    fail_on: Option<Threshold>,
    /// Look for these rules only: codes, families, starts of codes, or names
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = Selector::parse)]
    select: Option<Vec<Selector>>,
    /// Do not look for these rules
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = Selector::parse)]
    ignore: Vec<Selector>,
    /// Mend what can be mended without changing the meaning
    #[arg(long)]
    fix: bool,
    /// Mend also what may change the meaning
    #[arg(long)]
    unsafe_fixes: bool,
    /// Show what --fix would change, and write nothing
    #[arg(long)]
    diff: bool,
    /// Leave out the findings that FILE holds
    #[arg(long, value_name = "FILE", conflicts_with = "write_baseline")]
    baseline: Option<PathBuf>,
    /// Write the findings to FILE, to leave them out by --baseline later
    #[arg(long, value_name = "FILE", conflicts_with_all = ["fix", "unsafe_fixes", "diff"])]
    write_baseline: Option<PathBuf>,
    /// The series of LMDB whose files the system reads: 0.9 or 1.0 [default: lmdb_format of postwright.toml; else what
    /// the package of the profile reads]
    #[arg(long, value_name = "SERIES")]
    lmdb_format: Option<LmdbFormat>,
    #[command(flatten)]
    site: SiteOptions,
}

fn parse_kind(name: &str) -> Result<FileKind, String> {
    FileKind::from_name(name).ok_or_else(|| format!("expected {}", FileKind::names().collect::<Vec<_>>().join(", ")))
}

fn parse_threshold(name: &str) -> Result<Threshold, String> {
    Threshold::from_name(name).ok_or_else(|| format!("expected {}", Threshold::NAMES.join(", ")))
}

/// Runs the command.
///
/// # Errors
/// What kept it from its job, in words for the terminal.
pub fn run(options: &Check, output: &Output) -> Result<ExitCode, String> {
    let run = Run {
        options,
        rules: declarations().collect(),
        // Where no working directory is left, names stay as they are.
        directory: std::env::current_dir().unwrap_or_default(),
        baseline: options.baseline.as_deref().map(read_baseline).transpose()?,
    };
    // Before all the work: that it cannot be written, and what somebody else may change meanwhile.
    let old_baseline = options.write_baseline.as_deref().map(read_if_there).transpose()?;
    let mut fixed = 0;
    let mut attempt = 1;
    let (mended, outcome) = loop {
        let (mended, outcome) = run.look_at_all(output)?;
        if options.diff {
            break (mended, outcome);
        }
        match mended.write(&mut fixed, output) {
            Ok(()) => break (mended, outcome),
            Err(refused) if !refused.changed || attempt == MOST_ATTEMPTS => return Err(refused.message),
            Err(_) => attempt += 1,
        }
    };
    let report = run.report(&outcome.findings);
    if let (Some(path), Some(old)) = (&options.write_baseline, old_baseline) {
        let text = Baseline::of(&report.identities()).print();
        write_baseline(path, old.as_deref(), text.as_bytes(), output)?;
        if !output.quiet {
            let file = crate::diagnostic::render::clean(&path.display().to_string());
            output.line(&format!("{} written to {file}", format::findings(report.findings.len())));
        }
        return Ok(ExitCode::SUCCESS);
    }
    if options.diff {
        mended.show(|name| report.file_named(name), output);
        if !output.quiet {
            output.warning(&format!("would fix {}", mended.count()));
        }
    } else {
        let fixed = run.may_fix().then_some(fixed);
        format::show(&report, options.format, &format::Sums { fixed, accepted: outcome.accepted }, output);
    }
    Ok(if outcome.failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// How often all is looked at, before somebody who changes the files all the time is left alone.
const MOST_ATTEMPTS: usize = 5;

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, String> {
    match EditPlace::at(path).and_then(|place| place.read()) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::at(path)(error).into()),
    }
}

/// Writes a baseline in the place of the one that was there before the findings were looked for.
fn write_baseline(path: &Path, before: Option<&[u8]>, text: &[u8], output: &Output) -> Result<(), String> {
    let place = EditPlace::at(path).map_err(FileError::at(path))?;
    let edited = edit_or_make_file(&place, |old| match old == before || old == Some(text) {
        true => Ok((Some(text.to_vec()), ())),
        false => Err(format!("{}: {CHANGED}", path.display())),
    });
    let edited = edited.map_err(|error| not_edited(path, error))?;
    output.warn_of_lost(path, &edited.lost);
    Ok(())
}

fn read_baseline(path: &Path) -> Result<Baseline, String> {
    let text = Source::read(path).map_err(FileError::at(path))?;
    Baseline::parse(text.bytes()).map_err(|error| format!("{}: {error}", path.display()))
}

/// What is the same for all operands.
struct Run<'a> {
    options: &'a Check,
    rules: Vec<&'static Rule>,
    directory: PathBuf,
    baseline: Option<Baseline>,
}

/// What came of the operands so far.
#[derive(Default)]
struct Outcome {
    findings: Vec<Finding>,
    failed: bool,
    /// How many findings the baseline holds back.
    accepted: usize,
}

impl Run<'_> {
    /// Looks at all operands.
    fn look_at_all(&self, output: &Output) -> Result<(MendedTexts, Outcome), String> {
        let _progress = Progress::start("reading", output.quiet);
        let mut mended = MendedTexts::default();
        let mut outcome = Outcome::default();
        if self.options.paths.is_empty() {
            self.look_at(None, &mut mended, &mut outcome, output)?;
        }
        for path in &self.options.paths {
            self.look_at(Some(path), &mut mended, &mut outcome, output)?;
        }
        Ok((mended, outcome))
    }

    /// Looks at one operand, and mends what is asked for.
    fn look_at(
        &self,
        operand: Option<&Path>,
        mended: &mut MendedTexts,
        outcome: &mut Outcome,
        output: &Output,
    ) -> Result<(), String> {
        let options = self.options;
        let subject = Subject::of(operand, options.kind, output)?;
        let directory = subject.directory(&options.site);
        let mut platform = options.site.platform(&directory)?;
        platform.lmdb_format = options.lmdb_format.or(platform.lmdb_format);
        let policy = settings::read_above(&directory)?;
        let policy = Policy::new(policy, options.select.as_deref(), &options.ignore);
        let (_, writable) = subject.open(&options.site, platform.clone(), &mended.overlay)?;
        if writable.is_none() && self.may_fix() && !options.diff {
            return Err("what standard input holds cannot be written; --diff shows the changes".into());
        }
        let look = |overlay: &_| {
            let (mut site, _) = subject.open(&options.site, platform.clone(), overlay)?;
            site.map_types.clone_from(&policy.settings().map_types);
            Ok(self.split(lint_by(&site, &policy)))
        };
        // Where they are written is found once: there may be many fixes of a file, and links may change meanwhile.
        let places: RefCell<HashMap<String, Option<EditPlace>>> = RefCell::default();
        let may_write = |name: &str| {
            let Some(paths) = &writable else { return true };
            // A name that is not UTF-8 was changed for showing, and finds no file.
            let find = || if name.contains('\u{fffd}') { None } else { paths.edit_place(Path::new(name)).ok()? };
            places.borrow_mut().entry(name.to_string()).or_insert_with(find).is_some()
        };
        let wanted = |fix: &Fix| {
            self.may_fix() && (fix.safety == Safety::Safe || options.unsafe_fixes) && may_write(fix.source.name())
        };
        let (before, after) = mended.mend(look, wanted)?;
        mended.places.extend(places.into_inner().into_iter().filter_map(|(name, place)| Some((name, place?))));
        // What is only shown is still there.
        let (findings, accepted) = if options.diff { before } else { after };
        let threshold = options.fail_on.or(policy.settings().fail_on);
        let threshold = threshold.unwrap_or(Threshold::AtLeast(Severity::Warning));
        outcome.failed |= findings.iter().any(|finding| threshold.reached_by(finding.severity));
        outcome.findings.extend(findings);
        outcome.accepted += accepted;
        Ok(())
    }

    fn may_fix(&self) -> bool {
        self.options.fix || self.options.unsafe_fixes || self.options.diff
    }

    fn report<'r>(&'r self, findings: &'r [Finding]) -> Report<'r> {
        Report { findings, rules: &self.rules, directory: &self.directory }
    }

    /// Takes out what the baseline accepts, and counts it.
    fn split(&self, findings: Vec<Finding>) -> (Vec<Finding>, usize) {
        let Some(baseline) = &self.baseline else { return (findings, 0) };
        let accepted = baseline.accepts(&self.report(&findings).identities());
        let count = accepted.iter().filter(|accepted| **accepted).count();
        let left = findings.into_iter().zip(accepted).filter(|(_, accepted)| !accepted).map(|(finding, _)| finding);
        (left.collect(), count)
    }
}
