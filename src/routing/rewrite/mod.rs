//! What trivial-rewrite(8) does: [`standard_form`] of an address, and [`resolve`], its class, transport and nexthop, of
//! which [`transport`] maps have a say.

pub mod resolve;
pub mod standard_form;
pub mod transport;
