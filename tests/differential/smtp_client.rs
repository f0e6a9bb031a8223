//! A client that says to an SMTP server what it is told to say.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;

/// What stands for a reply that does not come.
pub const NO_ANSWER: &str = "(no answer)";

/// A connection to an SMTP server, of any kind.
pub struct Smtp(BufReader<File>);

impl Smtp {
    /// A connection that was made.
    pub fn new(socket: OwnedFd) -> Self {
        Self(BufReader::new(File::from(socket)))
    }

    /// Says a line; the last line of the answer.
    pub fn say(&mut self, line: &str) -> String {
        let _ = self.0.get_mut().write_all(format!("{line}\r\n").as_bytes());
        self.reply()
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.get_mut().write_all(bytes);
    }

    /// The lines of an answer; `(closed)` when the server has hung up.
    pub fn lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = Vec::new();
            match self.0.read_until(b'\n', &mut line) {
                Ok(0) => lines.push("(closed)".to_string()),
                Ok(_) => lines.push(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_string()),
                Err(_) => lines.push(NO_ANSWER.into()),
            }
            if line.get(3) != Some(&b'-') {
                return lines;
            }
        }
    }

    /// Whether the server hangs up within a moment.
    pub fn is_closed(&mut self) -> bool {
        let patience = Timespec { tv_sec: 1, tv_nsec: 0 };
        let mut waiting = [PollFd::new(self.0.get_ref(), PollFlags::IN)];
        let has_come = poll(&mut waiting, Some(&patience)).is_ok_and(|count| count > 0);
        has_come && self.0.fill_buf().map_or(true, <[u8]>::is_empty)
    }

    /// The last line of an answer.
    pub fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).is_err() || line.is_empty() {
                return NO_ANSWER.into();
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_string();
            }
        }
    }
}
