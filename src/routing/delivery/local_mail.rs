//! A message that local(8) has under way for a recipient: nothing is done twice for it.

use super::sink::{NewMessage, Sink};
use crate::maps::LookupError;
use crate::routing::fate::{Ending, Fate};
use crate::routing::rewrite::resolve::Resolved;
use crate::routing::rewrite::transport::Hop;
use crate::routing::router::Router;
use std::path::PathBuf;

/// The message.
pub(in crate::routing) struct LocalMail<'m> {
    pub(super) sender: &'m [u8],
    pub(super) resolved: &'m Resolved,
    /// Whoever takes what becomes of it.
    pub(super) sink: &'m mut dyn Sink,
    /// The `.forward` files that have been followed.
    pub(super) forwards: Vec<PathBuf>,
    /// What was delivered already.
    done: Vec<(Vec<u8>, Fate)>,
    /// Whom it was sent on to already.
    sent_on: Vec<Vec<u8>>,
}

impl<'m> LocalMail<'m> {
    pub(super) fn new(sender: &'m [u8], resolved: &'m Resolved, sink: &'m mut dyn Sink) -> Self {
        Self { sender, resolved, sink, forwards: Vec::new(), done: Vec::new(), sent_on: Vec::new() }
    }

    /// How much has become of it until now.
    pub(super) fn progress(&self) -> (usize, usize) {
        (self.done.len(), self.sent_on.len())
    }

    /// Ends for a recipient, once in the same way.
    pub(super) fn end(&mut self, recipient: &[u8], fate: Fate) {
        self.end_at(recipient, self.resolved.hop.clone(), fate);
    }

    /// The same at another transport.
    pub(super) fn end_at(&mut self, recipient: &[u8], hop: Hop, fate: Fate) {
        let done = (recipient.to_vec(), fate.clone());
        // Postfix tells once of each command that it may not run.
        if fate == restricted("command") || !self.done.contains(&done) {
            self.done.push(done);
            self.sink.end(Ending { recipient: recipient.to_vec(), class: Some(self.resolved.class), hop, fate });
        }
    }

    /// Is sent on as a new message, once to an address.
    pub(super) fn send_on(
        &mut self,
        router: &mut Router<'_>,
        sender: &[u8],
        address: &[u8],
    ) -> Result<(), LookupError> {
        let sent = address.to_ascii_lowercase();
        if self.sent_on.contains(&sent) {
            router.note(format_args!("{} is sent on once", String::from_utf8_lossy(address)));
            return Ok(());
        }
        self.sent_on.push(sent);
        self.submit(router, "forwarded as a new message", sender, address)
    }

    /// Is sent on as a new message; `stage` is the name of that on the trail.
    pub(super) fn submit(
        &mut self,
        router: &mut Router<'_>,
        stage: &str,
        sender: &[u8],
        recipient: &[u8],
    ) -> Result<(), LookupError> {
        let message = NewMessage { sender, recipient, delivered_to: &self.resolved.recipient };
        router.stage(stage, recipient, |router| self.sink.send_on(router, &message))
    }
}

/// A destination that is not allowed where it stands.
pub(super) fn restricted(what: &str) -> Fate {
    Fate::bounced("5.7.1", format!("mail to {what} is restricted"))
}
