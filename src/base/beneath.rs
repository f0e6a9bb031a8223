//! Paths that are followed below a directory with no way out of it: no link and no `..` leads elsewhere, not even one
//! that somebody puts there meanwhile.
//!
//! What comes of it is an open file, or a [`Place`]: a directory that is held open and a name in it.
//!
//! The kernel does it in one call where it knows `openat2` (Linux 5.6) and that is allowed; else the path is walked
//! here, part by part, each opened without following it. Source: openat2(2).

use super::place::Place;
use super::user_file;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, open, openat, openat2, readlinkat};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

/// Most links followed in one path, as the kernel has it.
const MAX_LINKS: usize = 40;

const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// What a way out means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WayOut {
    /// There is none: absolute paths begin in the directory, and `..` ends in it, as after chroot(2).
    EndsInside,
    /// An error. Absolute paths lead back in if they begin with a name of the directory.
    Refused,
}

/// A directory, below which paths are followed.
#[derive(Debug)]
pub struct Beneath {
    directory: OwnedFd,
    way_out: WayOut,
    /// How absolute paths may name the directory.
    names: Vec<PathBuf>,
    /// Whether the kernel is asked first.
    by_kernel: bool,
}

impl Beneath {
    /// Takes a directory for the root of all paths.
    ///
    /// # Errors
    /// Those of opening it.
    pub fn root(path: &Path) -> io::Result<Self> {
        Self::new(path, WayOut::EndsInside, Vec::new())
    }

    /// Takes a directory that no path may leave: one that does is an error, see [`leads_out`]. An absolute path is
    /// followed if it begins with `path` made absolute, or with that directory's real path.
    ///
    /// # Errors
    /// Those of opening it.
    pub fn directory(path: &Path) -> io::Result<Self> {
        Self::new(path, WayOut::Refused, vec![std::path::absolute(path)?, std::fs::canonicalize(path)?])
    }

    fn new(path: &Path, way_out: WayOut, names: Vec<PathBuf>) -> io::Result<Self> {
        Ok(Self { directory: open(path, DIRECTORY, Mode::empty())?, way_out, names, by_kernel: true })
    }

    /// Opens a file that is to be read from start to end: see [`user_file`].
    ///
    /// # Errors
    /// Those of opening it; that the path leads out; that it is no plain file.
    pub fn open_file(&self, path: &Path) -> io::Result<File> {
        user_file::admit(self.open(path, OFlags::RDONLY | OFlags::NONBLOCK)?.into(), path)
    }

    /// The place that a path names, whether or not a file is there: a link at its end stands for itself.
    ///
    /// # Errors
    /// When there is no directory for it, and that the path leads out.
    pub fn named(&self, path: &Path) -> io::Result<Place> {
        let name = path.file_name().ok_or(Errno::ISDIR)?;
        let directory = self.open(path.parent().unwrap_or(Path::new("")), DIRECTORY)?;
        Ok(Place::new(directory, name.to_os_string()))
    }

    /// The place that a path means, whether or not a file is there: a link at its end is followed.
    ///
    /// # Errors
    /// When there is no directory for it, that the path leads out, and too many links.
    pub fn place(&self, path: &Path) -> io::Result<Place> {
        let mut path = path.to_path_buf();
        for _ in 0..=MAX_LINKS {
            let name = path.file_name().ok_or(Errno::ISDIR)?.to_os_string();
            let parent = path.parent().unwrap_or(Path::new(""));
            let directory = self.open(parent, DIRECTORY)?;
            match readlinkat(&directory, &name, Vec::new()) {
                // An absolute one stands for itself.
                Ok(target) => path = parent.join(OsString::from_vec(target.into_bytes())),
                Err(Errno::INVAL | Errno::NOENT) => return Ok(Place::new(directory, name)),
                Err(error) => return Err(error.into()),
            }
        }
        Err(Errno::LOOP.into())
    }

    fn open(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        if self.by_kernel {
            let inside = match self.way_out {
                WayOut::EndsInside => ResolveFlags::IN_ROOT,
                WayOut::Refused => ResolveFlags::BENEATH,
            };
            let itself = path.as_os_str().is_empty();
            let path = if itself { Path::new(".") } else { path };
            let resolve = inside | ResolveFlags::NO_MAGICLINKS;
            match openat2(&self.directory, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
                // No such call, or not for us; a race that the kernel cannot judge; an absolute path that may lead back
                // in.
                Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN | Errno::XDEV) => {}
                outcome => return outcome,
            }
        }
        self.walk(path, flags)
    }

    fn walk(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut rest = self.parts(path)?;
        // The directories gone through; `..` goes back to the last of them and is never asked of the kernel.
        let mut through: Vec<OwnedFd> = Vec::new();
        let mut links = 0;
        while let Some(part) = rest.pop() {
            if part == ".." {
                if through.pop().is_none() && self.way_out == WayOut::Refused {
                    return Err(Errno::XDEV);
                }
                continue;
            }
            let here = through.last().unwrap_or(&self.directory);
            let found = openat(here, &part, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
            let kind = FileType::from_raw_mode(fstat(&found)?.st_mode);
            if kind == FileType::Symlink {
                links += 1;
                let target = PathBuf::from(OsString::from_vec(readlinkat(&found, "", Vec::new())?.into_bytes()));
                if links > MAX_LINKS {
                    return Err(Errno::LOOP);
                }
                if target.is_absolute() {
                    through.clear();
                }
                rest.extend(self.parts(&target)?);
            } else if kind == FileType::Directory || !rest.is_empty() {
                through.push(found);
            } else {
                match openat(here, &part, flags, Mode::empty()) {
                    // A link took its place since.
                    Err(Errno::LOOP) if links < MAX_LINKS => {
                        links += 1;
                        rest.push(part);
                    }
                    outcome => return outcome,
                }
            }
        }
        openat(through.last().unwrap_or(&self.directory), ".", flags, Mode::empty())
    }

    /// The names in a path from its end, of an absolute one those below the directory.
    fn parts(&self, path: &Path) -> Result<Vec<OsString>, Errno> {
        let inside = if path.is_absolute() && self.way_out == WayOut::Refused {
            self.names.iter().find_map(|name| path.strip_prefix(name).ok()).ok_or(Errno::XDEV)?
        } else {
            path
        };
        let names = inside.components().rev().filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_os_string()),
            Component::ParentDir => Some("..".into()),
            _ => None,
        });
        Ok(names.collect())
    }
}

/// Whether following a path ended because it leads out of its directory.
#[must_use]
pub fn leads_out(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::XDEV.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::{Read, Write};
    use std::os::unix::fs::symlink;

    /// `out/secret`, and beside it `in`, the directory that is not to be left.
    struct Trees {
        scratch: tempfile::TempDir,
    }

    impl Trees {
        fn new() -> io::Result<Self> {
            let scratch = tempfile::tempdir()?;
            fs::create_dir_all(scratch.path().join("out"))?;
            fs::create_dir_all(scratch.path().join("in/a/b"))?;
            fs::write(scratch.path().join("out/secret"), "outside")?;
            fs::write(scratch.path().join("in/a/file"), "inside")?;
            Ok(Self { scratch })
        }

        fn inside(&self, name: &str) -> PathBuf {
            self.scratch.path().join("in").join(name)
        }

        fn link(&self, target: impl AsRef<Path>, name: &str) -> io::Result<()> {
            symlink(target, self.inside(name))
        }

        /// Both kinds of bound, each by the kernel and walked.
        fn all(&self) -> io::Result<Vec<Beneath>> {
            let mut all = Vec::new();
            for by_kernel in [true, false] {
                all.push(Beneath { by_kernel, ..Beneath::root(&self.inside(""))? });
                all.push(Beneath { by_kernel, ..Beneath::directory(&self.inside(""))? });
            }
            Ok(all)
        }
    }

    /// The text of a file, or the words for why there is none.
    fn text(beneath: &Beneath, path: impl AsRef<Path>) -> String {
        let mut text = String::new();
        match beneath.open_file(path.as_ref()).and_then(|mut file| file.read_to_string(&mut text)) {
            Ok(_) => text,
            Err(error) if leads_out(&error) => "leads out".into(),
            Err(error) => error.to_string().split(" (").next().unwrap_or_default().into(),
        }
    }

    #[test]
    fn links_and_dots_end_inside_or_are_refused() -> io::Result<()> {
        let trees = Trees::new()?;
        trees.link("a/b", "relative")?;
        trees.link("/a", "absolute")?;
        trees.link("../../out/secret", "a/up")?;
        trees.link(trees.scratch.path().join("out/secret"), "host")?;
        trees.link(trees.inside("a"), "back")?;
        trees.link("loop", "loop")?;
        let none = "No such file or directory";
        let cases = [
            ("a/file", "inside", "inside"),
            ("a/b/../file", "inside", "inside"),
            ("relative/../file", "inside", "inside"),
            ("/a/file", "inside", "leads out"),
            ("absolute/file", "inside", "leads out"),
            ("../in/a/file", none, "leads out"),
            ("../a/file", "inside", "leads out"),
            ("a/up", none, "leads out"),
            ("host", none, "leads out"),
            ("back/file", none, "inside"),
            ("loop/x", "Too many levels of symbolic links", "Too many levels of symbolic links"),
            ("a/file/x", "Not a directory", "Not a directory"),
            ("a/none", none, none),
            ("", "Is a directory", "Is a directory"),
        ];
        for (path, in_root, in_directory) in cases {
            for beneath in trees.all()? {
                let expected = if beneath.way_out == WayOut::EndsInside { in_root } else { in_directory };
                assert_eq!(text(&beneath, path), expected, "{path} {beneath:?}");
            }
        }
        for beneath in trees.all()?.iter().filter(|beneath| beneath.way_out == WayOut::Refused) {
            assert_eq!(text(beneath, trees.inside("a/file")), "inside");
        }
        Ok(())
    }

    /// However long a chain of links is, its end is not followed by other means.
    #[test]
    fn a_long_chain_of_links_is_an_error() -> io::Result<()> {
        let trees = Trees::new()?;
        trees.link("a/file", "0")?;
        for number in 1..100 {
            trees.link((number - 1).to_string(), &number.to_string())?;
        }
        for beneath in trees.all()? {
            assert_eq!(text(&beneath, "39"), "inside", "{beneath:?}");
            assert_eq!(text(&beneath, "40"), "Too many levels of symbolic links", "{beneath:?}");
            assert_eq!(text(&beneath, "99"), "Too many levels of symbolic links", "{beneath:?}");
            let place = beneath.place(Path::new("99")).map(drop).map_err(|error| error.raw_os_error());
            assert_eq!(place, Err(Some(Errno::LOOP.raw_os_error())));
        }
        Ok(())
    }

    #[test]
    fn the_end_of_a_dangling_link_is_made_inside_or_not_at_all() -> io::Result<()> {
        for which in 0..4 {
            let trees = Trees::new()?;
            trees.link("b/made", "a/inside")?;
            trees.link("../../../out/made", "a/b/dangling")?;
            let beneath = &trees.all()?[which];
            let put = |path: &str| -> io::Result<()> {
                let mut file = beneath.place(Path::new(path))?.replace()?;
                file.write_all(b"new")?;
                file.commit()
            };
            put("a/inside")?;
            assert_eq!(fs::read(trees.inside("a/b/made"))?, b"new");
            let outcome = put("a/b/dangling").map_err(|error| leads_out(&error));
            match beneath.way_out {
                // There is no `out` in there.
                WayOut::EndsInside => assert_eq!(outcome, Err(false)),
                WayOut::Refused => assert_eq!(outcome, Err(true)),
            }
            assert_eq!(fs::read_dir(trees.scratch.path().join("out"))?.count(), 1, "{beneath:?}");
        }
        Ok(())
    }

    /// A directory that is swapped for a link again and again never leads out.
    #[test]
    fn a_swapped_directory_never_leads_out() -> io::Result<()> {
        let trees = Trees::new()?;
        fs::write(trees.scratch.path().join("out/file"), "outside")?;
        trees.link("../out", "link")?;
        let (directory, link, aside) = (trees.inside("a"), trees.inside("link"), trees.inside("aside"));
        let all = trees.all()?;
        std::thread::scope(|scope| -> io::Result<()> {
            let swapping = scope.spawn(|| -> io::Result<()> {
                for _ in 0..3000 {
                    fs::rename(&directory, &aside)?;
                    fs::rename(&link, &directory)?;
                    fs::rename(&directory, &link)?;
                    fs::rename(&aside, &directory)?;
                }
                Ok(())
            });
            let mut inside = 0;
            while !swapping.is_finished() {
                for beneath in &all {
                    let found = text(beneath, "a/file");
                    assert_ne!(found, "outside", "{beneath:?}");
                    inside += usize::from(found == "inside");
                    if let Ok(mut file) = beneath.place(Path::new("a/made")).and_then(|place| place.replace()) {
                        file.write_all(b"new")?;
                        file.commit()?;
                    }
                }
            }
            assert!(inside > 0);
            swapping.join().unwrap_or(Ok(()))
        })?;
        let mut names: Vec<_> =
            fs::read_dir(trees.scratch.path().join("out"))?.flatten().map(|e| e.file_name()).collect();
        names.sort();
        assert_eq!(names, ["file", "secret"]);
        Ok(())
    }
}
