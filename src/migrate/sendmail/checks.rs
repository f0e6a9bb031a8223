//! What Sendmail says to a client: its rules `check_relay`, `check_mail` and `check_rcpt`, as far as the access table
//! and the classes decide.
//!
//! Each form of a key is looked up with its tag and without, the longest form first. What the DNS decides is passed by.
//! Source: cf/README, access(5), and the rules that m4 makes of it, tried with 8.17.

use super::access_value::Action;
use super::lists::network;
use super::networks::Networks;
use super::old_site::{OldSite, parents};
use super::read::Row;
use super::reply::{Reply, split_code};
use super::resolve::{End, Sendmail};
use super::settings::{Class, Flag, Role};
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;

/// A client and what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its address.
    pub address: IpAddr,
    /// Its name, if that leads back to the address.
    pub name: Option<String>,
    /// The sender; empty for the null sender.
    pub sender: String,
    /// The recipient.
    pub recipient: String,
}

/// What is said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The mail is taken.
    Taken,
    /// It is taken and waits for a person.
    Held,
    /// It is taken and thrown away.
    Discarded,
    /// It is refused.
    Refused(Reply),
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("taken"),
            Self::Held => f.write_str("held"),
            Self::Discarded => f.write_str("discarded"),
            Self::Refused(reply) => write!(f, "refused {reply}"),
        }
    }
}

/// The tables that decide.
pub struct Checks<'s> {
    sendmail: &'s Sendmail<'s>,
    site: &'s OldSite,
    access: HashMap<&'s str, &'s Row>,
    relaying: Networks,
}

impl<'s> Checks<'s> {
    /// Takes those of a site.
    #[must_use]
    pub fn new(sendmail: &'s Sendmail<'s>) -> Self {
        let site = sendmail.site;
        let access = site.rows(Role::Access).iter().map(|row| (row.key.as_str(), row)).collect();
        let networks: Vec<String> = site.members(Class::Relay).iter().filter_map(|name| network(&name.name)).collect();
        Self { sendmail, site, access, relaying: Networks::of(&networks) }
    }

    /// What is said in the end.
    #[must_use]
    pub fn said(&self, session: &Session) -> Said {
        let recipient = self.check_rcpt(session);
        let is_friend = self.site.settings.has(Flag::DelayChecksFriend)
            && self.recipient_forms(&session.recipient).any(|form| {
                self.access
                    .get(format!("spam:{form}").as_str())
                    .is_some_and(|row| Action::parse(&row.value) == Action::Friend)
            });
        let before = match is_friend {
            true => [Said::Taken, Said::Taken],
            false => [self.check_relay(session), self.check_mail(&session.sender)],
        };
        let all = before.into_iter().chain([recipient, self.parsed(&session.recipient)]);
        let mut in_the_end = Said::Taken;
        for said in all {
            match said {
                Said::Taken => {}
                Said::Held => in_the_end = Said::Held,
                other => return other,
            }
        }
        in_the_end
    }

    /// A recipient that all tables refuse is refused at once.
    fn parsed(&self, recipient: &str) -> Said {
        let mut refused = Said::Taken;
        for end in self.sendmail.ends(recipient) {
            match end {
                End::Refused { status, text } => {
                    let code = if status.starts_with('4') { 450 } else { 550 };
                    refused = Said::Refused(Reply { code, status, text });
                }
                _ => return Said::Taken,
            }
        }
        refused
    }

    fn check_relay(&self, session: &Session) -> Said {
        let by_name = session.name.as_deref().and_then(|name| self.find("connect", self.domain_forms(name)));
        let action = by_name.or_else(|| self.find("connect", address_forms(session.address).into_iter()));
        self.done(action, "550 5.7.1 Access denied")
    }

    fn check_mail(&self, sender: &str) -> Said {
        let Some((local, domain)) = sender.rsplit_once('@') else { return Said::Taken };
        let forms = with_user(local, domain).into_iter().chain(with_user(local, "")).chain(self.domain_forms(domain));
        self.done(self.find("from", forms), "550 5.7.1 Access denied")
    }

    fn check_rcpt(&self, session: &Session) -> Said {
        if self.site.settings.has(Flag::BlocklistRecipients) {
            let found = self.find("to", self.recipient_forms(&session.recipient));
            match self.done(found, "550 5.2.1 Mailbox disabled for this recipient") {
                Said::Taken => {}
                said => return said,
            }
        }
        if self.may_relay_to(&session.recipient) || self.may_relay_from(session) {
            Said::Taken
        } else {
            Said::Refused(Reply::new(550, Some("5.7.1"), "Relaying denied"))
        }
    }

    fn may_relay_to(&self, recipient: &str) -> bool {
        let Some((local, domain)) = recipient.rsplit_once('@') else { return true };
        let domain = domain.to_lowercase();
        let relays = |action: Option<Action>| action == Some(Action::Relay);
        self.site.is_local(&domain)
            || self.is_relayed(&domain)
            || relays(self.find("to", self.hosts_of(&domain)))
            || self.site.settings.has(Flag::AccessRelayToFullAddress)
                && relays(self.find("to", with_user(local, &domain).into_iter()))
    }

    fn may_relay_from(&self, session: &Session) -> bool {
        let relays = |action: Option<Action>| action == Some(Action::Relay);
        let address = session.address;
        let by_name = session.name.as_deref().map(str::to_lowercase).is_some_and(|name| {
            self.site.is_local(&name) || self.is_relayed(&name) || relays(self.find("connect", self.hosts_of(&name)))
        });
        by_name
            || address.is_loopback()
            || self.relaying.hold_or_are(&address.to_string())
            || relays(self.find("connect", address_forms(address).into_iter()))
    }

    /// Whether a domain is in class R, or below one of it.
    fn is_relayed(&self, domain: &str) -> bool {
        let settings = &self.site.settings;
        let is_member =
            |name: &str| [Class::Relay, Class::VirtHost].iter().any(|class| self.site.has_member(*class, name));
        let own = self.site.host.as_deref().and_then(|host| host.split_once('.')).map(|(_, domain)| domain);
        let own = own.filter(|_| settings.has(Flag::RelayEntireDomain));
        is_member(domain)
            || own == Some(domain)
            || parents(domain)
                .any(|parent| own == Some(parent) || is_member(parent) && !settings.has(Flag::RelayHostsOnly))
    }

    /// The names for which relaying is looked up: those above, too, unless names are those of hosts.
    fn hosts_of(&self, name: &str) -> Box<dyn Iterator<Item = String> + '_> {
        match self.site.settings.has(Flag::RelayHostsOnly) {
            true => Box::new(std::iter::once(name.to_string())),
            false => Box::new(self.domain_forms(name)),
        }
    }

    fn domain_forms(&self, domain: &str) -> impl Iterator<Item = String> + use<> {
        let domain = domain.to_lowercase();
        let with_dots = self.site.settings.has(Flag::AccessLookupDotDomain);
        let above: Vec<String> = parents(&domain)
            .flat_map(|parent| with_dots.then(|| format!(".{parent}")).into_iter().chain([parent.to_string()]))
            .collect();
        std::iter::once(domain).chain(above)
    }

    fn recipient_forms(&self, recipient: &str) -> impl Iterator<Item = String> + use<> {
        let (local, domain) = recipient.rsplit_once('@').unwrap_or((recipient, "localhost"));
        let of_user = if self.site.is_local(&domain.to_lowercase()) { with_user(local, "") } else { Vec::new() };
        with_user(local, domain).into_iter().chain(of_user).chain(self.domain_forms(domain))
    }

    /// What is said to the first form that has an entry: with the tag, else without. `SKIP` ends the search among the
    /// domains above, but not that for an address.
    fn find(&self, tag: &str, mut forms: impl Iterator<Item = String>) -> Option<Action> {
        forms.find_map(|form| {
            let tagged = self.access.get(format!("{tag}:{form}").as_str());
            let action = Action::parse(&tagged.or_else(|| self.access.get(form.as_str()))?.value);
            Some(action).filter(|action| *action != Action::Skip || !form.contains('@') || !self.knows_skip())
        })
    }

    fn knows_skip(&self) -> bool {
        self.site.settings.has(Flag::AccessSkip) || !self.site.has_configuration
    }

    fn done(&self, action: Option<Action>, rejected: &str) -> Said {
        match action {
            Some(Action::Reject) => {
                let own = self.site.settings.reject_text.as_ref().map(|said| said.what.as_str());
                let (code, text) = split_code(own.unwrap_or(rejected));
                Said::Refused(Reply::new(code.unwrap_or(553), None, text))
            }
            Some(Action::Refuse(reply)) => Said::Refused(reply),
            Some(Action::Other(word)) => Said::Refused(Reply::new(553, Some("5.3.0"), &word)),
            Some(Action::Skip) if !self.knows_skip() => Said::Refused(Reply::new(553, Some("5.3.0"), "SKIP")),
            Some(Action::Discard) => Said::Discarded,
            Some(Action::Quarantine(_)) => Said::Held,
            Some(Action::Relay | Action::Accept | Action::Skip | Action::Friend | Action::Hater) | None => Said::Taken,
        }
    }
}

/// `user+detail@domain`, `user+*@domain`, `user@domain`
fn with_user(local: &str, domain: &str) -> Vec<String> {
    let (local, domain) = (local.to_lowercase(), domain.to_lowercase());
    let mut forms = vec![format!("{local}@{domain}")];
    if let Some((user, _)) = local.split_once('+') {
        forms.push(format!("{user}+*@{domain}"));
        forms.push(format!("{user}@{domain}"));
    }
    forms
}

/// An address and its beginnings, those of IPv6 in full: `10.1.2.3`, `10.1.2`, `10.1`, `10`.
fn address_forms(address: IpAddr) -> Vec<String> {
    let (text, dot) = match address.to_canonical() {
        IpAddr::V4(address) => (address.to_string(), '.'),
        IpAddr::V6(address) => {
            let groups = address.segments().map(|group| format!("{group:x}"));
            (format!("ipv6:{}", groups.join(":")), ':')
        }
    };
    let ends = text.rmatch_indices(dot).map(|(at, _)| &text[..at]).filter(|form| *form != "ipv6");
    std::iter::once(text.as_str()).chain(ends).map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_looked_up_from_the_longest_on() {
        let of = |text: &str| address_forms(text.parse().expect("an address"));
        assert_eq!(of("10.1.2.3"), ["10.1.2.3", "10.1.2", "10.1", "10"]);
        let six = of("2001:db8::1");
        assert_eq!((six[0].as_str(), six[7].as_str(), six.len()), ("ipv6:2001:db8:0:0:0:0:0:1", "ipv6:2001", 8));
        assert_eq!(with_user("Joe+x", "Example.com"), ["joe+x@example.com", "joe+*@example.com", "joe@example.com"]);
    }
}
