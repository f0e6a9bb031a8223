//! Rules about main.cf (MC).

pub mod bad_expansion;
pub mod leading_white_space;
pub mod malformed_line;
pub mod undefined_name;
pub mod unknown_parameter;
