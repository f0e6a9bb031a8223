//! Sites moved from Sendmail: what the real Sendmail does with each address and client of every site in
//! `testdata/sendmail`, and what the site that `postwright migrate sendmail` makes of it does.
//!
//! A site is a directory as `/etc/mail`: sendmail.mc, tables, lists (`trusted-users`), `addresses` (one a line),
//! perhaps `clients` (`NAME[ADDRESS] <SENDER> RECIPIENT`), and `answers`, what Sendmail said: to an address, by
//! `sendmail -bv`; to a client, by `check_relay`, `check_mail` and `check_rcpt` of `sendmail -bt`. So the comparison
//! works without it. With an oracle, `sendmail/ask` asks a Sendmail of that site in a network of its own; names are
//! those of `testdata/sendmail/hosts`. `POSTWRIGHT_BLESS=1` writes the answers anew.
//!
//! What may differ stands in the site's file `open`: a line of the report that leaves a choice to a person
//! (`virtusertable:3`), and the address or client that it is about.

mod told;

use crate::mail_system::MailSystem;
use crate::records::compare_records;
use postwright::config::paths::PathMap;
use postwright::config::{ConfigFiles, Configuration, Platform, Site};
use postwright::dns::resolver::ServerResolver;
use postwright::mail::local_part::{external, internal};
use postwright::maps::NoCaller;
use postwright::migrate::sendmail::checks::{Checks, Said, Session as Probe};
use postwright::migrate::sendmail::mc::read_mc;
use postwright::migrate::sendmail::old_site::OldSite;
use postwright::migrate::sendmail::resolve::Sendmail;
use postwright::routing::Router;
use postwright::routing::access::{Access, Client, ClientName, Session, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use support::dns_server::{Zone, serve};
use support::{Oracle, Scratch};
use told::{Ends, FOR_NOW, REFUSED, by_postfix, by_sendmail, by_us, said_by_sendmail, said_by_us};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/sendmail")
}

fn sites() -> Vec<PathBuf> {
    let entries = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
    let mut sites: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    sites.sort();
    sites
}

fn name_of(site: &Path) -> String {
    site.file_name().unwrap().to_string_lossy().into_owned()
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

/// What was asked of a site, and the lines of the answer.
fn recorded(site: &Path) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for line in fs::read_to_string(site.join("answers")).unwrap().lines() {
        match (line.strip_prefix("  "), found.last_mut()) {
            (Some(answer), Some(last)) => last.1.push(answer.to_string()),
            _ if line.is_empty() || line.starts_with('#') => {}
            _ => found.push((line.to_string(), Vec::new())),
        }
    }
    let asked: String = found.iter().map(|(line, _)| format!("{line}\n")).collect();
    let wanted = ["addresses", "clients"].map(|file| fs::read_to_string(site.join(file)).unwrap_or_default());
    assert_eq!(asked, wanted.concat(), "{}: the answers are to something else", site.display());
    found
}

/// A site of Postfix that was made of one of Sendmail.
struct Moved {
    scratch: Scratch,
    /// Lines of the report that leave a choice to a person.
    open: BTreeSet<String>,
    /// What may differ, and the line that says why.
    listed: BTreeMap<String, String>,
}

impl Moved {
    fn new(site: &Path) -> Self {
        let scratch = Scratch::copy_of(site);
        let mc = fs::read_to_string(site.join("sendmail.mc")).unwrap();
        let host = if mc.contains("confDOMAIN_NAME") { "" } else { " --hostname mail.example.com" };
        for file in ["addresses", "clients", "answers", "open"] {
            let _ = fs::remove_file(scratch.path(file));
        }
        let to = scratch.path("new");
        let run = scratch.run(&format!("migrate sendmail --from . --to {} --yes --format json{host}", to.display()));
        assert!(run.status <= 1 && run.stderr.is_empty(), "{}: {}", site.display(), run.stderr);
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let lines = report["lines"].as_array().unwrap().iter();
        let open = lines.filter(|line| line["verdict"] == "needs_decision");
        let open = open.map(|line| format!("{}:{}", line["file"].as_str().unwrap(), line["line"])).collect();
        let listed = fs::read_to_string(site.join("open")).unwrap_or_default();
        let listed = listed.lines().map(|line| line.split_once(' ').unwrap());
        let listed = listed.map(|(line, what)| (what.to_string(), line.to_string())).collect();
        Self { scratch, open, listed }
    }

    fn site(&self, old: &Path) -> Site {
        let directory = self.scratch.path("new");
        let files = ConfigFiles::load(&directory).unwrap();
        let mut paths = PathMap::directory(&directory, None);
        paths.add(Path::new("/etc/passwd"), &old.join("../passwd"));
        paths.add(Path::new("/etc/mail"), old);
        Site::new(Configuration::new(files, Platform::default()), paths)
    }

    /// What is wrong if both say this: nothing if they agree, or a person was asked.
    fn judge(&self, old: &Path, what: &str, theirs: &Ends, ours: &Ends) -> String {
        let name = name_of(old);
        match (theirs == ours, self.listed.get(what)) {
            (true, None) => String::new(),
            (true, Some(_)) => format!("{name} {what}: listed as open, and does not differ\n"),
            (false, Some(line)) if self.open.contains(line) => String::new(),
            (false, Some(line)) => format!("{name} {what}: differs, and {line} leaves nothing open\n"),
            (false, None) => format!("{name} {what}\n  Sendmail {theirs:?}\n  ours     {ours:?}\n"),
        }
    }
}

/// Does something for all sites, some at a time, and gives what is wrong.
fn each(count: &Mutex<usize>, work: impl Fn(&Path) -> (usize, String) + Sync) -> String {
    let only = std::env::var("POSTWRIGHT_CASE").unwrap_or_default();
    let all = Mutex::new(sites().into_iter().filter(|site| name_of(site).contains(&only)));
    let wrong = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = all.lock().unwrap().next();
                    let Some(site) = next else { break };
                    let (number, text) = work(&site);
                    *count.lock().unwrap() += number;
                    wrong.lock().unwrap().insert(site, text);
                }
            });
        }
    });
    wrong.into_inner().unwrap().into_values().collect()
}

fn one(word: &str) -> Ends {
    [word.to_string()].into()
}

/// Where an address ends by us; if it should be refused, what the SMTP server says comes first.
fn ends_by_us(router: &mut Router<'_>, theirs: &Ends, address: &str) -> Ends {
    let bare = internal(address.as_bytes());
    if theirs.iter().all(|end| end == REFUSED || end == FOR_NOW) {
        let verdict = verdict(router, Client::at(IpAddr::V4(Ipv4Addr::LOCALHOST)), "", &bare);
        if verdict.reply.is_some() {
            return one(&said_by_us(&verdict));
        }
    }
    let route = router.route(b"", &bare);
    route.ends.iter().map(by_us).collect()
}

fn verdict(router: &mut Router<'_>, client: Client, sender: &str, recipient: &[u8]) -> Verdict {
    let sender = internal(sender.as_bytes());
    let session = Session { client, helo: Some(b"client.example.net".to_vec()), sender, sasl_user: None, tls: false };
    let service = router.smtp_server().and_then(|at| router.site.configuration.files.services.get(at));
    Access::new(router, service, session).unwrap().check(&[recipient.to_vec()]).remove(0)
}

#[test]
fn mail_goes_where_it_went() {
    let count = Mutex::new(0);
    let wrong = each(&count, |old| {
        let moved = Moved::new(old);
        let site = moved.site(old);
        // Not all that mail goes to is in the DNS: where it would go is told without.
        let mut router = Router::new(&site, Arc::new(NoCaller));
        let addresses = recorded(old).into_iter().filter(|(what, _)| !what.contains(' '));
        let mut wrong = String::new();
        let mut number = 0;
        for (address, lines) in addresses {
            let theirs = by_sendmail(&lines);
            let ours = ends_by_us(&mut router, &theirs, &address);
            wrong += &moved.judge(old, &address, &theirs, &ours);
            number += 1;
        }
        (number, wrong)
    });
    assert!(wrong.is_empty(), "\n{wrong}");
    let count = count.into_inner().unwrap();
    assert!(std::env::var_os("POSTWRIGHT_CASE").is_some() || count >= 300, "only {count} addresses");
}

/// A server that knows the names of `testdata/sendmail/hosts`, as Sendmail did.
fn names() -> SocketAddr {
    let hosts = fs::read_to_string(directory().join("hosts")).unwrap();
    let records = hosts
        .lines()
        .filter_map(|line| line.split_once(' '))
        .flat_map(|(address, names)| names.split(' ').map(move |name| format!("{name} A {address}\n")));
    serve(Zone::parse(&records.collect::<String>()), (Ipv4Addr::LOCALHOST, 0).into())
}

#[test]
fn clients_hear_what_they_heard() {
    let count = Mutex::new(0);
    let wrong = each(&count, |old| {
        let clients: Vec<_> = recorded(old).into_iter().filter(|(what, _)| what.contains(' ')).collect();
        if clients.is_empty() {
            return (0, String::new());
        }
        let moved = Moved::new(old);
        let site = moved.site(old);
        let mut router =
            Router::new(&site, Arc::new(NoCaller)).with_dns(Arc::new(ServerResolver::at(names()).unwrap()));
        let mut wrong = String::new();
        for (what, lines) in &clients {
            let (client, rest) = what.split_once(' ').unwrap();
            let (sender, recipient) = rest.split_once(' ').unwrap();
            let (name, address) = client.trim_end_matches(']').split_once('[').unwrap();
            let name = match name {
                "unknown" => ClientName::Unknown,
                name => ClientName::Known(name.as_bytes().to_vec()),
            };
            let client = Client { name: name.clone(), reverse_name: name, ..Client::at(address.parse().unwrap()) };
            let ours = verdict(&mut router, client, sender.trim_matches(['<', '>']), recipient.as_bytes());
            wrong += &moved.judge(old, what, &one(&said_by_sendmail(lines)), &one(&said_by_us(&ours)));
        }
        (clients.len(), wrong)
    });
    assert!(wrong.is_empty(), "\n{wrong}");
    let count = count.into_inner().unwrap();
    assert!(std::env::var_os("POSTWRIGHT_CASE").is_some() || count >= 60, "only {count} clients");
}

/// What the report says of Sendmail's own answers is what Sendmail said.
#[test]
fn sendmails_checks_are_known() {
    let (mut count, mut wrong) = (0, String::new());
    for old in sites() {
        let text = fs::read_to_string(old.join("sendmail.mc")).unwrap();
        let (settings, _) = read_mc("sendmail.mc", &text).unwrap();
        let site = OldSite::read(&old, settings, Some("sendmail.mc"), Some("mail.example.com")).unwrap();
        let sendmail = Sendmail::new(&site);
        let checks = Checks::new(&sendmail);
        for (what, lines) in recorded(&old).into_iter().filter(|(what, _)| what.contains(' ')) {
            // What the DNS says of a domain is no matter of tables, nor is a sender without one.
            let is_of_others =
                |line: &String| line.contains("Domain of sender") || line.contains("Domain name required");
            if lines.iter().any(is_of_others) {
                continue;
            }
            let words: Vec<&str> = what.split(' ').collect();
            let client = Client::parse(words[0]).unwrap();
            let name = match client.name {
                ClientName::Known(name) => Some(String::from_utf8(name).unwrap()),
                _ => None,
            };
            let sender = words[1].trim_matches(['<', '>']).to_string();
            let said = match checks.said(&Probe { address: client.address, name, sender, recipient: words[2].into() }) {
                Said::Refused(reply) if reply.is_temporary() => FOR_NOW.to_string(),
                Said::Refused(_) => REFUSED.to_string(),
                other => other.to_string(),
            };
            let theirs = said_by_sendmail(&lines);
            if said != theirs {
                wrong += &format!("{} {what}: Sendmail {theirs}, ours {said}\n", name_of(&old));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty() && count >= 60, "{count} clients\n{wrong}");
}

/// A copy of a moved site as the oracle starts it: its tables below `/etc/postfix`, lists beside them.
fn for_oracle(moved: &Moved, old: &Path) -> Scratch {
    let scratch = Scratch::example();
    let name = name_of(old);
    let put = |file: &str, text: &str| {
        let text =
            text.replace("$config_directory/", "/etc/postfix/").replace("/etc/mail/lists/", "/etc/postfix/lists-");
        scratch.write(&format!("{name}/{file}"), text);
    };
    for file in moved.scratch.names("new") {
        if !file.ends_with(".lmdb") && !file.ends_with(".html") && file != "master.cf" {
            put(&file, &String::from_utf8(moved.scratch.read(&format!("new/{file}"))).unwrap());
        }
    }
    for entry in fs::read_dir(old.join("lists")).into_iter().flatten() {
        let path = entry.unwrap().path();
        put(&format!("lists-{}", name_of(&path)), &fs::read_to_string(&path).unwrap());
    }
    scratch
}

/// Where the real Postfix sends mail: what it sends on to is asked for, too.
fn ends_by_postfix(system: &MailSystem<'_>, theirs: &Ends, address: &str) -> Ends {
    if theirs.iter().all(|end| end == REFUSED || end == FOR_NOW) {
        let reply = system.recipients(&[(String::new(), address.to_string())]).remove(0);
        match reply.chars().next() {
            Some('4') => return one(FOR_NOW),
            Some('5') => return one(REFUSED),
            _ => {}
        }
    }
    let (mut ends, mut seen, mut waiting) = (Ends::new(), BTreeSet::new(), vec![address.to_string()]);
    while let Some(address) = waiting.pop() {
        if !seen.insert(address.clone()) {
            continue;
        }
        for line in system.verify("", &address) {
            match by_postfix(&line) {
                Ok(end) => {
                    ends.insert(end);
                }
                // The log shows it without quotes.
                Err(next) => waiting.push(String::from_utf8_lossy(&external(next.as_bytes())).into_owned()),
            }
        }
    }
    ends
}

#[test]
fn postfix_sends_mail_where_sendmail_sent_it() {
    let Some(oracle) = Oracle::find("moved") else { return };
    let count = Mutex::new(0);
    let wrong = each(&count, |old| {
        let moved = Moved::new(old);
        let copy = for_oracle(&moved, old);
        let system = MailSystem::start(&oracle, &copy.path(&name_of(old)), &old.join("../passwd"));
        let addresses: Vec<_> = recorded(old).into_iter().filter(|(what, _)| !what.contains(' ')).collect();
        let mut wrong = String::new();
        for (address, lines) in &addresses {
            let theirs = by_sendmail(lines);
            let ours = ends_by_postfix(&system, &theirs, address);
            wrong += &moved.judge(old, address, &theirs, &ours);
        }
        (addresses.len(), wrong)
    });
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The configuration that Debian's package comes with.
#[test]
fn every_line_of_debians_own_configuration_is_told_of() {
    let Some(oracle) = Oracle::find_sendmail("sendmail-mc") else { return };
    let text = fs::read_to_string(oracle.root().join("usr/share/sendmail/cf/debian/sendmail.mc")).unwrap();
    let (_, lines) = read_mc("sendmail.mc", &text).unwrap();
    let told: BTreeSet<usize> = lines.iter().map(|line| line.origin.line).collect();
    let says = |line: &str| !line.is_empty() && !line.starts_with(['#', '`']) && !line.starts_with("dnl");
    let all = (1..).zip(text.lines()).filter(|(_, line)| says(line) && !line.starts_with("divert"));
    let missed: Vec<_> = all.filter(|(number, _)| !told.contains(number)).collect();
    assert!(missed.is_empty() && lines.len() >= 20, "{missed:#?}");
}
