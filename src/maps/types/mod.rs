//! One file per map type.

pub mod btree;
pub mod cdb;
pub mod cidr;
pub mod debug;
pub mod environ;
pub mod fail;
pub mod hash;
pub mod inline;
pub mod internal;
pub mod lmdb;
pub mod pcre;
pub mod pipemap;
pub mod proxy;
pub mod randmap;
pub mod regexp;
pub mod socketmap;
#[cfg(feature = "sql")]
pub mod sqlite;
pub mod r#static;
pub mod tcp;
pub mod texthash;
pub mod unionmap;
pub mod unix;
