//! The options that say which configuration is meant and by what it is judged; shared by our own commands.

use crate::base::{FileError, Overlay};
use crate::config::catalogue::{Profile, Version};
use crate::config::host::Host;
use crate::config::paths::PathMap;
use crate::config::project::Project;
use crate::config::{ConfigFiles, Configuration, Settings};
use clap::Args;
use std::path::{Path, PathBuf};

/// Which configuration, and by what it is judged.
#[derive(Args, Clone, Debug, Default)]
pub struct SiteOptions {
    /// Configuration directory [default: $MAIL_CONFIG, else /etc/postfix]
    #[arg(short = 'c', long, value_name = "DIR")]
    pub config_dir: Option<PathBuf>,
    /// Look up absolute paths inside the configuration below DIR
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Look up what is below FROM below TO instead (may be repeated)
    #[arg(long, value_name = "FROM=TO", value_parser = parse_mapping)]
    pub map_path: Vec<(PathBuf, PathBuf)>,
    /// Postfix version to judge by, 2.11 to 3.11 [default: that of postwright.toml, else 3.11]
    #[arg(long, value_name = "VERSION")]
    pub target: Option<Version>,
    /// Package whose defaults hold: upstream, debian, redhat, alpine [default: that of postwright.toml]
    #[arg(long, value_name = "NAME", value_parser = parse_profile)]
    pub profile: Option<Profile>,
}

fn parse_mapping(text: &str) -> Result<(PathBuf, PathBuf), String> {
    match text.split_once('=') {
        Some((from, to)) if from.starts_with('/') && !to.is_empty() => Ok((from.into(), to.into())),
        _ => Err("expected FROM=TO with an absolute FROM".into()),
    }
}

fn parse_profile(text: &str) -> Result<Profile, String> {
    Profile::from_name(text).ok_or_else(|| "expected upstream, debian, redhat or alpine".into())
}

/// A configuration that was found and read.
#[derive(Debug)]
pub struct Opened {
    /// The configuration.
    pub configuration: Configuration,
    /// Where the files are that it names.
    pub paths: PathMap,
    /// Whether it is the system's own.
    pub is_system: bool,
}

impl SiteOptions {
    /// By what the configuration in a directory is judged: options, then the environment, then `postwright.toml`, then 3.11
    /// and no profile.
    ///
    /// # Errors
    /// A version or profile in the environment that does not exist, or a `postwright.toml` that cannot be understood.
    pub fn settings(&self, directory: &Path) -> Result<Settings, String> {
        let project = Project::find(directory).map_err(|error| error.to_string())?;
        let target = match (self.target, environment("POSTWRIGHT_TARGET")) {
            (Some(target), _) => target,
            (None, Some(text)) => text.parse().map_err(|error| format!("POSTWRIGHT_TARGET: {error}"))?,
            (None, None) => project.target.unwrap_or(Version::NEWEST),
        };
        let profile = match (self.profile, environment("POSTWRIGHT_PROFILE")) {
            (Some(profile), _) => Some(profile),
            (None, Some(text)) => {
                Some(parse_profile(&text).map_err(|error| format!("POSTWRIGHT_PROFILE={text}: {error}"))?)
            }
            (None, None) => project.profile,
        };
        Ok(Settings { target, profile, host: Host::this() })
    }

    /// The configuration directory: `operand`, else the one that the options, `MAIL_CONFIG` or custom name, below the root.
    #[must_use]
    pub fn directory(&self, operand: Option<&Path>) -> PathBuf {
        if let Some(named) = operand.or(self.config_dir.as_deref()) {
            return named.to_path_buf();
        }
        let from_environment = std::env::var_os("MAIL_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from);
        let system = from_environment.unwrap_or_else(|| PathBuf::from(crate::config::paths::STOCK_DIRECTORY));
        match &self.root {
            Some(root) => PathMap::root(root).resolve(system.as_os_str().as_encoded_bytes()),
            None => system,
        }
    }

    /// Reads the configuration in `operand`, or else the one that the options name.
    ///
    /// # Errors
    /// When its main.cf cannot be read.
    pub fn open(&self, operand: Option<&Path>, settings: Settings) -> Result<Opened, FileError> {
        self.open_with(operand, settings, &Overlay::default())
    }

    /// As [`open`](Self::open), with texts that stand for files.
    ///
    /// # Errors
    /// The same.
    pub fn open_with(
        &self,
        operand: Option<&Path>,
        settings: Settings,
        overlay: &Overlay,
    ) -> Result<Opened, FileError> {
        let is_system = operand.is_none() && self.config_dir.is_none() && self.root.is_none();
        let directory = self.directory(operand);
        let files = ConfigFiles::load_with(&directory, &overlay.below(self.root.as_deref()))?;
        let configuration = Configuration::new(files, settings);
        let mut paths = match &self.root {
            Some(root) => PathMap::root(root),
            None if is_system => PathMap::system(),
            None => {
                let own = configuration.files.entry(b"config_directory").map(|entry| entry.value.to_string_lossy());
                PathMap::directory(&directory, own.as_deref().map(Path::new))
            }
        };
        for (from, to) in &self.map_path {
            paths.add(from, to);
        }
        Ok(Opened { configuration, paths, is_system })
    }
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
