//! Floor 1: the parts of mail addresses, without any configuration.

pub mod rfc822;
