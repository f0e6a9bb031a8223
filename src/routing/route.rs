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
use crate::routing::fate::filter::Filter;
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
    /// What the message goes through before anything else becomes of it; what [`ends`](Self::ends) tells is what
    /// becomes of it if it comes back unchanged.
    pub filter: Option<Filter>,
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

    /// The same, through the filter of the SMTP server, if it has one: mail that the filter's transport keeps, or ends,
    /// goes no further.
    fn through_filter(
        &mut self,
        router: &mut Router<'_>,
        route: &mut Route,
        stage: &str,
        sender: &[u8],
        recipient: &[u8],
    ) -> Result<(), LookupError> {
        let filter = router.server_filter()?;
        if let Some(hop) = filter.as_ref().and_then(|filter| filter.hop_for(recipient)) {
            let mut at_filter = Self::default();
            router.stage(stage, recipient, |router| {
                let resolved = router.stage("resolve", recipient, |router| router.resolve(sender, recipient))?;
                at_filter.hand_over(router, sender, &Resolved { hop, malformed: false, ..resolved })
            })?;
            if !at_filter.ends.iter().all(|end| matches!(end.fate, Fate::Relayed { .. })) {
                self.ends.append(&mut at_filter.ends);
                return Ok(());
            }
        }
        route.filter = filter;
        self.follow(router, stage, sender, recipient)
    }

    fn hand_over(&mut self, router: &mut Router<'_>, sender: &[u8], resolved: &Resolved) -> Result<(), LookupError> {
        let Resolved { hop, recipient, .. } = resolved;
        let text = || String::from_utf8_lossy(&hop.nexthop);
        let fate = if resolved.malformed {
            Fate::bounced("5.1.3", "bad address syntax")
        } else if let Some(fate) = router.kept_back(hop) {
            fate
        } else {
            match router.program(&hop.transport).as_slice() {
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
    /// What the SMTP server sends mail through.
    ///
    /// # Errors
    /// A parameter that cannot be expanded.
    pub fn server_filter(&mut self) -> Result<Option<Filter>, LookupError> {
        self.within(&Daemon::SmtpServer, |server| {
            let proxy = server.text("smtpd_proxy_filter")?;
            if !proxy.is_empty() {
                return Ok(Some(Filter { by: "smtpd_proxy_filter", value: proxy.to_vec(), nexthop: Vec::new() }));
            }
            let value = server.text("content_filter")?.to_vec();
            let nexthop = server.text("default_filter_nexthop")?.to_vec();
            Ok((!value.is_empty()).then_some(Filter { by: "content_filter", value, nexthop }))
        })
    }

    /// Follows mail from a sender (empty: a bounce) to an address, both in internal form. The route has steps if the
    /// router records them.
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

    /// What becomes of mail if one of the tables that were asked has an entry, and those before it have none; and so on
    /// with those that are asked then.
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
            filter: None,
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
            let sender = if sender.is_empty() { Vec::new() } else { self.rewrite(sender)? };
            return tracer.through_filter(self, route, "recipient", &sender, &address);
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
            tracer.through_filter(self, route, "recipient", &sender, &recipient)?;
        }
        for Asked { by, address, recipients } in copies.into_iter().filter(|copy| copies_by.contains(&copy.by)) {
            let (stage, mut tracer) = (delivery_stage(by), Tracer::default());
            for recipient in recipients {
                // What keeps a copy keeps nothing else.
                if let Err(error) = tracer.through_filter(self, route, &stage, &sender, &recipient) {
                    tracer.end(Ending::waiting(&recipient, &error));
                }
            }
            route.copies.push(Copy { by, address, ends: tracer.ends });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Source;
    use crate::config::catalogue::{Profile, Version};
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Platform, Site};
    use crate::maps::NoCaller;
    use crate::routing::Router;
    use std::path::Path;
    use std::sync::Arc;

    /// Where mail for an address ends, its filter first.
    fn ends(main: &str, address: &str, directory: &Path, profile: Option<Profile>) -> Vec<String> {
        ends_on(main, address, directory, Platform { profile, ..Platform::default() })
    }

    fn ends_on(main: &str, address: &str, directory: &Path, platform: Platform) -> Vec<String> {
        let source = |name: &str, text: &str| Arc::new(Source::new(name, text));
        let main = format!(
            "compatibility_level = 3.11\nmyhostname = mail.example.com\nmydestination = example.com\nalias_maps =\n\
             local_recipient_maps =\nlocal_transport = relay:local\n{main}"
        );
        let master = "smtp inet n - n - - smtpd\namavis unix - - n - 2 smtp\ndiscard unix - - n - - discard\n\
                      error unix - - n - - error\nrelay unix - - n - - smtp\nsmtp unix - - n - - smtp\n";
        let files = ConfigFiles::from_sources(directory, &source("main.cf", &main), Some(&source("master.cf", master)));
        let site = Site::new(Configuration::new(files, platform), PathMap::directory(directory, None));
        let route = Router::new(&site, Arc::new(NoCaller)).route(b"", address.as_bytes());
        let filter = route.filter.iter().map(ToString::to_string);
        filter.chain(route.ends.iter().map(ToString::to_string)).collect()
    }

    /// As mail went that smtpd of Postfix 3.11.7 took.
    #[test]
    fn what_goes_through_a_filter() {
        let here = "bob@example.com: relayed via relay to local";
        let gone = "bob@example.com: deferred: mail transport unavailable";
        let cases: [(&str, &[&str]); 10] = [
            ("", &[here]),
            ("amavis:[127.0.0.1]:10024", &["content_filter = amavis:[127.0.0.1]:10024", here]),
            ("amavis", &["content_filter = amavis", here]),
            ("nosuch:x", &[gone]),
            ("[127.0.0.1]:10024", &[gone]),
            ("discard:", &["bob@example.com: discarded"]),
            ("discard", &["bob@example.com: discarded"]),
            ("error:no", &["bob@example.com: bounced 5.0.0 no"]),
            (
                "amavis:[a\nsmtp_tls_security_level = x",
                &["bob@example.com: deferred: smtp would not run: Invalid TLS level \"x\""],
            ),
            ("\nsmtpd_proxy_filter = 127.0.0.1:10025", &["smtpd_proxy_filter = 127.0.0.1:10025", here]),
        ];
        for (filter, expected) in cases {
            let main = format!("content_filter = {filter}\n");
            assert_eq!(ends(&main, "bob@example.com", Path::new("/nowhere"), None), expected, "{filter}");
        }
    }

    /// Debian's programs read the origin from a file, those of others take the name of the file for it.
    #[test]
    fn the_origin_in_a_file() -> std::io::Result<()> {
        let scratch = tempfile::tempdir()?;
        std::fs::write(scratch.path().join("mailname"), "origin.example\nother.example\n")?;
        std::fs::write(scratch.path().join("empty"), "")?;
        let to =
            |name: &str, profile| ends(&format!("myorigin = /etc/postfix/{name}\n"), "bob", scratch.path(), profile);
        let debian = Some(Profile::DEBIAN);
        assert_eq!(to("mailname", debian), ["bob@origin.example: relayed via smtp to origin.example"]);
        assert_eq!(to("empty", debian), ["bob: deferred: myorigin: myorigin file /etc/postfix/empty is empty"]);
        let none = "bob: deferred: myorigin: /etc/postfix/none: cannot open file: No such file or directory";
        assert_eq!(to("none", debian), [none]);
        assert_eq!(to("mailname", None), ["bob@/etc/postfix/mailname: bounced 5.1.3 bad address syntax"]);
        Ok(())
    }

    /// Nobody gets mail by a server that ends as soon as it starts.
    #[test]
    fn a_server_that_does_not_run() {
        let to = |main: &str| ends(main, "bob@example.com", Path::new("/nowhere"), None);
        let why = "bob@example.com: deferred: the SMTP server would not run: ";
        let undefined = format!("{why}restriction class `x' needs a definition");
        assert_eq!(to("smtpd_restriction_classes = x\n"), [undefined]);
        let untyped = format!("{why}open dictionary: expecting \"type:name\" form instead of \"::1\"");
        assert_eq!(to("relay_domains = ::1\n"), [untyped.as_str()]);
        assert_eq!(to("mynetworks = 127.0.0.0/8 ::1\n"), [untyped]);
        // From 3.12 on it starts, and the list gives no answer.
        let target = Version::new(3, 12);
        let platform = Platform { target, ..Platform::default() };
        let to = |main: &str| ends_on(main, "bob@example.com", Path::new("/nowhere"), platform.clone());
        let no_answer = "bob@example.com: deferred: open dictionary: expecting \"type:name\" form instead of \"::1\"";
        assert_eq!(to("relay_domains = ::1\nmydestination =\n"), [no_answer]);
    }
}
