//! `postwright check`: what is wrong with a configuration.

mod format;
mod settings;

use crate::base::Source;
use crate::commands::output::{Output, fail};
use crate::commands::progress::Progress;
use crate::commands::site_options::SiteOptions;
use crate::config::{ConfigFiles, Configuration, Settings};
use crate::diagnostic::render::Report;
use crate::diagnostic::{Finding, Severity};
use crate::lint::selection::Selector;
use crate::lint::settings::Threshold;
use crate::lint::{Policy, Site, declarations, lint_by};
use crate::maps::types::system_words;
use clap::Args;
use format::Format;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Find what is wrong with a configuration
///
/// PATH is a configuration directory, or a file named main.cf or master.cf that is looked at by itself.
#[derive(Args, Clone, Debug)]
pub struct Check {
    /// Configuration directories or files
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
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
    #[command(flatten)]
    site: SiteOptions,
}

/// Runs the command.
pub fn run(options: &Check, output: &Output) -> ExitCode {
    let settings = match options.site.settings() {
        Ok(settings) => settings,
        Err(message) => return fail(&message),
    };
    let progress = Progress::start("reading", output.quiet);
    let operands: Vec<Option<&Path>> = if options.paths.is_empty() {
        vec![None]
    } else {
        options.paths.iter().map(|path| Some(path.as_path())).collect()
    };
    let mut findings = Vec::new();
    let mut failed = false;
    for operand in operands {
        match judge(operand, options, settings.clone()) {
            Ok(judged) => {
                failed |= judged.findings.iter().any(|finding| judged.threshold.reached_by(finding.severity));
                findings.extend(judged.findings);
            }
            Err(message) => {
                drop(progress);
                return fail(&message);
            }
        }
    }
    drop(progress);
    let rules: Vec<_> = declarations().collect();
    // Where no working directory is left, names stay as they are.
    let directory = std::env::current_dir().unwrap_or_default();
    let report = Report { findings: &findings, rules: &rules, directory: &directory };
    format::show(&report, options.format, output);
    if failed { ExitCode::from(1) } else { ExitCode::SUCCESS }
}

fn parse_threshold(name: &str) -> Result<Threshold, String> {
    Threshold::from_name(name).ok_or_else(|| format!("expected {}", Threshold::NAMES.join(", ")))
}

/// What was found in one operand, and what makes it fail.
struct Judged {
    findings: Vec<Finding>,
    threshold: Threshold,
}

fn judge(operand: Option<&Path>, options: &Check, settings: Settings) -> Result<Judged, String> {
    let read = settings::read_above(&directory(operand, options))?;
    let policy = Policy::new(read, options.select.as_deref(), &options.ignore);
    let threshold = options.fail_on.or(policy.settings().fail_on);
    let threshold = threshold.unwrap_or(Threshold::AtLeast(Severity::Warning));
    Ok(Judged { findings: lint_by(&site(operand, options, settings)?, &policy), threshold })
}

/// The directory of main.cf, or of the one file that is looked at.
fn directory(operand: Option<&Path>, options: &Check) -> PathBuf {
    match operand {
        Some(path) if !path.is_dir() => path.parent().unwrap_or(Path::new("")).to_path_buf(),
        _ => options.site.directory(operand),
    }
}

fn site(operand: Option<&Path>, options: &Check, settings: Settings) -> Result<Site, String> {
    if let Some(path) = operand
        && !path.is_dir()
    {
        return single_file(path, settings);
    }
    let opened = options
        .site
        .open(operand, settings)
        .map_err(|error| format!("{}: {}", error.path.display(), system_words(&error.error)))?;
    Ok(Site::open(opened.configuration, &opened.paths, opened.is_system))
}

/// main.cf or master.cf without what it belongs to.
fn single_file(path: &Path, settings: Settings) -> Result<Site, String> {
    let source = Source::read(path).map_err(|error| format!("{}: {}", path.display(), system_words(&error)))?;
    let directory = path.parent().unwrap_or(Path::new("."));
    let nothing = Arc::new(Source::new("main.cf", ""));
    let files = match path.file_name().and_then(|name| name.to_str()) {
        Some("main.cf") => ConfigFiles::from_sources(directory, &source, None),
        Some("master.cf") => ConfigFiles::from_sources(directory, &nothing, Some(&source)),
        _ => {
            let name = path.display();
            return Err(format!("{name}: only directories, main.cf and master.cf can be checked yet"));
        }
    };
    Ok(Site::without_tables(Configuration::new(files, settings)))
}
