//! Any bytes as the value of an alias: no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postwright::syntax::alias_value::parse_alias_value;

fuzz_target!(|bytes: &[u8]| {
    let _ = parse_alias_value(bytes);
});
