//! Floor 5: where mail goes.
//!
//! Decisions leave a trail, if it is wanted: every lookup in order and what it said, so that a person can see why.
//!
//! | room | idea |
//! |---|---|
//! | [`router`] | the tables and values of a configuration, asked on behalf of a daemon; the trail |
//! | [`route`](mod@route) | one address, followed to all its ends |
//! | [`access`] | whom and what smtpd(8) takes |
//! | [`cleanup`] | what cleanup(8) makes of an address |
//! | [`rewrite`] | trivial-rewrite(8): the standard form of an address; its class, transport and nexthop |
//! | [`fate`] | what becomes of mail |
//! | [`delivery`] | what local(8), virtual(8) and smtp(8) do with it |
//! | [`names`] | whom the tables and lists are about |

pub mod access;
pub mod cleanup;
pub mod delivery;
pub mod fate;
pub mod names;
pub mod rewrite;
pub mod route;
pub mod router;

pub use router::Router;
pub use router::trail::{Recording, Step, StepKind};
