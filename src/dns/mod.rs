//! Floor 6: the DNS itself, for those on lower floors who may only say what they want of it.
//!
//! [`resolver`] asks servers, if this was built with the feature `dns`.

#[cfg(feature = "dns")]
pub mod resolver;
