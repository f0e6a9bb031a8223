//! The accounts of the machine that a site is for, as far as they are known here.

use super::LoadedSite;
use nix::unistd::{Group, User};

/// A database of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// Users.
    Users,
    /// Groups.
    Groups,
}

impl Accounts {
    /// Whether a name is one of an account: of this machine, or of the system below `--root`. True if nobody can tell.
    #[must_use]
    pub fn has(self, site: &LoadedSite, name: &str) -> bool {
        if name.contains('\0') {
            return false;
        }
        if site.paths.below().is_none() {
            // Name services may know more than the files.
            return match self {
                Self::Users => User::from_name(name).is_ok_and(|user| user.is_some()),
                Self::Groups => Group::from_name(name).is_ok_and(|group| group.is_some()),
            };
        }
        let path: &[u8] = if self == Self::Users { b"/etc/passwd" } else { b"/etc/group" };
        let Ok(file) = site.paths.read(path) else { return true };
        file.bytes()
            .split(|&byte| byte == b'\n')
            .any(|line| line.split(|&byte| byte == b':').next() == Some(name.as_bytes()))
    }
}
