//! SMTP dialogs: what Postfix's server said is recorded in `testdata/smtp`, and said by ours.
//!
//! A directory there is a configuration, and its dialogs are with the service `submit` of it, from localhost.

use crate::mail_system::MailSystem;
use postwright::base::Overlay;
use postwright::config::services::Service;
use postwright::config::site::{Location, Site};
use postwright::config::{Platform, catalogue::Profile};
use postwright::engine::policy;
use postwright::engine::smtp::connection::{Connection, Next};
use postwright::engine::smtp::settings::Settings;
use postwright::mail::reply::Reply;
use postwright::maps::NoCaller;
use postwright::routing::Router;
use postwright::routing::access::{Access, Client, Session, Suspended};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::dialog::{Dialog, Exchange, masked};
use support::{Oracle, fixture};

/// What stands for the end of a connection.
const CLOSED: &str = "(closed)";

fn sites() -> Vec<PathBuf> {
    let entries = fs::read_dir(fixture("smtp")).unwrap().map(|entry| entry.unwrap().path());
    let mut sites: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    sites.sort();
    sites
}

fn is_wanted(dialog: &Dialog) -> bool {
    let name = dialog.path.display().to_string();
    std::env::var("POSTWRIGHT_CASE").map_or(true, |case| name.contains(&case))
}

/// Our server and a client that does what a dialog says.
struct Ours<'l, 'a> {
    connection: Connection,
    router: &'l mut Router<'a>,
    service: Option<&'a Service>,
    /// The session between two questions, when the router is free for others.
    waiting: Option<Suspended>,
    is_open: bool,
}

impl Ours<'_, '_> {
    /// What is said to what has come in.
    fn said(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        while self.is_open {
            match self.connection.advance() {
                Next::Read => break,
                Next::Send(answer) => said.push(answer.0),
                Next::Close(answer) => {
                    said.push(answer.0);
                    said.push(CLOSED.into());
                    self.is_open = false;
                }
                Next::Ask(question) => {
                    let waiting = self.waiting.take().unwrap();
                    let mut access = Access::resume(self.router, self.service, waiting);
                    let refusal = policy::answer(&mut access, &question);
                    self.waiting = Some(access.suspend());
                    self.connection.told(refusal);
                }
                Next::Store => self.connection.stored(Ok::<_, Reply>("0123456789")),
            }
        }
        let lines = said.iter().flat_map(|answer| answer.split("\r\n"));
        lines.map(masked).collect()
    }
}

fn ours(site: &Path, dialog: &Dialog) -> Vec<Vec<String>> {
    let location = Location { directory: Some(site.to_path_buf()), ..Location::default() };
    let platform = Platform { profile: Some(Profile::DEBIAN), ..Platform::default() };
    let site = Site::open(&location, platform, &Overlay::default()).map_err(|failed| failed.error).unwrap();
    let service = site.configuration.files.services.iter().find(|service| service.line.name().bytes() == b"submit");
    let mut router = Router::new(&site, Arc::new(NoCaller));
    let client = Client::parse("localhost[127.0.0.1]").unwrap();
    let session = Session { client, helo: None, sender: Vec::new(), sasl_user: None, tls: false };
    let mut access = Access::new(&mut router, service, session).unwrap();
    let mut connection = Connection::new(Arc::new(Settings::read(access.router()).unwrap()));
    if access.is_client_listed("smtpd_forbid_bare_newline_exclusions").unwrap() {
        connection.take_bare_newlines();
    }
    let waiting = Some(access.suspend());
    let mut ours = Ours { connection, router: &mut router, service, waiting, is_open: true };
    let mut all = Vec::new();
    for exchange in &dialog.exchanges {
        if !ours.is_open {
            break;
        }
        ours.connection.feed(&exchange.sent);
        all.push(ours.said());
    }
    all
}

fn theirs(system: &MailSystem<'_>, dialog: &Dialog) -> Vec<Vec<String>> {
    let mut smtp = system.greeted_by("private/submit");
    let mut all = Vec::new();
    for (at, Exchange { sent, answers, .. }) in dialog.exchanges.iter().enumerate() {
        smtp.send(sent);
        let mut said: Vec<String> = (0..*answers).flat_map(|_| smtp.lines()).map(|line| masked(&line)).collect();
        let is_last = at + 1 == dialog.exchanges.len();
        let is_bye = said.last().is_some_and(|line| ["221 ", "421 ", "521 "].iter().any(|code| line.starts_with(code)));
        if (is_last || is_bye) && smtp.is_closed() {
            said.push(CLOSED.into());
        }
        let has_ended = said.last().is_none_or(|line| line == CLOSED);
        all.push(said);
        if has_ended {
            break;
        }
    }
    all
}

#[test]
fn the_record() {
    let mut count = 0;
    let mut failed = Vec::new();
    for site in sites() {
        for dialog in Dialog::all(&site).iter().filter(|dialog| is_wanted(dialog)) {
            count += 1;
            let (found, recorded) = (dialog.with(&ours(&site, dialog)), dialog.ours());
            if found != recorded {
                failed.push(format!("{}\n{}", dialog.path.display(), difference(&recorded, &found)));
            }
        }
    }
    assert!(failed.is_empty(), "{} of {count} dialogs differ:\n{}", failed.len(), failed.join("\n"));
    assert!(count > 0);
}

#[test]
fn the_oracle() {
    let Some(oracle) = Oracle::find("dialogs") else { return };
    let is_blessed = std::env::var("POSTWRIGHT_BLESS").is_ok_and(|value| value == "1");
    let passwd = fixture("route").join("passwd");
    let mut failed = Vec::new();
    for site in sites() {
        let system = MailSystem::start_server(&oracle, &site, &passwd);
        for dialog in Dialog::all(&site).iter().filter(|dialog| is_wanted(dialog)) {
            let (found, recorded) = (dialog.with(&theirs(&system, dialog)), dialog.text());
            if found == recorded {
                continue;
            }
            if is_blessed {
                fs::write(&dialog.path, &found).unwrap();
            } else {
                failed.push(format!("{}\n{}", dialog.path.display(), difference(&recorded, &found)));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The lines that one has and the other has not.
fn difference(before: &str, after: &str) -> String {
    let diff = similar::TextDiff::from_lines(before, after);
    diff.iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal)
        .map(|change| format!("  {} {}", change.tag(), change.to_string_lossy().trim_end()))
        .collect::<Vec<_>>()
        .join("\n")
}
