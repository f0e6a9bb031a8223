//! Where the files are that a configuration names, when it is looked at away from its place.
//!
//! - With a root, every absolute path lies below it, and symbolic links are followed inside it.
//! - Without one, a path below `/etc/postfix` (or below the configuration's own `config_directory`) is looked up in the
//!   configuration directory that was given; `FROM=TO` mappings add others.
//!
//! *Scope*: with a directory given, only what lies below it (or below the root) may be written; links are followed to
//! tell.
//!
//! A path may be led elsewhere between looking at it and opening it. What is read below a root, and all that is
//! written, is therefore opened by [`PathMap::open`] and [`PathMap::index_place`], which no link leads astray.

use super::edit::place::EditPlace;
use crate::base::beneath::leads_out;
use crate::base::user_file::{self, LONGEST_TEXT};
use crate::base::{Beneath, Place, Source};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Where a stock configuration lives.
pub const STOCK_DIRECTORY: &str = "/etc/postfix";

/// Most links followed in one path, as the kernel has it.
const MAX_LINKS: usize = 40;

/// Turns the paths that a configuration names into those of files here.
#[derive(Clone, Debug, Default)]
pub struct PathMap {
    /// The directory below which all absolute paths lie.
    root: Option<PathBuf>,
    /// Longest first.
    mappings: Vec<(PathBuf, PathBuf)>,
    /// Where writing is allowed; nothing: everywhere.
    scope: Option<PathBuf>,
}

impl PathMap {
    /// For the system's own configuration: every path is what it says, and all that is named is in scope.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// For a configuration that is looked at in `directory`; its own `config_directory` may be named too.
    #[must_use]
    pub fn directory(directory: &Path, config_directory: Option<&Path>) -> Self {
        let mut map = Self { scope: Some(absolute(directory)), ..Self::default() };
        map.add(Path::new(STOCK_DIRECTORY), directory);
        if let Some(own) = config_directory {
            map.add(own, directory);
        }
        map
    }

    /// For a whole system below `root`.
    #[must_use]
    pub fn root(root: &Path) -> Self {
        let root = absolute(root);
        Self { scope: Some(root.clone()), root: Some(root), mappings: Vec::new() }
    }

    /// Looks up what is below `from` below `to` instead.
    pub fn add(&mut self, from: &Path, to: &Path) {
        self.mappings.push((from.to_path_buf(), absolute(to)));
        self.mappings.sort_by_key(|(from, _)| std::cmp::Reverse(from.as_os_str().len()));
    }

    /// Lifts the limits on writing (`--all`).
    pub fn allow_all(&mut self) {
        self.scope = None;
    }

    /// Where the file is that the configuration calls `path`.
    #[must_use]
    pub fn resolve(&self, path: &[u8]) -> PathBuf {
        let path = Path::new(OsStr::from_bytes(path));
        match self.find(path) {
            // Too many links: a path with no file, since the links as they are may lead out of the root.
            Found::InRoot(root) => below(root, path).unwrap_or_else(|| Path::new("/dev/null").join(below_root(path))),
            Found::Here(path) => path,
        }
    }

    /// As [`resolve`](Self::resolve), for messages: where there are too many links it is the path before any was
    /// followed.
    #[must_use]
    pub fn shown(&self, path: &[u8]) -> PathBuf {
        let path = Path::new(OsStr::from_bytes(path));
        match self.find(path) {
            Found::InRoot(root) => below(root, path).unwrap_or_else(|| root.join(below_root(path))),
            Found::Here(path) => path,
        }
    }

    /// Opens for reading what the configuration calls `path`: see [`user_file`]. With a root, nothing leads out of it.
    ///
    /// # Errors
    /// Those of opening it; that it is no plain file.
    pub fn open(&self, path: &[u8]) -> io::Result<File> {
        let path = Path::new(OsStr::from_bytes(path));
        match self.find(path) {
            Found::InRoot(root) => Beneath::root(root)?.open_file(path),
            Found::Here(path) => user_file::open(&path),
        }
    }

    /// Reads what the configuration calls `path`, named by where it is: see [`open`](Self::open).
    ///
    /// # Errors
    /// Those of opening and reading it.
    pub fn read(&self, path: &[u8]) -> io::Result<Arc<Source>> {
        Source::read_open(&self.shown(path), &self.open(path)?, LONGEST_TEXT)
    }

    /// The root below which all paths lie, if there is one.
    #[must_use]
    pub fn below(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    fn find(&self, path: &Path) -> Found<'_> {
        for (from, to) in &self.mappings {
            if let Ok(rest) = path.strip_prefix(from) {
                return Found::Here(if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) });
            }
        }
        self.root.as_deref().map_or_else(|| Found::Here(path.to_path_buf()), Found::InRoot)
    }

    /// Where the indexed file is of the table that the configuration calls `name`, for files that end in `suffix`.
    ///
    /// It stands beside the *name*: a source that is a link elsewhere does not take its index along.
    #[must_use]
    pub fn resolve_index(&self, name: &[u8], suffix: &str) -> PathBuf {
        self.resolve(&[name, suffix.as_bytes()].concat())
    }

    /// As [`resolve_index`](Self::resolve_index), for reading and writing it: a link there is followed to its end.
    /// Nothing if that is out of scope.
    ///
    /// # Errors
    /// When there is no directory for it, and too many links.
    pub fn index_place(&self, name: &[u8], suffix: &str) -> io::Result<Option<Place>> {
        let name = [name, suffix.as_bytes()].concat();
        let path = Path::new(OsStr::from_bytes(&name));
        match (self.find(path), &self.scope) {
            (Found::InRoot(root), _) => Beneath::root(root)?.place(path).map(Some),
            (Found::Here(path), Some(scope)) => place_below(scope, &path),
            (Found::Here(path), None) => Beneath::root(Path::new("/"))?.place(&absolute(&path)).map(Some),
        }
    }

    /// Where a file is edited that has this resolved path. Nothing if that is out of scope.
    ///
    /// # Errors
    /// Those of [`EditPlace::at`].
    pub fn edit_place(&self, resolved: &Path) -> io::Result<Option<EditPlace>> {
        let path = absolute(resolved);
        let inside = self.root.as_deref().and_then(|root| Some((root, path.strip_prefix(root).ok()?)));
        match (inside, &self.scope) {
            (Some((root, inside)), _) => EditPlace::beneath(&Beneath::root(root)?, inside).map(Some),
            (None, Some(scope)) => below_scope(scope, &path, EditPlace::beneath),
            (None, None) => EditPlace::at(&path).map(Some),
        }
    }

    /// Whether a resolved path may be written to.
    #[must_use]
    pub fn in_scope(&self, resolved: &Path) -> bool {
        let Some(scope) = &self.scope else { return true };
        match place_below(scope, resolved) {
            Ok(place) => place.is_some(),
            // There is no such directory: by the text alone.
            Err(_) => normal(&absolute(resolved)).starts_with(normal(scope)),
        }
    }

    /// Whether all that is named may be written to, wherever it lies.
    #[must_use]
    pub fn is_unbounded(&self) -> bool {
        self.scope.is_none() && self.root.is_none()
    }
}

/// Where to look for a path.
enum Found<'a> {
    /// Below the root.
    InRoot(&'a Path),
    /// At this path.
    Here(PathBuf),
}

/// The place that a path means, if it lies below `scope`.
fn place_below(scope: &Path, path: &Path) -> io::Result<Option<Place>> {
    below_scope(scope, path, Beneath::place)
}

/// What `find` makes of a path, if it lies below `scope`.
fn below_scope<T>(scope: &Path, path: &Path, find: impl Fn(&Beneath, &Path) -> io::Result<T>) -> io::Result<Option<T>> {
    let beneath = Beneath::directory(scope)?;
    let path = absolute(path);
    let inside = |place: io::Result<T>| match place {
        Err(error) if leads_out(&error) => Ok(None),
        outcome => outcome.map(Some),
    };
    if let Some(place) = inside(find(&beneath, &path))? {
        return Ok(Some(place));
    }
    // The directory may have other names.
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(None) };
    let Ok(parent) = std::fs::canonicalize(parent) else { return Ok(None) };
    inside(find(&beneath, &parent.join(name)))
}

/// `path` made absolute by the working directory.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// Without `.` and `..`, by the text alone.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

/// A path without its beginning at the root.
fn below_root(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

/// Follows `path` inside `root`: neither `..` nor a link leads out of it. Nothing if there are too many links.
fn below(root: &Path, path: &Path) -> Option<PathBuf> {
    let mut rest: Vec<std::ffi::OsString> = parts(path);
    let mut here = root.to_path_buf();
    let mut links = 0;
    while let Some(part) = rest.pop() {
        if part == ".." {
            if here != root {
                here.pop();
            }
            continue;
        }
        let next = here.join(&part);
        match std::fs::read_link(&next) {
            Ok(_) if links == MAX_LINKS => return None,
            Ok(target) => {
                links += 1;
                if target.is_absolute() {
                    here = root.to_path_buf();
                }
                rest.extend(parts(&target));
            }
            Err(_) => here = next,
        }
    }
    Some(here)
}

/// The names in a path, last one first.
fn parts(path: &Path) -> Vec<std::ffi::OsString> {
    let mut parts: Vec<_> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_os_string()),
            Component::ParentDir => Some("..".into()),
            _ => None,
        })
        .collect();
    parts.reverse();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_stands_for_etc_postfix() {
        let map = PathMap::directory(Path::new("/srv/site"), Some(Path::new("/opt/mail")));
        let cases = [
            ("/etc/postfix/virtual", "/srv/site/virtual"),
            ("/etc/postfix", "/srv/site"),
            ("/opt/mail/x/y", "/srv/site/x/y"),
            ("/etc/aliases", "/etc/aliases"),
            ("/etc/postfixed/x", "/etc/postfixed/x"),
        ];
        for (path, expected) in cases {
            assert_eq!(map.resolve(path.as_bytes()), Path::new(expected));
        }
        assert!(map.in_scope(Path::new("/srv/site/virtual.lmdb")));
        assert!(!map.in_scope(Path::new("/etc/aliases.lmdb")));
        assert!(!map.in_scope(Path::new("/srv/site/../x.lmdb")));
    }

    #[test]
    fn links_are_followed_inside_the_root() -> std::io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let root = scratch.path();
        std::fs::create_dir_all(root.join("data/mail"))?;
        std::os::unix::fs::symlink("/data/mail", root.join("etc"))?;
        std::os::unix::fs::symlink("../../../out", root.join("data/mail/up"))?;
        std::os::unix::fs::symlink("loop", root.join("loop"))?;
        let map = PathMap::root(root);
        assert_eq!(map.resolve(b"/etc/aliases"), root.join("data/mail/aliases"));
        assert_eq!(map.resolve(b"/etc/up/x"), root.join("out/x"));
        assert_eq!(map.resolve(b"/../../x"), root.join("x"));
        assert_eq!(map.resolve(b"/loop/x"), Path::new("/dev/null/loop/x"));
        assert_eq!(map.shown(b"/loop/x"), root.join("loop/x"));
        assert_eq!(map.resolve_index(b"/etc/aliases", ".cdb"), root.join("data/mail/aliases.cdb"));
        assert!(map.in_scope(&map.resolve(b"/etc/aliases")));
        Ok(())
    }

    /// A main.cf that is a link to the system's own leads an edit below the root to the root's own.
    #[test]
    fn what_is_edited_lies_inside_the_root_or_the_directory() -> std::io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let at = |name: &str| scratch.path().join(name);
        std::fs::create_dir_all(at("root/etc"))?;
        std::fs::write(at("main.cf"), "outside")?;
        std::fs::write(at("root/main.cf"), "inside")?;
        std::os::unix::fs::symlink(at("main.cf"), at("root/etc/main.cf"))?;
        std::os::unix::fs::symlink("/../main.cf", at("root/etc/other.cf"))?;
        let read = |map: &PathMap, name: &str| {
            let place = map.edit_place(&at(name)).map_err(|error| error.kind())?;
            place.map(|place| place.read().map_err(|error| error.kind())).transpose()
        };
        let root = PathMap::root(&at("root"));
        assert_eq!(read(&root, "root/etc/other.cf"), Ok(Some(b"inside".to_vec())));
        assert_eq!(read(&root, "root/etc/main.cf"), Err(io::ErrorKind::NotFound));
        let directory = PathMap::directory(&at("root/etc"), None);
        assert_eq!(read(&directory, "root/etc/main.cf"), Ok(None));
        assert_eq!(read(&PathMap::system(), "root/etc/main.cf"), Ok(Some(b"outside".to_vec())));
        Ok(())
    }
}
