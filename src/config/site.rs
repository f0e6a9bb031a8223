//! A site: its configuration, where the files are that it names, and whether it is the system's own. Every command
//! opens it here.
//!
//! What a mail system runs on lies in `/etc/postfix`, or in a directory that `multi_instance_directories` there names;
//! a configuration anywhere else is a *checkout*, whose indexes say what they said when somebody last made them.

use super::catalogue::{default_value, parameter};
use super::effective::Configuration;
use super::load::ConfigFiles;
use super::paths::{PathMap, STOCK_DIRECTORY};
use super::platform::Platform;
use crate::base::{FileError, Overlay};
use crate::syntax::match_list::split_list;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A configuration that was found and read.
#[derive(Clone, Debug)]
pub struct Site {
    /// main.cf, master.cf and their layers.
    pub configuration: Configuration,
    /// Where its files are.
    pub paths: PathMap,
    /// Whether this is the system's own configuration, not one that is looked at somewhere else.
    pub is_system: bool,
    /// Which file of an indexed table says what it holds.
    pub tables_from: TablesFrom,
}

/// Which file of an indexed table says what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TablesFrom {
    /// The source, if it is there: as Postfix will see the table once it is built.
    Sources,
    /// The index: as Postfix sees it now.
    Indexes,
}

/// Where a site is.
#[derive(Clone, Debug, Default)]
pub struct Location {
    /// The configuration directory; none: the system's own.
    pub directory: Option<PathBuf>,
    /// The directory below which all absolute paths lie.
    pub root: Option<PathBuf>,
    /// What is below the first lies below the second instead.
    pub mappings: Vec<(PathBuf, PathBuf)>,
}

impl Location {
    /// Whether the system's own configuration is meant, in its own place.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.directory.is_none() && self.root.is_none()
    }

    /// Whether a mail system runs on what lies there.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        self.root.is_none() && is_instance(&self.directory(), Path::new(STOCK_DIRECTORY))
    }

    /// The root of the system that the configuration is of; nothing for a checkout.
    #[must_use]
    pub fn system(&self) -> Option<&Path> {
        self.root.as_deref().or_else(|| self.is_installed().then_some(Path::new("/")))
    }

    /// The configuration directory: the one that is named, else that of `MAIL_CONFIG`, else the stock one, below the
    /// root.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        if let Some(named) = &self.directory {
            return named.clone();
        }
        let from_environment = std::env::var_os("MAIL_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from);
        let system = from_environment.unwrap_or_else(|| PathBuf::from(STOCK_DIRECTORY));
        match &self.root {
            Some(root) => PathMap::root(root).resolve(system.as_os_str().as_encoded_bytes()),
            None => system,
        }
    }
}

impl Site {
    /// A configuration that was read elsewhere, and where its files are.
    #[must_use]
    pub fn new(configuration: Configuration, paths: PathMap) -> Self {
        Self { configuration, paths, is_system: false, tables_from: TablesFrom::Sources }
    }

    /// Whether it is only a copy of a configuration: no mail system runs on it, and it is no whole system below a root.
    #[must_use]
    pub fn is_checkout(&self) -> bool {
        self.tables_from == TablesFrom::Sources && self.paths.below().is_none()
    }

    /// Reads the configuration at a location; texts of the overlay stand for files.
    ///
    /// # Errors
    /// When main.cf cannot be read, or master.cf is there and cannot.
    pub fn open(location: &Location, platform: Platform, overlay: &Overlay) -> Result<Self, FileError> {
        let is_system = location.is_system();
        let directory = location.directory();
        let files = ConfigFiles::load_with(&directory, &overlay.below(location.root.as_deref()))?;
        let configuration = Configuration::new(files, platform);
        let mut paths = match &location.root {
            Some(root) => PathMap::root(root),
            None if is_system => PathMap::system(),
            None => {
                let own = configuration.files.entry(b"config_directory").map(|entry| entry.value.to_string_lossy());
                let of_package = package_directory(&configuration.platform);
                PathMap::directory(&directory, own.as_deref().or(of_package).map(Path::new))
            }
        };
        for (from, to) in &location.mappings {
            paths.add(from, to);
        }
        let tables_from = if location.is_installed() { TablesFrom::Indexes } else { TablesFrom::Sources };
        Ok(Self { configuration, paths, is_system, tables_from })
    }
}

/// Where the package of another system has its configuration.
fn package_directory(platform: &Platform) -> Option<&'static str> {
    default_value(parameter("config_directory")?, platform.target, platform.profile?)
}

/// Whether a directory is the stock one, or one of the instances that this names.
fn is_instance(directory: &Path, stock: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let directory = real(directory);
    if directory == real(stock) {
        return true;
    }
    let Ok(files) = ConfigFiles::load_with(stock, &Overlay::default()) else { return false };
    let Ok(named) = Configuration::new(files, Platform::default()).expanded(b"multi_instance_directories", None) else {
        return false;
    };
    split_list(&named).into_iter().any(|range| real(Path::new(OsStr::from_bytes(&named[range]))) == directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_its_own_name_for_itself() -> std::io::Result<()> {
        let scratch = tempfile::tempdir()?;
        std::fs::write(scratch.path().join("main.cf"), "config_directory = /opt/mail\n")?;
        let location = Location {
            directory: Some(scratch.path().to_path_buf()),
            mappings: vec![("/etc/mail".into(), scratch.path().join("maps"))],
            ..Location::default()
        };
        let site = Site::open(&location, Platform::default(), &Overlay::default()).map_err(|failed| failed.error)?;
        assert!(!site.is_system);
        let resolved = ["/opt/mail/virtual", "/etc/postfix/virtual", "/etc/mail/x"]
            .map(|name| site.paths.resolve(name.as_bytes()));
        let scratch = scratch.path();
        assert_eq!(resolved, [scratch.join("virtual"), scratch.join("virtual"), scratch.join("maps/x")]);
        Ok(())
    }

    #[test]
    fn instances_are_those_that_the_stock_directory_names() -> std::io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let [stock, second, checkout] = ["stock", "second", "checkout"].map(|name| scratch.path().join(name));
        for directory in [&stock, &second, &checkout] {
            std::fs::create_dir(directory)?;
        }
        let main =
            format!("base = {}\nmulti_instance_directories = $base/second, /nowhere\n", scratch.path().display());
        std::fs::write(stock.join("main.cf"), main)?;
        std::os::unix::fs::symlink(&second, scratch.path().join("link"))?;
        let is = ["stock", "stock/.", "second", "link", "checkout"]
            .map(|name| is_instance(&scratch.path().join(name), &stock));
        assert_eq!(is, [true, true, true, true, false]);
        assert!(!is_instance(&second, &checkout));
        Ok(())
    }

    #[test]
    fn below_a_root_lies_the_stock_directory() {
        let location = Location { root: Some("/nowhere".into()), ..Location::default() };
        assert!(!location.is_system());
        if std::env::var_os("MAIL_CONFIG").is_none() {
            assert_eq!(location.directory(), Path::new("/nowhere/etc/postfix"));
        }
    }
}
