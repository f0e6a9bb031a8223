//! Any bytes as a table of patterns: no panic, and the tree prints them back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postwright::base::Source;
use postwright::syntax::pattern_line::Dialect;
use postwright::syntax::pattern_table::{PatternForm, parse_pattern_table};
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    let source = Arc::new(Source::new("fuzz", bytes));
    let expressions = [Dialect::Regexp, Dialect::Pcre].map(PatternForm::Expression);
    for form in expressions.into_iter().chain([PatternForm::Network]) {
        let parsed = parse_pattern_table(&source, form);
        assert_eq!(parsed.tree.print(), bytes);
    }
});
