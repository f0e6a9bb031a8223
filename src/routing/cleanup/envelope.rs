//! What cleanup(8) makes of the addresses of an envelope: canonical maps, masquerading and, for recipients, virtual
//! aliases.
//!
//! Source: cleanup(8), postconf(5) `canonical_classes`, `sender_canonical_classes`, `masquerade_classes`.

use super::copies::Asked;
use super::map_address::Mapped;
use crate::maps::LookupError;
use crate::routing::router::Router;

/// What becomes of a sender and a recipient.
pub(in crate::routing) enum Envelope {
    /// Mail with this sender, for these recipients, and the copies that are made of it.
    Taken { sender: Vec<u8>, recipients: Vec<Vec<u8>>, copies: Vec<Asked> },
    /// A limit was passed for an address, so that the mail is not taken; the program's words.
    TooMuch(Vec<u8>, String),
}

impl Router<'_> {
    /// What becomes of mail from outside. Addresses are in internal form, the recipient's in standard form.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub(in crate::routing) fn map_envelope(
        &mut self,
        sender: &[u8],
        recipient: &[u8],
    ) -> Result<Envelope, LookupError> {
        let sender = self.map_sender(sender)?;
        let (recipient, mapped) = self.map(recipient)?;
        let recipients = match mapped {
            Mapped::Addresses(recipients) => recipients,
            Mapped::TooMuch(words) => return Ok(Envelope::TooMuch(recipient, words)),
        };
        Ok(match self.copies(&sender, &recipient, &recipients)? {
            Ok(copies) => Envelope::Taken { sender, recipients, copies },
            Err(words) => Envelope::TooMuch(recipient, words),
        })
    }

    /// All that address mapping makes of a recipient, and the recipient as it was before virtual aliases. Addresses are
    /// in standard and internal form.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub(in crate::routing) fn map(&mut self, address: &[u8]) -> Result<(Vec<u8>, Mapped), LookupError> {
        let mut recipient = address.to_vec();
        for (maps, classes) in [("recipient_canonical_maps", None), ("canonical_maps", Some("canonical_classes"))] {
            recipient = self.canonical_in(maps, classes, "envelope_recipient", recipient)?;
        }
        recipient = self.masquerade("envelope_recipient", &recipient)?;
        let mapped = self.virtual_aliases(&recipient)?;
        Ok((recipient, mapped))
    }

    /// What address mapping makes of a sender, in internal form. The null sender stays what it is.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub(in crate::routing) fn map_sender(&mut self, sender: &[u8]) -> Result<Vec<u8>, LookupError> {
        self.map_sender_as("envelope_sender", sender)
    }

    /// What address mapping makes of a sender in a header, in internal form.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub fn header_sender(&mut self, sender: &[u8]) -> Result<Vec<u8>, LookupError> {
        self.map_sender_as("header_sender", sender)
    }

    fn map_sender_as(&mut self, class: &str, sender: &[u8]) -> Result<Vec<u8>, LookupError> {
        if sender.is_empty() {
            return Ok(Vec::new());
        }
        let mut sender = self.rewrite(sender)?;
        for (maps, classes) in
            [("sender_canonical_maps", "sender_canonical_classes"), ("canonical_maps", "canonical_classes")]
        {
            sender = self.canonical_in(maps, Some(classes), class, sender)?;
        }
        self.masquerade(class, &sender)
    }

    fn canonical_in(
        &mut self,
        maps: &str,
        classes: Option<&str>,
        class: &str,
        address: Vec<u8>,
    ) -> Result<Vec<u8>, LookupError> {
        match classes {
            Some(classes) if !self.has_word(classes, class)? => Ok(address),
            _ => self.canonical(maps, &address),
        }
    }
}
