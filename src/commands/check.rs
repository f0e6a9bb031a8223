//! `postwright check`: what is wrong with a configuration.

use super::output::{Output, fail};
use super::progress::Progress;
use super::site_options::SiteOptions;
use crate::base::Source;
use crate::config::{ConfigFiles, Configuration, Settings};
use crate::diagnostic::render::human::{self, Style};
use crate::diagnostic::render::{concise, json};
use crate::diagnostic::{Finding, Severity};
use crate::lint::{Site, lint};
use crate::maps::types::system_words;
use clap::{Args, ValueEnum};
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
enum Format {
    /// Lines, labels and advice
    Human,
    /// One line a finding
    Concise,
    /// One document
    Json,
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
    show(&findings, options.format, output);
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

fn show(findings: &[Finding], format: Format, output: &Output) {
    match format {
        Format::Json => return output.line(&json::document(findings).to_string()),
        Format::Concise => findings.iter().for_each(|finding| output.line(&concise::line(finding))),
        Format::Human => {
            let style = Style { color: output.color, width: output.width() };
            findings.iter().for_each(|finding| output.line(&human::render(finding, style)));
        }
    }
    if !output.quiet {
        output.line(&summary(findings));
    }
}

/// `3 findings: 1 error, 2 warnings`
fn summary(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "nothing found".into();
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let parts =
        [Severity::Error, Severity::Warning, Severity::Info].map(|severity| match (count(severity), severity) {
            (0, _) => None,
            (1, _) => Some(format!("1 {severity}")),
            // One does not say "infos".
            (n, Severity::Info) => Some(format!("{n} {severity}")),
            (n, _) => Some(format!("{n} {severity}s")),
        });
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let findings = if findings.len() == 1 { "1 finding".into() } else { format!("{} findings", findings.len()) };
    format!("{findings}: {}", parts.join(", "))
}
