//! Off Sendmail: what its files say, as a configuration directory of Postfix, with a line of report for every line.
//!
//! [`mc`] reads sendmail.mc, [`settings`] is what the configuration says, [`report`] what became of each line.

pub mod mc;
pub mod report;
pub mod settings;
