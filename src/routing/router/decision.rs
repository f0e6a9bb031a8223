//! What an access restriction comes to: the trail tells it, and smtpd(8) acts on it.

use crate::mail::reply::Reply;

/// What a restriction comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The list ends here, and what it is about is permitted as far as it goes.
    Permit,
    /// The list goes on.
    Undecided,
    /// Refused.
    Reject(Reply),
    /// It would be refused, were there no `warn_if_reject`.
    Warned(Reply),
    /// Refused for now, should everything else permit it.
    DeferIfPermit(Reply),
    /// Refused for now, should something else refuse it for good.
    DeferIfReject(Reply),
    /// Files do not tell; why.
    NotAsked(String),
}
