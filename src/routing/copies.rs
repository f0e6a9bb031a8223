//! Blind copies: what `always_bcc`, `sender_bcc_maps` and `recipient_bcc_maps` add to mail that comes from outside, as notes.
//!
//! A recipient is looked up as address mapping left it before virtual aliases; the null sender is not looked up. Mail that this
//! machine sends on gets no copies.
//!
//! Source: postconf(5), and experiments with 3.11.

use super::lookups::Lookups;
use super::trail::Trail;
use crate::maps::LookupError;

impl Lookups<'_> {
    /// Notes who gets a copy of mail from a sender to a recipient, both in internal form.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub(super) fn note_copies(
        &mut self,
        sender: &[u8],
        recipient: &[u8],
        trail: &mut Trail,
    ) -> Result<(), LookupError> {
        let always = self.text("always_bcc")?;
        if !always.is_empty() {
            trail.note(format!("always_bcc: a copy goes to {}", String::from_utf8_lossy(&always)));
        }
        for (parameter, key) in [("sender_bcc_maps", sender), ("recipient_bcc_maps", recipient)] {
            if key.is_empty() || self.tables(parameter)?.is_empty() {
                continue;
            }
            trail.stage(parameter, key, |trail| {
                if let Some(found) = self.find_address(parameter, key, trail)? {
                    trail.note(format!("a copy goes to {}", String::from_utf8_lossy(&found.value)));
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}
