//! What becomes of mail that is handed to a transport which leads away from this machine.

use super::next_hop::{Failure, MailHost, NextHop};
use crate::maps::LookupError;
use crate::routing::rewrite::transport::Hop;
use crate::routing::route::Fate;
use crate::routing::router::Lookups;
use crate::routing::router::trail::Trail;

/// What a transport does with mail.
pub(in crate::routing) enum Handed {
    /// It ends here; with the hosts that would be tried, if the DNS was asked and has any.
    Ends(Fate, Vec<MailHost>),
    /// This machine is the last resort, and this hop takes it there.
    Own(Hop),
}

impl Lookups<'_> {
    /// Hands mail to a transport that is none of this machine's own delivery agents.
    ///
    /// # Errors
    /// A parameter that cannot be expanded.
    pub(in crate::routing) fn hand_away(&mut self, hop: &Hop, trail: &mut Trail) -> Result<Handed, LookupError> {
        let relayed = Handed::Ends(Fate::Relayed, Vec::new());
        let Some(protocol) = self.client_protocol(hop) else { return Ok(relayed) };
        if !self.has_dns() || hop.nexthop.starts_with(b"unix:") {
            return Ok(relayed);
        }
        let fate = match self.next_hop(hop, protocol, trail)? {
            NextHop::Hosts(hosts) => return Ok(Handed::Ends(Fate::Relayed, hosts)),
            // From client to client there might be no end.
            NextHop::Own(own) if self.client_protocol(&own).is_none() => return Ok(Handed::Own(own)),
            NextHop::Own(_) => Fate::Deferred("best_mx_transport leads to a client".into()),
            NextHop::Loop(why) => Fate::Loop(why),
            NextHop::NoPrimary(why) => Fate::Deferred(why),
            NextHop::None(Failure { for_now: true, text, .. }) => Fate::Deferred(text),
            NextHop::None(Failure { status, text, .. }) => Fate::Bounced(status.into(), text),
        };
        Ok(Handed::Ends(fate, Vec::new()))
    }

    /// What a client of the transport speaks, if it has one.
    fn client_protocol(&self, hop: &Hop) -> Option<&'static str> {
        match self.daemon(&hop.transport).as_slice() {
            b"smtp" => Some("smtp"),
            b"lmtp" => Some("lmtp"),
            _ => None,
        }
    }
}
