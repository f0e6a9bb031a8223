//! mailertable, and the hosts that sendmail.mc names: which way mail for others goes.
//!
//! Sendmail asks the mailertable for domains only that are not its own; transport_maps is asked for all of them, so
//! that own names below a `.domain` key have a line that keeps them.

use super::draft::Draft;
use super::lists::LOCAL_DOMAINS;
use super::next_hop::{hosts, next_hop};
use super::old_site::OldSite;
use super::read::Row;
use super::reply::{Reply, Table};
use super::report::Verdict;
use super::resolve::with_arguments;
use super::settings::{Class, Flag, Role};
use super::virtual_users::{TRANSPORT, VIRTUAL, own_domain};
use std::collections::HashSet;

/// Mailers that speak SMTP.
const SMTP: [&str; 5] = ["smtp", "esmtp", "smtp8", "dsmtp", "relay"];

/// Carries mailertable and smart host over.
pub fn carry(site: &OldSite, draft: &mut Draft) {
    let mut rows: Vec<&Row> = site.rows(Role::Mailer).iter().collect();
    // The longest key first, as patterns are tried in order.
    rows.sort_by_key(|row| std::cmp::Reverse(row.key.len()));
    for row in rows {
        let verdict = of_row(site, row, draft);
        draft.told(row.line(verdict));
    }
    let own: Vec<String> = [site.host.clone()]
        .into_iter()
        .flatten()
        .chain(site.members(Class::Local).iter().map(|name| name.name.clone()))
        .collect();
    let keys = site.rows(Role::Mailer).iter().map(|row| row.key.as_str());
    let parents: HashSet<&str> = keys.filter(|key| key.starts_with('.') && key.len() > 1).collect();
    for name in own {
        if name.match_indices('.').any(|(at, _)| parents.contains(&name[at..])) {
            draft.entry(TRANSPORT, &name, ":");
        }
    }
    // A key for all domains leaves nothing for the smart host.
    let is_free = !draft.values.contains_key("relayhost");
    if let Some(smart) = site.settings.smart_host.as_ref().filter(|_| is_free) {
        let next = next_hop(&smart.what);
        draft.element("relayhost", &next, Some(&smart.origin));
    }
    if let Some(hub) = &site.settings.null_client {
        draft.element("relayhost", &next_hop(&hub.what), Some(&hub.origin));
    }
    hubs(site, draft);
}

/// MAIL_HUB, LOCAL_RELAY and LUSER_RELAY: mail for local users that goes elsewhere.
fn hubs(site: &OldSite, draft: &mut Draft) {
    let settings = &site.settings;
    if let Some(hub) = settings.mail_hub.as_ref().or(settings.local_relay.as_ref()) {
        let transport = match hub.what.mailer.as_deref() {
            Some("local") => format!("local:{}", hub.what.host),
            _ => format!("relay:{}", next_hop(&hub.what)),
        };
        draft.element("mailbox_transport", &transport, Some(&hub.origin));
    }
    if let Some(hub) = settings.mail_hub.as_ref().filter(|hub| hub.what.mailer.as_deref() != Some("local")) {
        // An address with a domain goes to the hub past all aliases.
        for name in site.members(Class::Local).iter().filter(|name| site.host.as_deref() != Some(name.name.as_str())) {
            if settings.has(Flag::StickyHost) || hub.what.host.starts_with('[') {
                draft.entry(TRANSPORT, &name.name, &format!("relay:{}", next_hop(&hub.what)));
            } else {
                draft.entry(VIRTUAL, &format!("@{}", name.name), &format!("@{}", hub.what.host));
            }
        }
    }
    if let Some(luser) = &settings.luser_relay {
        match luser.what.mailer.as_deref() {
            Some("local") => draft.element("luser_relay", &luser.what.host, Some(&luser.origin)),
            Some("error") => {}
            _ => draft.element("fallback_transport", &format!("relay:{}", next_hop(&luser.what)), Some(&luser.origin)),
        }
        draft.element("local_recipient_maps", "", Some(&luser.origin));
    }
}

fn of_row(site: &OldSite, row: &Row, draft: &mut Draft) -> Verdict {
    let key = row.key.as_str();
    if site.is_local(key) {
        return Verdict::carried(format!(
            "nothing: {key} is in {LOCAL_DOMAINS}, and Sendmail asks this table for others only"
        ));
    }
    let Some((mailer, rest)) = row.value.split_once(':') else {
        return Verdict::decide(
            "without MAILER: Sendmail takes no notice of the value",
            &["leave it out: mail goes the usual way", "write esmtp:HOST and migrate again"],
        );
    };
    let mailer = mailer.to_ascii_lowercase();
    let rest = rest.trim();
    match mailer.as_str() {
        mailer if SMTP.contains(&mailer) => through_smtp(key, mailer, rest, draft),
        "error" => {
            if row.value.contains('%') {
                return Verdict::decide(
                    "an error text with arguments has no place in a transport table",
                    &["write it without"],
                );
            }
            let reply = Reply::parse(rest, Table::Mailer);
            draft.entry(TRANSPORT, &postfix_key(key), &reply.transport());
            Verdict::carried(TRANSPORT)
        }
        "discard" => {
            draft.entry(TRANSPORT, &postfix_key(key), &format!("discard:{rest}"));
            Verdict::decide(
                format!("{TRANSPORT}: mail is thrown away, as was meant; Sendmail has no such mailer and returns it"),
                &["leave it so", "take the entry out of transport"],
            )
        }
        "local" if key.starts_with('.') => Verdict::decide(
            "mail for all subdomains is for this host, and mydestination takes no such thing",
            &["name each subdomain in local-host-names", "a pcre: table in mydestination"],
        ),
        "local" if rest.is_empty() => {
            draft.list(LOCAL_DOMAINS, key);
            Verdict::carried(format!("{LOCAL_DOMAINS} (mydestination)"))
        }
        "local" => {
            draft.list(super::lists::VIRTUAL_DOMAINS, key);
            let user = if rest.contains('@') || site.host.is_none() {
                rest.to_string()
            } else {
                format!("{rest}@{}", own_domain(site))
            };
            draft.entry(VIRTUAL, &format!("@{key}"), &user);
            Verdict::carried("virtual, for all of the domain, and virtual-domains (virtual_alias_domains)")
        }
        _ => Verdict::decide(
            format!("{mailer} is a mailer that Postfix has no service for"),
            &["a service of pipe(8) in master.cf, named in transport", "leave it out"],
        ),
    }
}

fn through_smtp(key: &str, mailer: &str, rest: &str, draft: &mut Draft) -> Verdict {
    let transport = if mailer == "relay" { "relay" } else { "smtp" };
    if rest.contains('@') {
        return Verdict::decide(
            "it names a recipient in the place of all those of the domain",
            &["an entry @DOMAIN ADDRESS in virtual, and HOST in transport", "leave it out"],
        );
    }
    let hosts = hosts(rest);
    if hosts.is_empty() {
        return Verdict::decide("no host stands behind the mailer", &["write one and migrate again", "leave it out"]);
    }
    if hosts.len() > 1 && hosts[1..].iter().all(|host| host.bytes().all(|byte| byte.is_ascii_digit())) {
        return Verdict::decide(
            format!("for Sendmail {} is a second host, not a port", hosts[1]),
            &["if a port was meant: HOST:PORT in transport", "leave it out: mail goes to the first host"],
        );
    }
    let hosts = hosts.join(", ");
    if rest.contains('%') {
        if key.starts_with('.') {
            return Verdict::decide(
                "Postfix puts no part of an address into the name of a host (transport_maps)",
                &["a line in transport for each subdomain", "MX records for the hosts, and no line"],
            );
        }
        draft.entry(TRANSPORT, key, &format!("{transport}:{}", with_arguments(&hosts, &[key])));
        return Verdict::carried(TRANSPORT);
    }
    if key == "." {
        draft.element("relayhost", hosts.split(", ").next().unwrap_or_default(), None);
        let others = hosts.split_once(", ").map(|(_, others)| others);
        return match others {
            None => Verdict::carried("main.cf: relayhost"),
            Some(others) => {
                others.split(", ").for_each(|host| draft.element("relayhost", host, None));
                Verdict::carried("main.cf: relayhost, one host behind the other")
            }
        };
    }
    draft.entry(TRANSPORT, &postfix_key(key), &format!("{transport}:{hosts}"));
    Verdict::carried(TRANSPORT)
}

fn postfix_key(key: &str) -> String {
    if key == "." { "*".to_string() } else { key.to_string() }
}
