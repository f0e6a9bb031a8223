//! Rules about master.cf (MS).

pub mod blanks_in_override;
pub mod chrooted_socket;
pub mod duplicate_service;
pub mod filtered_again;
pub mod long_name;
pub mod malformed_override;
pub mod malformed_service;
pub mod missing_service;
pub mod orphaned_override;
pub mod pipe_argument;
pub mod postscreen_parts;
pub mod stray_argument;
pub mod unknown_override;
pub mod unknown_port;
pub mod unprivileged;
pub mod wrong_command;
