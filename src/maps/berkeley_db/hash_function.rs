//! The function that says in which bucket of a hash file a key stands.

/// The hash of a key, as Berkeley DB computes it unless told otherwise (the first form of Fowler, Noll and Vo, from 0).
pub(super) fn hash(key: &[u8]) -> u32 {
    key.iter().fold(0, |hash: u32, &byte| hash.wrapping_mul(16_777_619) ^ u32::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::berkeley_db::format::HASH_SAMPLE;

    #[test]
    fn keys_hash_as_berkeley_db_has_it() {
        assert_eq!(hash(HASH_SAMPLE), 0x5e68_8dd1);
        assert_eq!(hash(b""), 0);
    }
}
