//! The options that say which configuration is meant and by what it is judged; shared by our own commands.

use crate::base::Overlay;
use crate::config::catalogue::{Profile, Version};
use crate::config::platform::PlatformError;
use crate::config::site::Location;
use crate::config::{Platform, Site};
use crate::syntax::FaultKind;
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
    /// Postfix version to judge by, 2.11 to 3.12, which is known from its snapshot of 2026-08-21 [default: that of
    /// postwright.toml, else 3.11]
    #[arg(long, value_name = "VERSION")]
    pub target: Option<Version>,
    /// Package whose defaults hold: upstream, debian, redhat, alpine, gentoo, suse, freebsd, netbsd, arch, nixos; or
    /// that of a release, with its version of Postfix: debian-12, debian-13, debian-14, redhat-9, redhat-10,
    /// gentoo-stable, gentoo-testing, netbsd-11 [default: that of postwright.toml]
    #[arg(long, value_name = "NAME", value_parser = parse_profile)]
    pub profile: Option<Profile>,
}

fn parse_mapping(text: &str) -> Result<(PathBuf, PathBuf), String> {
    match text.split_once('=') {
        Some((from, to)) if from.starts_with('/') && !to.is_empty() => Ok((from.into(), to.into())),
        _ => Err("expected FROM=TO with an absolute FROM".into()),
    }
}

/// The package of a name.
///
/// # Errors
/// None has it; which there are.
pub fn parse_profile(text: &str) -> Result<Profile, String> {
    Profile::from_name(text).ok_or_else(Profile::expected)
}

impl SiteOptions {
    /// By what the configuration in a directory is judged.
    ///
    /// # Errors
    /// Those of [`Platform::of`].
    pub fn platform(&self, directory: &Path) -> Result<Platform, PlatformError> {
        Platform::of(directory, self.location(Some(directory)).system(), self.target, self.profile)
    }

    /// Where the site is: in `operand`, or else where the options say.
    #[must_use]
    pub fn location(&self, operand: Option<&Path>) -> Location {
        Location {
            directory: operand.map(Path::to_path_buf).or_else(|| self.config_dir.clone()),
            root: self.root.clone(),
            mappings: self.map_path.clone(),
        }
    }

    /// The configuration directory: `operand`, or else the one that the options name.
    ///
    /// # Errors
    /// A file, such as the main.cf that lies in it.
    pub fn directory(&self, operand: Option<&Path>) -> Result<PathBuf, String> {
        let directory = self.location(operand).directory();
        if !std::fs::metadata(&directory).is_ok_and(|about| about.is_file()) {
            return Ok(directory);
        }
        let (file, parent) = (directory.display(), directory.parent().unwrap_or(Path::new("")));
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        Err(format!("{file} is a file; give the directory of the configuration: {}", parent.display()))
    }

    /// Reads the site in `operand`, or else the one that the options name.
    ///
    /// # Errors
    /// Why it cannot be read, or be judged as it was asked for; a line of main.cf with which Postfix would not start.
    pub fn open(&self, operand: Option<&Path>) -> Result<Site, String> {
        let directory = self.directory(operand)?;
        let platform = self.platform(&directory)?;
        let site = Site::open(&self.location(operand), platform, &Overlay::default())?;
        refuse_broken(&site)?;
        Ok(site)
    }
}

/// Where main.cf or master.cf goes wrong in a way with which no program of Postfix would start.
///
/// # Errors
/// The first such line.
pub fn refuse_broken(site: &Site) -> Result<(), String> {
    let files = &site.configuration.files;
    let main = files.main.faults.iter().map(|fault| (files.main.tree.source(), fault));
    let master = files.master.iter().flat_map(|master| master.faults.iter().map(|fault| (master.tree.source(), fault)));
    let broken = main.chain(master).find_map(|(source, fault)| {
        let what = match fault.kind {
            FaultKind::MissingEquals => "no '=' behind the name",
            FaultKind::MissingName => "no name before '='",
            FaultKind::TooFewFields => "a service needs eight fields",
            _ => return None,
        };
        let position = source.position(fault.span.start);
        Some(format!("{}:{}:{}: {what}", source.name(), position.line, position.column))
    });
    match broken {
        Some(place) => Err(format!("{place}; Postfix does not start with this (`postwright check` tells more)")),
        None => Ok(()),
    }
}
