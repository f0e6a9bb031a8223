//! What local(8) does with a name once aliases and `.forward` have had their turn: mailboxes and what takes their place.
//!
//! Order: `mailbox_transport_maps`, `mailbox_transport`, `mailbox_command_maps`, `mailbox_command`, the mailbox of an account; and
//! for a name without one `fallback_transport_maps`, `fallback_transport`, `luser_relay`.
//!
//! Source: local(8), postconf(5).

use super::hand_over::Handed;
use super::local::Delivery;
use crate::mail::local_part::split_domain;
use crate::maps::LookupError;
use crate::routing::rewrite::transport::Hop;
use crate::routing::route::{Fate, kind_of_mailbox, unknown};
use crate::routing::router::Lookups;
use crate::routing::router::find::KeyPart;
use crate::routing::router::trail::Trail;

impl Lookups<'_> {
    /// Delivers to the mailbox of a name, or to what takes its place.
    pub(in crate::routing) fn account_mailbox(
        &mut self,
        user: &[u8],
        recipient: &[u8],
        sender: &[u8],
        delivery: &mut Delivery<'_>,
        trail: &mut Trail,
    ) -> Result<(), LookupError> {
        let account = self.account(user);
        match &account {
            Some(_) => trail.note(format!("account {}", String::from_utf8_lossy(user))),
            None => trail.note(format!("no account {}", String::from_utf8_lossy(user))),
        }
        if let Some(hop) = self.other_transport("mailbox_transport", user, delivery, trail)? {
            return self.hand_to(hop, recipient, delivery, trail);
        }
        if account.is_some() {
            let command = match self.ask_tables("mailbox_command_maps", user, KeyPart::Whole, trail)? {
                Some(command) => command,
                None => self.text("mailbox_command")?,
            };
            let home_mailbox = self.text("home_mailbox")?;
            let home = account.map(|account| account.home).unwrap_or_default();
            let spool = self.text("mail_spool_directory")?;
            let spool = if spool.is_empty() { b"/var/mail".to_vec() } else { spool };
            let slash = if spool.ends_with(b"/") { &b""[..] } else { b"/" };
            let how = if !command.is_empty() {
                format!("command {}", String::from_utf8_lossy(&command))
            } else if !home_mailbox.is_empty() {
                kind_of_mailbox(&[&*home, b"/", &*home_mailbox].concat())
            } else {
                let end = if slash.is_empty() { &b"/"[..] } else { b"" };
                kind_of_mailbox(&[&*spool, slash, user, end].concat())
            };
            delivery.end(recipient, Fate::Delivered(how));
            return Ok(());
        }
        if let Some(hop) = self.other_transport("fallback_transport", user, delivery, trail)? {
            return self.hand_to(hop, recipient, delivery, trail);
        }
        // Nobody is behind these names, and yet mail to them ends nowhere else.
        if user == b"double-bounce" {
            delivery.end(recipient, Fate::Discarded);
            return Ok(());
        }
        if matches!(user, b"mailer-daemon" | b"postmaster") {
            trail.note("mail to this name without an alias or account is logged and thrown away");
            delivery.end(recipient, Fate::Discarded);
            return Ok(());
        }
        match self.luser_relay(recipient, trail)? {
            Some(address) => {
                trail.begin("luser_relay", &address);
                let done = self.submit(sender, &address, delivery.seen, delivery.ends, trail);
                trail.end();
                done
            }
            None => {
                delivery.end(recipient, Fate::Bounced("5.1.1".into(), unknown(user)));
                Ok(())
            }
        }
    }

    /// `NAME_maps`, then `NAME`.
    fn other_transport(
        &mut self,
        name: &str,
        user: &[u8],
        delivery: &Delivery<'_>,
        trail: &mut Trail,
    ) -> Result<Option<Hop>, LookupError> {
        let text = match self.ask_tables(&format!("{name}_maps"), user, KeyPart::Whole, trail)? {
            Some(found) => found,
            None => self.text(name)?,
        };
        let mut hop = Hop::parse(&text);
        if hop.transport.is_empty() {
            return Ok(None);
        }
        if hop.nexthop.is_empty() {
            hop.nexthop = delivery.resolved.hop.nexthop.clone();
        }
        trail.note(format!("{name}: {}", String::from_utf8_lossy(&text)));
        Ok(Some(hop))
    }

    fn hand_to(
        &mut self,
        hop: Hop,
        recipient: &[u8],
        delivery: &mut Delivery<'_>,
        trail: &mut Trail,
    ) -> Result<(), LookupError> {
        let (hop, fate, hosts) = match hop.transport.as_slice() {
            b"discard" => (hop, Fate::Discarded, Vec::new()),
            b"error" => {
                let why = String::from_utf8_lossy(&hop.nexthop).into_owned();
                (hop, Fate::Bounced("5.0.0".into(), why), Vec::new())
            }
            _ => match self.hand_away(&hop, trail)? {
                Handed::Ends(fate, hosts) => (hop, fate, hosts),
                Handed::Own(own) => (own, Fate::Relayed, Vec::new()),
            },
        };
        delivery.end_at(recipient, hop, fate, hosts);
        Ok(())
    }

    /// The address that takes mail for unknown names.
    fn luser_relay(&mut self, recipient: &[u8], trail: &mut Trail) -> Result<Option<Vec<u8>>, LookupError> {
        let (local, domain) = split_domain(recipient);
        let (user, extension) = self.extension(local)?.unwrap_or((local, b""));
        // The names that only local(8) knows; they are not parameters of main.cf.
        let Some(value) = self.configuration.value(b"luser_relay", self.service()) else { return Ok(None) };
        let mut text = String::from_utf8_lossy(&value.bytes).into_owned();
        let values = [
            ("recipient_delimiter", extension.get(..1).unwrap_or_default()),
            ("extension", extension.get(1..).unwrap_or_default()),
            ("recipient", recipient),
            ("domain", domain.unwrap_or_default()),
            ("local", local),
            ("user", user),
        ];
        for (name, value) in values {
            let value = String::from_utf8_lossy(value);
            text = text.replace(&format!("${{{name}}}"), &value).replace(&format!("$({name})"), &value);
            text = text.replace(&format!("${name}"), &value);
        }
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.rewrite(text.as_bytes(), trail)?))
    }
}
