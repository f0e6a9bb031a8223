//! What both mail systems say, in the same words: where an address ends, and what is said to a client.

use postwright::routing::access::{Effect, Verdict};
use postwright::routing::fate::{Action, Ending, Fate};
use std::collections::BTreeSet;

/// Where mail for an address ends: `user joe`, `to HOST ADDRESS`, `file`, `command`, `refused`, `refused for now`.
pub type Ends = BTreeSet<String>;

/// Lines of `sendmail -bv`.
pub fn by_sendmail(lines: &[String]) -> Ends {
    let mut ends: Ends = lines.iter().filter_map(|line| end_of(line)).collect();
    // A failure for now is told twice.
    if ends.contains(FOR_NOW) {
        ends.remove(REFUSED);
    }
    ends
}

pub const REFUSED: &str = "refused";
pub const FOR_NOW: &str = "refused for now";

fn end_of(line: &str) -> Option<String> {
    if line.starts_with("rewrite: excessive recursion") {
        return None;
    }
    let Some((_, mailer)) = line.split_once("... deliverable: mailer ") else { return Some(REFUSED.to_string()) };
    let (mailer, user) = mailer.split_once(", user ").unwrap();
    let (mailer, host) = mailer.split_once(", host ").unwrap_or((mailer, ""));
    Some(match mailer {
        "local" => format!("user {}", user.trim_start_matches('\\').to_lowercase()),
        "prog" => format!("command {}", user.trim_matches('"').trim_start_matches('|').trim()),
        "*file*" => format!("file {user}"),
        "*error*" => FOR_NOW.to_string(),
        // Hosts to go on with stand behind a colon.
        _ => to(&host.trim_end_matches('.').replace("]:[", "], ["), user),
    })
}

fn to(host: &str, address: &str) -> String {
    format!("to {host} {address}").to_lowercase()
}

/// An ending of ours.
pub fn by_us(ending: &Ending) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let address = text(&postwright::mail::local_part::external(&ending.recipient));
    match &ending.fate {
        Fate::Delivered(Action::Command(command)) => format!("command {}", text(command)),
        Fate::Delivered(Action::File(file)) => format!("file {}", text(file)),
        Fate::Delivered(_) => user(&address),
        Fate::Relayed { .. } => to(&text(&ending.hop.nexthop), &address),
        Fate::Discarded => "discarded".to_string(),
        Fate::Bounced { .. } => REFUSED.to_string(),
        Fate::Deferred(why) | Fate::Loop(why) | Fate::Unknown(why) => why.clone(),
    }
}

fn user(address: &str) -> String {
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    format!("user {}", local.split('+').next().unwrap()).to_lowercase()
}

/// A line of `sendmail -bv` of Postfix's; none where the message is sent on, with where it is sent.
pub fn by_postfix(line: &str) -> Result<String, String> {
    let Some(rest) = line.strip_prefix("to=<") else { return Ok(REFUSED.to_string()) };
    let (address, rest) = rest.split_once('>').unwrap();
    let (_, status) = rest.split_once("status=").unwrap();
    let (status, why) = status.split_once(" (").unwrap();
    let why = why.strip_suffix(')').unwrap_or(why);
    if let Some(next) = why.strip_prefix("forwards to ") {
        return Err(next.to_string());
    }
    Ok(match (status, why.strip_prefix("delivers to ")) {
        ("deliverable", Some("mailbox")) => user(address),
        ("deliverable", Some(how)) => how.replacen(": ", " ", 1),
        ("deliverable", None) => to(why, address),
        ("undeliverable", _) if rest.contains("dsn=4") => FOR_NOW.to_string(),
        _ => REFUSED.to_string(),
    })
}

/// What is said to a client, by the three lines of `sendmail -bt`.
pub fn said_by_sendmail(lines: &[String]) -> String {
    for line in lines {
        let Some((_, error)) = line.split_once("$# error ") else {
            if line.contains("$# discard") {
                return "discarded".to_string();
            }
            continue;
        };
        let (status, text) = error.split_once("$: ").unwrap();
        if status.contains("quarantine") {
            return "held".to_string();
        }
        let words = text.trim_start_matches('"');
        let code = words.split(' ').next().unwrap().parse::<u32>().ok();
        // Without a code it is the status that counts, and 553 without either.
        let class = code.map_or_else(|| status.contains("$@ 4"), |code| code < 500);
        return if class { FOR_NOW } else { REFUSED }.to_string();
    }
    "taken".to_string()
}

/// The same of ours.
pub fn said_by_us(verdict: &Verdict) -> String {
    match &verdict.reply {
        Some(reply) if reply.code < 500 => FOR_NOW.to_string(),
        Some(_) => REFUSED.to_string(),
        None if verdict.discards() => "discarded".to_string(),
        None if verdict.effects.contains(&Effect::Hold) => "held".to_string(),
        None => "taken".to_string(),
    }
}
