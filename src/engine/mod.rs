//! The mail engine: it takes mail by SMTP, keeps it until it is delivered, and delivers it, as the same main.cf,
//! master.cf and tables say that the rest of this house reads.
//!
//! | room | idea |
//! |---|---|
//! | [`policy`] | what the questions of a session come to |
//! | [`queue`] | what was taken, on the disk until it is delivered |
//! | [`smtp`] | what is said in an SMTP session: state machines that know no sockets |

pub mod policy;
pub mod queue;
pub mod smtp;
