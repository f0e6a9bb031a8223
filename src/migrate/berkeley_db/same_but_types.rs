//! Whether two expanded values differ in nothing but retired types and what took their place.

use crate::config::retired_types::occurrences;

/// Whether the second is the first with every retired type replaced.
#[must_use]
pub fn is_same_but_types(old: &[u8], new: &[u8]) -> bool {
    let (mut at, mut rest) = (0, new);
    for one in occurrences(old) {
        let Some(behind) = rest.strip_prefix(&old[at..one.span.start]) else { return false };
        let replaced = [&b"lmdb"[..], b"cdb"].iter().find_map(|name| behind.strip_prefix(*name));
        let Some(behind) = replaced.or_else(|| behind.strip_prefix(one.map_type.name.as_bytes())) else { return false };
        (at, rest) = (one.span.end, behind);
    }
    rest == &old[at..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_types_may_differ() {
        let cases = [
            ("hash:/a, proxy:btree:/b", "lmdb:/a, proxy:cdb:/b", true),
            ("hash:/a", "hash:/a", true),
            ("hash:/a", "lmdb:/b", false),
            ("hash:/a", "pcre:/a", false),
            ("inline:{a=hash:/b}", "inline:{a=lmdb:/b}", false),
            ("/a", "/b", false),
            ("hash:/a x", "lmdb:/a", false),
        ];
        for (old, new, expected) in cases {
            assert_eq!(is_same_but_types(old.as_bytes(), new.as_bytes()), expected, "{old} {new}");
        }
    }
}
