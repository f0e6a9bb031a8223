//! Rules about master.cf (MS).

pub mod malformed_override;
pub mod malformed_service;
