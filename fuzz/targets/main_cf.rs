//! Any bytes as main.cf: no panic, and the tree prints them back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postwright::base::Source;
use postwright::syntax::main_cf::parse_main_cf;
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    let source = Arc::new(Source::new("fuzz", bytes));
    let parsed = parse_main_cf(&source);
    assert_eq!(parsed.tree.print(), bytes);
});
