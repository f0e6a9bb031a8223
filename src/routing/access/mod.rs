//! What the SMTP server says to a client: its access restrictions, as smtpd(8) walks them.
//!
//! | file | idea |
//! |---|---|
//! | [`session`] | what is known of a client and of what it said |
//! | [`suspended`] | a session between two commands |
//! | [`decision`], [`topic`] | what a restriction comes to, and what a list is about |
//! | [`restriction_list`] | lists and classes as words; whether smtpd would run with them at all |
//! | [`verdict`] | a whole session for some recipients, and what becomes of each |
//! | [`stages`], [`message`] | connection, `HELO`, `MAIL`, `RCPT`; then `DATA` and the message's end: which list when |
//! | [`walk`] | going through a list, one restriction after the other |
//! | [`access_table`], [`action`], [`effect`] | which keys are looked up in access tables, what their values do, and what happens to a message by them |
//! | [`unknown`] | recipients that nobody has |
//! | [`networks`], [`names`], [`destination`], [`login`] | the other restrictions that files decide, by what they look at |
//! | [`client_name`], [`dns_names`], [`server_access`], [`mx_backup`], [`dns_lists`] | those that the DNS decides |
//!
//! Without a [`Resolver`](super::router::records::Resolver), a restriction that needs the DNS says so and is passed by;
//! so is always one that needs another server.
//!
//! Source: postconf(5), access(5), `SMTPD_ACCESS_README`, `RESTRICTION_CLASS_README`; experiments with 3.11.

pub mod access_table;
pub mod action;
mod client_name;
pub mod decision;
pub mod destination;
mod dns_lists;
mod dns_names;
pub mod effect;
mod local_client;
pub mod login;
pub mod message;
mod mx_backup;
pub mod names;
pub mod networks;
pub mod restriction_list;
mod server_access;
pub mod session;
pub mod stages;
pub mod suspended;
pub mod topic;
pub mod unknown;
pub mod verdict;
pub mod walk;

pub use decision::Decision;
pub use effect::Effect;
pub use restriction_list::StartError;
pub use session::{Client, ClientName, Command, Session};
pub use suspended::Suspended;
pub use verdict::Verdict;
pub use walk::Access;
