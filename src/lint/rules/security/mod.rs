//! Rules about security (SEC).

pub mod no_relay_control;
