//! Any bytes as a table's source: no panic, the tree prints them back, and the compiler reads the same entries from
//! them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postwright::base::Source;
use postwright::maps::compile::{Recipe, read_entries};
use postwright::syntax::table::parse_table;
use postwright::syntax::table_line::TableForm;
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    let source = Arc::new(Source::new("fuzz", bytes));
    let parsed = parse_table(&source, TableForm::KeyValue);
    assert_eq!(parsed.tree.print(), bytes);
    let entries = read_entries(bytes.to_vec(), &Recipe::standard(TableForm::KeyValue));
    assert_eq!(entries.all().len(), parsed.entries.len());
});
