//! Blind copies: what `sender_bcc_maps`, `recipient_bcc_maps` and `always_bcc` add to mail that comes from outside, in
//! that order.
//!
//! The sender is looked up as address mapping left it, unless it is the null sender; the recipient likewise, before
//! virtual aliases. A copy's own address is mapped as a recipient's is; a copy has no copies. One that is on its way
//! already, to the same recipient for the same address, is not made twice; without `enable_original_recipient` none is
//! made for anybody who gets the mail anyway. Mail that this machine sends on gets no copies.
//!
//! A copy that cannot be delivered is returned to nobody. One whose address cannot be mapped keeps the mail itself out.
//!
//! Source: postconf(5), and experiments with 3.11.

use super::map_address::Mapped;
use crate::maps::LookupError;
use crate::routing::router::Router;
use crate::routing::router::trail::{Step, StepKind};

/// The parameters that ask for copies, in the order in which the copies are made.
pub const PARAMETERS: [&str; 3] = ["sender_bcc_maps", "recipient_bcc_maps", "always_bcc"];

/// The stage of the trail in which a copy that a parameter asks for is delivered.
#[must_use]
pub fn delivery_stage(parameter: &str) -> String {
    format!("copy by {parameter}")
}

/// Whether a step of a route is about copies that a parameter asks for.
#[must_use]
pub fn is_about_copies(step: &Step, parameter: &str) -> bool {
    let StepKind::Stage { name, .. } = &step.kind else { return false };
    *name == parameter || *name == delivery_stage(parameter)
}

/// A copy that is not yet on its way.
pub(in crate::routing) struct Asked {
    /// The parameter that asks for it.
    pub(in crate::routing) by: &'static str,
    /// Whom it is for, before virtual aliases.
    pub(in crate::routing) address: Vec<u8>,
    /// Whom it goes to.
    pub(in crate::routing) recipients: Vec<Vec<u8>>,
}

/// For which address, if that counts, a recipient gets mail; in lower case.
type Way = (Vec<u8>, Vec<u8>);

impl Router<'_> {
    /// The copies of mail from a sender to a recipient, both as address mapping left them before virtual aliases; the
    /// mail itself goes to `mailed`. Addresses are in internal form. Or the words of a limit, which keeps the mail out.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub(in crate::routing) fn copies(
        &mut self,
        sender: &[u8],
        recipient: &[u8],
        mailed: &[Vec<u8>],
    ) -> Result<Result<Vec<Asked>, String>, LookupError> {
        let by_original = self.is_yes("enable_original_recipient")?;
        let mut known: Vec<Way> = Vec::new();
        if !by_original {
            known.extend(mailed.iter().map(|recipient| (Vec::new(), recipient.to_ascii_lowercase())));
        }
        let mut copies = Vec::new();
        for (by, key) in
            [("sender_bcc_maps", Some(sender)), ("recipient_bcc_maps", Some(recipient)), ("always_bcc", None)]
        {
            let wanted = self.text(by)?;
            if wanted.is_empty() || key.is_some_and(<[u8]>::is_empty) {
                continue;
            }
            let asked = self.stage(by, key.unwrap_or(&wanted), |cleanup| {
                let value = match key {
                    Some(key) => cleanup.find_address(by, key)?.map(|found| found.value),
                    None => Some(wanted.to_vec()),
                };
                value.map_or(Ok(Ok(None)), |value| cleanup.copy(by, &value, by_original, &mut known))
            })?;
            match asked {
                Ok(asked) => copies.extend(asked),
                Err(words) => return Ok(Err(words)),
            }
        }
        Ok(Ok(copies))
    }

    /// The copy for an address, to those for whom none is on its way.
    fn copy(
        &mut self,
        by: &'static str,
        address: &[u8],
        by_original: bool,
        known: &mut Vec<Way>,
    ) -> Result<Result<Option<Asked>, String>, LookupError> {
        let rewritten = self.rewrite(address)?;
        let (address, mapped) = self.map(&rewritten)?;
        let mut recipients = match mapped {
            Mapped::Addresses(recipients) => recipients,
            Mapped::TooMuch(words) => return Ok(Err(words)),
        };
        let original = if by_original { address.to_ascii_lowercase() } else { Vec::new() };
        recipients.retain(|recipient| {
            let way = (original.clone(), recipient.to_ascii_lowercase());
            let is_new = !known.contains(&way);
            if is_new {
                known.push(way);
            } else {
                let shown = String::from_utf8_lossy(recipient);
                self.note(format_args!("{shown} is not sent a copy twice"));
            }
            is_new
        });
        Ok(Ok((!recipients.is_empty()).then_some(Asked { by, address, recipients })))
    }
}
