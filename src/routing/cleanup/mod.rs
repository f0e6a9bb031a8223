//! What cleanup(8) makes of addresses, senders and recipients: [`map_address`] (canonical and virtual aliases),
//! [`envelope`] (the order of these), [`masquerade`], and [`copies`] to others.

pub mod copies;
pub mod envelope;
pub mod map_address;
pub mod masquerade;
