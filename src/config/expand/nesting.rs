//! The guard before the grammar: how deeply brackets are nested, found by counting and without recursion.

/// How deeply brackets of one kind, or references of any kind, may be nested in a value.
///
/// Postfix itself gives up on references nested more deeply than 101, but lets comparisons go further; 256 brackets are
/// 127 comparisons.
pub const MAX_NESTING: usize = 256;

/// A reference that must not reach the grammar.
pub(super) struct Frame {
    /// Its dollar sign.
    pub(super) start: usize,
    /// Whether its bracket is ever closed.
    pub(super) closed: bool,
}

/// The first reference whose brackets are nested too deeply, closed or not.
pub(super) fn first_frame_too_deep(level: &str) -> Option<Frame> {
    let bytes = level.as_bytes();
    let mut at = 0;
    while let Some(dollar) = memchr::memchr(b'$', &bytes[at..]).map(|found| at + found) {
        let (open, close) = match bytes.get(dollar + 1) {
            Some(b'{') => (b'{', b'}'),
            Some(b'(') => (b'(', b')'),
            // `$$` is text: its second half opens nothing.
            Some(b'$') => {
                at = dollar + 2;
                continue;
            }
            _ => {
                at = dollar + 1;
                continue;
            }
        };
        let (mut depth, mut most) = (0_usize, 0);
        let end = memchr::memchr2_iter(open, close, &bytes[dollar + 1..]).find(|&found| {
            if bytes[dollar + 1 + found] == open {
                depth += 1
            } else {
                depth -= 1
            }
            most = most.max(depth);
            depth == 0
        });
        if most > MAX_NESTING {
            return Some(Frame { start: dollar, closed: end.is_some() });
        }
        // Nothing behind an unclosed reference is looked at.
        at = dollar + 2 + end?;
    }
    None
}

/// How deeply brackets are nested in a text, where those that close nothing do not count.
pub(super) fn deepest(level: &str, open: u8, close: u8) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    for byte in level.bytes() {
        if byte == open {
            depth += 1;
            most = most.max(depth);
        } else if byte == close {
            depth = depth.saturating_sub(1);
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::super::{Fault, FaultKind, parse};
    use super::*;

    fn nested(open: &str, inner: &str, close: &str, times: usize) -> Vec<u8> {
        [open.repeat(times), inner.to_owned(), close.repeat(times)].concat().into_bytes()
    }

    #[test]
    fn nesting_has_a_limit() {
        assert!(parse(&nested("${a?{", "x", "}}", MAX_NESTING / 2)).faults.is_empty());
        assert!(parse(&nested("${a?$(b?", "x", ")}", MAX_NESTING / 2 - 1)).faults.is_empty());
        for value in [
            nested("${a?", "x", "}", MAX_NESTING + 1),
            nested("$(a?", "x", ")", MAX_NESTING + 1),
            nested("${a?$(b?", "x", ")}", MAX_NESTING),
            [b"$(a?".to_vec(), nested("{", "x", "}", MAX_NESTING + 1), b")".to_vec()].concat(),
        ] {
            let faults = parse(&value).faults;
            assert!(matches!(faults[..], [Fault { kind: FaultKind::TooDeep, .. }]), "{faults:?}");
        }
        let braces_outside_of_references = [b"$a ".to_vec(), nested("{", "x", "}", 10_000)].concat();
        assert!(parse(&braces_outside_of_references).faults.is_empty());
    }
}
