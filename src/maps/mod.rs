//! Floor 4: lookup tables.
