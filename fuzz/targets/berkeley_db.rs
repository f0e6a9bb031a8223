//! Any bytes as a Berkeley DB file: an error or an answer, never a panic, and an end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postwright::maps::berkeley_db::{BerkeleyDb, Damage};

fuzz_target!(|bytes: &[u8]| {
    let Ok(table) = BerkeleyDb::open(bytes) else { return };
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
});
