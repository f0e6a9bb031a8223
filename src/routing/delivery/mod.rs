//! What the delivery agents do.
//!
//! | file | idea |
//! |---|---|
//! | [`local`] | local(8): aliases and what they name |
//! | [`forward`] | `.forward` files |
//! | [`mailbox`] | mailboxes and what takes their place |
//! | [`local_mail`] | a message under way in local(8) |
//! | [`sink`] | whoever takes what becomes of it |
//! | [`virtual_mailbox`] | virtual(8) |
//! | [`agent_start`], [`pipe_command`], [`tls_policy`] | what keeps mail in the queue: programs that do not run, commands and policies that are malformed |
//! | [`hand_over`], [`next_hop`] | smtp(8), lmtp(8) and other transports that lead away; the hosts that a nexthop stands for |

mod agent_start;
mod client_start;
pub mod forward;
pub mod hand_over;
pub mod local;
pub mod local_mail;
pub mod mailbox;
pub mod next_hop;
mod pipe_command;
pub mod sink;
pub mod tls_policy;
pub mod virtual_mailbox;
