//! Floor 1: the parts of mail addresses, without any configuration.

pub mod mime;
pub mod rfc822;
