//! What the keys of access and genericstable are tried with: clients, senders and recipients that an entry decides
//! about.

use super::checks::Session;
use super::lists::network;
use super::old_site::OldSite;
use super::read::Row;
use super::settings::{Class, Role};
use std::net::{IpAddr, Ipv4Addr};

/// A client that no site knows.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 213));
/// A domain that no site knows.
const ELSEWHERE: &str = "elsewhere.example";

/// Sessions for an entry of access, each with what is tried by it, in words.
#[must_use]
pub fn sessions(row: &Row, old: &OldSite, refused_client: Option<&Session>) -> Vec<(String, Session)> {
    let (tag, key) = match row.key.split_once(':') {
        Some(("connect" | "from" | "to" | "spam", _)) => row.key.split_once(':').unwrap_or_default(),
        Some(("ipv6", _)) | None => ("", row.key.as_str()),
        Some(_) => return Vec::new(),
    };
    let own = old.members(Class::Local).first().map(|name| name.name.as_str());
    let own = old.host.as_deref().or(own).unwrap_or("localhost");
    let plain = Session { address: STRANGER, name: None, sender: String::new(), recipient: format!("root@{own}") };
    let mut found = Vec::new();
    let is_network = network(key).is_some();
    if matches!(tag, "" | "connect")
        && let Some((words, session)) = client(row, key, &plain)
    {
        found.push((words, session));
    }
    if is_network || key.starts_with(['.', '[']) || key.contains([':', '/', ' ']) || key.is_empty() {
        return found;
    }
    let detailed = key.replace("+*@", "+detail@");
    if matches!(tag, "" | "from") {
        let sender = filled(&detailed, "anyone", ELSEWHERE);
        found.push((format!("from {sender}"), Session { sender, ..plain.clone() }));
    }
    if matches!(tag, "" | "to" | "spam") {
        let recipient = filled(&detailed, "root", own);
        // Who may not relay is refused before anybody looks whether the recipient is.
        let friend = Session { address: IpAddr::V4(Ipv4Addr::LOCALHOST), ..plain.clone() };
        let client = match tag {
            "spam" => refused_client.unwrap_or(&plain),
            _ if row.value.trim().eq_ignore_ascii_case("relay") => &plain,
            _ => &friend,
        };
        let by = if *client == plain { String::new() } else { format!(" by {}", client.address) };
        found.push((format!("to {recipient}{by}"), Session { recipient, ..client.clone() }));
    }
    found
}

/// `user@`, `domain` and `user@domain` as an address.
fn filled(key: &str, user: &str, domain: &str) -> String {
    match key.rsplit_once('@') {
        Some((_, "")) => format!("{key}{domain}"),
        Some(_) => key.to_string(),
        None => format!("{user}@{key}"),
    }
}

/// A client that a key is about; one that may relay sends mail elsewhere.
fn client(row: &Row, key: &str, plain: &Session) -> Option<(String, Session)> {
    let mut session = plain.clone();
    if row.value.trim().eq_ignore_ascii_case("relay") {
        session.recipient = format!("anyone@{ELSEWHERE}");
    }
    if let Some(network) = network(key) {
        session.address = first(&network)?;
    } else if key.contains(['@', ':', '/', '[', ' ']) || key.starts_with('.') || key.is_empty() {
        return None;
    } else {
        session.name = Some(key.to_string());
    }
    let to = if session.recipient == plain.recipient { String::new() } else { format!(" to {}", session.recipient) };
    let name = session.name.as_deref().unwrap_or("unknown");
    Some((format!("client {name}[{}]{to}", session.address), session))
}

/// An address in a network.
fn first(network: &str) -> Option<IpAddr> {
    let (address, is_whole) = match network.split_once('/') {
        Some((address, length)) => (address, length == "128"),
        None => (network, true),
    };
    let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
    Some(match address {
        address if is_whole => address,
        IpAddr::V4(address) => IpAddr::V4((address.to_bits() | 1).into()),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() | 1).into()),
    })
}

/// The first client that access refuses, for recipients who take everything.
#[must_use]
pub fn refused_client(old: &OldSite) -> Option<Session> {
    let rows = old.rows(Role::Access).iter().filter(|row| row.value.trim().eq_ignore_ascii_case("reject"));
    let mut sessions = rows.filter(|row| row.key.starts_with("connect:")).flat_map(|row| sessions(row, old, None));
    sessions.next().map(|(_, session)| session)
}

/// The sender that an entry of genericstable is for.
#[must_use]
pub fn sender(row: &Row, old: &OldSite) -> Option<String> {
    let key = row.key.replace("+*", "+detail");
    match key.rsplit_once('@') {
        Some(("", domain)) => Some(format!("anyone@{domain}")),
        Some(_) => Some(key),
        None => {
            let named = old.members(Class::Generics).first().map(|name| name.name.as_str());
            Some(format!("{key}@{}", old.host.as_deref().or(named)?))
        }
    }
}
