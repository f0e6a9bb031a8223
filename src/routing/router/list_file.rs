//! A file of a match list, as it was read.

use crate::base::Source;
use crate::syntax::match_list::Element;
use std::sync::Arc;

/// The file and what is in it.
pub(in crate::routing) struct ListFile {
    pub(in crate::routing) source: Arc<Source>,
    pub(in crate::routing) elements: Vec<Element>,
}
