//! Floor 1: the parts of mail addresses, without any configuration.

pub mod destination;
pub mod host_name;
pub mod host_port;
pub mod local_part;
pub mod mime;
pub mod rfc822;
