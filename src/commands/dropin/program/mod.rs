//! What every drop-in program has: options as `getopt` takes them, messages as Postfix words them, a configuration.

pub mod context;
pub mod getopt;
pub mod messages;
