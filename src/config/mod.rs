//! Floor 3: what parameters are, and what they are set to.

pub mod catalogue;
