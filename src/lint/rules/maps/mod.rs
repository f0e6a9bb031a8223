//! Rules about lookup tables (MAP).

pub mod bad_result;
pub mod cannot_open;
pub mod comment_in_entry;
pub mod compiled_patterns;
pub mod damaged_index;
pub mod dropped_entry;
pub mod duplicate_key;
pub mod foreign_format;
pub mod hidden_rules;
pub mod malformed_pattern;
pub mod missing_index;
pub mod missing_source;
pub mod outgrown_map;
pub mod stale_index;
pub mod two_compilers;
pub mod unbuildable_type;
pub mod unfolded_keys;
pub mod unknown_action;
pub mod unknown_type;
pub mod unused_key;
pub mod wrong_form;
