//! Rules about master.cf (MS).

pub mod blanks_in_override;
pub mod duplicate_service;
pub mod malformed_override;
pub mod malformed_service;
pub mod orphaned_override;
pub mod unknown_override;
pub mod unknown_port;
pub mod wrong_command;
