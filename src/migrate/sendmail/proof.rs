//! Where mail goes by the old site and by the new one, side by side, for every key of every table.

use super::old_site::OldSite;
use super::read::Row;
use super::report::{Line, Proof};
use super::resolve::{End, Sendmail};
use super::settings::{Class, Role};
use crate::config::Site;
use crate::mail::local_part::external;
use crate::maps::NoCaller;
use crate::routing::Router;
use crate::routing::access::{Access, Client, Session};
use crate::routing::fate::{Action, Ending, Fate};
use crate::routing::rewrite::resolve::AddressClass;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Adds what comes of each key to its line.
pub fn prove(old: &OldSite, new: &Site, lines: &mut [Line]) {
    let sendmail = Sendmail::new(old);
    let mut router = Router::new(new, Arc::new(NoCaller));
    let mut asked: HashMap<(&str, usize), String> = HashMap::new();
    for role in [Role::Aliases, Role::Virtuser, Role::Mailer, Role::Domain] {
        for row in old.rows(role) {
            if let Some(address) = address_for(role, row, old) {
                asked.insert((row.origin.file.as_str(), row.origin.line), address);
            }
        }
    }
    for class in [Class::Local, Class::Relay, Class::VirtHost] {
        for row in old.members(class).iter().filter_map(|name| name.row.as_ref()) {
            if row.key.contains('.') && super::lists::network(&row.key).is_none() && !row.key.starts_with(['.', '[']) {
                asked.insert((row.origin.file.as_str(), row.origin.line), format!("anyone@{}", row.key));
            }
        }
    }
    for line in lines {
        if let Some(address) = asked.get(&(line.origin.file.as_str(), line.origin.line)) {
            let proof = proof(&sendmail, &mut router, address);
            let is_known = !goes_on(old) || !proof.sendmail.contains("local user");
            line.proofs.extend(Some(proof).filter(|_| is_known));
        }
    }
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
    let session = Session { client, helo: None, sender: Vec::new(), sasl_user: None, tls: false };
    let service = router.smtp_server().and_then(|at| router.site.configuration.files.services.get(at));
    let reply = Access::new(router, service, session).ok().and_then(|mut access| {
        access.check(&[address.as_bytes().to_vec()]).into_iter().next().and_then(|verdict| verdict.reply)
    });
    match reply {
        Some(reply) => vec![End::Refused { status: reply.status, text: reply.text }],
        None => ends(router, address),
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
