//! `postwright check`: what is wrong with a configuration.

mod format;

use crate::base::Source;
use crate::commands::output::{Output, fail};
use crate::commands::progress::Progress;
use crate::commands::site_options::SiteOptions;
use crate::config::{ConfigFiles, Configuration, Settings};
use crate::diagnostic::Severity;
use crate::diagnostic::render::Report;
use crate::lint::{Site, lint, rules};
use crate::maps::types::system_words;
use clap::{Args, ValueEnum};
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
    /// Least severity that ends the command with status 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "warning")]
    fail_on: FailOn,
    #[command(flatten)]
    site: SiteOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Info,
    Never,
}

impl FailOn {
    fn reached_by(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Info => true,
            Self::Never => false,
        }
    }
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
    for operand in operands {
        match site(operand, options, settings.clone()) {
            Ok(site) => findings.extend(lint(&site)),
            Err(message) => {
                drop(progress);
                return fail(&message);
            }
        }
    }
    drop(progress);
    let rules: Vec<_> = rules().iter().map(|lint| lint.rule).collect();
    // Where no working directory is left, names stay as they are.
    let directory = std::env::current_dir().unwrap_or_default();
    let report = Report { findings: &findings, rules: &rules, directory: &directory };
    format::show(&report, options.format, output);
    let failed = findings.iter().any(|finding| options.fail_on.reached_by(finding.severity));
    if failed { ExitCode::from(1) } else { ExitCode::SUCCESS }
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
