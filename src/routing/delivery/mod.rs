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
//! | [`hand_over`], [`next_hop`] | smtp(8), lmtp(8) and other transports that lead away; the hosts that a nexthop stands for |

pub mod forward;
pub mod hand_over;
pub mod local;
pub mod local_mail;
pub mod mailbox;
pub mod next_hop;
pub mod sink;
pub mod virtual_mailbox;
