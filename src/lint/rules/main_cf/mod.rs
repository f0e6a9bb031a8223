//! Rules about main.cf (MC).

pub mod bad_expansion;
pub mod bad_milter;
pub mod bad_network;
pub mod bad_own_name;
pub mod byte_order_mark;
pub mod comment_in_value;
pub mod glued_lines;
pub mod lacks_another;
pub mod late_permit;
pub mod leading_white_space;
pub mod malformed_line;
pub mod matches_nothing;
pub mod missing_file;
pub mod quoted_value;
pub mod set_twice;
pub mod soft_bounce;
pub mod swallowed_entry;
pub mod template;
pub mod tls_protocols;
pub mod undefined_name;
pub mod unknown_parameter;
pub mod unknown_restriction;
pub mod unknown_word;
pub mod unreachable_restriction;
pub mod unread_file;
pub mod wrong_value;
