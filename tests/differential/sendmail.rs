//! Sites moved from Sendmail: what the real Sendmail does with each address and client of every site in
//! `testdata/sendmail`, and what the site that `postwright migrate sendmail` makes of it does.
//!
//! A site is a directory as `/etc/mail`: sendmail.mc, tables, lists (`trusted-users`), `addresses` (one a line),
//! perhaps `clients` (`NAME[ADDRESS] <SENDER> RECIPIENT`), and `answers`, what Sendmail said: to an address, by
//! `sendmail -bv`; to a client, by `check_relay`, `check_mail` and `check_rcpt` of `sendmail -bt`. So the comparison
//! works without it. With
//! an oracle, `sendmail/ask` asks a Sendmail of that site in a network of its own; names are those of
//! `testdata/sendmail/hosts`. `POSTWRIGHT_BLESS=1` writes the answers anew.

use crate::records::compare_records;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::Oracle;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/sendmail")
}

fn sites() -> Vec<PathBuf> {
    let entries = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
    let mut sites: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    sites.sort();
    sites
}

/// What Sendmail says to all addresses and clients of a site.
fn asked(root: &Path, site: &Path) -> String {
    let ask = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/sendmail/ask");
    let output = Command::new("unshare")
        .args(["-u", "-n", "-m", "-p", "--fork", "--kill-child"])
        .arg(ask)
        .args([root, site])
        .output()
        .expect("unshare runs");
    assert!(output.status.success(), "{}: {}", site.display(), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_record() {
    let Some(oracle) = Oracle::find_sendmail("sendmail") else { return };
    let bless = std::env::var_os("POSTWRIGHT_BLESS").is_some();
    let wrong = compare_records(sites(), "answers", bless, |site| asked(oracle.root(), site));
    assert!(wrong.is_empty(), "Sendmail says something else now:\n{wrong}");
}
