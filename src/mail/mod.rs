//! Floor 1: the parts of mail addresses, and what mail systems say to each other, without any configuration.

pub mod address_filter;
pub mod destination;
pub mod dsn;
pub mod host_name;
pub mod host_port;
pub mod known_ports;
pub mod local_part;
pub mod mime;
pub mod path;
pub mod queue_id;
pub mod reply;
pub mod rfc822;
pub mod xtext;
