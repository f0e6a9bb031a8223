//! Blind copies: what `sender_bcc_maps`, `recipient_bcc_maps` and `always_bcc` add to mail that comes from outside, in that order.
//!
//! The sender is looked up as address mapping left it, unless it is the null sender; the recipient likewise, before virtual
//! aliases. A copy's own address is mapped as a recipient's is; a copy has no copies. One that is on its way already, to the
//! same recipient for the same address, is not made twice; without `enable_original_recipient` none is made for anybody who gets
//! the mail anyway. Mail that this machine sends on gets no copies.
//!
//! A copy that cannot be delivered is returned to nobody. One whose address cannot be mapped keeps the mail itself out.
//!
//! Source: postconf(5), and experiments with 3.11.

use super::map_address::Mapped;
use crate::maps::LookupError;
use crate::routing::route::Ending;
use crate::routing::router::Lookups;
use crate::routing::router::trail::{Step, StepKind, Trail};
use std::fmt;

/// The parameters that ask for copies, in the order in which the copies are made.
pub const PARAMETERS: [&str; 3] = ["sender_bcc_maps", "recipient_bcc_maps", "always_bcc"];

/// A blind copy of mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The parameter that asks for it.
    pub by: &'static str,
    /// Whom it is for, before virtual aliases.
    pub address: Vec<u8>,
    /// Where it ends.
    pub ends: Vec<Ending>,
}

/// An end of a copy, told apart from those of the mail itself: `copy to archive@example.com: relayed via …`.
#[derive(Clone, Copy, Debug)]
pub struct CopyEnding<'e>(pub &'e Ending);

impl fmt::Display for CopyEnding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "copy to {}", self.0)
    }
}

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

impl Lookups<'_> {
    /// The copies of mail from a sender to a recipient, both as address mapping left them before virtual aliases; the mail
    /// itself goes to `mailed`. Addresses are in internal form. Or the words of a limit, which keeps the mail out.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub(in crate::routing) fn copies(
        &mut self,
        sender: &[u8],
        recipient: &[u8],
        mailed: &[Vec<u8>],
        trail: &mut Trail,
    ) -> Result<Result<Vec<Asked>, String>, LookupError> {
        let by_original = self.is_yes("enable_original_recipient")?;
        let mut known: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
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
            trail.begin(by, key.unwrap_or(&wanted));
            let value = match key {
                Some(key) => self.find_address(by, key, trail)?.map(|found| found.value),
                None => Some(wanted),
            };
            if let Some(value) = value {
                let rewritten = self.rewrite(&value, trail)?;
                let (address, mapped) = self.map(&rewritten, trail)?;
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
                        trail.note(format!("{shown} is not sent a copy twice"));
                    }
                    is_new
                });
                if !recipients.is_empty() {
                    copies.push(Asked { by, address, recipients });
                }
            }
            trail.end();
        }
        Ok(Ok(copies))
    }
}
