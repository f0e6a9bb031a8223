//! Rules about virtual domains and their tables (VT).

pub mod alias_loop;
pub mod bad_target;
pub mod dead_end;
pub mod hiding_catch_all;
pub mod missing_mailbox;
pub mod two_classes;
pub mod undeclared_domain;
