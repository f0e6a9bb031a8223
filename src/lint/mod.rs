//! Floor 6: what is wrong with a site.
