//! Tables inside other tables: `proxy:`, `debug:`, `unionmap:` and `pipemap:` hold some.

pub mod checked;
pub mod members;
