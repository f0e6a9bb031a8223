//! Where mail goes by the old site and by the new one, side by side, for every key of every table.

use super::checks::{Checks, Said, Session as Probe};
use super::old_site::OldSite;
use super::outgoing::Outgoing;
use super::probes::{refused_client, sender, sessions};
use super::read::Row;
use super::reply::Reply;
use super::report::{Line, Proof};
use super::resolve::{End, Sendmail};
use super::settings::{Class, Role};
use crate::config::Site;
use crate::mail::local_part::{external, internal};
use crate::maps::NoCaller;
use crate::routing::Router;
use crate::routing::access::effect::Effect;
use crate::routing::access::{Access, Client, ClientName, Session, Verdict};
use crate::routing::fate::{Action, Ending, Fate};
use crate::routing::rewrite::resolve::AddressClass;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// What a key is tried with.
enum Asked {
    /// Mail for an address.
    Address(String),
    /// A client, and what is tried, in words.
    Client(String, Probe),
    /// A sender in a header.
    Sender(String),
}

/// Adds what comes of each key to its line.
pub fn prove(old: &OldSite, new: &Site, lines: &mut [Line]) {
    let sendmail = Sendmail::new(old);
    let (checks, outgoing) = (Checks::new(&sendmail), Outgoing::new(old));
    let mut router = Router::new(new, Arc::new(NoCaller));
    let asked = asked(old);
    for line in lines {
        for asked in asked.get(&(line.origin.file.as_str(), line.origin.line)).into_iter().flatten() {
            line.proofs.extend(match asked {
                Asked::Address(address) => {
                    let proof = proof(&sendmail, &mut router, address);
                    let is_known = !goes_on(old) || !proof.sendmail.contains("local user");
                    Some(proof).filter(|_| is_known)
                }
                Asked::Client(words, session) => {
                    let (theirs, ours) = (checks.said(session), said_by_postfix(&mut router, session));
                    Some(Proof {
                        asked: words.clone(),
                        sendmail: theirs.to_string(),
                        postfix: ours.to_string(),
                        same: is_said_alike(&theirs, &ours),
                    })
                }
                Asked::Sender(address) => {
                    let theirs = outgoing.sender(address);
                    let ours = written_by_postfix(&mut router, address);
                    let same = theirs == ours;
                    Some(Proof { asked: format!("sender {address}"), sendmail: theirs, postfix: ours, same })
                }
            });
        }
    }
}

/// What is tried for each line.
fn asked(old: &OldSite) -> HashMap<(&str, usize), Vec<Asked>> {
    let mut found: Vec<(&Row, Asked)> = Vec::new();
    for role in [Role::Aliases, Role::Virtuser, Role::Mailer, Role::Domain] {
        for row in old.rows(role) {
            found.extend(address_for(role, row, old).map(|address| (row, Asked::Address(address))));
        }
    }
    for class in [Class::Local, Class::Relay, Class::VirtHost] {
        for row in old.members(class).iter().filter_map(|name| name.row.as_ref()) {
            if row.key.contains('.') && super::lists::network(&row.key).is_none() && !row.key.starts_with(['.', '[']) {
                found.push((row, Asked::Address(format!("anyone@{}", row.key))));
            }
        }
    }
    // A host without recipients of its own takes no mail.
    if old.settings.null_client.is_none() {
        let refused = refused_client(old);
        for row in old.rows(Role::Access) {
            let sessions = sessions(row, old, refused.as_ref()).into_iter();
            found.extend(sessions.map(|(words, session)| (row, Asked::Client(words, session))));
        }
    }
    for row in old.rows(Role::Generics) {
        found.extend(sender(row, old).map(|address| (row, Asked::Sender(address))));
    }
    let mut asked: HashMap<(&str, usize), Vec<Asked>> = HashMap::new();
    for (row, what) in found {
        asked.entry((row.origin.file.as_str(), row.origin.line)).or_default().push(what);
    }
    asked
}

/// Whether mail for a local user goes on by what only the host knows: whether there is such a user.
fn goes_on(old: &OldSite) -> bool {
    let settings = &old.settings;
    [&settings.luser_relay, &settings.mail_hub, &settings.local_relay, &settings.null_client]
        .iter()
        .any(|to| to.is_some())
}

/// An address that a key is for.
fn address_for(role: Role, row: &Row, old: &OldSite) -> Option<String> {
    let key = row.key.as_str();
    match role {
        Role::Aliases => {
            let name = super::resolve::alias_name(key, old);
            (!name.contains(['@', '*', ' ', '"'])).then(|| format!("{name}@localhost"))
        }
        Role::Virtuser => {
            let (local, domain) = key.rsplit_once('@')?;
            let local = match local {
                "" => "anyone".to_string(),
                "++" | "+*" => "anyone+detail".to_string(),
                _ => local.replace("++", "+detail").replace("+*", "+detail"),
            };
            Some(format!("{local}@{domain}"))
        }
        Role::Mailer => match key {
            "." => Some("anyone@elsewhere.example".into()),
            _ if key.starts_with('.') => Some(format!("anyone@host{key}")),
            _ => Some(format!("anyone@{key}")),
        },
        Role::Domain => (!key.starts_with('.')).then(|| format!("anyone@{key}")),
        _ => None,
    }
}

/// What both sites do with mail for an address.
#[must_use]
pub fn proof(sendmail: &Sendmail<'_>, router: &mut Router<'_>, address: &str) -> Proof {
    let theirs = sendmail.ends(address);
    let refused = theirs.iter().all(|end| matches!(end, End::Refused { .. }));
    let ours = if refused { refusal(router, address) } else { ends(router, address) };
    let same = is_same(&theirs, &ours);
    let shown = |ends: &[End]| ends.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Proof { asked: address.to_string(), sendmail: shown(&theirs), postfix: shown(&ours), same }
}

fn is_same(theirs: &[End], ours: &[End]) -> bool {
    // Who is in a list, nobody here can tell.
    let known = |end: &&End| !matches!(end, End::Include(_));
    if theirs.iter().any(|end| !known(&end)) {
        return theirs.iter().filter(known).all(|end| ours.contains(end));
    }
    theirs.len() == ours.len()
        && theirs.iter().zip(ours).all(|(one, other)| match (one, other) {
            (End::Refused { status: one, .. }, End::Refused { status: other, .. }) => one == other,
            _ => one == other,
        })
}

/// What the new SMTP server says to an address that the old one refuses; where it takes it, where that goes.
fn refusal(router: &mut Router<'_>, address: &str) -> Vec<End> {
    let client = Client::at(IpAddr::V4(Ipv4Addr::LOCALHOST));
    match verdict(router, client, "", address).and_then(|verdict| verdict.reply) {
        Some(reply) => vec![End::Refused { status: reply.status, text: reply.text }],
        None => ends(router, address),
    }
}

fn verdict(router: &mut Router<'_>, client: Client, sender: &str, recipient: &str) -> Option<Verdict> {
    let sender = internal(sender.as_bytes());
    let session = Session { client, helo: Some(b"client.example".to_vec()), sender, sasl_user: None, tls: false };
    let service = router.smtp_server().and_then(|at| router.site.configuration.files.services.get(at));
    let mut access = Access::new(router, service, session).ok()?;
    access.check(&[internal(recipient.as_bytes())]).into_iter().next()
}

/// What the new SMTP server says to a client.
#[must_use]
pub fn said_by_postfix(router: &mut Router<'_>, probe: &Probe) -> Said {
    let name = probe.name.as_ref().map_or(ClientName::Unknown, |name| ClientName::Known(name.clone().into_bytes()));
    let client = Client { name: name.clone(), reverse_name: name, ..Client::at(probe.address) };
    let Some(verdict) = verdict(router, client, &probe.sender, &probe.recipient) else {
        return Said::Refused(Reply::new(451, Some("4.3.5"), "Server configuration error"));
    };
    match &verdict.reply {
        // Whether a user is there, this machine cannot tell for the other.
        Some(reply) if reply.text.ends_with("User unknown in local recipient table") => Said::Taken,
        Some(reply) => Said::Refused(Reply {
            code: u16::try_from(reply.code).unwrap_or(u16::MAX),
            status: reply.status.clone(),
            text: reply.text.clone(),
        }),
        None if verdict.discards() => Said::Discarded,
        None if verdict.effects.contains(&Effect::Hold) => Said::Held,
        None => Said::Taken,
    }
}

/// Whether both take it alike, or refuse it alike: for good, or for now. Codes and words are those of each.
fn is_said_alike(theirs: &Said, ours: &Said) -> bool {
    match (theirs, ours) {
        (Said::Refused(theirs), Said::Refused(ours)) => theirs.is_temporary() == ours.is_temporary(),
        _ => theirs == ours,
    }
}

/// How a sender stands in the headers of mail from the new site.
fn written_by_postfix(router: &mut Router<'_>, address: &str) -> String {
    match router.header_sender(&internal(address.as_bytes())) {
        Ok(sender) => String::from_utf8_lossy(&external(&sender)).into_owned(),
        Err(error) => error.to_string(),
    }
}

fn ends(router: &mut Router<'_>, address: &str) -> Vec<End> {
    let route = router.route(b"", address.as_bytes());
    let mut ends: Vec<End> = route.ends.iter().map(of_ending).collect();
    ends.sort();
    ends.dedup();
    ends
}

fn of_ending(ending: &Ending) -> End {
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let recipient = lossy(&external(&ending.recipient));
    let user = || {
        let local = recipient.rsplit_once('@').map_or(recipient.as_str(), |(local, _)| local);
        let user = local.split_once('+').map_or(local, |(user, _)| user);
        End::User(user.to_lowercase())
    };
    let is_local = ending.class == Some(AddressClass::Local);
    match &ending.fate {
        Fate::Delivered(Action::Command(command)) => End::Command(lossy(command)),
        Fate::Delivered(Action::File(file)) => End::File(lossy(file)),
        Fate::Delivered(_) => user(),
        // Whether a user is there, this machine cannot tell for the other.
        Fate::Bounced { reason, .. } if is_local && reason.starts_with("unknown user") => user(),
        Fate::Bounced { status, reason } => End::Refused { status: status.clone(), text: reason.clone() },
        Fate::Relayed { .. } => End::Host { host: lossy(&ending.hop.nexthop), address: recipient },
        Fate::Discarded => End::Discarded,
        Fate::Deferred(why) | Fate::Loop(why) | Fate::Unknown(why) => End::Broken(why.clone()),
    }
}
