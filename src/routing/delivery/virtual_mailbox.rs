//! What virtual(8) does with a recipient: a mailbox below `virtual_mailbox_base`.
//!
//! Source: virtual(8), postconf(5) `virtual_mailbox_maps`.

use crate::maps::LookupError;
use crate::routing::fate::{Action, Fate};
use crate::routing::rewrite::resolve::Resolved;
use crate::routing::router::Router;
use crate::routing::router::daemon::Daemon;

impl Router<'_> {
    /// The mailbox of a recipient of the virtual delivery agent, or a bounce.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub fn virtual_mailbox(&mut self, resolved: &Resolved) -> Result<Fate, LookupError> {
        let recipient = &resolved.recipient;
        self.within(&Daemon::Agent(resolved.hop.transport.clone()), |agent| {
            let found =
                agent.stage("virtual", recipient, |agent| agent.find_address("virtual_mailbox_maps", recipient))?;
            let base = agent.text("virtual_mailbox_base")?;
            Ok(match found {
                Some(found) if base.is_empty() => Fate::Delivered(Action::mailbox(found.value)),
                Some(found) => Fate::Delivered(Action::mailbox([&*base, b"/", &*found.value].concat())),
                None => Fate::unknown_user(recipient),
            })
        })
    }
}
