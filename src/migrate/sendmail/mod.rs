//! Off Sendmail: what its files say, as a configuration directory of Postfix, with a line of report for every line.
//!
//! | file | idea |
//! |---|---|
//! | [`mc`] | reads sendmail.mc |
//! | [`settings`] | what it says |
//! | [`read`], [`old_site`] | what is in the files of the old site |
//! | [`resolve`] | where Sendmail sends mail |
//! | [`lists`], [`virtual_users`], [`aliases`], [`mailers`], [`rewriting`], [`access`] | one table each, carried over |
//! | [`draft`], [`main_cf`], [`new_site`] | the new site |
//! | [`stage`] | the directory in which it is made |
//! | [`checks`], [`outgoing`] | what Sendmail says to clients, and how it writes senders |
//! | [`proof`], [`probes`] | what both do with what a key is for, side by side |
//! | [`report`] | what became of each line |
//!
//! Nothing here prints.

pub mod access;
pub mod access_value;
pub mod aliases;
pub mod checks;
pub mod draft;
pub mod lists;
pub mod mailers;
pub mod main_cf;
pub mod mc;
pub mod networks;
pub mod new_site;
pub mod next_hop;
pub mod old_site;
pub mod outgoing;
pub mod probes;
pub mod proof;
pub mod read;
pub mod reply;
pub mod report;
pub mod resolve;
pub mod rewriting;
pub mod settings;
pub mod stage;
pub mod virtual_users;

use crate::config::catalogue::Version;
use draft::Draft;
use new_site::{NewFile, files};
use old_site::OldSite;
use report::Line;

/// What is to be written, and what became of each line.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The files of the new site.
    pub files: Vec<NewFile>,
    /// A line for each of the old one, by file and number.
    pub lines: Vec<Line>,
}

/// Carries a site over; indexed tables are to be of a type, for a release of Postfix.
#[must_use]
pub fn plan(site: &OldSite, map_type: &str, target: Version) -> Plan {
    let mut draft = Draft::default();
    lists::carry(site, &mut draft);
    virtual_users::carry(site, &mut draft);
    aliases::carry(site, &mut draft);
    mailers::carry(site, &mut draft);
    rewriting::carry(site, &mut draft);
    access::carry(site, &mut draft);
    let files = files(site, &draft, map_type, target);
    let mut lines = [site.lines.clone(), draft.lines].concat();
    lines.sort_by(|one, other| one.origin.cmp(&other.origin));
    Plan { files, lines }
}
