//! What becomes of mail that is handed to a transport which leads away from this machine.

use super::next_hop::{Failure, NextHop};
use super::pipe_command::{bad_macro, is_no_program};
use crate::maps::LookupError;
use crate::routing::fate::Fate;
use crate::routing::rewrite::transport::Hop;
use crate::routing::router::Router;
use crate::routing::router::daemon::Daemon;

/// What a transport does with mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// It ends here.
    Ends(Fate),
    /// This machine is the last resort, and this hop takes it there.
    Own(Hop),
}

impl Router<'_> {
    /// Hands mail to a transport that is none of this machine's own delivery agents.
    ///
    /// # Errors
    /// A parameter that cannot be expanded.
    pub fn hand_away(&mut self, hop: &Hop) -> Result<Handed, LookupError> {
        let agent = Daemon::Agent(hop.transport.clone());
        let Some(protocol) = self.client_protocol(hop) else {
            let is_pipe = self.program(&hop.transport) == b"pipe";
            return Ok(Handed::Ends(match self.within(&agent, |agent| is_pipe.then(|| bad_macro(agent)).flatten()) {
                Some(why) => {
                    self.note(why);
                    Fate::Deferred("mail system configuration error".into())
                }
                None if is_pipe && self.within(&agent, |agent| is_no_program(agent)) => {
                    Fate::Deferred("temporary failure".into())
                }
                None => Fate::RELAYED,
            }));
        };
        if !hop.nexthop.starts_with(b"unix:")
            && let Some(why) = self.within(&agent, |agent| agent.connection_fault(protocol, &hop.nexthop))
        {
            return Ok(Handed::Ends(Fate::Deferred(why)));
        }
        if !hop.nexthop.starts_with(b"unix:")
            && let Some(why) = self.within(&agent, |agent| agent.tls_fault(&hop.nexthop, protocol))?
        {
            self.note(format_args!("TLS policy: {why}"));
            return Ok(Handed::Ends(Fate::Deferred("client TLS configuration problem".into())));
        }
        if !self.has_dns() || hop.nexthop.starts_with(b"unix:") {
            return Ok(Handed::Ends(Fate::RELAYED));
        }
        Ok(Handed::Ends(match self.next_hop(hop, protocol)? {
            NextHop::Hosts(hosts) => Fate::Relayed { hosts },
            // From client to client there might be no end.
            NextHop::Own(own) if self.client_protocol(&own).is_none() => return Ok(Handed::Own(own)),
            NextHop::Own(_) => Fate::Deferred("best_mx_transport leads to a client".into()),
            NextHop::Loop(why) => Fate::Loop(why),
            NextHop::NoPrimary(why) => Fate::Deferred(why),
            NextHop::None(Failure { for_now: true, text, .. }) => Fate::Deferred(text),
            NextHop::None(Failure { status, text, .. }) => Fate::bounced(status, text),
        }))
    }

    /// What a client of the transport speaks, if it has one.
    fn client_protocol(&self, hop: &Hop) -> Option<&'static str> {
        match self.program(&hop.transport).as_slice() {
            b"smtp" => Some("smtp"),
            b"lmtp" => Some("lmtp"),
            _ => None,
        }
    }
}
