//! By what a configuration is judged: a release of Postfix, the package whose defaults hold, and the machine.
//!
//! The command line decides, else the environment (`POSTWRIGHT_TARGET`, `POSTWRIGHT_PROFILE`), else `postwright.toml`,
//! else what the build of the system says that is looked at, else the newest release and upstream's defaults with
//! `lmdb`. A profile of one release of a system (`debian-12`) also says which Postfix that has, where no target stands
//! beside it. A checkout is of no system: what this machine has installed says nothing of it. What cannot be understood
//! is an error wherever it stands: a slip must not silently give another answer.

use super::built::Build;
use super::catalogue::{Profile, System, Version};
use super::host::Host;
use super::lmdb_format::LmdbFormat;
use super::project::Project;
use crate::syntax::table_line::TableForm;
use crate::syntax::toml_file::TomlError;
use std::fmt;
use std::path::Path;

/// By what a configuration is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// The series of Postfix whose defaults hold.
    pub target: Version,
    /// The package whose defaults hold; none: upstream's, with `lmdb`.
    pub profile: Option<Profile>,
    /// The format that LMDB files are to be in, if somebody says so: an option, or `postwright.toml`.
    pub lmdb_format: Option<LmdbFormat>,
    /// What the build of the system says that the configuration is of. The types in it hold unless a package was
    /// chosen.
    pub build: Build,
    /// What the defaults of `myhostname` and its like come from.
    pub host: Host,
}

impl Default for Platform {
    /// The newest release, upstream's defaults, and a machine of which nothing is known.
    fn default() -> Self {
        Self {
            target: Version::NEWEST,
            profile: None,
            lmdb_format: None,
            build: Build::default(),
            host: Host::unknown(),
        }
    }
}

/// A platform that was asked for and cannot be.
#[derive(Debug)]
pub enum PlatformError {
    /// What `POSTWRIGHT_TARGET` says is no release; why.
    Target(String),
    /// What `POSTWRIGHT_PROFILE` says, which is no package.
    Profile(String),
    /// A `postwright.toml` that cannot be read or understood.
    Project(TomlError),
}

impl fmt::Display for PlatformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(why) => write!(f, "POSTWRIGHT_TARGET: {why}"),
            Self::Profile(name) => write!(f, "POSTWRIGHT_PROFILE={name}: {}", Profile::expected()),
            Self::Project(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PlatformError {}

impl From<PlatformError> for String {
    fn from(error: PlatformError) -> Self {
        error.to_string()
    }
}

impl Platform {
    /// The platform for the configuration in a directory; `system` is the root of the system that it is of, `target`
    /// and `profile` are what the command line says.
    ///
    /// # Errors
    /// A release or package in the environment that does not exist, or a `postwright.toml` that cannot be understood.
    pub fn of(
        directory: &Path,
        system: Option<&Path>,
        target: Option<Version>,
        profile: Option<Profile>,
    ) -> Result<Self, PlatformError> {
        let project = Project::find(directory).map_err(PlatformError::Project)?;
        let named = match environment("POSTWRIGHT_TARGET") {
            Some(text) => Some(text.parse().map_err(|error| PlatformError::Target(format!("{error}")))?),
            None => None,
        };
        let in_environment = match environment("POSTWRIGHT_PROFILE") {
            Some(name) => Some(Profile::from_name(&name).ok_or(PlatformError::Profile(name))?),
            None => None,
        };
        // Who names a release of a system names its Postfix too, unless a target stands beside.
        let wanted = [(target, profile), (named, in_environment), (project.target, project.profile)];
        let of_release = |profile: Option<Profile>| profile.and_then(Profile::facts).and_then(|facts| facts.target);
        let target = wanted.iter().find_map(|&(target, profile)| target.or_else(|| of_release(profile)));
        let target = target.unwrap_or(Version::NEWEST);
        let profile = wanted.iter().find_map(|&(_, profile)| profile);
        let build = match (profile, system) {
            (None, Some(root)) => Build::of_system(root),
            _ => Build::default(),
        };
        let (profile, lmdb_format) = (profile.or(build.profile), project.lmdb_format);
        Ok(Self { target, profile, lmdb_format, build, host: Host::this() })
    }

    /// The system whose package is meant.
    #[must_use]
    pub fn system(&self) -> Option<System> {
        self.profile.map(Profile::system)
    }

    /// The form in which postalias stores aliases.
    #[must_use]
    pub fn alias_form(&self) -> TableForm {
        if self.target < Version::new(3, 12) { TableForm::Aliases } else { TableForm::QuotedAliases }
    }

    /// The format that LMDB files are to be in: the one that somebody says, else the one that the library of the
    /// package reads, if that is known.
    #[must_use]
    pub fn wanted_lmdb_format(&self) -> Option<LmdbFormat> {
        let library_format = || self.profile.and_then(Profile::facts).and_then(|facts| facts.lmdb);
        self.lmdb_format.or_else(library_format)
    }
}

/// A variable, unless it is empty.
fn environment(name: &str) -> Option<String> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
    Some(value.to_string_lossy().into_owned())
}
