//! Any bytes as a file of `lmdb:`, in either format: an error or an answer, never a panic, and an end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postwright::maps::lmdb::anew::{Changes, write_anew};
use postwright::maps::lmdb::{Damage, Format, LmdbFile};
use std::fs::File;
use std::io::Write;

fuzz_target!(|bytes: &[u8]| {
    let memory = rustix::fs::memfd_create("fuzz", rustix::fs::MemfdFlags::CLOEXEC).expect("memory");
    let mut file = File::from(memory);
    file.write_all(bytes).expect("memory");
    let Ok(mut table) = LmdbFile::open(file) else { return };
    let _ = table.verify();
    let mut keys: Vec<Vec<u8>> = vec![b"key".to_vec(), b"a\0".to_vec()];
    let _ = table.walk(|key, _| {
        if keys.len() < 20 {
            keys.push(key.to_vec());
        }
        Ok::<(), Damage>(())
    });
    for key in keys {
        let _ = table.get(&key);
    }
    // What is written anew from it is sound, or nothing.
    for format in Format::ALL {
        let memory = File::from(rustix::fs::memfd_create("anew", rustix::fs::MemfdFlags::CLOEXEC).expect("memory"));
        if write_anew(Some(&mut table), Changes::new(), format, &memory).is_ok() {
            LmdbFile::open(memory).and_then(|mut new| new.verify()).expect("sound");
        }
    }
});
