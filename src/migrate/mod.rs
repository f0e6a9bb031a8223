//! Floor 6: turning the files of a site into others that say the same, with a way back.
//!
//! A migration is a plan first; what it would do to which file, and which it leaves alone and why. Carried out, each
//! file has a [backup](step) beside it before it is touched, and a [record](record) beside main.cf tells of it;
//! [rolling back](rollback) goes by that record, and leaves alone what somebody has changed since: [`mod@lmdb`] does
//! so. [`berkeley_db`] changes many files at once, as one [transaction]; [`sendmail`] writes a new directory and
//! changes nothing. Nothing here prints.

pub mod berkeley_db;
mod fingerprint;
pub mod lmdb;
pub mod record;
pub mod rollback;
pub mod sendmail;
pub mod step;
pub mod transaction;
