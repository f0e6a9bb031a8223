//! Floor 5: where mail goes.
//!
//! All decisions leave a [`trail`]: every lookup in order and what it said, so that a person can see why. [`lookups`] opens the
//! tables that a configuration names; [`lists`] tells whether a domain or address is in a match list.

pub mod lists;
pub mod lookups;
pub mod trail;

pub use lookups::Lookups;
pub use trail::{Step, StepKind, Trail};
