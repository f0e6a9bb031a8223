//! Random sites beside Postfix: what `check` finds no error in starts, answers clients as `route --client` says, and
//! delivers where `route` says.
//!
//! The site of a seed is made from the building blocks below `generated/`. Of each, a few clients and recipients are
//! tried at the SMTP server, and mail is sent to those that it takes. `POSTWRIGHT_SITES=500 cargo test --test
//! differential generated` tries that many seeds, from `POSTWRIGHT_SEED=N` on (without it: 0); a few are always tried,
//! and those that once differed. It takes root and an oracle. `POSTWRIGHT_SHOW=1` shows the site of each seed that
//! differs.

mod blocks;
mod more_blocks;

use crate::mail_system::MailSystem;
use crate::route::{everywhere, is_plain, told_hop, went, with_site};
use crate::smtp_client::NO_ANSWER;
use crate::smtpd::{Case, TAKEN};
use blocks::Made;
use postwright::base::Overlay;
use postwright::config::paths::PathMap;
use postwright::config::{ConfigFiles, Configuration, Platform, Site};
use postwright::diagnostic::Severity;
use postwright::lint::{LoadedSite, lint};
use postwright::mail::local_part::internal;
use postwright::routing::fate::{Ending, Fate};
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use support::Oracle;

/// How many are tried without being asked for.
const USUAL: u64 = 20;

/// Seeds whose sites once showed a difference.
const ONCE_DIFFERED: [u64; 0] = [];

/// The number in an environment variable.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} holds a number")))
}

fn seeds() -> Vec<u64> {
    let (first, count) = (number("POSTWRIGHT_SEED"), number("POSTWRIGHT_SITES"));
    let from = first.unwrap_or(0);
    let mut seeds: Vec<u64> = (from..from + count.unwrap_or(if first.is_some() { 1 } else { USUAL })).collect();
    if first.is_none() {
        seeds.extend(ONCE_DIFFERED.iter().filter(|seed| !seeds.contains(seed)).collect::<Vec<_>>());
    }
    seeds
}

/// What `check` calls an error.
fn errors(directory: &Path) -> Vec<String> {
    let files = ConfigFiles::load(directory).unwrap();
    let mut paths = PathMap::directory(directory, None);
    paths.add(Path::new("/etc/passwd"), &support::fixture("route/passwd"));
    let site = Site::new(Configuration::new(files, Platform::default()), paths);
    let findings = lint(&LoadedSite::read(site, &Overlay::default()));
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| format!("{} {}", finding.rule.code, finding.message)).collect()
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string())).unwrap_or_default()
}

/// What differs for a seed, each difference a line or two.
fn differences(oracle: &Oracle, seed: u64) -> Vec<String> {
    let start = std::time::Instant::now();
    let mut made = Made::from_seed(seed);
    let (sender, recipients, clients) = (made.sender(), made.recipients(), made.clients());
    let directory = tempfile::tempdir().unwrap();
    let (site, theirs) = (directory.path().join("site"), directory.path().join(format!("generated-{seed}")));
    made.write(&site, "smtp inet n", "smtp");
    made.write(&theirs, "submit unix -", "discard");
    let errors = errors(&site);
    if std::env::var_os("POSTWRIGHT_SHOW").is_some() {
        println!("seed {seed}: errors {errors:?}");
    }
    let started =
        catch_unwind(AssertUnwindSafe(|| MailSystem::start_server(oracle, &theirs, &support::fixture("route/passwd"))));
    let mut wrong = Vec::new();
    let system = match started {
        Ok(system) => system,
        Err(_) if !errors.is_empty() => return wrong,
        Err(panic) => return vec![format!("does not start, and check has no error: {}", said(&*panic))],
    };
    let (mut local, mut refused) = (Vec::new(), false);
    for client in clients {
        let line = format!("{client} client.example <{sender}> {}", recipients.join("\u{1}"));
        let mut case = Case::parse(&line);
        case.recipients = recipients.clone();
        let replies = case.asked(&system);
        let ours = catch_unwind(AssertUnwindSafe(|| with_site(&site, |router| case.ours(router))));
        let ours = ours.unwrap_or_else(|panic| vec![said(&*panic); recipients.len()]);
        if client.starts_with("localhost") {
            local.clone_from(&replies);
        }
        if replies[0] == NO_ANSWER && errors.is_empty() && ours[0] != NO_ANSWER {
            wrong.push(format!("{client} gets no answer, and check has no error; ours {}", ours[0]));
        }
        refused |= replies.iter().any(|reply| reply == NO_ANSWER || reply.contains(" 4.3."));
        if replies[0] == NO_ANSWER {
            break;
        }
        if !errors.is_empty() {
            continue;
        }
        // What ends the connection is our answer for everybody: no message comes of it.
        let end = replies.iter().position(|reply| reply.starts_with("421") || reply.starts_with("521"));
        let compared = end.map_or(0..replies.len(), |end| end..end + 1);
        for ((recipient, theirs), ours) in
            recipients.iter().zip(&replies).zip(&ours).skip(compared.start).take(compared.len())
        {
            if theirs != ours {
                wrong.push(format!("{client} <{sender}> {recipient}\n    Postfix {theirs}\n    ours    {ours}"));
            }
        }
    }
    for (recipient, _) in recipients.iter().zip(&local).filter(|(_, reply)| *reply == TAKEN) {
        if !errors.is_empty() || !is_plain(recipient) {
            continue;
        }
        let ours = catch_unwind(AssertUnwindSafe(|| {
            with_site(&site, |router| {
                let route = router.route(sender.as_bytes(), &internal(recipient.as_bytes()));
                let is_kept = everywhere(&route).any(|ending| matches!(ending.fate, Fate::Deferred(_)));
                (!is_kept).then(|| everywhere(&route).map(where_it_went).collect::<Vec<_>>())
            })
        }));
        // Mail that waits has no end, and nobody waits for it here.
        let Some(mut ours) = ours.unwrap_or_else(|panic| Some(vec![said(&*panic)])) else { continue };
        let Ok(lines) = catch_unwind(AssertUnwindSafe(|| system.mail(&sender, recipient))) else {
            wrong.push(format!("no end of mail from <{sender}> to {recipient}: {}", system.complaints()));
            continue;
        };
        if lines.iter().any(|line| line.starts_with(['4', '5'])) {
            continue;
        }
        let ends = lines.iter().filter(|line| !line.ends_with("(forwarded)"));
        let mut theirs: Vec<String> = ends.map(|line| told_hop(line)).collect();
        ours.sort();
        ours.dedup();
        theirs.sort();
        theirs.dedup();
        if ours != theirs {
            wrong.push(format!("mail from <{sender}> to {recipient}\n    Postfix {theirs:?}\n    ours    {ours:?}"));
        }
    }
    let complaints = system.complaints();
    if std::env::var_os("POSTWRIGHT_SHOW").is_some() {
        println!("seed {seed}: {} differences after {:?}; {local:?}", wrong.len(), start.elapsed());
    }
    // Of hosts that no client would find, and of what bounces, nothing is logged before mail comes; of networks not
    // before a client that no element before them lets through; of open relays never.
    let is_told =
        |error: &String| !["RT006", "VT005", "SEC006", "AL006", "MC011"].iter().any(|code| error.starts_with(code));
    if errors.iter().any(is_told) && complaints.is_empty() && !refused {
        wrong.push(format!("check has errors that Postfix says nothing of: {errors:?}"));
    }
    if !wrong.is_empty() {
        wrong.push(format!("log: {complaints}"));
        if std::env::var_os("POSTWRIGHT_SHOW").is_some() {
            wrong.push(made.text());
        }
    }
    wrong
}

/// Where mail went, with the text that a `discard` transport logs.
fn where_it_went(ending: &Ending) -> String {
    match &ending.fate {
        // What local(8) throws away goes nowhere.
        Fate::Discarded if ending.hop.transport != b"local" => {
            format!("{} {}", went(ending), String::from_utf8_lossy(&ending.hop.nexthop).to_lowercase())
        }
        _ => went(ending),
    }
}

#[test]
fn the_sites_of_the_seeds() {
    let Some(oracle) = Oracle::find("generated") else { return };
    let work = Mutex::new(seeds().into_iter());
    let wrong = Mutex::new(String::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = work.lock().unwrap().next();
                    let Some(seed) = next else { break };
                    let found = catch_unwind(AssertUnwindSafe(|| differences(&oracle, seed)));
                    let found = found.unwrap_or_else(|panic| vec![said(&*panic)]);
                    if !found.is_empty() {
                        println!("@seed {seed}:\n  {}", found.join("\n  "));
                        let _ = writeln!(wrong.lock().unwrap(), "seed {seed}:\n  {}", found.join("\n  "));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "\n{wrong}");
}
