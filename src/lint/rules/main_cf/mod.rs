//! Rules about main.cf (MC).

pub mod bad_expansion;
pub mod bad_network;
pub mod bad_own_name;
pub mod comment_in_value;
pub mod leading_white_space;
pub mod malformed_line;
pub mod matches_nothing;
pub mod missing_file;
pub mod set_twice;
pub mod swallowed_entry;
pub mod undefined_name;
pub mod unknown_parameter;
pub mod unknown_restriction;
pub mod unknown_word;
pub mod unreachable_restriction;
pub mod unread_file;
pub mod wrong_value;
