//! Changes to text by byte range: what no edit names stays as it is, to the byte.

use super::Span;
use std::fmt;

/// One replacement: the bytes of `span` become `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// What stands there afterwards; empty to delete.
    pub text: Vec<u8>,
}

impl Edit {
    /// An edit that replaces `span` by `text`.
    #[must_use]
    pub fn replace(span: Span, text: impl Into<Vec<u8>>) -> Self {
        Self { span, text: text.into() }
    }

    /// An edit that puts `text` before the byte at `offset`.
    #[must_use]
    pub fn insert(offset: usize, text: impl Into<Vec<u8>>) -> Self {
        Self::replace(Span::at(offset), text)
    }
}

/// Edits that cannot be carried out together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditError {
    /// Two edits change the same byte, or insert inside what another replaces.
    Overlap(Span, Span),
    /// An edit reaches past the end of the text.
    OutOfRange(Span),
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overlap(a, b) => {
                write!(f, "edits of bytes {}..{} and {}..{} overlap", a.start, a.end, b.start, b.end)
            }
            Self::OutOfRange(span) => write!(f, "edit of bytes {}..{} lies outside the text", span.start, span.end),
        }
    }
}

impl std::error::Error for EditError {}

/// Applies edits, given in any order, to `text`.
///
/// Insertions at one place keep the order in which they are given.
///
/// # Errors
/// When two edits overlap or one lies outside the text; nothing is applied then.
pub fn apply_edits(text: &[u8], edits: &[Edit]) -> Result<Vec<u8>, EditError> {
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    ordered.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = Vec::with_capacity(text.len());
    let mut done = Span::at(0);
    for edit in ordered {
        if edit.span.end > text.len() || edit.span.start > edit.span.end {
            return Err(EditError::OutOfRange(edit.span));
        }
        if edit.span.start < done.end {
            return Err(EditError::Overlap(done, edit.span));
        }
        out.extend_from_slice(&text[done.end..edit.span.start]);
        out.extend_from_slice(&edit.text);
        done = edit.span;
    }
    out.extend_from_slice(&text[done.end..]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_apply_in_the_order_of_the_text() {
        let edits = [
            Edit::replace(Span::new(4, 5), "E"),
            Edit::insert(0, "<"),
            Edit::replace(Span::new(1, 3), ""),
            Edit::insert(0, "<"),
            Edit::insert(6, ">"),
        ];
        assert_eq!(apply_edits(b"abcdef", &edits), Ok(b"<<adEf>".to_vec()));
    }

    #[test]
    fn overlap_and_range_are_refused() {
        let a = Edit::replace(Span::new(0, 3), "");
        let b = Edit::replace(Span::new(2, 4), "");
        assert_eq!(apply_edits(b"abcd", &[b.clone(), a.clone()]), Err(EditError::Overlap(a.span, b.span)));
        assert_eq!(apply_edits(b"abc", std::slice::from_ref(&b)), Err(EditError::OutOfRange(b.span)));
    }
}
