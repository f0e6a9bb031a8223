//! `postwright diff`: what differs between two configurations, or two files of one kind, by meaning.

use super::site_options::{SiteOptions, refuse_broken};
use super::table_options::TableOptions;
use super::terminal::format::Format;
use super::terminal::output::Output;
use crate::base::{FileError, Overlay, Source};
use crate::config::catalogue::Version;
use crate::config::paths::{PathMap, STOCK_DIRECTORY};
use crate::config::{ConfigFiles, Configuration, Platform, Site};
use crate::diff::render::{Style, lines};
use crate::diff::tables::{elements_changed, entries_changed, lines_changed, rules};
use crate::diff::{Comparison, Routes, TableChange, TableChangeKind, json};
use crate::maps::source_table::SourceTable;
use crate::maps::{LookupError, LookupTable, OpenOptions, TableReference, open};
use crate::syntax::table_line::TableForm;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Compare the meaning of two configurations
///
/// A and B are configuration directories, or files of one kind, or tables as TYPE:NAME. With one directory and
/// --target-a or
/// --target-b: what another release of Postfix makes of it.
#[derive(Args, Clone, Debug)]
pub struct Diff {
    /// What to compare
    #[arg(value_name = "A")]
    a: PathBuf,
    /// What to compare it with
    #[arg(value_name = "B")]
    b: Option<PathBuf>,
    /// Postfix version that A is judged by
    #[arg(long, value_name = "VERSION")]
    target_a: Option<Version>,
    /// Postfix version that B is judged by
    #[arg(long, value_name = "VERSION")]
    target_b: Option<Version>,
    /// What the two files are, where their names do not say it
    #[arg(long = "as", value_enum, value_name = "KIND")]
    kind: Option<FileKind>,
    /// Tell also whose mail goes another way: every address and domain that either side names, and all others
    #[arg(long)]
    routes: bool,
    /// Show also what is only worded otherwise
    #[arg(short, long)]
    verbose: bool,
    /// Format of the differences
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
    #[command(flatten)]
    tables: TableOptions,
    #[command(flatten)]
    site: SiteOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FileKind {
    /// Parameters
    #[value(name = "main.cf")]
    MainCf,
    /// Services
    #[value(name = "master.cf")]
    MasterCf,
    /// `name: value`
    Aliases,
    /// `key value`, whatever it is used for
    #[value(aliases = ["virtual", "transport", "access", "canonical", "generic", "relocated"])]
    Table,
    /// Patterns in order
    #[value(aliases = ["pcre", "cidr"])]
    Regexp,
    /// Elements of a match list
    MatchList,
}

impl FileKind {
    /// What such a file is.
    fn words(self) -> &'static str {
        match self {
            Self::MainCf => "a main.cf",
            Self::MasterCf => "a master.cf",
            Self::Aliases => "a table of aliases",
            Self::Table => "a table",
            Self::Regexp => "a list of patterns",
            Self::MatchList => "a match list",
        }
    }
}

/// Runs the command.
///
/// # Errors
/// What kept it from its job, in words for the terminal.
pub fn run(options: &Diff, output: &Output) -> Result<ExitCode, String> {
    let comparison = compare(options, output)?;
    show(&comparison, options, output);
    Ok(if comparison.is_same() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn show(comparison: &Comparison, options: &Diff, output: &Output) {
    if options.format == Format::Json {
        return output.line(&json::document(comparison).to_string());
    }
    let style = Style { color: output.color, verbose: options.verbose };
    let mut text: String = lines(comparison, style).into_iter().map(|line| line + "\n").collect();
    if !output.quiet {
        text.push_str(&summary(comparison));
    }
    output.text(&text);
}

fn summary(comparison: &Comparison) -> String {
    let differences = match comparison.count() {
        0 => "same meaning".to_string(),
        1 => "1 difference".to_string(),
        count => format!("{count} differences"),
    };
    match comparison.routes.as_ref().map(Routes::count) {
        None => format!("{differences}\n"),
        Some(0) => format!("{differences}; all routes are the same\n"),
        Some(1) => format!("{differences}; 1 route differs\n"),
        Some(count) => format!("{differences}; {count} routes differ\n"),
    }
}

fn compare(options: &Diff, output: &Output) -> Result<Comparison, String> {
    let platform = |path: &Path, target: Option<Version>| -> Result<Platform, String> {
        let directory = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
        let platform = options.site.platform(directory)?;
        Ok(Platform { target: target.unwrap_or(platform.target), ..platform })
    };
    let of_a = platform(&options.a, options.target_a)?;
    let of_b = platform(options.b.as_ref().unwrap_or(&options.a), options.target_b)?;
    let b = match &options.b {
        Some(b) => b,
        None if of_a.target != of_b.target => &options.a,
        None => return Err("one operand is compared with itself: give another, or --target-a and --target-b".into()),
    };
    let a = &options.a;
    match (a.is_dir(), b.is_dir()) {
        (true, true) => {
            let (a, b) = (directory(a, options, of_a)?, directory(b, options, of_b)?);
            let comparison = Comparison::of(&a, &b);
            if !options.routes {
                return Ok(comparison);
            }
            let comparison = comparison.with_routes(&a, &b, options.tables.asks());
            if let Some(routes) = &comparison.routes {
                for (site, odd) in [&a, &b].into_iter().zip(&routes.odd_indexes) {
                    options.tables.tell(site.tables_from, odd, output);
                }
            }
            Ok(comparison)
        }
        (false, false) if options.routes => Err("--routes compares directories, not files".into()),
        (false, false) => files(a, b, options, of_a, of_b),
        (true, false) => Err(format!("{} is a directory and {} is not", a.display(), b.display())),
        (false, true) => Err(format!("{} is a directory and {} is not", b.display(), a.display())),
    }
}

fn directory(path: &Path, options: &Diff, platform: Platform) -> Result<Site, String> {
    let site = Site::open(&options.site.location(Some(path)), platform, &Overlay::default())?;
    let mut site = options.tables.apply(site);
    refuse_broken(&site)?;
    // Where the two lie is no difference between them.
    site.configuration.files.directory = PathBuf::from(STOCK_DIRECTORY);
    Ok(site)
}

/// Two files of one kind.
fn files(a: &Path, b: &Path, options: &Diff, of_a: Platform, of_b: Platform) -> Result<Comparison, String> {
    if let (None, Some(of_a), Some(of_b)) = (options.kind, kind_of(a), kind_of(b))
        && of_a != of_b
    {
        let [a, b] = [(a, of_a), (b, of_b)].map(|(path, kind)| format!("{} is {}", path.display(), kind.words()));
        return Err(format!("{a} and {b}: they cannot be compared; --as KIND takes both for the same"));
    }
    let kind = match options.kind.or_else(|| kind_of(a)).or_else(|| kind_of(b)) {
        Some(kind) => kind,
        None => {
            let name = a.display();
            return Err(format!("{name}: its name does not say what it is; give --as KIND"));
        }
    };
    let read = |path: &Path| Source::read_table(path).map_err(FileError::at(path));
    let name = b.display().to_string();
    let one = |kind| Comparison { tables: vec![TableChange { name, kind }], ..Comparison::default() };
    match kind {
        FileKind::MainCf | FileKind::MasterCf => {
            let empty = Arc::new(Source::new("main.cf", ""));
            let alone = |path: &Path, platform| -> Result<Site, String> {
                let source = read(path)?;
                let directory = Path::new(STOCK_DIRECTORY);
                let files = match kind {
                    FileKind::MasterCf => ConfigFiles::from_sources(directory, &empty, Some(&source)),
                    _ => ConfigFiles::from_sources(directory, &source, None),
                };
                Ok(Site::new(Configuration::new(files, platform), PathMap::system()))
            };
            let (a, b) = (alone(a, of_a)?, alone(b, of_b)?);
            // What the two name is not compared: they are looked at by themselves.
            let parameters = crate::diff::parameters::compare_parameters(&a, &b);
            Ok(Comparison {
                parameters,
                services: crate::diff::services::compare_services(&a, &b),
                tables: Vec::new(),
                routes: None,
            })
        }
        FileKind::Aliases | FileKind::Table => {
            let form = |platform: &Platform| match kind {
                FileKind::Aliases => platform.alias_form(),
                _ => TableForm::KeyValue,
            };
            let (mut a, mut b) = (entries(a, form(&of_a))?, entries(b, form(&of_b))?);
            let changes = entries_changed(a.as_mut(), b.as_mut()).map_err(|error| error.to_string())?;
            Ok(if changes.is_empty() { Comparison::default() } else { one(TableChangeKind::Entries(changes)) })
        }
        FileKind::Regexp => {
            let changes = lines_changed(&rules(read(a)?.bytes()), &rules(read(b)?.bytes()));
            Ok(if changes.is_empty() { Comparison::default() } else { one(TableChangeKind::Lines(changes)) })
        }
        FileKind::MatchList => {
            let changes = elements_changed(&read(a)?, &read(b)?);
            Ok(if changes.is_empty() { Comparison::default() } else { one(TableChangeKind::Entries(changes)) })
        }
    }
}

/// A table: `TYPE:NAME`, or a source.
fn entries(path: &Path, form: TableForm) -> Result<Box<dyn LookupTable>, String> {
    let words = |error: LookupError| error.to_string();
    match reference(path) {
        Some(reference) => open(&reference, &OpenOptions::default()).map_err(words),
        None => Ok(Box::new(SourceTable::open(path, form).map_err(words)?)),
    }
}

/// The operand as `TYPE:NAME`, unless a file is called so.
fn reference(path: &Path) -> Option<TableReference> {
    if path.exists() {
        return None;
    }
    let reference = TableReference::parse(path.as_os_str().as_encoded_bytes())?;
    crate::config::catalogue::map_type(&reference.map_type).map(|_| reference)
}

/// What a file is by its name.
fn kind_of(path: &Path) -> Option<FileKind> {
    let reference = reference(path);
    let name = match &reference {
        Some(reference) => Path::new(std::str::from_utf8(&reference.name).ok()?).file_name(),
        None => path.file_name(),
    };
    let name = name?.to_str()?;
    let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    match name {
        "main.cf" => Some(FileKind::MainCf),
        "master.cf" => Some(FileKind::MasterCf),
        _ if begins(&["aliases"]) => Some(FileKind::Aliases),
        _ if begins(&["relay_domains", "relay-domains"]) => Some(FileKind::MatchList),
        _ if ["regexp", "pcre", "cidr"].iter().any(|word| name.contains(word)) => Some(FileKind::Regexp),
        _ if begins(&["virtual", "transport", "access", "canonical", "generic", "relocated"]) => Some(FileKind::Table),
        _ => reference.map(|_| FileKind::Table),
    }
}
