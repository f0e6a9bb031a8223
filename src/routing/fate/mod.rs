//! What becomes of mail: where it ends for each of its recipients, and for those of its copies.

pub mod action;
pub mod filter;
pub mod host;

use crate::maps::LookupError;
use crate::routing::rewrite::resolve::AddressClass;
use crate::routing::rewrite::transport::Hop;
pub use action::Action;
pub use host::MailHost;
use std::fmt;

/// Behind an ending whose nexthop is a domain, for which a client would ask the DNS, and not a host or a socket.
pub const OR_MX: &str = ", or the MX hosts that the DNS has for it";

/// Where mail ends for one final recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The recipient.
    pub recipient: Vec<u8>,
    /// Its class; nothing for mail that got no further than address mapping.
    pub class: Option<AddressClass>,
    /// The transport and nexthop that were settled.
    pub hop: Hop,
    /// What becomes of it there.
    pub fate: Fate,
}

/// What becomes of mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Delivered on this machine.
    Delivered(Action),
    /// Handed to the transport.
    Relayed {
        /// The hosts that would be tried, in order; empty unless the DNS was asked.
        hosts: Vec<MailHost>,
    },
    /// Thrown away, as the configuration says.
    Discarded,
    /// Returned to the sender.
    Bounced {
        /// The enhanced status code (RFC 3463).
        status: String,
        /// Why.
        reason: String,
    },
    /// Kept for a later try that gives the same: why.
    Deferred(String),
    /// Sent round in a circle: what ends it.
    Loop(String),
    /// What nobody here can tell: who could.
    Unknown(String),
}

impl Fate {
    /// Handed to the transport, for hosts that nobody asked for.
    pub(in crate::routing) const RELAYED: Self = Self::Relayed { hosts: Vec::new() };

    /// Returned to the sender with an enhanced status code, for a reason.
    #[must_use]
    pub fn bounced(status: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Bounced { status: status.into(), reason: reason.into() }
    }

    /// Returned to the sender, since nobody knows the recipient, named as the delivery agent names it.
    #[must_use]
    pub fn unknown_user(name: &[u8]) -> Self {
        Self::bounced("5.1.1", format!("unknown user: \"{}\"", String::from_utf8_lossy(name)))
    }

    /// The word for it that programs read.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Delivered(_) => "delivered",
            Self::Relayed { .. } => "relayed",
            Self::Discarded => "discarded",
            Self::Bounced { .. } => "bounced",
            Self::Deferred(_) => "deferred",
            Self::Loop(_) => "loop",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Whether mail arrives, or leaves for another machine, or may do so for all that is known.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Delivered(_) | Self::Relayed { .. } | Self::Discarded | Self::Unknown(_))
    }
}

impl Ending {
    /// Mail that got no further than its address.
    #[must_use]
    pub fn early(recipient: &[u8], fate: Fate) -> Self {
        Self { recipient: recipient.to_vec(), class: None, hop: Hop::default(), fate }
    }

    /// Mail that waits for a table's answer.
    #[must_use]
    pub fn waiting(recipient: &[u8], error: &LookupError) -> Self {
        Self::early(
            recipient,
            match error {
                LookupError::Unknown(why) => Fate::Unknown(why.clone()),
                error => Fate::Deferred(error.to_string()),
            },
        )
    }

    /// The hosts that would be tried, in order; none unless it is relayed and the DNS was asked.
    #[must_use]
    pub fn hosts(&self) -> &[MailHost] {
        if let Fate::Relayed { hosts } = &self.fate { hosts } else { &[] }
    }

    /// What there is to add where the nexthop is not the last word: the hosts that the DNS has for it, in brackets, or
    /// [`OR_MX`].
    #[must_use]
    pub fn by_dns(&self) -> String {
        let Fate::Relayed { hosts } = &self.fate else { return String::new() };
        if !hosts.is_empty() {
            let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
            return format!(" ({})", hosts.join(", "));
        }
        let is_domain = matches!(self.hop.transport.as_slice(), b"smtp" | b"relay")
            && !self.hop.nexthop.starts_with(b"[")
            && !self.hop.nexthop.starts_with(b"unix:");
        if is_domain { OR_MX.to_string() } else { String::new() }
    }
}

/// `joe@example.com: relayed via smtp to [mail.example.com]`; what is not UTF-8 is replaced.
impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", String::from_utf8_lossy(&self.recipient))?;
        match &self.fate {
            Fate::Delivered(action) => write!(f, "delivered to {action}"),
            Fate::Relayed { .. } => {
                let (transport, nexthop) = (&self.hop.transport, &self.hop.nexthop);
                let (transport, nexthop) = (String::from_utf8_lossy(transport), String::from_utf8_lossy(nexthop));
                write!(f, "relayed via {transport} to {nexthop}")
            }
            Fate::Discarded => f.write_str("discarded"),
            Fate::Bounced { status, reason } => write!(f, "bounced {status} {reason}"),
            Fate::Deferred(why) => write!(f, "deferred: {why}"),
            Fate::Loop(why) => write!(f, "would loop: {why}"),
            Fate::Unknown(why) => write!(f, "not known: {why}"),
        }
    }
}

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
