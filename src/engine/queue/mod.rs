//! The queue of the mail engine: messages that are on the disk before anybody is told that they were taken.
//!
//! # What is promised
//! - When [`Store::commit`] returns `Ok`, or the function given to [`Store::submit`] is called with it, the change is
//!   on the disk: it is there after the process is killed, and after a power loss if the disk keeps what it said it
//!   synced.
//! - Changes that fail are not promised, and may be there all the same after a crash: a message may then come twice,
//!   never get lost. In one commit the order holds: no later removal or result is there without what came before it.
//! - After a failed write or sync nothing is taken any more ([`StoreError::Failed`]), and no sync is tried again: what
//!   the system did with the pages is not known then. A full disk ([`StoreError::NoSpace`]) is no failure; messages are
//!   taken again when there is room, and a segment is kept for removals.
//! - What is damaged is told when the queue is opened ([`Recovery`]) and costs no other message. A message whose record
//!   is damaged is in the queue *corrupt*; a damaged record of its progress may have it delivered again.
//! - One process has the queue open; another gets [`StoreError::Locked`].
//!
//! # How
//! A log in segments (`log/*.log`, [`segment`]) of records ([`record`]), written by one thread ([`committer`]): all
//! that waits goes out with one write and one `fdatasync`. Segments are filled with zeros ahead ([`keeper`]), so that
//! the sync waits for nothing but the bytes; each batch begins on a page of its own, so that no page with acknowledged
//! records is written again, and none has to be read first. Contents above a limit are files (`content/ID`,
//! [`content`]), synced before their record. The index is in memory ([`index`]), made anew at the start from the
//! footers of sealed segments, or from the records ([`recovery`], [`scan`]). Removed messages leave their room when all
//! of a segment is removed; what lasts is copied out of segments that are nearly empty ([`cleaner`]).
//!
//! # Why a log
//! Measured before this was written: 4 KiB messages put, and then removed with the next batch, group commit in all
//! cases, 2 cores, ext4 on virtio, at real-time priority beside other load, messages each second:
//!
//! | | 1 sender | 20 | 100 |
//! |---|---|---|---|
//! | preallocated log, `pwrite` and `fdatasync` | 8,700 | 58,000 | 137,000 |
//! | the same with `RWF_DSYNC` | 9,000 | 62,000 | 121,000 |
//! | the same with `O_DIRECT` and `RWF_DSYNC` | 10,400 | 69,000 | 123,000 |
//! | LMDB 0.9 (lmdb-rkv) | 4,200 | 30,000 | 60,000 |
//! | redb | 5,000 | 31,000 | 35,000 |
//!
//! Direct I/O wins too little for buffers that must be aligned.
//!
//! This queue then, in the same way: 6,900, 62,000 and 147,000; with 200 senders 133,000. 100,000 messages queued and
//! deferred once take 64 MB of memory and 0.13 s to open; 1,000,000 take 290 MB, and 0.8 s to open, or 2.2 s when
//! nothing of the files is in memory; their envelopes are listed in 5 s.
//!
//! # How it was tried
//! Processes that use it are killed under load (`tests/robustness/queue_kill.rs`), and power is lost at every sync and
//! at random, with what was not synced lost, torn by sectors or reordered (`queue_power.rs` beside it); that leaving a
//! sync out is noticed is a test, too.

mod cleaner;
mod committer;
mod content;
mod core;
mod disk;
mod envelope;
mod error;
mod facts;
mod index;
mod keeper;
mod load;
mod record;
mod recovery;
mod scan;
mod segment;
mod store;
#[cfg(test)]
mod tests;
mod wire;

pub use content::{Content, ContentReader, ContentWriter};
pub use core::Options;
pub use disk::{Disk, DiskFile, System};
pub use envelope::{Client, DeliveryResult, Envelope, Outcome, Progress, Recipient};
pub use error::StoreError;
pub use facts::{Facts, Flags, Move, Queue};
pub use recovery::{Damage, Recovery};
pub use store::{Change, Reservation, Store, Summary};
