//! Pages of other sizes: LMDB takes that of the machine, and 1.0 any that somebody asks for, up to 64 KiB.

use std::process::Command;

use postwright::maps::lmdb::Format;
use support::repository;

use crate::library::{Pairs, run, sources};
use crate::lmdb::ours;

#[test]
fn pages_of_every_size() {
    let scratch = tempfile::tempdir().unwrap();
    let program = scratch.path().join("pages");
    let source = sources(Format::V1_0);
    let mut compiler = Command::new("cc");
    compiler.args(["-O1", "-w", "-pthread", "-I"]).arg(&source).arg("-o").arg(&program);
    compiler.arg(repository().join("tests/peers/pages.c"));
    run(compiler.arg(source.join("mdb.c")).arg(source.join("midl.c")));
    let mut expected: Pairs =
        (0..20_000).map(|n| format!("key{n:05}").into_bytes()).map(|text| (text.clone(), text)).collect();
    expected.insert(b"long".to_vec(), vec![b'x'; 200_000]);
    for (size, longest) in [(4096, "1978"), (8192, "4026"), (32_768, "16314"), (65_536, "32698")] {
        let path = scratch.path().join(size.to_string());
        let said = run(Command::new(&program).arg(&path).arg(size.to_string()));
        assert_eq!(String::from_utf8(said).unwrap().trim(), longest, "{size}");
        assert!(ours(&path) == expected, "{size}");
    }
}
