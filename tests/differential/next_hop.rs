//! What the DNS makes of a nexthop, beside Postfix's SMTP client: every address of every site in `testdata/next_hop`.
//!
//! A site has a file `dns` beside main.cf and its tables, for a server that both ask. `addresses` are sent to by
//! `sendmail -bv`; what the client said stands in `answers`. Nothing outside the machine can be reached in a test, so
//! the client names the last of the addresses that it tried. `POSTWRIGHT_BLESS=1` writes the answers anew.

use crate::mail_system::MailSystem;
use crate::records::compare_records;
use postwright::config::paths::PathMap;
use postwright::config::{ConfigFiles, Configuration, Platform, Site};
use postwright::dns::resolver::ServerResolver;
use postwright::maps::NoCaller;
use postwright::routing::Router;
use postwright::routing::fate::{Ending, Fate};
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::Oracle;
use support::dns_server::{Zone, serve};

fn sites() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/next_hop");
    let mut sites: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    sites.sort();
    sites
}

fn addresses(site: &Path) -> Vec<String> {
    fs::read_to_string(site.join("addresses")).unwrap().lines().map(str::to_string).collect()
}

/// `5.4.4 Host or domain name not found. …`, from a line of Postfix's log.
fn told(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(" to=<")?.1.split_once("dsn=")?;
    let (status, rest) = rest.split_once(", ")?;
    Some(format!("{status} {}", rest.split_once(" (")?.1.strip_suffix(')')?))
}

#[test]
fn the_record() {
    let Some(oracle) = Oracle::find("next-hop") else { return };
    let bless = std::env::var_os("POSTWRIGHT_BLESS").is_some();
    let passwd = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/route/passwd");
    let wrong = compare_records(sites(), "answers", bless, |site| {
        let system = MailSystem::start(&oracle, site, &passwd);
        let mut text = format!("# Postfix {}\n", oracle.version());
        for address in addresses(site) {
            let lines = system.verify_with("", &address, told);
            text += &format!("{address}: {}\n", lines.join("; "));
        }
        text
    });
    assert!(wrong.is_empty(), "Postfix says something else now:\n{wrong}");
}

/// What Postfix would log for an ending; which status a deferral has we do not tell.
fn logged(ending: &Ending) -> String {
    match &ending.fate {
        Fate::Bounced { status, reason } => format!("{status} {reason}"),
        Fate::Deferred(why) => format!("4 {why}"),
        Fate::Loop(why) => format!("5.4.6 {why}"),
        // It tries all, and tells of the last.
        Fate::Relayed { hosts } if !hosts.is_empty() => format!("connect to {}", hosts.last().unwrap()),
        fate => format!("{fate:?}"),
    }
}

#[test]
fn the_same_ends() {
    let (mut wrong, mut count) = (String::new(), 0);
    for site in sites() {
        let opened = Site::new(
            Configuration::new(ConfigFiles::load(&site).unwrap(), Platform::default()),
            PathMap::directory(&site, None),
        );
        let zone = fs::read_to_string(site.join("dns")).unwrap();
        let server = serve(Zone::parse(&zone), (Ipv4Addr::LOCALHOST, 0).into());
        let mut lookups =
            Router::new(&opened, Arc::new(NoCaller)).with_dns(Arc::new(ServerResolver::at(server).unwrap()));
        let answers = fs::read_to_string(site.join("answers")).unwrap();
        for (line, address) in answers.lines().skip(1).zip(addresses(&site)) {
            let theirs = line.strip_prefix(&format!("{address}: ")).unwrap();
            let deferred = theirs.strip_prefix("4.").map(|rest| format!("4 {}", &rest[4..]));
            let theirs = deferred.as_deref().unwrap_or(theirs);
            let tried = theirs.strip_prefix("4 connect to ").and_then(|rest| rest.rsplit_once(": "));
            let tried = tried.map(|(host, _)| format!("connect to {host}"));
            let theirs = tried.as_deref().unwrap_or(theirs);
            let ours: Vec<String> = lookups.route(b"", address.as_bytes()).ends.iter().map(logged).collect();
            count += 1;
            if ours.join("; ") != theirs {
                wrong += &format!("{address}\n  Postfix {theirs}\n  ours    {}\n", ours.join("; "));
            }
        }
    }
    assert!(count >= 50, "only {count} addresses");
    assert!(wrong.is_empty(), "\n{wrong}");
}
