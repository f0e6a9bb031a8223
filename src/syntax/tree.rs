//! Lossless trees: tokens that cover a source without a gap.
//!
//! A parser adds tokens from left to right by saying where each ends; what nobody named becomes [`TokenKind::Other`].
//! So a tree prints back its input by construction, and the typed items that a parser returns beside it are spans into
//! the same bytes.

use crate::base::{Source, Span};
use std::sync::Arc;

/// What a run of bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Blank lines, newlines and white space between tokens.
    Space,
    /// A comment line, newline left out.
    Comment,
    /// A parameter's name, a table's key, a service's name.
    Name,
    /// `=`, `:`, `,` and the like.
    Punctuation,
    /// A parameter's value, a table's value, a service's field, an element of a list.
    Value,
    /// A regular expression or network, with its delimiters and flags.
    Pattern,
    /// `if`, `endif`, `!`.
    Keyword,
    /// What has no place in the file's grammar.
    Other,
}

/// A run of bytes of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands.
    pub span: Span,
}

/// A source and the tokens that cover it.
#[derive(Clone, Debug)]
pub struct Tree {
    source: Arc<Source>,
    tokens: Vec<Token>,
}

impl Tree {
    /// The source.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The tokens, in order, without a gap.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The text of all tokens in order: the source, byte for byte.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        self.tokens.iter().flat_map(|token| self.source.slice(token.span)).copied().collect()
    }
}

/// Collects tokens from left to right.
#[derive(Debug)]
pub struct TreeBuilder {
    source: Arc<Source>,
    tokens: Vec<Token>,
    at: usize,
}

impl TreeBuilder {
    /// No token yet.
    #[must_use]
    pub fn new(source: &Arc<Source>) -> Self {
        Self { source: Arc::clone(source), tokens: Vec::new(), at: 0 }
    }

    /// Everything up to `span` is trivia (white space and comments), and `span` is a token of this kind.
    ///
    /// A span that begins before the last token's end is cut; an empty one adds nothing.
    pub fn token(&mut self, kind: TokenKind, span: Span) {
        self.trivia(span.start);
        self.push(kind, span.end);
    }

    /// A token for each physical line that `span` covers, with trivia between them.
    pub fn token_lines(&mut self, kind: TokenKind, span: Span) {
        let source = Arc::clone(&self.source);
        let bytes = source.bytes();
        let mut start = span.start;
        while start < span.end {
            let end = memchr::memchr(b'\n', &bytes[start..span.end]).map_or(span.end, |length| start + length);
            let line = &bytes[start..end];
            if !super::logical::is_comment(line) {
                let indent = line.len() - super::logical::trim_start(line).len();
                let length = super::logical::trim_end(line).len();
                self.token(kind, Span::new(start + indent, start + length));
            }
            start = end + 1;
        }
    }

    /// The rest is trivia; the tree is complete.
    #[must_use]
    pub fn finish(mut self) -> Tree {
        self.trivia(self.source.bytes().len());
        Tree { source: self.source, tokens: self.tokens }
    }

    fn push(&mut self, kind: TokenKind, end: usize) {
        if end > self.at {
            self.tokens.push(Token { kind, span: Span::new(self.at, end) });
            self.at = end;
        }
    }

    /// Splits what lies before `end` into white space, comments and the unexpected.
    fn trivia(&mut self, end: usize) {
        let source = Arc::clone(&self.source);
        while self.at < end {
            let rest = &source.bytes()[self.at..end];
            let space = rest.iter().position(|&byte| !super::logical::is_space(byte)).unwrap_or(rest.len());
            self.push(TokenKind::Space, self.at + space);
            let rest = &rest[space..];
            let line = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let kind = if rest.first() == Some(&b'#') { TokenKind::Comment } else { TokenKind::Other };
            self.push(kind, self.at + line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_become_trivia_and_nothing_is_lost() {
        let source = Arc::new(Source::new("x", "# c\n\na = b ?\n  more\n"));
        let mut builder = TreeBuilder::new(&source);
        builder.token(TokenKind::Name, Span::new(5, 6));
        builder.token(TokenKind::Punctuation, Span::new(7, 8));
        builder.token(TokenKind::Value, Span::new(9, 10));
        let tree = builder.finish();
        let seen: Vec<(TokenKind, &[u8])> =
            tree.tokens().iter().map(|token| (token.kind, source.slice(token.span))).collect();
        use TokenKind::{Comment, Name, Other, Punctuation, Space, Value};
        let expected: Vec<(TokenKind, &[u8])> = vec![
            (Comment, b"# c"),
            (Space, b"\n\n"),
            (Name, b"a"),
            (Space, b" "),
            (Punctuation, b"="),
            (Space, b" "),
            (Value, b"b"),
            (Space, b" "),
            (Other, b"?"),
            (Space, b"\n  "),
            (Other, b"more"),
            (Space, b"\n"),
        ];
        assert_eq!(seen, expected);
        assert_eq!(tree.print(), source.bytes());
    }
}
