//! The whole way of one address: rewritten, taken or refused, mapped, resolved, and delivered or handed on.
//!
//! Where the DNS would decide and may not be asked, the nexthop is the answer.

use crate::maps::LookupError;
use crate::routing::access::Verdict;
use crate::routing::access::unknown::{Refusal, split_status};
use crate::routing::cleanup::copies::{Asked, PARAMETERS, delivery_stage};
use crate::routing::cleanup::envelope::Envelope;
use crate::routing::cleanup::map_address::Mapped;
use crate::routing::delivery::hand_over::Handed;
use crate::routing::delivery::sink::{NewMessage, Sink};
use crate::routing::fate::{Copy, Ending, Fate};
use crate::routing::rewrite::resolve::Resolved;
use crate::routing::router::Router;
use crate::routing::router::daemon::Daemon;
use crate::routing::router::trail::Step;
use crate::routing::router::unknown::Question;

/// How often mail may be sent on to a new address before that counts as a loop.
const MAX_FORWARDS: usize = 50;

/// So many answers of tables that nobody here can ask are followed.
const MOST_ALTERNATIVES: usize = 12;

/// The stage in which the SMTP server looks whether the address exists.
pub const SERVER_STAGE: &str = "SMTP server";

/// Where mail for one address goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The address, as given.
    pub address: Vec<u8>,
    /// What happened, in order; nothing unless the router records it.
    pub steps: Vec<Step>,
    /// What the SMTP server would say instead of taking the address.
    pub refusal: Option<Refusal>,
    /// The address as it is after rewriting.
    pub rewritten: Vec<u8>,
    /// Where it ends; if it is refused, where it would end if it came another way.
    pub ends: Vec<Ending>,
    /// The blind copies that are made of it, should it be taken.
    pub copies: Vec<Copy>,
    /// What else would become of it if tables that nobody here can ask had entries: all above is so if they have none.
    pub alternatives: Vec<Alternative>,
}

/// What becomes of mail if tables that nobody here can ask have entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The entries that there are; never empty.
    pub there: Vec<Question>,
    /// What the SMTP server would say instead of taking the address.
    pub refusal: Option<Refusal>,
    /// Where it ends.
    pub ends: Vec<Ending>,
}

impl Alternative {
    /// Whether it is taken and all of it arrives.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.refusal.is_none() && self.ends.iter().all(|end| end.fate.is_good())
    }

    /// `tcp:[::1]:7777 has example.com and tcp:[::1]:7778 has an entry for it`
    #[must_use]
    pub fn condition(&self) -> String {
        self.there.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
    }
}

impl Route {
    /// Whether it is taken and all of it arrives, or may be for all that is known.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.refusal.is_none() && self.ends_well() || self.alternatives.iter().any(Alternative::is_good)
    }

    /// Whether the mail, once taken, and its copies arrive: that a copy does not, nobody is told.
    #[must_use]
    pub fn ends_well(&self) -> bool {
        let copies = self.copies.iter().flat_map(|copy| &copy.ends);
        self.ends.iter().chain(copies).all(|end| end.fate.is_good())
            || self.alternatives.iter().any(Alternative::is_good)
    }

    /// Ends the way of a message that the SMTP server takes and discards, before its first step; nor are there copies.
    pub fn settle(&mut self, verdict: &Verdict) {
        if verdict.discards() {
            self.steps.clear();
            self.copies.clear();
            self.alternatives.clear();
            self.ends = vec![Ending::early(&self.rewritten, Fate::Discarded)];
        }
    }
}

/// Follows mail to all its ends.
#[derive(Default)]
struct Tracer {
    /// The local recipients, in lower case, whose mail it was.
    delivered_to: Vec<Vec<u8>>,
    ends: Vec<Ending>,
}

impl Sink for Tracer {
    fn has_come_by(&self, recipient: &[u8]) -> bool {
        self.delivered_to.iter().any(|name| name == recipient)
    }

    fn end(&mut self, ending: Ending) {
        self.ends.push(ending);
    }

    fn send_on(&mut self, router: &mut Router<'_>, message: &NewMessage<'_>) -> Result<(), LookupError> {
        self.delivered_to.push(message.delivered_to.to_ascii_lowercase());
        let done = self.follow_message(router, message);
        self.delivered_to.pop();
        done
    }
}

impl Tracer {
    fn follow_message(&mut self, router: &mut Router<'_>, message: &NewMessage<'_>) -> Result<(), LookupError> {
        if self.delivered_to.len() > MAX_FORWARDS {
            self.end(Ending::early(message.recipient, Fate::Loop("too many hops".into())));
            return Ok(());
        }
        match router.within(&Daemon::Cleanup, |cleanup| cleanup.map(message.recipient))? {
            (_, Mapped::Addresses(recipients)) => {
                for recipient in recipients {
                    self.follow(router, "recipient", message.sender, &recipient)?;
                }
            }
            (recipient, Mapped::TooMuch(words)) => self.end(Ending::early(&recipient, Fate::Loop(words))),
        }
        Ok(())
    }

    /// Resolves a final recipient and looks what its transport does with it; `stage` is the name of that on the trail.
    fn follow(
        &mut self,
        router: &mut Router<'_>,
        stage: &str,
        sender: &[u8],
        recipient: &[u8],
    ) -> Result<(), LookupError> {
        router.stage(stage, recipient, |router| {
            let resolved = router.stage("resolve", recipient, |router| router.resolve(sender, recipient))?;
            self.hand_over(router, sender, &resolved)
        })
    }

    fn hand_over(&mut self, router: &mut Router<'_>, sender: &[u8], resolved: &Resolved) -> Result<(), LookupError> {
        let Resolved { hop, recipient, .. } = resolved;
        let text = || String::from_utf8_lossy(&hop.nexthop);
        let fate = if resolved.malformed {
            Fate::bounced("5.1.3", "bad address syntax")
        } else {
            match router.program(&hop.transport).as_slice() {
                _ if router.is_missing(&hop.transport) => Fate::Deferred("mail transport unavailable".into()),
                b"local" => return router.deliver_locally(sender, resolved, self),
                b"virtual" => router.virtual_mailbox(resolved)?,
                b"discard" => Fate::Discarded,
                b"error" if hop.transport == b"retry" => Fate::Deferred(split_status(&text(), "4.0.0").1),
                b"error" => {
                    let (status, reason) = split_status(&text(), "5.0.0");
                    Fate::bounced(status, reason)
                }
                _ => match router.hand_away(hop)? {
                    Handed::Ends(fate) => fate,
                    Handed::Own(hop) => return self.hand_over(router, sender, &Resolved { hop, ..resolved.clone() }),
                },
            }
        };
        self.end(Ending { recipient: recipient.clone(), class: Some(resolved.class), hop: hop.clone(), fate });
        Ok(())
    }
}

impl Router<'_> {
    /// Follows mail from a sender (empty: a bounce) to an address, both in internal form. The route has steps if the router
    /// records them.
    #[must_use]
    pub fn route(&mut self, sender: &[u8], address: &[u8]) -> Route {
        self.route_with(sender, address, &PARAMETERS)
    }

    /// The same, of the copies only with those that one of these parameters asks for.
    #[must_use]
    pub fn route_with(&mut self, sender: &[u8], address: &[u8], copies_by: &[&str]) -> Route {
        let _ = self.open_questions();
        let mut route = self.route_once(sender, address, copies_by);
        let asked = self.open_questions();
        if !asked.is_empty() {
            let recording = std::mem::take(&mut self.recording);
            let mut left = MOST_ALTERNATIVES;
            self.add_alternatives((sender, address), &[], &asked, &mut left, &mut route.alternatives);
            self.recording = recording;
        }
        route
    }

    /// What becomes of mail if one of the tables that were asked has an entry, and those before it have none; and so on with those
    /// that are asked then.
    fn add_alternatives(
        &mut self,
        (sender, address): (&[u8], &[u8]),
        there: &[Question],
        asked: &[Question],
        left: &mut usize,
        found: &mut Vec<Alternative>,
    ) {
        for question in asked {
            if *left == 0 {
                break;
            }
            *left -= 1;
            self.assume(question, true);
            let Route { refusal, ends, .. } = self.route_once(sender, address, &[]);
            let there = [there, std::slice::from_ref(question)].concat();
            let more = self.open_questions();
            found.push(Alternative { there: there.clone(), refusal, ends });
            self.add_alternatives((sender, address), &there, &more, left, found);
            self.assume(question, false);
        }
        asked.iter().for_each(|question| self.forget(question));
    }

    fn route_once(&mut self, sender: &[u8], address: &[u8], copies_by: &[&str]) -> Route {
        let mut route = Route {
            address: address.to_vec(),
            steps: Vec::new(),
            refusal: None,
            rewritten: address.to_vec(),
            ends: Vec::new(),
            copies: Vec::new(),
            alternatives: Vec::new(),
        };
        let mut tracer = Tracer::default();
        let (done, steps) = self.recorded(|router| router.follow(sender, copies_by, &mut route, &mut tracer));
        route.ends = tracer.ends;
        if let Err(error) = done {
            route.ends.push(Ending::waiting(&route.rewritten, &error));
        }
        route.steps = steps;
        route
    }

    fn follow(
        &mut self,
        sender: &[u8],
        copies_by: &[&str],
        route: &mut Route,
        tracer: &mut Tracer,
    ) -> Result<(), LookupError> {
        route.rewritten = self.rewrite(&route.address)?;
        let address = route.rewritten.clone();
        if let Some(why) = self.server_fault() {
            tracer.end(Ending::early(&address, Fate::Deferred(format!("the SMTP server would not run: {why}"))));
            return Ok(());
        }
        route.refusal = self.stage(SERVER_STAGE, &address, |router| {
            let resolved = router.resolve(sender, &address)?;
            router.within(&Daemon::SmtpServer, |server| {
                let is_asked = server.is_yes("smtpd_reject_unlisted_recipient")?
                    && !server.has_word("receive_override_options", "no_unknown_recipient_checks")?;
                if is_asked { server.refusal(&resolved) } else { Ok(None) }
            })
        })?;
        let is_mapped = !self
            .within(&Daemon::SmtpServer, |server| server.has_word("receive_override_options", "no_address_mappings"))?;
        if !is_mapped {
            self.note("receive_override_options: no_address_mappings");
            return tracer.follow(self, "recipient", sender, &address);
        }
        let envelope = self.within(&Daemon::Cleanup, |cleanup| cleanup.map_envelope(sender, &address))?;
        let (sender, recipients, copies) = match envelope {
            Envelope::Taken { sender, recipients, copies } => (sender, recipients, copies),
            Envelope::TooMuch(recipient, words) => {
                tracer.end(Ending::early(&recipient, Fate::Loop(words)));
                return Ok(());
            }
        };
        for recipient in recipients {
            tracer.follow(self, "recipient", &sender, &recipient)?;
        }
        for Asked { by, address, recipients } in copies.into_iter().filter(|copy| copies_by.contains(&copy.by)) {
            let (stage, mut tracer) = (delivery_stage(by), Tracer::default());
            for recipient in recipients {
                // What keeps a copy keeps nothing else.
                if let Err(error) = tracer.follow(self, &stage, &sender, &recipient) {
                    tracer.end(Ending::waiting(&recipient, &error));
                }
            }
            route.copies.push(Copy { by, address, ends: tracer.ends });
        }
        Ok(())
    }
}
