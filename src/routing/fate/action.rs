//! What a delivery agent of this machine does with mail that it delivers.
//!
//! Source: local(8), virtual(8), aliases(5).

use std::fmt;

/// A delivery on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The mail is appended to this file, the mailbox of a user.
    Mailbox(Vec<u8>),
    /// The mail becomes a file below this directory, the mailbox of a user; its name ends in `/`.
    Maildir(Vec<u8>),
    /// The mail goes to the standard input of this command.
    Command(Vec<u8>),
    /// The mail is appended to this file, which an alias or a `.forward` names; it becomes a file below it if the name
    /// ends in `/`.
    File(Vec<u8>),
}

impl Action {
    /// Delivery to the mailbox at a path; one that ends in `/` is a maildir.
    #[must_use]
    pub fn mailbox(path: Vec<u8>) -> Self {
        if path.ends_with(b"/") { Self::Maildir(path) } else { Self::Mailbox(path) }
    }

    /// The path of the mailbox, if it is one.
    #[must_use]
    pub fn mailbox_path(&self) -> Option<&[u8]> {
        match self {
            Self::Mailbox(path) | Self::Maildir(path) => Some(path),
            Self::Command(_) | Self::File(_) => None,
        }
    }
}

/// `mailbox /var/mail/joe`, `command /usr/bin/procmail`; what is not UTF-8 is replaced.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, what) = match self {
            Self::Mailbox(path) => ("mailbox", path),
            Self::Maildir(path) => ("maildir", path),
            Self::Command(line) => ("command", line),
            Self::File(path) => ("file", path),
        };
        write!(f, "{kind} {}", String::from_utf8_lossy(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_by_its_path() {
        let shown = |path: &str| Action::mailbox(path.into()).to_string();
        assert_eq!(shown("/var/mail/joe"), "mailbox /var/mail/joe");
        assert_eq!(shown("/srv/mail/joe/"), "maildir /srv/mail/joe/");
        assert_eq!(Action::File(b"/archive/".to_vec()).to_string(), "file /archive/");
        assert_eq!(Action::File(b"/archive/".to_vec()).mailbox_path(), None);
    }
}
