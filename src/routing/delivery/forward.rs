//! `.forward` files: which one an account has, as `forward_path` names them.
//!
//! The first of the paths that can be opened counts. One that is no plain file, or that everybody may write, is passed
//! over; so is one that belongs to neither the account nor root. In a copy of a site, whose files need not belong to
//! whom they should, that is only said.
//!
//! Source: local(8), postconf(5) `forward_path`, and experiments with 3.11.

use crate::base::system_words;
use crate::base::user_file::{self, LONGEST_TEXT};
use crate::config::expand::expand;
use crate::maps::LookupError;
use crate::routing::router::Router;
use crate::routing::router::opening::PASSWD;
use crate::routing::router::passwd::Account;
use crate::syntax::match_list::split_list;
use std::borrow::Cow;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A `.forward` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::routing) struct Forward {
    /// As `forward_path` names it.
    pub(in crate::routing) name: Vec<u8>,
    /// Where it is.
    pub(in crate::routing) path: PathBuf,
    /// Its contents.
    pub(in crate::routing) text: Vec<u8>,
}

/// A recipient, as names in `forward_path` tell of it.
pub(in crate::routing) struct Addressee<'a> {
    /// The account's name.
    pub(in crate::routing) user: &'a [u8],
    /// The delimiter and what stands behind it; may be empty.
    pub(in crate::routing) extension: &'a [u8],
    /// The address.
    pub(in crate::routing) recipient: &'a [u8],
}

impl Router<'_> {
    /// The file that counts for a recipient; nothing if there is none.
    ///
    /// # Errors
    /// A `forward_path` that cannot be expanded.
    pub(in crate::routing) fn forward_file(
        &mut self,
        account: &Account,
        addressee: &Addressee<'_>,
    ) -> Result<Option<Forward>, LookupError> {
        let at = addressee.recipient.iter().rposition(|&byte| byte == b'@').unwrap_or(addressee.recipient.len());
        let (delimiter, extension) = addressee.extension.split_at(addressee.extension.len().min(1));
        // The names that only local(8) knows; they are not parameters of main.cf.
        let values: [(&[u8], &[u8]); 7] = [
            (b"home", &account.home),
            (b"user", addressee.user),
            (b"recipient_delimiter", delimiter),
            (b"extension", extension),
            (b"recipient", addressee.recipient),
            (b"local", &addressee.recipient[..at]),
            (b"domain", addressee.recipient.get(at + 1..).unwrap_or_default()),
        ];
        let Some(list) = self.site.configuration.value(b"forward_path", self.service()) else { return Ok(None) };
        let mut seen: Vec<Vec<u8>> = Vec::new();
        for range in split_list(&list.bytes) {
            let name = expand(&list.bytes[range], &mut |name: &[u8]| {
                let found = values.iter().find(|(known, value)| *known == name && !value.is_empty());
                // What an address holds is text, whatever it looks like.
                found.map(|(_, value)| Cow::Owned(escaped(value)))
            });
            let name = name.map_err(|error| LookupError::Config(format!("forward_path: {error}")))?;
            if name.is_empty() || seen.contains(&name) {
                continue;
            }
            let (shown, path) = (String::from_utf8_lossy(&name).into_owned(), self.site.paths.resolve(&name));
            match read(&path) {
                Ok((owner, text)) => {
                    if !may_own(owner, account) {
                        if self.is_in_place(&name, &path) {
                            self.note(format_args!("{shown} is passed over: it has bad owner uid {owner}"));
                            seen.push(name);
                            continue;
                        }
                        let user = String::from_utf8_lossy(addressee.user);
                        self.note(format_args!(
                            "{shown} is passed over, unless it belongs to {user} or root; here to uid {owner}"
                        ));
                    }
                    return Ok(Some(Forward { name, path, text }));
                }
                Err(None) => self.note(format_args!("no {shown}")),
                Err(Some(words)) => self.note(format_args!("{shown} is passed over: {words}")),
            }
            seen.push(name);
        }
        Ok(None)
    }

    /// Whether a file, and the accounts, are those of the machine that this runs on, so that owners mean what they say.
    fn is_in_place(&self, name: &[u8], path: &Path) -> bool {
        path.as_os_str().as_encoded_bytes() == name && self.site.paths.resolve(PASSWD) == Path::new("/etc/passwd")
    }
}

/// Whether mail follows a file that belongs to somebody.
fn may_own(owner: u32, account: &Account) -> bool {
    owner == 0 || account.uid == Some(owner)
}

/// The owner and contents of a file that may be followed; nothing if there is no file, words if it may not be followed.
fn read(path: &Path) -> Result<(u32, Vec<u8>), Option<String>> {
    let words = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => None,
        _ => Some(system_words(&error)),
    };
    let metadata = std::fs::symlink_metadata(path).map_err(words)?;
    if !metadata.is_file() {
        return Err(Some("not a plain file".into()));
    }
    if metadata.permissions().mode() & 0o002 != 0 {
        return Err(Some("everybody may write it".into()));
    }
    Ok((metadata.uid(), user_file::read(path, LONGEST_TEXT).map_err(words)?))
}

fn escaped(value: &[u8]) -> Vec<u8> {
    value.iter().flat_map(|&byte| if byte == b'$' { vec![b'$', b'$'] } else { vec![byte] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Platform, Site};
    use crate::maps::NoCaller;
    use crate::routing::{Recording, StepKind};
    use std::sync::Arc;

    /// What is followed for an account with this number, and what is said about it.
    fn followed(directory: &Path, paths: &PathMap, uid: u32) -> (bool, Vec<String>) {
        let main = Arc::new(crate::base::Source::new("main.cf", "forward_path = $home/.forward\n"));
        let files = ConfigFiles::from_sources(directory, &main, None);
        let site = Site::new(Configuration::new(files, Platform::default()), paths.clone());
        let mut router = Router::new(&site, Arc::new(NoCaller)).with_recording(Recording::Steps);
        let home = directory.as_os_str().as_encoded_bytes().to_vec();
        let account = Account { line: Vec::new(), uid: Some(uid), home };
        let addressee = Addressee { user: b"joe", extension: b"", recipient: b"joe@example.com" };
        let (found, steps) = router.recorded(|router| router.forward_file(&account, &addressee));
        let notes = steps.into_iter().map(|step| match step.kind {
            StepKind::Note(text) => text.replace(&directory.display().to_string(), "~"),
            other => format!("{other:?}"),
        });
        (found.is_ok_and(|found| found.is_some()), notes.collect())
    }

    #[test]
    fn files_of_strangers() -> std::io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let (directory, file) = (scratch.path(), scratch.path().join(".forward"));
        std::fs::write(&file, "joe@example.org\n")?;
        // Root may give it away; others have one of their own.
        let _ = std::os::unix::fs::chown(&file, Some(4711), None);
        let owner = std::fs::metadata(&file)?.uid();
        let (system, mut copy) = (PathMap::system(), PathMap::system());
        copy.add(Path::new("/etc/passwd"), directory);
        let bad = |place: &str| format!("~/.forward is passed over{place}{owner}");
        let cases = [
            (&system, owner, true, vec![]),
            (&copy, owner, true, vec![]),
            (&system, owner + 1, false, vec![bad(": it has bad owner uid ")]),
            (&copy, owner + 1, true, vec![bad(", unless it belongs to joe or root; here to uid ")]),
        ];
        for (paths, uid, is_followed, notes) in cases {
            assert_eq!(followed(directory, paths, uid), (is_followed, notes), "{paths:?} {uid}");
        }
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o666))?;
        let open = "~/.forward is passed over: everybody may write it".to_string();
        assert_eq!(followed(directory, &copy, owner), (false, vec![open]));
        Ok(())
    }
}
