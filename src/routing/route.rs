//! The whole way of one address: rewritten, taken or refused, mapped, resolved, and delivered or handed on.
//!
//! Where the DNS would decide and may not be asked, the nexthop is the answer.

use crate::maps::LookupError;
use crate::routing::access::unknown::{Refusal, split_status};
use crate::routing::cleanup::copies::{Asked, Copy, PARAMETERS, delivery_stage};
use crate::routing::cleanup::envelope::Envelope;
use crate::routing::cleanup::map_address::Mapped;
use crate::routing::delivery::hand_over::Handed;
use crate::routing::delivery::next_hop::MailHost;
use crate::routing::rewrite::resolve::{AddressClass, Resolved};
use crate::routing::rewrite::transport::Hop;
use crate::routing::router::Lookups;
use crate::routing::router::daemon::Daemon;
use crate::routing::router::trail::{Step, Trail};
use std::fmt;

/// How often mail may be sent on to a new address before that counts as a loop.
const MAX_FORWARDS: usize = 50;

/// Behind an ending whose nexthop is a domain, for which a client would ask the DNS, and not a host or a socket.
pub const OR_MX: &str = ", or the MX hosts that the DNS has for it";

/// The stage in which the SMTP server looks whether the address exists.
pub const SERVER_STAGE: &str = "SMTP server";

/// Where mail for one address goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The address, as given.
    pub address: Vec<u8>,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// What the SMTP server would say instead of taking the address.
    pub refusal: Option<Refusal>,
    /// The address as it is after rewriting.
    pub rewritten: Vec<u8>,
    /// Where it ends; if it is refused, where it would end if it came another way.
    pub ends: Vec<Ending>,
    /// The blind copies that are made of it, should it be taken.
    pub copies: Vec<Copy>,
}

/// Where mail ends for one final recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The recipient.
    pub recipient: Vec<u8>,
    /// Its class.
    pub class: Option<AddressClass>,
    /// The transport and nexthop that were settled.
    pub hop: Hop,
    /// What becomes of it there.
    pub fate: Fate,
    /// The hosts that would be tried, in order; empty unless it is relayed and the DNS was asked.
    pub hosts: Vec<MailHost>,
}

/// What becomes of mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Delivered on this machine: `mailbox /var/mail/joe`, `command …`, `file …`.
    Delivered(String),
    /// Handed to the transport.
    Relayed,
    /// Thrown away, as the configuration says.
    Discarded,
    /// Returned to the sender: an enhanced status code and why.
    Bounced(String, String),
    /// Kept for a later try that gives the same: why.
    Deferred(String),
    /// Sent round in a circle.
    Loop(String),
}

impl Fate {
    /// The word for it that programs read.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Delivered(_) => "delivered",
            Self::Relayed => "relayed",
            Self::Discarded => "discarded",
            Self::Bounced(..) => "bounced",
            Self::Deferred(_) => "deferred",
            Self::Loop(_) => "loop",
        }
    }

    /// Whether mail arrives, or leaves for another machine.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Delivered(_) | Self::Relayed | Self::Discarded)
    }
}

impl Ending {
    /// Mail that is not taken since mapping its address would go on for ever.
    fn unmapped(recipient: &[u8], words: String) -> Self {
        Self {
            recipient: recipient.to_vec(),
            class: None,
            hop: Hop::default(),
            fate: Fate::Loop(words),
            hosts: Vec::new(),
        }
    }

    /// Mail that waits for a table's answer.
    fn kept(recipient: &[u8], error: &LookupError) -> Self {
        let fate = Fate::Deferred(error.to_string());
        Self { recipient: recipient.to_vec(), class: None, hop: Hop::default(), fate, hosts: Vec::new() }
    }

    /// What there is to add where the nexthop is not the last word: the hosts that the DNS has for it, in brackets, or [`OR_MX`].
    #[must_use]
    pub fn by_dns(&self) -> String {
        if !self.hosts.is_empty() {
            let hosts: Vec<String> = self.hosts.iter().map(ToString::to_string).collect();
            return format!(" ({})", hosts.join(", "));
        }
        let is_domain = self.fate == Fate::Relayed
            && matches!(self.hop.transport.as_slice(), b"smtp" | b"relay")
            && !self.hop.nexthop.starts_with(b"[")
            && !self.hop.nexthop.starts_with(b"unix:");
        if is_domain { OR_MX.to_string() } else { String::new() }
    }
}

/// `joe@example.com: relayed via smtp to [mail.example.com]`; what is not UTF-8 is replaced.
impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", String::from_utf8_lossy(&self.recipient))?;
        match &self.fate {
            Fate::Delivered(how) => write!(f, "delivered to {how}"),
            Fate::Relayed => {
                let (transport, nexthop) = (&self.hop.transport, &self.hop.nexthop);
                let (transport, nexthop) = (String::from_utf8_lossy(transport), String::from_utf8_lossy(nexthop));
                write!(f, "relayed via {transport} to {nexthop}")
            }
            Fate::Discarded => f.write_str("discarded"),
            Fate::Bounced(status, why) => write!(f, "bounced {status} {why}"),
            Fate::Deferred(why) => write!(f, "deferred: {why}"),
            Fate::Loop(why) => write!(f, "would loop: {why}"),
        }
    }
}

impl Route {
    /// Whether it is taken and all of it arrives.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.refusal.is_none() && self.ends_well()
    }

    /// Whether the mail, once taken, and its copies arrive: that a copy does not, nobody is told.
    #[must_use]
    pub fn ends_well(&self) -> bool {
        let copies = self.copies.iter().flat_map(|copy| &copy.ends);
        self.ends.iter().chain(copies).all(|end| end.fate.is_good())
    }
}

impl Lookups<'_> {
    /// Follows mail from a sender (empty: a bounce) to an address, both in internal form.
    #[must_use]
    pub fn route(&mut self, sender: &[u8], address: &[u8]) -> Route {
        self.route_with(sender, address, &PARAMETERS)
    }

    /// The same, of the copies only with those that one of these parameters asks for.
    #[must_use]
    pub fn route_with(&mut self, sender: &[u8], address: &[u8], copies_by: &[&str]) -> Route {
        let mut trail = Trail::default();
        let mut route = Route {
            address: address.to_vec(),
            steps: Vec::new(),
            refusal: None,
            rewritten: address.to_vec(),
            ends: Vec::new(),
            copies: Vec::new(),
        };
        if let Err(error) = self.follow(sender, copies_by, &mut route, &mut trail) {
            route.ends.push(Ending::kept(&route.rewritten, &error));
        }
        route.steps = trail.finish();
        route
    }

    fn follow(
        &mut self,
        sender: &[u8],
        copies_by: &[&str],
        route: &mut Route,
        trail: &mut Trail,
    ) -> Result<(), LookupError> {
        route.rewritten = self.rewrite(&route.address, trail)?;
        let address = route.rewritten.clone();
        route.refusal = trail.stage(SERVER_STAGE, &address, |trail| {
            let resolved = self.resolve(sender, &address, trail)?;
            self.within(&Daemon::SmtpServer, |server| {
                let is_asked = server.is_yes("smtpd_reject_unlisted_recipient")?
                    && !server.has_word("receive_override_options", "no_unknown_recipient_checks")?;
                if is_asked { server.refusal(&resolved, trail) } else { Ok(None) }
            })
        })?;
        let is_mapped = !self
            .within(&Daemon::SmtpServer, |server| server.has_word("receive_override_options", "no_address_mappings"))?;
        let mut seen = Vec::new();
        if !is_mapped {
            trail.note("receive_override_options: no_address_mappings");
            return self.deliver("recipient", sender, &address, &mut seen, &mut route.ends, trail);
        }
        let envelope = self.within(&Daemon::Cleanup, |cleanup| cleanup.map_envelope(sender, &address, trail))?;
        let (sender, recipients, copies) = match envelope {
            Envelope::Taken { sender, recipients, copies } => (sender, recipients, copies),
            Envelope::TooMuch(recipient, words) => {
                route.ends.push(Ending::unmapped(&recipient, words));
                return Ok(());
            }
        };
        for recipient in recipients {
            self.deliver("recipient", &sender, &recipient, &mut seen, &mut route.ends, trail)?;
        }
        for Asked { by, address, recipients } in copies.into_iter().filter(|copy| copies_by.contains(&copy.by)) {
            let (stage, mut ends) = (delivery_stage(by), Vec::new());
            for recipient in recipients {
                // What keeps a copy keeps nothing else.
                if let Err(error) = self.deliver(&stage, &sender, &recipient, &mut seen, &mut ends, trail) {
                    ends.push(Ending::kept(&recipient, &error));
                }
            }
            route.copies.push(Copy { by, address, ends });
        }
        Ok(())
    }

    /// Mail that this machine sends on, with an address that is rewritten; `seen` are the local recipients whose mail it was.
    pub(super) fn submit(
        &mut self,
        sender: &[u8],
        address: &[u8],
        seen: &mut Vec<Vec<u8>>,
        ends: &mut Vec<Ending>,
        trail: &mut Trail,
    ) -> Result<(), LookupError> {
        if seen.len() > MAX_FORWARDS {
            ends.push(Ending::unmapped(address, "too many hops".into()));
            return Ok(());
        }
        match self.within(&Daemon::Cleanup, |cleanup| cleanup.map(address, trail))? {
            (_, Mapped::Addresses(recipients)) => {
                for recipient in recipients {
                    self.deliver("recipient", sender, &recipient, seen, ends, trail)?;
                }
            }
            (recipient, Mapped::TooMuch(words)) => ends.push(Ending::unmapped(&recipient, words)),
        }
        Ok(())
    }

    /// Resolves a final recipient and looks what its transport does with it; `stage` is the name of that on the trail.
    fn deliver(
        &mut self,
        stage: &str,
        sender: &[u8],
        recipient: &[u8],
        seen: &mut Vec<Vec<u8>>,
        ends: &mut Vec<Ending>,
        trail: &mut Trail,
    ) -> Result<(), LookupError> {
        trail.begin(stage, recipient);
        let resolved = trail.stage("resolve", recipient, |trail| self.resolve(sender, recipient, trail))?;
        let done = self.hand_over(sender, &resolved, seen, ends, trail);
        trail.end();
        done
    }

    fn hand_over(
        &mut self,
        sender: &[u8],
        resolved: &Resolved,
        seen: &mut Vec<Vec<u8>>,
        ends: &mut Vec<Ending>,
        trail: &mut Trail,
    ) -> Result<(), LookupError> {
        let text = String::from_utf8_lossy(&resolved.hop.nexthop).into_owned();
        let mut found = Vec::new();
        let fate = if resolved.malformed {
            Fate::Bounced("5.1.3".into(), "bad address syntax".into())
        } else {
            match self.daemon(&resolved.hop.transport).as_slice() {
                _ if self.is_missing(&resolved.hop.transport) => Fate::Deferred("mail transport unavailable".into()),
                b"local" => return self.deliver_locally(sender, resolved, seen, ends, trail),
                b"virtual" => self.virtual_mailbox(resolved, trail)?,
                b"discard" => Fate::Discarded,
                b"error" if resolved.hop.transport == b"retry" => Fate::Deferred(split_status(&text, "4.0.0").1),
                b"error" => {
                    let (status, reason) = split_status(&text, "5.0.0");
                    Fate::Bounced(status, reason)
                }
                _ => match self.hand_away(&resolved.hop, trail)? {
                    Handed::Ends(fate, hosts) => {
                        found = hosts;
                        fate
                    }
                    Handed::Own(hop) => {
                        let resolved = Resolved { hop, ..resolved.clone() };
                        return self.hand_over(sender, &resolved, seen, ends, trail);
                    }
                },
            }
        };
        ends.push(Ending {
            recipient: resolved.recipient.clone(),
            class: Some(resolved.class),
            hop: resolved.hop.clone(),
            fate,
            hosts: found,
        });
        Ok(())
    }

    /// The program of master.cf that serves a transport; without master.cf the one of a stock installation.
    #[must_use]
    pub fn daemon(&self, transport: &[u8]) -> Vec<u8> {
        let services = &self.configuration.files.services;
        let is_it = |kind: &[u8]| kind == b"unix";
        let own = services
            .iter()
            .find(|service| service.line.name().bytes() == transport && is_it(service.line.service_type().bytes()));
        match own {
            Some(service) => service.line.command().bytes().to_vec(),
            None if transport == b"retry" => b"error".to_vec(),
            None if transport == b"relay" => b"smtp".to_vec(),
            None => transport.to_vec(),
        }
    }

    /// Whether there is a master.cf, and no such transport in it.
    fn is_missing(&self, transport: &[u8]) -> bool {
        let files = &self.configuration.files;
        let is_it = |kind: &[u8]| kind == b"unix";
        let mut services = files.services.iter();
        files.master.is_some()
            && !services
                .any(|service| service.line.name().bytes() == transport && is_it(service.line.service_type().bytes()))
    }

    /// What virtual(8) does: a mailbox below `virtual_mailbox_base`.
    fn virtual_mailbox(&mut self, resolved: &Resolved, trail: &mut Trail) -> Result<Fate, LookupError> {
        let maps = "virtual_mailbox_maps";
        let agent = Daemon::Agent(resolved.hop.transport.clone());
        let (found, base) = self.within(&agent, |agent| {
            let recipient = &resolved.recipient;
            let found = trail.stage("virtual", recipient, |trail| agent.find_address(maps, recipient, trail))?;
            Ok((found, agent.text("virtual_mailbox_base")?))
        })?;
        Ok(match found {
            Some(found) => {
                let path = if base.is_empty() { found.value } else { [&*base, b"/", &*found.value].concat() };
                Fate::Delivered(kind_of_mailbox(&path))
            }
            None => Fate::Bounced("5.1.1".into(), unknown(&resolved.recipient)),
        })
    }
}

/// A path that ends in `/` is a maildir.
#[must_use]
pub fn kind_of_mailbox(path: &[u8]) -> String {
    let kind = if path.ends_with(b"/") { "maildir" } else { "mailbox" };
    format!("{kind} {}", String::from_utf8_lossy(path))
}

/// The words for a recipient that nobody knows.
#[must_use]
pub fn unknown(name: &[u8]) -> String {
    format!("unknown user: \"{}\"", String::from_utf8_lossy(name))
}
