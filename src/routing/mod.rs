//! Floor 5: where mail goes.
//!
//! All decisions leave a [`trail`]: every lookup in order and what it said, so that a person can see why. [`lookups`] opens the
//! tables that a configuration names; [`lists`] tells whether a domain or address is in a match list.
//!
//! [`daemon`] tells whose `-o` values hold for a decision.
//!
//! [`route`](mod@route) follows one address: [`rewrite`], [`unknown`] (whom the SMTP server refuses), [`map_address`] and [`masquerade`] (what
//! it becomes), [`copies`], [`resolve`] and [`transport`] (its class, transport and nexthop), [`next_hop`] (the
//! hosts that stands for, if the DNS may be asked), [`local`] (aliases and what they name). [`expect`]
//! compares what it finds with what was meant; [`listing`] tells what lists and tables hold, [`names`] whom they are about.
//! [`access`] is what the SMTP server says to a client before all that. What the DNS says comes through [`resolver`].

pub mod access;
pub mod accounts;
pub mod copies;
pub mod daemon;
pub mod expect;
pub mod find;
mod forward;
mod hand_over;
pub mod listing;
pub mod lists;
pub mod local;
pub mod local_domain;
pub mod lookups;
mod mailbox;
pub mod map_address;
mod map_envelope;
pub mod masquerade;
pub mod names;
pub mod next_hop;
pub mod resolve;
pub mod resolver;
pub mod rewrite;
pub mod route;
pub mod settings;
pub mod trail;
pub mod transport;
pub mod unknown;

pub use lookups::Lookups;
pub use trail::{Step, StepKind, Trail};
