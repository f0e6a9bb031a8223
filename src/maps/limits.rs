//! How large the things in an indexed file may be.

/// Longest value in an indexed file that is written and read, in bytes. A file with holes can claim to hold one of 4
/// GiB at no cost to itself.
pub const MAX_VALUE: usize = 64 << 20;

/// What is said of a longer one.
pub const VALUE_TOO_LONG: &str = "a value of more than 64 MiB";
