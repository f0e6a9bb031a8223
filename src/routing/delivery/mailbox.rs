//! What local(8) does with a name once aliases and `.forward` have had their turn: mailboxes and what takes their
//! place.
//!
//! Order: `mailbox_transport_maps`, `mailbox_transport`, `mailbox_command_maps`, `mailbox_command`, the mailbox of an
//! account; and for a name without one `fallback_transport_maps`, `fallback_transport`, `luser_relay`.
//!
//! Source: local(8), postconf(5).

use super::hand_over::Handed;
use super::local_mail::LocalMail;
use crate::mail::local_part::split_domain;
use crate::maps::LookupError;
use crate::routing::access::unknown::split_status;
use crate::routing::fate::{Action, Fate};
use crate::routing::rewrite::resolve::Resolved;
use crate::routing::rewrite::transport::Hop;
use crate::routing::router::Router;
use crate::routing::router::keys::KeyPart;

impl Router<'_> {
    /// Delivers to the mailbox of a name, or to what takes its place.
    pub(in crate::routing) fn account_mailbox(
        &mut self,
        user: &[u8],
        recipient: &[u8],
        sender: &[u8],
        mail: &mut LocalMail<'_>,
    ) -> Result<(), LookupError> {
        let account = self.account(user);
        match &account {
            Some(_) => self.note(format_args!("account {}", String::from_utf8_lossy(user))),
            None => self.note(format_args!("no account {}", String::from_utf8_lossy(user))),
        }
        if let Some(hop) = self.other_transport("mailbox_transport", user, mail)? {
            return self.hand_to(hop, recipient, mail);
        }
        if account.is_some() {
            let command = match self.ask_tables("mailbox_command_maps", user, KeyPart::Whole)? {
                Some(command) => command,
                None => self.text("mailbox_command")?.to_vec(),
            };
            let home_mailbox = self.text("home_mailbox")?;
            let home = account.map(|account| account.home).unwrap_or_default();
            let spool = self.text("mail_spool_directory")?;
            let spool: &[u8] = if spool.is_empty() { b"/var/mail" } else { &spool };
            let slash = if spool.ends_with(b"/") { &b""[..] } else { b"/" };
            let action = if !command.is_empty() {
                Action::Command(command)
            } else if !home_mailbox.is_empty() {
                Action::mailbox([&*home, b"/", &*home_mailbox].concat())
            } else {
                let end = if slash.is_empty() { &b"/"[..] } else { b"" };
                Action::mailbox([spool, slash, user, end].concat())
            };
            mail.end(recipient, Fate::Delivered(action));
            return Ok(());
        }
        if let Some(hop) = self.other_transport("fallback_transport", user, mail)? {
            return self.hand_to(hop, recipient, mail);
        }
        // Nobody is behind this name, and yet mail to it ends nowhere else.
        if user == b"double-bounce" {
            mail.end(recipient, Fate::Discarded);
            return Ok(());
        }
        match self.luser_relay(recipient)? {
            // Where it leads to nobody either, it is not followed again.
            Some(address) if address.eq_ignore_ascii_case(recipient) => mail.end(recipient, Fate::unknown_user(user)),
            Some(address) => return mail.submit(self, "luser_relay", sender, &address),
            None if matches!(user, b"mailer-daemon" | b"postmaster") => {
                self.note("mail to this name without an alias or account is logged and thrown away");
                mail.end(recipient, Fate::Discarded);
            }
            None => mail.end(recipient, Fate::unknown_user(user)),
        }
        Ok(())
    }

    /// `NAME_maps`, then `NAME`.
    fn other_transport(&mut self, name: &str, user: &[u8], mail: &LocalMail<'_>) -> Result<Option<Hop>, LookupError> {
        let text = match self.ask_tables(&format!("{name}_maps"), user, KeyPart::Whole)? {
            Some(found) => found,
            None => self.text(name)?.to_vec(),
        };
        let mut hop = Hop::parse(&text);
        if hop.transport.is_empty() {
            return Ok(None);
        }
        if hop.nexthop.is_empty() {
            hop.nexthop = mail.resolved.hop.nexthop.clone();
        }
        self.note(format_args!("{name}: {}", String::from_utf8_lossy(&text)));
        Ok(Some(hop))
    }

    fn hand_to(&mut self, hop: Hop, recipient: &[u8], mail: &mut LocalMail<'_>) -> Result<(), LookupError> {
        if let Some(fate) = self.kept_back(&hop) {
            mail.end_at(recipient, hop, fate);
            return Ok(());
        }
        let text = || String::from_utf8_lossy(&hop.nexthop);
        let (hop, fate) = match self.program(&hop.transport).as_slice() {
            b"discard" => (hop, Fate::Discarded),
            b"error" if hop.transport == b"retry" => {
                let why = split_status(&text(), "4.0.0").1;
                (hop, Fate::Deferred(why))
            }
            b"error" => {
                let (status, why) = split_status(&text(), "5.0.0");
                (hop, Fate::bounced(status, why))
            }
            b"virtual" => {
                let recipient = recipient.to_vec();
                let resolved = Resolved { hop, recipient, ..mail.resolved.clone() };
                let fate = self.virtual_mailbox(&resolved)?;
                (resolved.hop, fate)
            }
            _ => match self.hand_away(&hop)? {
                Handed::Ends(fate) => (hop, fate),
                Handed::Own(own) => (own, Fate::RELAYED),
            },
        };
        mail.end_at(recipient, hop, fate);
        Ok(())
    }

    /// The address that takes mail for unknown names.
    fn luser_relay(&mut self, recipient: &[u8]) -> Result<Option<Vec<u8>>, LookupError> {
        let (local, domain) = split_domain(recipient);
        let (user, extension) = self.extension(local)?.unwrap_or((local, b""));
        // The names that only local(8) knows; they are not parameters of main.cf.
        let Some(value) = self.site.configuration.value(b"luser_relay", self.service()) else { return Ok(None) };
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
        Ok(Some(self.rewrite(text.as_bytes())?))
    }
}
