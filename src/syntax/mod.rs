//! Floor 2: from bytes to trees.
