//! Spans into a value.

use crate::base::Span;

/// The bytes of a span; what lies outside is left out.
pub(super) fn slice(value: &[u8], span: Span) -> &[u8] {
    let end = span.end.min(value.len());
    &value[span.start.min(end)..end]
}
