//! Floor 6: what talks with the world.
//!
//! [`service`] has what its parts share.

pub mod service;
