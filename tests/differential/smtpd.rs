//! Access restrictions beside Postfix's SMTP server: every session of every site in `testdata/smtpd`.
//!
//! A site is a directory: main.cf, perhaps a master.cf with its `smtp inet`, tables, and `sessions`: sessions with what
//! Postfix answered below each. A session is a line of `NAME[ADDRESS]` (or `NAME,REVERSE_NAME[ADDRESS]`), what is said
//! in HELO (`-`: nothing), the sender in angle brackets, and recipients; `login=USER` may stand first. A client without
//! a name, `[ADDRESS]`, connects from that address, and the server asks the DNS for its name. With a dot behind the
//! recipients, the session goes on to `DATA` and a message, should anybody be taken; the answers to these follow. With
//! an oracle, a Postfix is started for each site and told by XCLIENT who the client is. What the DNS says stands in the
//! site's file `dns`, if it has one; it is asked by both. `POSTWRIGHT_BLESS=1` writes the answers anew.

use crate::mail_system::MailSystem;
use crate::records::compare_records;
use crate::smtp_client::NO_ANSWER;
use postwright::config::paths::PathMap;
use postwright::config::{ConfigFiles, Configuration, Platform, Site};
use postwright::dns::resolver::ServerResolver;
use postwright::mail::local_part::internal;
use postwright::maps::NoCaller;
use postwright::routing::Router;
use postwright::routing::access::{Access, Client, ClientName, Command, Session, Verdict};
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::Oracle;
use support::dns_server::{Zone, serve};

pub(crate) const TAKEN: &str = "250 2.1.5 Ok";
const GO_ON: &str = "354 End data with <CR><LF>.<CR><LF>";
/// Behind this stands the queue id.
const QUEUED: &str = "250 2.0.0 Ok: queued as";

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/smtpd")
}

fn sites() -> Vec<PathBuf> {
    let entries = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
    let mut sites: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    sites.sort();
    sites
}

/// A session, as its line tells it.
pub(crate) struct Case {
    login: Option<String>,
    name: String,
    reverse_name: String,
    address: String,
    helo: Option<String>,
    sender: String,
    pub(crate) recipients: Vec<String>,
    /// It goes on to the message, and that to its end.
    has_message: bool,
}

impl Case {
    pub(crate) fn parse(line: &str) -> Self {
        let (login, line) = match line.strip_prefix("login=").map(|rest| rest.split_once(' ').unwrap()) {
            Some((login, rest)) => (Some(login.to_string()), rest),
            None => (None, line),
        };
        let (client, rest) = line.split_once(' ').unwrap();
        let (names, address) = client.strip_suffix(']').unwrap().split_once('[').unwrap();
        let (name, reverse_name) = names.split_once(',').unwrap_or((names, names));
        let (helo, rest) = rest.split_once(" <").unwrap();
        let (sender, recipients) = rest.split_once("> ").unwrap();
        let message = recipients.strip_suffix(" .");
        Self {
            login,
            name: name.into(),
            reverse_name: reverse_name.into(),
            address: address.into(),
            helo: (helo != "-").then(|| helo.to_string()),
            sender: sender.into(),
            recipients: message.unwrap_or(recipients).split(' ').map(str::to_string).collect(),
            has_message: message.is_some(),
        }
    }

    fn is_nameless(&self) -> bool {
        self.name.is_empty()
    }

    /// What Postfix answers for each recipient: the first reply that refuses anything. Then, to `DATA` and to the end
    /// of the message, as far as it comes to that.
    pub(crate) fn asked(&self, system: &MailSystem<'_>) -> Vec<String> {
        let mut smtp = if self.is_nameless() { system.smtp_from(&self.address) } else { system.smtp() };
        let family = if self.address.contains(':') { "IPV6:" } else { "" };
        let name = |name: &str| match name {
            "unknown" => "[UNAVAILABLE]".to_string(),
            "later" => "[TEMPUNAVAIL]".to_string(),
            name => name.to_string(),
        };
        let as_client = format!(
            "XCLIENT ADDR={family}{} NAME={} REVERSE_NAME={}{}",
            self.address,
            name(&self.name),
            name(&self.reverse_name),
            self.login.as_ref().map_or_else(String::new, |login| format!(" LOGIN={login}"))
        );
        let mut before = if self.is_nameless() { Vec::new() } else { vec![as_client] };
        before.extend(self.helo.as_ref().map(|helo| format!("EHLO {helo}")));
        before.push(format!("MAIL FROM:<{}>", self.sender));
        for line in before {
            let reply = smtp.say(&line);
            if !reply.starts_with('2') {
                return vec![reply; self.recipients.len()];
            }
        }
        let rcpt = |recipient: &String| smtp.say(&format!("RCPT TO:<{recipient}>"));
        let mut replies: Vec<String> = self.recipients.iter().map(rcpt).collect();
        if self.has_message && replies.iter().any(|reply| reply == TAKEN) {
            replies.push(smtp.say("DATA"));
            if replies.last().is_some_and(|reply| reply == GO_ON) {
                let reply = smtp.say("Subject: x\r\n\r\nx\r\n.");
                let id = reply.find(QUEUED).map(|at| at + QUEUED.len());
                replies.push(reply[..id.unwrap_or(reply.len())].to_string());
            }
        }
        replies
    }

    pub(crate) fn ours(&self, lookups: &mut Router<'_>) -> Vec<String> {
        let configuration = &lookups.site.configuration;
        let service = configuration.files.services.iter().find(|service| service.label() == "smtp/inet");
        let name = |name: &String| match name.as_str() {
            "unknown" => ClientName::Unknown,
            "later" => ClientName::UnknownNow,
            name => ClientName::Known(name.as_bytes().to_vec()),
        };
        let name = |text: &String| if self.is_nameless() { ClientName::NotAsked } else { name(text) };
        let session = Session {
            client: Client {
                name: name(&self.name),
                reverse_name: name(&self.reverse_name),
                ..Client::at(self.address.parse().unwrap())
            },
            helo: self.helo.as_ref().map(|helo| helo.as_bytes().to_vec()),
            sender: internal(self.sender.as_bytes()),
            sasl_user: self.login.as_ref().map(|login| login.as_bytes().to_vec()),
            tls: false,
        };
        let recipients: Vec<Vec<u8>> = self.recipients.iter().map(|one| internal(one.as_bytes())).collect();
        let mut access = Access::new(lookups, service, session).unwrap();
        let verdicts = access.check(&recipients);
        let reply = |found: Option<&Verdict>, otherwise: &str| match found.and_then(|one| one.reply.as_ref()) {
            Some(reply) if reply.text.starts_with("(no reply") => NO_ANSWER.into(),
            Some(reply) => reply.to_string(),
            None => otherwise.to_string(),
        };
        // The message is asked about only after its recipients.
        let rcpt = |verdict| reply(Some(verdict).filter(|one: &&Verdict| one.command <= Command::Rcpt), TAKEN);
        let mut replies: Vec<String> = verdicts.iter().map(rcpt).collect();
        if self.has_message && replies.iter().any(|reply| reply == TAKEN) {
            let at = |command| verdicts.iter().find(|one| one.command == command);
            replies.push(reply(at(Command::Data), GO_ON));
            if replies.last().is_some_and(|reply| reply == GO_ON) {
                replies.push(reply(at(Command::EndOfMessage), QUEUED));
            }
        }
        replies
    }
}

/// The lines of a site's sessions, each with what is recorded below it.
fn sessions(site: &Path) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for line in fs::read_to_string(site.join("sessions")).unwrap().lines() {
        match (line.strip_prefix("  "), found.last_mut()) {
            (Some(answer), Some(last)) => last.1.push(answer.to_string()),
            _ if line.is_empty() || line.starts_with('#') => {}
            _ => found.push((line.to_string(), Vec::new())),
        }
    }
    found
}

#[test]
fn the_same_replies() {
    let mut wrong = String::new();
    let mut count = 0;
    for site in sites() {
        let opened = Site::new(
            Configuration::new(ConfigFiles::load(&site).unwrap(), Platform::default()),
            PathMap::directory(&site, None),
        );
        let mut lookups = Router::new(&opened, Arc::new(NoCaller));
        if let Ok(zone) = fs::read_to_string(site.join("dns")) {
            let server = serve(Zone::parse(&zone), (Ipv4Addr::LOCALHOST, 0).into());
            lookups = lookups.with_dns(Arc::new(ServerResolver::at(server).unwrap()));
        }
        for (line, theirs) in sessions(&site) {
            let case = Case::parse(&line);
            count += theirs.len();
            let ours = case.ours(&mut lookups);
            if ours != theirs {
                let name = site.file_name().unwrap().to_string_lossy();
                wrong += &format!("{name}: {line}\n  Postfix {theirs:#?}\n  ours    {ours:#?}\n");
            }
        }
    }
    assert!(count >= 3300, "only {count} replies");
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_record() {
    let Some(oracle) = Oracle::find("smtpd") else { return };
    let bless = std::env::var_os("POSTWRIGHT_BLESS").is_some();
    let passwd = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/route/passwd");
    let wrong = compare_records(sites(), "sessions", bless, |site| {
        let system = MailSystem::start_server(&oracle, site, &passwd);
        let mut text = format!("# Postfix {}\n", oracle.version());
        for (line, _) in sessions(site) {
            let answers = Case::parse(&line).asked(&system);
            let answers: String = answers.iter().map(|answer| format!("  {answer}\n")).collect();
            text += &format!("\n{line}\n{answers}");
        }
        text
    });
    assert!(wrong.is_empty(), "Postfix says something else now:\n{wrong}");
}
