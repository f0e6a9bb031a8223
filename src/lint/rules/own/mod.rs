//! Rules about this program's own comments (PW).

pub mod malformed_suppression;
pub mod unused_suppression;
