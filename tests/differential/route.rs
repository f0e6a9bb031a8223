//! Routing beside Postfix: every address of every site in `testdata/route`.
//!
//! A site is a directory: main.cf, a master.cf if its `-o` matter, sources of tables, `addresses` (one a line, a sender
//! in angle brackets before it if it matters) and `answers`, what Postfix said, so that most of the comparison works
//! without it. With an oracle, a whole Postfix is started for each site: its rewrite service, its SMTP server and
//! `sendmail -bv` are asked, and to some sites mail is sent. `POSTWRIGHT_BLESS=1` writes the answers anew.

use crate::mail_system::MailSystem;
use crate::records::compare_records;
use postwright::config::paths::PathMap;
use postwright::config::{ConfigFiles, Configuration, Platform, Site};
use postwright::mail::local_part::{external, internal};
use postwright::maps::NoCaller;
use postwright::routing::Router;
use postwright::routing::fate::{Action, Ending, Fate};
use postwright::routing::rewrite::resolve::AddressClass;
use postwright::routing::route::Route;
use postwright::routing::router::daemon::Daemon;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::Oracle;

/// The sites that mail is sent to: what is followed through messages that are sent on, and copies, show nowhere else.
const MAILED: [&str; 11] = [
    "aliases",
    "forward",
    "luser",
    "copies",
    "copies-once",
    "copies-none",
    "restricted",
    "permitted",
    "owner",
    "owner-expanded",
    "owner-plain",
];

fn is_mailed(site: &Path) -> bool {
    MAILED.iter().any(|name| site.ends_with(name))
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/route")
}

fn sites() -> Vec<PathBuf> {
    let entries = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
    let mut sites: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    sites.sort();
    sites
}

/// Senders and addresses of a site.
fn addresses(site: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(site.join("addresses")).unwrap();
    let pair = |line: &str| match line.strip_prefix('<').and_then(|line| line.split_once("> ")) {
        Some((sender, address)) => (sender.to_string(), address.to_string()),
        None => (String::new(), line.to_string()),
    };
    text.lines().map(pair).collect()
}

/// What Postfix says to all addresses of a site.
fn asked(oracle: &Oracle, site: &Path) -> String {
    let system = MailSystem::start(oracle, site, &directory().join("passwd"));
    let all = addresses(site);
    let replies = system.recipients(&all);
    let mut text = format!("# Postfix {}\n", oracle.version());
    for ((sender, address), reply) in all.iter().zip(replies) {
        text += &format!("\n<{sender}> {address}\n");
        let rewritten = system.ask(&[("request", "rewrite"), ("rule", "local"), ("address", address)]);
        text += &format!("  rewrite {}\n", rewritten["address"]);
        let resolved = system.ask(&[("request", "resolve"), ("sender", sender), ("address", address)]);
        let flags: u32 = resolved["flags"].parse().unwrap();
        let class = match flags & !0xff {
            0x100 => AddressClass::Local.to_string(),
            0x200 => AddressClass::VirtualAlias.to_string(),
            0x400 => AddressClass::VirtualMailbox.to_string(),
            0x800 => AddressClass::Relay.to_string(),
            0x1000 => AddressClass::Default.to_string(),
            other => format!("class {other:x}"),
        };
        let part = |name: &str| match resolved[name].as_str() {
            "CHANNEL NOT UPDATED" | "NEXTHOP NOT UPDATED" => "",
            value => value,
        };
        let (failed, routed, malformed) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0);
        let marks = [(failed, " failed"), (routed, " routed"), (malformed, " malformed")];
        let marks: String = marks.iter().filter(|(is_set, _)| *is_set).map(|(_, mark)| *mark).collect();
        text += &format!("  resolve {class}{marks} {}:{} {}\n", part("transport"), part("nexthop"), part("recipient"));
        text += &format!("  rcpt {reply}\n");
        for line in system.verify(sender, address) {
            text += &format!("  verify {line}\n");
        }
        if is_mailed(site) {
            for line in system.mail(sender, address) {
                text += &format!("  mail {line}\n");
            }
        }
    }
    text
}

/// What Postfix said at the places that begin with one of these words, and the version line.
fn recorded(site: &Path, words: &[&str]) -> String {
    only(&fs::read_to_string(site.join("answers")).unwrap(), words)
}

/// Whether the record of a site is about its addresses.
fn is_answered(site: &Path) -> bool {
    let asked: String = addresses(site).iter().map(|(sender, address)| format!("<{sender}> {address}\n")).collect();
    fs::read_to_string(site.join("answers")).is_ok_and(|answers| only(&answers, &[]) == asked)
}

fn only(text: &str, words: &[&str]) -> String {
    let is_wanted = |line: &&str| match line.strip_prefix("  ") {
        Some(line) => words.iter().any(|word| line.split(' ').next() == Some(*word)),
        None => line.starts_with('<'),
    };
    text.lines().filter(is_wanted).map(|line| format!("{line}\n")).collect()
}

pub(crate) fn with_site<T>(site: &Path, work: impl FnOnce(&mut Router<'_>) -> T) -> T {
    let files = ConfigFiles::load(site).unwrap();
    let mut paths = PathMap::directory(site, None);
    paths.add(Path::new("/etc/passwd"), &directory().join("passwd"));
    paths.add(Path::new("/srv"), &site.join("homes"));
    let opened = Site::new(Configuration::new(files, Platform::default()), paths);
    work(&mut Router::new(&opened, Arc::new(NoCaller)))
}

/// The same text as Postfix's, of the lines that begin with `word`.
fn ours(site: &Path, answer: impl Fn(&mut Router<'_>, &str, &str) -> String) -> String {
    with_site(site, |lookups| {
        let lines = addresses(site).into_iter().map(|(sender, address)| {
            let answer = answer(lookups, &sender, &address);
            format!("<{sender}> {address}\n{answer}")
        });
        lines.collect()
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Asserts that all sites say the same, and shows each address that differs.
#[track_caller]
fn same(words: &[&str], answer: impl Fn(&mut Router<'_>, &str, &str) -> String) {
    let mut wrong = String::new();
    let mut count = 0;
    for site in sites() {
        let split = |text: String| -> Vec<String> { format!("\n{text}").split("\n<").map(str::to_string).collect() };
        let (theirs, ours) = (split(recorded(&site, words)), split(ours(&site, &answer)));
        assert_eq!(theirs.len(), ours.len(), "{}: answers are not those of its addresses", site.display());
        count += ours.len() - 1;
        for (theirs, ours) in theirs.iter().zip(&ours) {
            if theirs.trim_end() != ours.trim_end() {
                let name = site.file_name().unwrap().to_string_lossy();
                wrong += &format!("{name}: Postfix <{theirs}\nours <{ours}\n");
            }
        }
    }
    assert!(count >= 300, "only {count} addresses");
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn rewriting_and_resolving() {
    same(&["rewrite", "resolve"], |lookups, sender, address| {
        let rewritten =
            lookups.within(&Daemon::Rewrite, |service| service.rewrite_rules()).unwrap().apply(address.as_bytes());
        let resolved = lookups.resolve(sender.as_bytes(), address.as_bytes());
        let resolved = match resolved {
            Ok(resolved) => {
                let marks = [(resolved.routed, " routed"), (resolved.malformed, " malformed")];
                let marks: String = marks.iter().filter(|(is_set, _)| *is_set).map(|(_, mark)| *mark).collect();
                let (transport, nexthop) = (text(&resolved.hop.transport), text(&resolved.hop.nexthop));
                format!("{}{marks} {transport}:{nexthop} {}", resolved.class, text(&resolved.recipient))
            }
            Err(error) => format!("failed: {error}"),
        };
        format!("  rewrite {}\n  resolve {resolved}\n", text(&rewritten))
    });
}

#[test]
fn the_record() {
    let Some(oracle) = Oracle::find("route") else { return };
    let bless = std::env::var_os("POSTWRIGHT_BLESS").is_some();
    // Blessing asks only for sites whose answers are not those of its addresses: remove a file to have it written anew.
    let wanted = sites().into_iter().filter(|site| !bless || !is_answered(site));
    let wrong = compare_records(wanted.collect(), "answers", bless, |site| asked(&oracle, site));
    assert!(wrong.is_empty(), "Postfix says something else now:\n{wrong}");
}

/// The line of the log that Postfix would write for an ending, without what depends on what the address was before.
fn logged(ending: &Ending) -> String {
    let shown = match ending.fate.clone() {
        Fate::Delivered(action) => format!("deliverable {}", action.to_string().split(' ').next().unwrap()),
        Fate::Relayed { .. } | Fate::Discarded => "deliverable".to_string(),
        Fate::Bounced { reason, .. } => format!("undeliverable {reason}"),
        Fate::Deferred(why) => format!("undeliverable {why}"),
        Fate::Loop(why) if ending.class.is_none() => return why,
        Fate::Loop(why) => format!("undeliverable {why}"),
        Fate::Unknown(why) => format!("unknown {why}"),
    };
    format!("{} {shown}", text(&external(&ending.recipient)).to_lowercase())
}

/// Whether an address is read by everybody as it stands.
pub(crate) fn is_plain(address: &str) -> bool {
    !address.contains([' ', '"', '(', ',', '<', ';', '\\']) && !address.ends_with("]x")
}

/// Where mail ends, and its copies.
pub(crate) fn everywhere(route: &Route) -> impl Iterator<Item = &Ending> {
    route.ends.iter().chain(route.copies.iter().flat_map(|copy| &copy.ends))
}

/// Where `sendmail -bv` and the SMTP server agree with us. What local(8) sends on as a new message is not followed by
/// Postfix.
#[test]
fn recipients_and_refusals() {
    let rcpt = |line: &str| line.starts_with("250") || line.contains("User unknown") || line.contains("rejected: ");
    let mut wrong = String::new();
    let mut compared = 0;
    for site in sites() {
        let name = site.file_name().unwrap().to_string_lossy().into_owned();
        let all = recorded(&site, &["rcpt", "verify"]);
        let mut theirs: Vec<(String, Vec<String>)> = Vec::new();
        for line in all.lines() {
            match (line.trim_start().split_once(' '), theirs.last_mut()) {
                (Some(("rcpt", reply)), Some(last)) => last.0 = reply.to_string(),
                (Some(("verify", line)), Some(last)) => last.1.push(line.to_string()),
                _ => theirs.push(Default::default()),
            }
        }
        with_site(&site, |lookups| {
            for ((sender, address), (reply, lines)) in addresses(&site).into_iter().zip(&theirs) {
                let bare = internal(address.as_bytes());
                let route = lookups.route(sender.as_bytes(), &bare);
                // The reply shows an address without quotes and source route.
                if rcpt(reply) && !address.starts_with(['@', '"']) {
                    let ours =
                        route.refusal.as_ref().map_or("250 2.1.5 Ok".to_string(), |r| r.reply(address.as_bytes()));
                    compared += 1;
                    if ours != *reply {
                        wrong += &format!("{name} <{sender}> {address}\n  Postfix {reply}\n  ours    {ours}\n");
                    }
                }
                let is_plain = is_plain(&address);
                let is_followed = !lines.iter().any(|line| {
                    line.contains("forwards to") || line.starts_with("(no") || line.starts_with("sendmail")
                });
                let mut ours: Vec<String> = everywhere(&route).map(logged).collect();
                if is_plain && !is_followed {
                    // What is delivered at once is the same; what is sent on is followed by us only.
                    let here = lines.iter().filter(|line| line.contains("delivers to"));
                    for line in here.map(|line| told(line)) {
                        compared += 1;
                        if !ours.contains(&line) {
                            wrong += &format!("{name} <{sender}> {address}\n  Postfix {line:?}\n  ours    {ours:?}\n");
                        }
                    }
                }
                if is_plain && is_followed {
                    compared += 1;
                    let mut theirs: Vec<String> = lines.iter().map(|line| told(line)).collect();
                    ours.sort();
                    theirs.sort();
                    if ours != theirs {
                        wrong += &format!("{name} <{sender}> {address}\n  Postfix {theirs:?}\n  ours    {ours:?}\n");
                    }
                }
            }
        });
    }
    assert!(compared > 400, "only {compared} comparisons");
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The same with the nexthop of what left the machine. `sendmail -bv` calls a maildir that an alias names a file.
pub(crate) fn went(ending: &Ending) -> String {
    let words = logged(ending);
    match &ending.fate {
        Fate::Relayed { .. } => format!("{words} {}", text(&ending.hop.nexthop).to_lowercase()),
        Fate::Delivered(Action::File(path)) if path.ends_with(b"/") => words.replace(" file", " maildir"),
        _ => words,
    }
}

/// The same from a line of Postfix's.
pub(crate) fn told_hop(line: &str) -> String {
    let words = told(line);
    match line.split_once("relay=none, status=sent (") {
        Some((_, nexthop)) if !nexthop.ends_with("discarded)") => {
            format!("{words} {}", nexthop.trim_end_matches(')').to_lowercase())
        }
        _ => words,
    }
}

/// Where mail went that was really sent, with its copies and all that was sent on.
#[test]
fn where_mail_went() {
    let mut wrong = String::new();
    let mut compared = 0;
    for site in sites().into_iter().filter(|site| is_mailed(site)) {
        let name = site.file_name().unwrap().to_string_lossy().into_owned();
        let mut theirs: Vec<Vec<String>> = Vec::new();
        for line in recorded(&site, &["mail"]).lines() {
            match (line.trim_start().strip_prefix("mail "), theirs.last_mut()) {
                (Some(line), Some(last)) => last.push(line.to_string()),
                _ => theirs.push(Vec::new()),
            }
        }
        with_site(&site, |lookups| {
            for ((sender, address), lines) in addresses(&site).into_iter().zip(&theirs) {
                if !is_plain(&address) {
                    continue;
                }
                let route = lookups.route(sender.as_bytes(), &internal(address.as_bytes()));
                let is_taken = !lines.iter().any(|line| line.starts_with(['4', '5']));
                let refusal = route.refusal.as_ref().map(|refusal| refusal.reply(address.as_bytes()));
                let mut ours: Vec<String> = match refusal {
                    Some(refusal) => vec![refusal],
                    None => everywhere(&route).map(went).collect(),
                };
                let ends = lines.iter().filter(|line| !line.ends_with("(forwarded)"));
                let mut theirs: Vec<String> =
                    ends.map(|line| if is_taken { told_hop(line) } else { line.clone() }).collect();
                ours.sort();
                theirs.sort();
                compared += 1;
                if ours != theirs {
                    wrong += &format!("{name} <{sender}> {address}\n  Postfix {theirs:?}\n  ours    {ours:?}\n");
                }
            }
        });
    }
    assert!(compared >= 40, "only {compared} comparisons");
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The same from a line of Postfix's.
fn told(line: &str) -> String {
    let Some(rest) = line.strip_prefix("to=<") else {
        return line.split(" -- ").next().unwrap().to_string();
    };
    let recipient = rest.split('>').next().unwrap().to_lowercase();
    let status = rest.split("status=").nth(1).unwrap();
    let (status, why) = status.split_once(" (").unwrap();
    let why = why.trim_end_matches(')');
    let local = rest.contains("relay=local") || rest.contains("relay=virtual");
    match (status, why.strip_prefix("delivers to ").or_else(|| why.strip_prefix("delivered to "))) {
        ("deliverable" | "sent", Some(how)) if local => {
            format!("{recipient} deliverable {}", how.split([' ', ':']).next().unwrap())
        }
        ("deliverable" | "sent", _) => format!("{recipient} deliverable"),
        ("bounced" | "deferred" | "SOFTBOUNCE", _) => format!("{recipient} undeliverable {why}"),
        _ => format!("{recipient} {status} {why}"),
    }
}
