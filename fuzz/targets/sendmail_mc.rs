//! Any text as sendmail.mc: no panic, the tree prints it back, and a file that includes itself has an end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postwright::base::Source;
use postwright::migrate::sendmail::mc::read_mc_including;
use postwright::syntax::sendmail_mc::parse_sendmail_mc;
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    let source = Arc::new(Source::new("fuzz", bytes));
    assert_eq!(parse_sendmail_mc(&source).tree.print(), bytes);
    let text = String::from_utf8_lossy(bytes);
    let _ = read_mc_including("fuzz", &text, &|name| (name.len() % 2 == 0).then(|| text.to_string()));
});
