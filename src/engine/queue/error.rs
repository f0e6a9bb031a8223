//! Why the queue did not do something.

use crate::base::FileError;
use crate::mail::queue_id::QueueId;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why the queue did not do something. Whatever it is, what was asked for is not promised.
#[derive(Debug)]
pub enum StoreError {
    /// Another process has this queue open.
    Locked(PathBuf),
    /// There is no room on the disk; the queue works on, and takes messages again when there is.
    NoSpace,
    /// More than one record can hold.
    TooLarge,
    /// There is a message of this name already.
    Exists(QueueId),
    /// There is no message of this name.
    Unknown(QueueId),
    /// The record of this message cannot be read, or its content; why.
    Damaged(QueueId, &'static str),
    /// The disk failed while this was written, or before: nothing is taken any more until the queue is opened anew.
    Failed(String),
    /// The queue is closed.
    Closed,
    /// A file could not be read, or the queue could not be opened.
    File(FileError),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked(directory) => write!(f, "{}: another process has this queue open", directory.display()),
            Self::NoSpace => f.write_str("no room on the disk of the queue"),
            Self::TooLarge => f.write_str("more than one record of the queue can hold"),
            Self::Exists(id) => write!(f, "{id}: there is such a message already"),
            Self::Unknown(id) => write!(f, "{id}: no such message"),
            Self::Damaged(id, why) => write!(f, "{id}: its record is damaged: {why}"),
            Self::Failed(why) => write!(f, "the queue has failed: {why}"),
            Self::Closed => f.write_str("the queue is closed"),
            Self::File(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<FileError> for StoreError {
    /// A full disk is told apart.
    fn from(error: FileError) -> Self {
        if is_full(&error.error) { Self::NoSpace } else { Self::File(error) }
    }
}

/// Whether it is for want of room, so that nothing is wrong with the disk.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT))
}
