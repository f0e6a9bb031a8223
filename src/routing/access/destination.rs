//! Restrictions on where mail goes: whether this machine is in charge of it, and whether the address exists there.
//!
//! Source: postconf(5), `reject_unauth_destination`, `reject_unlisted_recipient`.

use super::decision::{Checked, Decision, Stop, Subject};
use super::topic::Topic;
use super::unknown::split_status;
use super::walk::Access;
use crate::routing::rewrite::resolve::AddressClass;

impl Access<'_, '_> {
    pub(super) fn permit_auth_destination(&mut self) -> Checked {
        let is_ours = self.is_in_charge()?;
        Ok(if is_ours { Decision::Permit } else { Decision::Undecided })
    }

    pub(super) fn reject_unauth_destination(&mut self, code: usize, status: &str) -> Checked {
        if self.recipient.is_empty() || self.is_in_charge()? {
            return Ok(Decision::Undecided);
        }
        let text = format!("<{}>: Relay access denied", String::from_utf8_lossy(&self.recipient));
        Ok(self.reject(code, status, text))
    }

    /// Whether mail to the recipient is this machine's, or to be relayed by it.
    fn is_in_charge(&mut self) -> Result<bool, Stop> {
        let recipient = self.recipient.clone();
        if recipient.is_empty() {
            return Ok(false);
        }
        let resolved = self.resolve(&recipient).map_err(|_| Stop::lookup(&recipient))?;
        if resolved.routed && !self.router.is_yes("allow_untrusted_routing").unwrap_or(false) {
            self.router.note("the local part may be followed elsewhere");
            return Ok(false);
        }
        self.router.note(format_args!("{} is of class {}", String::from_utf8_lossy(&recipient), resolved.class));
        Ok(resolved.class != AddressClass::Default)
    }

    pub(super) fn reject_unlisted_sender(&mut self) -> Checked {
        let sender = self.session.sender.clone();
        if sender.is_empty() || self.sender_listed {
            return Ok(Decision::Undecided);
        }
        // Who was only warned about is looked for again.
        self.sender_listed = !self.warns;
        self.reject_unlisted(&sender, Topic::Sender)
    }

    pub(super) fn reject_unlisted_recipient(&mut self) -> Checked {
        let recipient = self.recipient.clone();
        if recipient.is_empty() || self.recipient_listed {
            return Ok(Decision::Undecided);
        }
        self.recipient_listed = !self.warns;
        self.reject_unlisted(&recipient, Topic::Recipient)
    }

    fn reject_unlisted(&mut self, address: &[u8], topic: Topic) -> Checked {
        let lookup = |_| Stop::lookup(address);
        let resolved = self.resolve(address).map_err(lookup)?;
        let refusal = match topic {
            Topic::Sender => self.router.sender_refusal(&resolved),
            _ => self.router.refusal(&resolved),
        };
        let Some(refusal) = refusal.map_err(lookup)? else { return Ok(Decision::Undecided) };
        // What a transport's text brings with it is fitted to the sender; else nothing is told of it.
        let is_told = matches!(resolved.hop.transport.as_slice(), b"error" | b"retry")
            && !split_status(&String::from_utf8_lossy(&resolved.hop.nexthop), "").0.is_empty();
        let status = match topic {
            Topic::Sender if !is_told => "5.1.0".to_string(),
            topic => topic.fit(&refusal.status),
        };
        let subject = Subject { name: address.to_vec(), topic, bare_table: None };
        Ok(self.reject(refusal.code, &status, subject.refused(&refusal.reason)))
    }
}
