//! What the parts of the engine share: [`resolver`] asks the DNS.

#[cfg(feature = "dns")]
pub mod resolver;
