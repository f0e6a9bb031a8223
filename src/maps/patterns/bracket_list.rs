//! Lists in brackets (`[^]a[:digit:]]`) of POSIX expressions: where they end.

/// What stands behind a list in brackets; `text` begins behind its `[`.
pub(super) fn behind_list(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(b"^").unwrap_or(text);
    // A bracket in the first place stands for itself.
    let mut rest = text.strip_prefix(b"]").unwrap_or(text);
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        match (first, rest.first()) {
            (b']', _) => return rest,
            (b'[', Some(&kind @ (b':' | b'.' | b'='))) => {
                let end = memchr::memmem::find(&rest[1..], &[kind, b']']).map_or(0, |at| at + 3);
                rest = &rest[end..];
            }
            _ => {}
        }
    }
    rest
}
