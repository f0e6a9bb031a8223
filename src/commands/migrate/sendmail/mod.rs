//! `postwright migrate sendmail`: Sendmail's files into a configuration directory of Postfix.

mod html;
mod human;

use crate::base::Overlay;
use crate::build::{Status, Wanted, jobs};
use crate::commands::site_options::parse_profile;
use crate::commands::terminal::output::Output;
use crate::config::catalogue::{Profile, Version, default_value, parameter};
use crate::config::site::Location;
use crate::config::{Platform, Site};
use crate::migrate::sendmail::mc::read_mc_including;
use crate::migrate::sendmail::new_site::NewFile;
use crate::migrate::sendmail::old_site::{OldSite, place};
use crate::migrate::sendmail::plan;
use crate::migrate::sendmail::proof::prove;
use crate::migrate::sendmail::read::bytes_of;
use crate::migrate::sendmail::report::{Line, Verdict};
use crate::migrate::sendmail::settings::Settings;
use crate::migrate::sendmail::stage::{Stage, refuse_taken};
use clap::{Args, ValueEnum};
use foldhash::quality::RandomState;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Sendmail's configuration, before m4.
const CONFIGURATION: &str = "sendmail.mc";
/// The report, in the new directory.
const REPORT: &str = "migration-report.html";

/// Turn Sendmail's files into a configuration directory of Postfix
///
/// sendmail.mc is read, with the tables and lists of /etc/mail, or with their .db files where the sources are gone.
/// Every line has its line in the report: carried over and where to, changed in meaning and how, or left for a
/// decision. Keys of tables are tried: where Sendmail sends their mail, and where the new site does.
///
/// Nothing is written unless --yes is given, nor if the directory is not empty.
#[derive(Args, Clone, Debug)]
pub struct Sendmail {
    /// Directory of the old site, as /etc/mail
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Directory for the new site, which must be empty or not there
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Write what the plan says
    #[arg(long)]
    yes: bool,
    /// Full name of the host [default: confDOMAIN_NAME of sendmail.mc, else the host's own at run time]
    #[arg(long, value_name = "NAME", value_parser = parse_host)]
    hostname: Option<String>,
    /// Type of the tables that are compiled [default: that of the package, if it is lmdb or cdb; else lmdb]
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    map_type: Option<MapType>,
    /// Postfix version to write for [default: that of postwright.toml, else 3.11]
    #[arg(long, value_name = "VERSION")]
    target: Option<Version>,
    /// Package to write for, such as debian or debian-12; `postwright build --help` lists them
    #[arg(long, value_name = "NAME", value_parser = parse_profile)]
    profile: Option<Profile>,
    /// Format of the report
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines
    Human,
    /// One document
    Json,
    /// One page
    Html,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MapType {
    Lmdb,
    Cdb,
}

fn parse_host(text: &str) -> Result<String, String> {
    match crate::mail::host_name::is_host_name(text.as_bytes()) && text.contains('.') {
        true => Ok(text.to_lowercase()),
        false => Err("expected a full name, such as mail.example.com".into()),
    }
}

/// What was done, or would be.
struct Outcome {
    lines: Vec<Line>,
    files: Vec<String>,
    from: String,
    to: String,
    done: bool,
}

/// Runs the command.
///
/// # Errors
/// What kept it from its job, in words for the terminal.
pub fn run(options: &Sendmail, output: &Output) -> Result<ExitCode, String> {
    if !options.from.is_dir() {
        return Err(format!("{}: no directory; --from takes Sendmail's, as /etc/mail", options.from.display()));
    }
    refuse_taken(&options.to)?;
    let platform = Platform::of(&options.to, None, options.target, options.profile)?;
    let old = read(options)?;
    let plan = plan(&old, map_type(options, &platform), platform.target);
    if plan.lines.is_empty() && !old.has_configuration {
        let from = options.from.display();
        return Err(format!(
            "{from}: no sendmail.mc, and no table with an entry; --from takes Sendmail's directory, as /etc/mail"
        ));
    }
    let stage = Stage::beside(options.yes.then_some(options.to.as_path()))?;
    stage.write(&plan.files)?;
    let location = Location { directory: Some(stage.directory().to_path_buf()), ..Location::default() };
    let new = Site::open(&location, platform, &Overlay::default())?;
    let mut files: Vec<String> = plan.files.iter().map(|file| file.name.clone()).collect();
    files.extend(compile(&new)?);
    let mut lines = plan.lines;
    prove(&old, &new, &mut lines);
    let shown = |path: &Path| path.display().to_string();
    files.push(REPORT.to_string());
    files.sort();
    let (from, to) = (shown(&options.from), shown(&options.to));
    let outcome = Outcome { lines, files, from, to, done: options.yes };
    if options.yes {
        stage.write(&[NewFile { name: REPORT.into(), text: html::page(&outcome) }])?;
        stage.come_to(&options.to)?;
    }
    match options.format {
        Format::Human => human::show(&outcome, output),
        Format::Json => output.line(&document(&outcome).to_string()),
        Format::Html => output.text(&html::page(&outcome)),
    }
    Ok(if outcome.lines.iter().any(needs_person) { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Whether a person must look at a line.
fn needs_person(line: &Line) -> bool {
    line.verdict.needs_decision() || differs(line)
}

/// Whether mail goes another way though the line says that all was carried over.
fn differs(line: &Line) -> bool {
    matches!(line.verdict, Verdict::CarriedOver { .. }) && line.proofs.iter().any(|proof| !proof.same)
}

fn read(options: &Sendmail) -> Result<OldSite, String> {
    let Some(name) = configuration(&options.from) else {
        let site = OldSite::read(&options.from, Settings::stock(), None, options.hostname.as_deref());
        return site.map_err(|error| error.to_string());
    };
    let path = options.from.join(&name);
    let text = bytes_of(&path).map_err(|error| error.to_string())?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let include = |named: &str| {
        let bytes = bytes_of(&place(&options.from, named)).ok().flatten()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let (settings, lines) =
        read_mc_including(&name, &text, &include).map_err(|error| format!("{}:{error}", path.display()))?;
    let site = OldSite::read(&options.from, settings, Some(&name), options.hostname.as_deref());
    let mut site = site.map_err(|error| error.to_string())?;
    site.lines.extend(lines);
    Ok(site)
}

/// The name of the configuration before m4: sendmail.mc, else the only one there is besides that of submission.
fn configuration(directory: &Path) -> Option<String> {
    let names = std::fs::read_dir(directory).ok()?.flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".mc") && !name.contains("submit")).collect();
    match names.iter().any(|name| name == CONFIGURATION) {
        true => Some(CONFIGURATION.to_string()),
        false if names.len() == 1 => names.pop(),
        false => None,
    }
}

fn map_type(options: &Sendmail, platform: &Platform) -> &'static str {
    match options.map_type {
        Some(MapType::Lmdb) => "lmdb",
        Some(MapType::Cdb) => "cdb",
        None => {
            let of_package = platform
                .profile
                .and_then(|profile| default_value(parameter("default_database_type")?, platform.target, profile));
            if of_package == Some("cdb") { "cdb" } else { "lmdb" }
        }
    }
}

/// Compiles the tables of the new site; the names of their indexes.
fn compile(site: &Site) -> Result<Vec<String>, String> {
    let seed = RandomState::default();
    let mut indexes = Vec::new();
    for job in jobs(site, Wanted::default()) {
        let outcome = job.run(&seed);
        match outcome.status {
            Status::Failed(error) => return Err(error.to_string()),
            _ => indexes.push(outcome.path.file_name().unwrap_or_default().to_string_lossy().into_owned()),
        }
    }
    Ok(indexes)
}

/// A line with one blank where it has tabs, or goes on.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Numbers of lines: carried over, changed, left for a decision.
fn counts(lines: &[Line]) -> [usize; 3] {
    let count = |word: &str| lines.iter().filter(|line| line.verdict.word() == word).count();
    [count("carried over"), count("changed"), count("decide")]
}

fn document(outcome: &Outcome) -> serde_json::Value {
    let [carried, changed, decide] = counts(&outcome.lines);
    json!({
        "version": 1, "from": outcome.from, "to": outcome.to, "done": outcome.done, "files": outcome.files,
        "counts": { "carried_over": carried, "changed_in_meaning": changed, "needs_decision": decide },
        "lines": outcome.lines,
    })
}
