//! Any bytes as master.cf, and its services: no panic, and the tree prints them back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postwright::base::Source;
use postwright::config::services::services;
use postwright::syntax::master_cf::parse_master_cf;
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    let source = Arc::new(Source::new("fuzz", bytes));
    let parsed = parse_master_cf(&source);
    assert_eq!(parsed.tree.print(), bytes);
    let _ = services(&parsed);
});
