//! What a file carries besides its contents, owner and permissions: access control list, SELinux label, other extended
//! attributes.
//!
//! A file that takes the place of another gets them by descriptor. What the system does not let it have is told.
//!
//! Sources: xattr(7), acl(5); the layout of a list is that of Linux's `posix_acl_xattr.h`.

use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;

/// The access control list of a file.
const ACCESS_LIST: &[u8] = b"system.posix_acl_access";
/// The label of SELinux.
const LABEL: &[u8] = b"security.selinux";
/// What the kernel signs contents with; a new file gets its own.
const OF_CONTENTS: [&[u8]; 2] = [b"security.ima", b"security.evm"];

/// Something that the old file carried and the new one could not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    attribute: Vec<u8>,
    error: Errno,
}

impl Lost {
    /// Why.
    #[must_use]
    pub fn error(&self) -> io::Error {
        self.error.into()
    }
}

/// What is lost, without the reason.
impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attribute.as_slice() {
            ACCESS_LIST => f.write_str("the access control list"),
            LABEL => f.write_str("the SELinux label"),
            name => write!(f, "the extended attribute {}", String::from_utf8_lossy(name)),
        }
    }
}

/// Gives `new`, which has its owner and permissions already, what `old` carries besides; returns what could not be
/// given.
///
/// The permissions stay as they are: the list is changed to agree with them, as `chmod` would do. A list that `new` has
/// from its directory goes if `old` has none.
///
/// # Errors
/// When the permissions cannot be looked at, or a list cannot be taken away that would let others in.
pub fn carry_over(old: &File, new: &File) -> io::Result<Vec<Lost>> {
    let mode = rustix::fs::fstat(new)?.st_mode;
    let mut lost = Vec::new();
    let names = list(old).unwrap_or_default();
    let names: Vec<&[u8]> = names.split(|&byte| byte == 0).filter(|name| !name.is_empty()).collect();
    if !names.contains(&ACCESS_LIST) {
        match fremovexattr(new, OsStr::from_bytes(ACCESS_LIST)) {
            Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    for name in names {
        if OF_CONTENTS.contains(&name) {
            continue;
        }
        if let Err(error) = give(name, old, new, mode) {
            lost.push(Lost { attribute: name.to_vec(), error });
        }
    }
    Ok(lost)
}

fn give(name: &[u8], old: &File, new: &File, mode: u32) -> Result<(), Errno> {
    let mut value = match value_of(old, name) {
        // Somebody took it away meanwhile.
        Err(Errno::NODATA) => return Ok(()),
        value => value?,
    };
    if name == ACCESS_LIST {
        agree_with(mode, &mut value);
    }
    // A label is often there already, where the right to give one is not.
    if value_of(new, name).is_ok_and(|has| has == value) {
        return Ok(());
    }
    fsetxattr(new, OsStr::from_bytes(name), &value, XattrFlags::empty())
}

/// Brings the entries of an access control list for owner, mask and others in line with permission bits.
fn agree_with(mode: u32, list: &mut [u8]) {
    const HEADER: usize = 4;
    const ENTRY: usize = 8;
    const OWNER: u16 = 0x01;
    const GROUP: u16 = 0x04;
    const MASK: u16 = 0x10;
    const OTHERS: u16 = 0x20;
    let Some((_, entries)) = list.split_at_mut_checked(HEADER) else { return };
    let tag = |entry: &[u8]| u16::from_le_bytes([entry[0], entry[1]]);
    let has_mask = entries.chunks_exact(ENTRY).any(|entry| tag(entry) == MASK);
    for entry in entries.chunks_exact_mut(ENTRY) {
        let shift = match tag(entry) {
            OWNER => 6,
            MASK => 3,
            // What a group may do is limited by the mask, where there is one.
            GROUP if !has_mask => 3,
            OTHERS => 0,
            _ => continue,
        };
        entry[2] = u8::try_from(mode >> shift & 0o7).unwrap_or(0);
        entry[3] = 0;
    }
}

/// The names of all attributes, each with a NUL behind it; none where the file system has no attributes.
fn list(file: &File) -> Result<Vec<u8>, Errno> {
    match grow(|buffer| flistxattr(file, buffer)) {
        Err(Errno::OPNOTSUPP) => Ok(Vec::new()),
        names => names,
    }
}

fn value_of(file: &File, name: &[u8]) -> Result<Vec<u8>, Errno> {
    grow(|buffer| fgetxattr(file, OsStr::from_bytes(name), buffer))
}

/// Asks with an ever bigger buffer, up to what Linux holds at most (64 KiB).
fn grow(mut ask: impl FnMut(&mut [u8]) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
    let mut buffer = vec![0; 512];
    loop {
        match ask(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                return Ok(buffer);
            }
            Err(Errno::RANGE) if buffer.len() < 1 << 16 => buffer.resize(buffer.len() * 2, 0),
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// Owner rw, user 7 r, group nothing, mask r, others nothing.
    fn access_list() -> Vec<u8> {
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, permissions, id) in
            [(1_u16, 6_u16, u32::MAX), (2, 4, 7), (4, 0, u32::MAX), (0x10, 4, u32::MAX), (0x20, 0, u32::MAX)]
        {
            list.extend(tag.to_le_bytes());
            list.extend(permissions.to_le_bytes());
            list.extend(id.to_le_bytes());
        }
        list
    }

    /// Whether the scratch directory's file system has attributes of users and lists.
    fn set_all(file: &File) -> bool {
        let set = |name: &str, value: &[u8]| fsetxattr(file, name, value, XattrFlags::empty()).is_ok();
        let have =
            set("user.one", b"1") && set("user.long", &[b'x'; 2000]) && set("system.posix_acl_access", &access_list());
        if !have {
            println!("skipped: the file system of the scratch directory keeps no attributes");
        }
        have
    }

    #[test]
    fn attributes_and_lists_are_carried_over() -> io::Result<()> {
        let (old, new) = (tempfile::NamedTempFile::new()?, tempfile::NamedTempFile::new()?);
        if !set_all(old.as_file()) {
            return Ok(());
        }
        rustix::fs::fchmod(new.as_file(), old.as_file().metadata()?.permissions().mode().into())?;
        let lost = carry_over(old.as_file(), new.as_file())?;
        assert!(lost.is_empty(), "{lost:?}");
        for name in ["user.one", "user.long", "system.posix_acl_access"] {
            assert_eq!(value_of(new.as_file(), name.as_bytes()), value_of(old.as_file(), name.as_bytes()), "{name}");
        }
        assert_eq!(new.as_file().metadata()?.permissions().mode() & 0o777, 0o640);
        Ok(())
    }

    #[test]
    fn a_list_lets_in_nobody_whom_the_permissions_keep_out() -> io::Result<()> {
        let (old, new) = (tempfile::NamedTempFile::new()?, tempfile::NamedTempFile::new()?);
        if !set_all(old.as_file()) {
            return Ok(());
        }
        // The new file is 0600: its mask is empty, and user 7 is let in by no more than that.
        assert!(carry_over(old.as_file(), new.as_file())?.is_empty());
        assert_eq!(new.as_file().metadata()?.permissions().mode() & 0o777, 0o600);
        let list = value_of(new.as_file(), ACCESS_LIST)?;
        assert_eq!(list[4 + 3 * 8 + 2], 0, "{list:?}");
        // A list that only the new file has goes.
        assert!(carry_over(tempfile::NamedTempFile::new()?.as_file(), new.as_file())?.is_empty());
        assert_eq!(value_of(new.as_file(), ACCESS_LIST), Err(Errno::NODATA));
        Ok(())
    }

    #[test]
    fn what_cannot_be_given_is_told() -> io::Result<()> {
        let old = tempfile::NamedTempFile::new()?;
        if !set_all(old.as_file()) {
            return Ok(());
        }
        // Only files and directories have attributes of users, whoever asks.
        let scratch = tempfile::tempdir()?;
        let fifo = scratch.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0)?;
        let lost = carry_over(old.as_file(), &File::options().read(true).write(true).open(&fifo)?)?;
        let told: Vec<String> = lost.iter().map(Lost::to_string).collect();
        assert!(told.contains(&"the extended attribute user.one".to_string()), "{told:?}");
        assert!(lost.iter().all(|lost| lost.error().raw_os_error() == Some(libc::EPERM)), "{lost:?}");
        Ok(())
    }
}
