//! What has come in pieces, and the lines that it makes.

/// What has come by `BDAT`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunks {
    /// How many bytes, counting the end of line that the last one lacks.
    pub total: u64,
    /// The line that has no end yet.
    line: Vec<u8>,
    /// This is the last piece.
    pub(super) is_last: bool,
    /// Whether it is refused when it is there: the answer.
    pub(super) refused: Option<String>,
}

impl Chunks {
    /// The first piece is under way.
    pub(super) fn begun(is_last: bool, refused: Option<String>) -> Self {
        Self { total: 0, line: Vec::new(), is_last, refused }
    }

    /// Takes a piece in; lines end in LF afterwards.
    pub(super) fn take(&mut self, bytes: &[u8], content: &mut Vec<u8>) {
        self.total += bytes.len() as u64;
        let mut rest = bytes;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            self.line.extend_from_slice(&rest[..at]);
            content.extend_from_slice(self.line.strip_suffix(b"\r").unwrap_or(&self.line));
            content.push(b'\n');
            self.line.clear();
            rest = &rest[at + 1..];
        }
        self.line.extend_from_slice(rest);
        if self.is_last && !self.line.is_empty() {
            self.total += 2;
            content.append(&mut self.line);
            content.push(b'\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_lines() {
        let mut chunks = Chunks::default();
        let mut content = Vec::new();
        for piece in ["a", "\r", "\nb\n.\r", "\n\r\nc\rd"] {
            chunks.take(piece.as_bytes(), &mut content);
        }
        chunks.is_last = true;
        chunks.take(b"", &mut content);
        assert_eq!((String::from_utf8(content).unwrap().as_str(), chunks.total), ("a\nb\n.\n\nc\rd\n", 15));
    }
}
