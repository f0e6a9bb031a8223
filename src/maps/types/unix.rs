//! `unix:passwd.byname` and `unix:group.byname` — users and groups of the system, as lines of passwd(5) and group(5).
//!
//! The C library is asked, and so whatever nsswitch.conf names. Source: `DATABASE_README`, "unix".

use crate::base::system_words;
use crate::maps::compile::Folding;
use crate::maps::error::unlistable;
use crate::maps::error::{LookupError, in_message};
use crate::maps::table::{Answer, LookupTable, OpenOptions};
use nix::errno::Errno;
use nix::unistd::{Group, User};
use std::os::unix::ffi::OsStrExt;

/// A `unix:` table.
pub struct UnixTable {
    database: Database,
    folding: Folding,
}

#[derive(Clone, Copy)]
enum Database {
    Users,
    Groups,
}

impl Database {
    fn name(self) -> &'static str {
        match self {
            Self::Users => "unix:passwd.byname",
            Self::Groups => "unix:group.byname",
        }
    }
}

impl UnixTable {
    /// The table `unix:NAME`.
    ///
    /// # Errors
    /// A name that is neither of the two.
    pub fn open(name: &[u8], options: &OpenOptions) -> Result<Self, LookupError> {
        let database = match name {
            b"passwd.byname" => Database::Users,
            b"group.byname" => Database::Groups,
            _ => return Err(LookupError::Config(format!("unknown table: unix:{}", in_message(name)))),
        };
        Ok(Self { database, folding: options.folding })
    }
}

impl LookupTable for UnixTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        let key = self.folding.apply(key);
        // No user's name has other bytes, and the library takes none with a NUL.
        let Ok(name) = std::str::from_utf8(&key) else { return Ok(None) };
        if name.contains('\0') {
            return Ok(None);
        }
        let found = match self.database {
            Database::Users => User::from_name(name).map(|user| user.map(|user| user_line(&user))),
            Database::Groups => Group::from_name(name).map(|group| group.map(|group| group_line(&group))),
        };
        match found {
            Ok(line) => Ok(line),
            // What some name services say of a name that they do not have: getpwnam(3).
            Err(Errno::ENOENT | Errno::ESRCH | Errno::EBADF | Errno::EPERM) => Ok(None),
            Err(error) => {
                let words = system_words(&std::io::Error::from(error));
                Err(LookupError::Retry(LookupError::query(self.database.name(), &words)))
            }
        }
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Err(unlistable(self.database.name()))
    }
}

fn user_line(user: &User) -> Vec<u8> {
    let (uid, gid) = (user.uid.to_string(), user.gid.to_string());
    let fields = [
        user.name.as_bytes(),
        user.passwd.as_bytes(),
        uid.as_bytes(),
        gid.as_bytes(),
        user.gecos.as_bytes(),
        user.dir.as_os_str().as_bytes(),
        user.shell.as_os_str().as_bytes(),
    ];
    fields.join(&b':')
}

fn group_line(group: &Group) -> Vec<u8> {
    let (gid, members) = (group.gid.to_string(), group.mem.join(","));
    [group.name.as_bytes(), group.passwd.as_bytes(), gid.as_bytes(), members.as_bytes()].join(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_there_and_odd_names_are_not() {
        let mut users = UnixTable::open(b"passwd.byname", &OpenOptions::default()).expect("a known table");
        let root = users.lookup(b"Root").expect("an answer").expect("a root");
        assert!(root.starts_with(b"root:"), "{root:?}");
        assert_eq!(root.iter().filter(|&&byte| byte == b':').count(), 6);
        for key in [&b""[..], b"no-such-user", b"root\0x", b"root\xff", b"0"] {
            assert_eq!(users.lookup(key), Ok(None), "{key:?}");
        }
    }

    #[test]
    fn lines_as_postfix_3_11_gives_them() {
        use nix::unistd::{Gid, Uid};
        let text = |text: &str| std::ffi::CString::new(text).expect("no NUL");
        let user = User {
            name: "al".into(),
            passwd: text("x"),
            uid: Uid::from_raw(4_294_967_294),
            gid: Gid::from_raw(7),
            gecos: text("A L,,"),
            dir: "/var/al".into(),
            shell: "/bin/sh".into(),
        };
        assert_eq!(user_line(&user), b"al:x:4294967294:7:A L,,:/var/al:/bin/sh");
        let mut group = Group {
            name: "staff".into(),
            passwd: text("*"),
            gid: Gid::from_raw(9),
            mem: vec!["al".into(), "bo".into()],
        };
        assert_eq!(group_line(&group), b"staff:*:9:al,bo");
        group.mem.clear();
        assert_eq!(group_line(&group), b"staff:*:9:");
    }
}
