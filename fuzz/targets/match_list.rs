//! Any bytes as a file of a match list: no panic, and the tree prints them back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postwright::base::Source;
use postwright::syntax::match_list::parse_match_list;
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    let source = Arc::new(Source::new("fuzz", bytes));
    let parsed = parse_match_list(&source);
    assert_eq!(parsed.tree.print(), bytes);
});
