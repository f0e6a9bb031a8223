//! Any bytes as a file of bounce templates: no panic, and the tree prints them back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postwright::base::Source;
use postwright::syntax::bounce_template::parse_bounce_template;
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    let source = Arc::new(Source::new("fuzz", bytes));
    let parsed = parse_bounce_template(&source);
    assert_eq!(parsed.tree.print(), bytes);
});
