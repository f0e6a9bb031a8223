//! `BDAT`: a message in pieces of a told size, without dots.
//!
//! Source: RFC 3030; dialogs with Postfix 3.11. A piece that is too big ends the connection, since what would be read
//! over has no bound.

use super::chunks::Chunks;
use super::command::CommandLine;
use super::session::{Answer, Event, Pending, Question, Session, Step};

impl Session {
    pub(super) fn bdat(&mut self, command: &CommandLine<'_>) -> Step {
        if !self.settings.keywords.chunking {
            return Step::Close(Answer::new("521 5.5.1 Error: command not implemented"));
        }
        let Some((size, is_last)) = size_of(&command.words) else {
            self.events.push(Event::MalformedBdat(command.line.to_vec()));
            return Step::Close(Answer::new("521 5.5.4 Syntax: BDAT count [LAST]"));
        };
        let limit = self.settings.size_limit;
        let before = self.transaction.as_ref().map_or(0, |transaction| transaction.content.len() as u64);
        if limit > 0 && before.saturating_add(size) > limit {
            return Step::Close(Answer::new("552 5.3.4 Chunk exceeds message size limit"));
        }
        // The piece comes all the same, and is read over.
        let refused = match &self.transaction {
            None => Some("503 5.5.1 Error: need RCPT command"),
            Some(transaction) if transaction.recipients.is_empty() => Some("554 5.5.1 Error: no valid recipients"),
            Some(_) => None,
        };
        if let Some(refused) = refused {
            return self.read_over(size, refused.into());
        }
        let Some(transaction) = &mut self.transaction else { return Step::Chunk(size) };
        match &mut transaction.chunks {
            Some(chunks) => {
                chunks.is_last = is_last;
                Step::Chunk(size)
            }
            None => {
                transaction.chunks = Some(Chunks::begun(is_last, None));
                self.pending = Some(Pending::Chunk(size));
                Step::Ask(Question::Data)
            }
        }
    }

    /// A piece that is refused comes all the same: it must not be taken for commands.
    pub(super) fn read_over(&mut self, size: u64, answer: String) -> Step {
        self.transaction.get_or_insert_default().chunks = Some(Chunks::begun(true, Some(answer)));
        Step::Chunk(size)
    }

    pub(super) fn begin_chunks(&mut self, size: u64) -> Step {
        Step::Chunk(size)
    }

    /// A piece is here, whole.
    pub fn chunk(&mut self, bytes: &[u8]) -> Step {
        let Some(transaction) = &mut self.transaction else { return self.fail("503 5.5.1 Error: need RCPT command") };
        let Some(chunks) = &mut transaction.chunks else { return self.fail("503 5.5.1 Error: need RCPT command") };
        if let Some(refused) = chunks.refused.take() {
            self.transaction = None;
            return self.fail(refused);
        }
        chunks.take(bytes, &mut transaction.content);
        if chunks.is_last {
            return self.end_of_message();
        }
        self.say(format!("250 2.0.0 Ok: {} bytes", bytes.len()))
    }
}

/// `BDAT 5`, `BDAT 5 LAST`.
fn size_of(words: &[&[u8]]) -> Option<(u64, bool)> {
    let (size, last) = match words {
        [size] => (size, false),
        [size, last] if last.eq_ignore_ascii_case(b"LAST") => (size, true),
        _ => return None,
    };
    let is_number = !size.is_empty() && size.len() <= 18 && size.iter().all(u8::is_ascii_digit);
    let number = is_number.then(|| std::str::from_utf8(size).ok()?.parse().ok()).flatten()?;
    Some((number, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let of = |text: &str| size_of(&text.split(' ').map(str::as_bytes).collect::<Vec<_>>());
        assert_eq!(of("5"), Some((5, false)));
        assert_eq!(of("0005 last"), Some((5, true)));
        for bad in ["", "x", "-5", "5 x", "5 LAST x", "99999999999999999999"] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
