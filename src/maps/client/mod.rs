//! What clients share. Of databases: `sqlite:` now; `mysql:`, `pgsql:` and `ldap:` have the same parameters and
//! templates. Of servers, for `tcp:` and `socketmap:`: [`connection`].
//!
//! [`parameters`] reads a client's file, or what main.cf has under its name; [`template`] puts a key into a query and
//! answers into a result; [`domain`] keeps keys of other domains from the database.
//!
//! Source: sqlite_table(5), mysql_table(5), pgsql_table(5), ldap_table(5).

pub mod connection;
pub mod domain;
pub mod parameters;
pub mod template;

pub use domain::DomainFilter;
pub use parameters::ClientParameters;
pub use template::{Results, Templates};

/// The types whose servers this program asks.
pub const SERVERS: [&str; 2] = ["tcp", "socketmap"];
