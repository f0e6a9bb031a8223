//! Whoever takes what local(8) makes of mail: the tracer follows it to its ends, a mail system does it.

use crate::maps::LookupError;
use crate::routing::fate::Ending;
use crate::routing::router::Router;

/// Takes what becomes of one message for one recipient of the local delivery agent.
pub trait Sink {
    /// Whether the message has come by this recipient, in lower case, before: its `Delivered-To:` headers name it.
    fn has_come_by(&self, recipient: &[u8]) -> bool;

    /// Takes an end of the mail: a delivery, or why there is none.
    fn end(&mut self, ending: Ending);

    /// Takes mail that is sent on.
    ///
    /// # Errors
    /// A table that gives no answer, for a sink that follows the mail at once.
    fn send_on(&mut self, router: &mut Router<'_>, message: &NewMessage<'_>) -> Result<(), LookupError>;
}

/// Mail that is sent on as a new message; addresses are in internal form.
#[derive(Clone, Copy, Debug)]
pub struct NewMessage<'n> {
    /// The envelope sender.
    pub sender: &'n [u8],
    /// Whom it is for, in standard form.
    pub recipient: &'n [u8],
    /// The recipient of this machine that sends it on: its `Delivered-To:` header is to name it.
    pub delivered_to: &'n [u8],
}
