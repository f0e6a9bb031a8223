//! What happens to a message that is taken, besides going where its recipients are.
//!
//! Source: access(5), "OTHER ACTIONS".

use std::fmt;

/// What a table said of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nobody gets it.
    Discard,
    /// It stays in the queue until somebody lets it go.
    Hold,
    /// It goes to this `transport:nexthop` first.
    Filter(String),
    /// It goes to this address instead of its recipients.
    Redirect(String),
    /// This address gets it too.
    Copy(String),
    /// This header stands before all others.
    Prepend(String),
}

impl Effect {
    /// Whether of several of this kind the last counts.
    pub(super) const fn is_one(&self) -> bool {
        matches!(self, Self::Filter(_) | Self::Redirect(_))
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Discard => f.write_str("the message is discarded"),
            Self::Hold => f.write_str("the message is held"),
            Self::Filter(hop) => write!(f, "the message goes through the filter {hop}"),
            Self::Redirect(address) => write!(f, "the message goes to nobody but {address}"),
            Self::Copy(address) => write!(f, "a copy goes to {address}"),
            Self::Prepend(header) => write!(f, "the message begins with {header}"),
        }
    }
}
