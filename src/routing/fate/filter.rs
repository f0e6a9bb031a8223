//! What a message goes through before it is delivered: a content filter, or a proxy before the queue.
//!
//! Source: postconf(5) `content_filter`, `smtpd_proxy_filter`; `FILTER_README`; experiments with 3.11.

use crate::mail::local_part::split_domain;
use crate::routing::rewrite::transport::Hop;
use std::fmt;

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The parameter that asks for it.
    pub by: &'static str,
    /// Its value.
    pub value: Vec<u8>,
    /// Where a filter that names no nexthop is; empty: with the domain of the recipient.
    pub nexthop: Vec<u8>,
}

impl Filter {
    /// The transport that takes mail for a recipient there; nothing if the SMTP server does that itself.
    #[must_use]
    pub fn hop_for(&self, recipient: &[u8]) -> Option<Hop> {
        if self.by != "content_filter" {
            return None;
        }
        let mut hop = Hop::parse(&self.value);
        if hop.nexthop.is_empty() {
            hop.nexthop.clone_from(&self.nexthop);
        }
        if hop.nexthop.is_empty() {
            hop.nexthop = split_domain(recipient).1.unwrap_or_default().to_vec();
        }
        Some(hop)
    }
}

/// `content_filter = amavis:[127.0.0.1]:10024`; what is not UTF-8 is replaced.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.by, String::from_utf8_lossy(&self.value))
    }
}
