//! Floor 6: the routing of a site as a picture.
//!
//! [`collect`](mod@collect) asks the configuration where mail for each of its domains goes and brings that into a
//! [`model`]: address classes, in each of them lanes of domains that share all of their way. The formats are made from
//! that: [`svg`], which [`layout`] gives coordinates, [`mermaid`] and [`dot`], for which [`network`] makes nodes and
//! edges of it.
//!
//! Names come from files: every format escapes what has a meaning in it, and shows what is not UTF-8 as U+FFFD.

pub mod collect;
pub mod dot;
pub mod layout;
pub mod mermaid;
pub mod model;
pub mod network;
pub mod palette;
pub mod svg;

pub use collect::collect;
pub use model::Model;
