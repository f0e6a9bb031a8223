//! Any bytes as a value with `$name`s in it, expanded among a few parameters: no panic, and an end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postwright::config::expand::{expand, references, scan};
use std::borrow::Cow;

fuzz_target!(|bytes: &[u8]| {
    let _ = references(bytes).count();
    let _ = scan(bytes);
    let _ = expand(bytes, &mut |name: &[u8]| match name {
        b"a" => Some(Cow::Borrowed(&b"x"[..])),
        b"b" => Some(Cow::Borrowed(&b"$a${b?$a}"[..])),
        b"e" => Some(Cow::Borrowed(&b""[..])),
        b"level" => Some(Cow::Borrowed(&b"3.6"[..])),
        _ => None,
    });
});
