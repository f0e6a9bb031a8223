//! What `check` looks at: a configuration directory, a file by itself, or standard input.

use crate::base::user_file;
use crate::base::{FileError, Overlay, Source};
use crate::commands::site_options::SiteOptions;
use crate::commands::terminal::output::Output;
use crate::config::paths::PathMap;
use crate::config::{Platform, Site};
use crate::lint::LoadedSite;
use crate::syntax::FileKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What standard input is called.
const STANDARD_INPUT: &str = "<stdin>";

/// One operand.
pub(super) enum Subject {
    /// A configuration directory; the one that options or the system name, if nobody gave one.
    Directory(Option<PathBuf>),
    /// A file by itself.
    File(PathBuf, FileKind),
    /// Standard input, or a pipe: there is no reading it again.
    Input(Arc<Source>, FileKind),
}

impl Subject {
    /// What an operand means. Where the kind of a file had to be guessed, it is said.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn of(operand: Option<&Path>, kind: Option<FileKind>, output: &Output) -> Result<Self, String> {
        let Some(path) = operand else { return Ok(Self::Directory(None)) };
        if path == Path::new("-") {
            let text = user_file::read_stream(std::io::stdin().lock());
            let text = text.map_err(FileError::at(Path::new("standard input")))?;
            let kind = kind.unwrap_or_else(|| guessed("standard input", &text, output));
            return Ok(Self::Input(Arc::new(Source::new(STANDARD_INPUT, text)), kind));
        }
        if path.is_dir() {
            return Ok(Self::Directory(Some(path.to_path_buf())));
        }
        let kind = match kind.or_else(|| FileKind::of_path(path)) {
            Some(kind) => kind,
            None if is_something_else(path) => {
                let name = path.display();
                return Err(format!(
                    "{name}: by its name this is no file that Postfix reads; --as KIND checks it all the same"
                ));
            }
            None => {
                let source = read(path, &Overlay::default())?;
                let kind = guessed(source.name(), source.bytes(), output);
                if !path.is_file() {
                    return Ok(Self::Input(source, kind));
                }
                kind
            }
        };
        match path.is_file() {
            true => Ok(Self::File(path.to_path_buf(), kind)),
            false => Ok(Self::Input(read(path, &Overlay::default())?, kind)),
        }
    }

    /// The directory that settings are looked for in.
    pub(super) fn directory(&self, options: &SiteOptions) -> PathBuf {
        match self {
            Self::Directory(operand) => options.location(operand.as_deref()).directory(),
            Self::File(path, _) => path.parent().unwrap_or(Path::new("")).to_path_buf(),
            Self::Input(..) => PathBuf::new(),
        }
    }

    /// What there is to look at, and what of it may be written: nothing of standard input.
    ///
    /// # Errors
    /// When it cannot be read, or its kind cannot be looked at yet.
    pub(super) fn open(
        &self,
        options: &SiteOptions,
        platform: Platform,
        overlay: &Overlay,
    ) -> Result<(LoadedSite, Option<PathMap>), String> {
        match self {
            Self::Directory(operand) => {
                let site = Site::open(&options.location(operand.as_deref()), platform, overlay)?;
                let writable = site.paths.clone();
                Ok((LoadedSite::read(site, overlay), Some(writable)))
            }
            Self::File(path, kind) => {
                let site = single(&read(path, overlay)?, *kind, &self.directory(options), platform)?;
                // The one file that was named may be written, wherever it lies.
                Ok((site, Some(PathMap::system())))
            }
            Self::Input(source, kind) => {
                let now = overlay.texts().find(|text| text.name() == source.name());
                Ok((single(now.unwrap_or(source), *kind, Path::new("."), platform)?, None))
            }
        }
    }
}

/// Whether the name of a file says that it is documentation, a program, data of something else, or a compiled table.
fn is_something_else(path: &Path) -> bool {
    const SUFFIXES: [&str; 22] = [
        "md", "markdown", "rst", "adoc", "html", "xml", "json", "toml", "yaml", "yml", "ini", "sh", "py", "pl", "rs",
        "c", "h", "lmdb", "cdb", "db", "gz", "pem",
    ];
    const NAMES: [&str; 6] = ["README", "LICENSE", "COPYING", "CHANGELOG", "Makefile", "Dockerfile"];
    let suffix = path.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default().to_ascii_lowercase();
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    SUFFIXES.contains(&suffix.as_str()) || NAMES.contains(&name)
}

fn read(path: &Path, overlay: &Overlay) -> Result<Arc<Source>, FileError> {
    overlay.get(path).map_or_else(|| Source::read_table(path), Ok).map_err(FileError::at(path))
}

fn guessed(name: &str, text: &[u8], output: &Output) -> FileKind {
    let kind = FileKind::of_content(text);
    if !output.quiet {
        let name = crate::diagnostic::render::clean(name);
        output.warning(&format!(
            "postwright: {name}: taken for {} by its content (--as KIND says otherwise)",
            kind.name()
        ));
    }
    kind
}

fn single(source: &Arc<Source>, kind: FileKind, directory: &Path, platform: Platform) -> Result<LoadedSite, String> {
    let cannot = || format!("{}: files of the kind {} cannot be checked by themselves yet", source.name(), kind.name());
    LoadedSite::single(kind, directory, source, platform).ok_or_else(cannot)
}
