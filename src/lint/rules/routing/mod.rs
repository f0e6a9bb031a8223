//! Rules about routing: transports, nexthops, relaying (RT).

pub mod bad_nexthop;
pub mod loops_back;
pub mod missing_transport;
pub mod password_for_another_host;
pub mod port_without_tls;
pub mod useless_key;
