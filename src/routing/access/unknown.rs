//! Which recipients the SMTP server refuses because nobody is there, and with which words.
//!
//! A recipient that a canonical or virtual alias map has is taken, whatever becomes of it later. Then those that
//! resolve to `error` or `retry` are refused, and those that the recipient table of their class does not have.
//!
//! Source: postconf(5), `smtpd_reject_unlisted_recipient`; experiments with 3.11.

use crate::maps::LookupError;
use crate::routing::rewrite::resolve::{AddressClass, Resolved};
use crate::routing::router::Router;
use crate::routing::router::unknown::Purpose;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The SMTP reply code.
    pub code: usize,
    /// The enhanced status code.
    pub status: String,
    /// Why, as the reply has it.
    pub reason: String,
}

impl Refusal {
    /// The reply to `RCPT TO`.
    #[must_use]
    pub fn reply(&self, recipient: &[u8]) -> String {
        let recipient = String::from_utf8_lossy(recipient);
        format!("{} {} <{recipient}>: Recipient address rejected: {}", self.code, self.status, self.reason)
    }
}

impl Router<'_> {
    /// Why a recipient, rewritten and resolved, would be refused; nothing if it is taken.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub fn refusal(&mut self, resolved: &Resolved) -> Result<Option<Refusal>, LookupError> {
        let maps = ["recipient_canonical_maps", "canonical_maps", "virtual_alias_maps"];
        self.asking_for(Purpose::Existence, |router| router.refusal_unless_in(resolved, &maps))
    }

    /// The same for a sender, whose own canonical map counts besides those of recipients.
    ///
    /// # Errors
    /// The same.
    pub fn sender_refusal(&mut self, resolved: &Resolved) -> Result<Option<Refusal>, LookupError> {
        let maps = ["recipient_canonical_maps", "sender_canonical_maps", "canonical_maps", "virtual_alias_maps"];
        self.asking_for(Purpose::Existence, |router| router.refusal_unless_in(resolved, &maps))
    }

    fn refusal_unless_in(&mut self, resolved: &Resolved, maps: &[&str]) -> Result<Option<Refusal>, LookupError> {
        let recipient = &resolved.recipient;
        for maps in maps {
            if self.find_address(maps, recipient)?.is_some() {
                return Ok(None);
            }
        }
        let named = self.is_yes("show_user_unknown_table_name")?;
        let text = String::from_utf8_lossy(&resolved.hop.nexthop).into_owned();
        let by_transport = match resolved.hop.transport.as_slice() {
            b"error" if resolved.class == AddressClass::VirtualAlias => {
                Some((self.number("unknown_virtual_alias_reject_code")?, "5.1.1"))
            }
            b"error" => Some((550, "5.1.1")),
            b"retry" => Some((450, "4.1.1")),
            _ => None,
        };
        if let Some((code, status)) = by_transport {
            let (status, reason) = split_status(&text, status);
            return Ok(Some(Refusal { code, status, reason }));
        }
        let (maps, code, table) = match resolved.class {
            AddressClass::Local => ("local_recipient_maps", "unknown_local_recipient_reject_code", "local recipient"),
            AddressClass::VirtualMailbox => {
                ("virtual_mailbox_maps", "unknown_virtual_mailbox_reject_code", "virtual mailbox")
            }
            AddressClass::Relay => ("relay_recipient_maps", "unknown_relay_recipient_reject_code", "relay recipient"),
            AddressClass::VirtualAlias | AddressClass::Default => return Ok(None),
        };
        let is_special = |name: &[u8]| {
            resolved.class == AddressClass::Local
                && recipient.len() > name.len()
                && recipient[..name.len()].eq_ignore_ascii_case(name)
                && recipient[name.len()] == b'@'
        };
        if self.tables(maps)?.is_empty()
            || is_special(b"double-bounce")
            || is_special(b"postmaster")
            || is_special(b"mailer-daemon")
            || self.find_address(maps, recipient)?.is_some()
        {
            return Ok(None);
        }
        let table = if named { format!(" in {table} table") } else { String::new() };
        let code = self.number(code)?;
        Ok(Some(Refusal { code, status: "5.1.1".into(), reason: format!("User unknown{table}") }))
    }
}

/// Takes an enhanced status code off the front of a text; `status` if there is none.
#[must_use]
pub fn split_status(text: &str, status: &str) -> (String, String) {
    let text = text.trim_start();
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let mut parts = first.split('.');
    let class = parts.next().is_some_and(|part| matches!(part, "2" | "4" | "5"));
    let digits = |part: Option<&str>| {
        part.is_some_and(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if class && digits(parts.next()) && digits(parts.next()) && parts.next().is_none() {
        (first.to_string(), rest.trim_start().to_string())
    } else {
        (status.to_string(), text.to_string())
    }
}
