//! What virtual(8) does with a recipient: a mailbox below `virtual_mailbox_base`, which belongs to somebody.
//!
//! Source: virtual(8), postconf(5) `virtual_mailbox_maps`, `virtual_uid_maps`, `virtual_minimum_uid`; experiments with
//! 3.11.

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
            agent.stage("virtual", recipient, |agent| {
                let Some(found) = agent.find_address("virtual_mailbox_maps", recipient)? else {
                    return Ok(Fate::unknown_user(&recipient.to_ascii_lowercase()));
                };
                let lowest = agent.number("virtual_minimum_uid")?;
                for (maps, lowest) in [("virtual_uid_maps", lowest), ("virtual_gid_maps", 1)] {
                    if !agent.has_id(maps, recipient, lowest)? {
                        return Ok(Fate::Deferred("mail system configuration error".into()));
                    }
                }
                let base = agent.text("virtual_mailbox_base")?;
                Ok(Fate::Delivered(Action::mailbox([&*base, b"/", &*found.value].concat())))
            })
        })
    }

    /// Whether tables have a number for a recipient, and one that is not too low.
    fn has_id(&mut self, maps: &str, recipient: &[u8], lowest: usize) -> Result<bool, LookupError> {
        let Some(found) = self.find_address(maps, recipient)? else {
            self.note(format_args!("not found in {maps}: virtual(8) does not know whose the mailbox is"));
            return Ok(false);
        };
        let text = String::from_utf8_lossy(&found.value).into_owned();
        let number: Option<u32> = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let is_good = number.is_some_and(|number| usize::try_from(number).is_ok_and(|number| number >= lowest));
        if !is_good {
            self.note(format_args!("{text} in {maps} is no number of at least {lowest}"));
        }
        Ok(is_good)
    }
}
