//! Floor 0: named bytes and places in them, edits by range, files that are replaced and never overwritten, locks,
//! threads, and the time that servers get.
//!
//! Nothing here knows what a mail system is.

pub mod atomic_file;
pub mod beneath;
pub mod carried_over;
pub mod edit;
pub mod exchange;
pub mod file_error;
pub mod lock;
mod natural_order;
pub mod overlay;
pub mod patience;
pub mod place;
pub mod regular_file;
pub mod run_as;
pub mod source;
pub mod suggest;
pub mod system_words;
pub mod threads;
pub mod user_file;

pub use atomic_file::AtomicFile;
pub use beneath::Beneath;
pub use edit::{Edit, EditError, apply_edits};
pub use file_error::FileError;
pub use lock::{FileLock, LockKind};
pub use natural_order::natural_order;
pub use overlay::Overlay;
pub use patience::Patience;
pub use place::Place;
pub use source::{Position, Source, Span};
pub use suggest::suggest;
pub use system_words::system_words;
