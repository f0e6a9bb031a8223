//! Tables of networks, as `cidr:` has them: rules tried in order, grouped by `if` … `endif`.
//!
//! [`network`] reads a pattern; [`rules`] reads the lines of a table, with what Postfix warns about; [`index`] answers
//! as going through the rules one by one would, in the time of a few binary searches.

pub mod index;
pub mod network;
mod ranges;
pub mod rules;

pub use index::NetworkIndex;
pub use network::{Address, Family, Network, NetworkFault};
pub use rules::{Rules, Statement};
