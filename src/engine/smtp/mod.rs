//! The SMTP server's side of a session, without sockets: bytes come in, answers and questions go out.
//!
//! | file | idea |
//! |---|---|
//! | [`command`] | a command line as a verb and words |
//! | [`parameters`] | what `MAIL` and `RCPT` carry behind the address |
//! | [`settings`] | what main.cf says about sessions |
//! | [`session`] | what is answered to what, and what is asked before |
//! | [`greeting`], [`transaction`], [`chunk`] with its [`chunks`], [`other`] | the commands, by what they are about |
//! | [`connection`] | a session as bytes |
//! | [`data`] | a message as it comes in behind `DATA` |
//! | [`tally`] | how often what was said: the end of a session in the log |
//!
//! Source: RFC 5321, 1870, 2034, 2920, 3030, 3461, 6152, 6531; smtpd(8); dialogs with Postfix 3.11.

pub mod chunk;
pub mod chunks;
pub mod command;
pub mod connection;
pub mod data;
pub mod greeting;
pub mod other;
pub mod parameters;
pub mod session;
pub mod settings;
pub mod tally;
pub mod transaction;
