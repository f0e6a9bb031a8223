//! The stages of the message as a whole: `DATA`, and the dot behind the message.
//!
//! What they refuse, they refuse for all recipients that were taken. A recipient is known there only if one alone was
//! taken. What earlier stages put aside does not count.

use super::session::Command;
use super::topic::Topic;
use super::walk::Access;
use crate::mail::reply::Reply;

impl Access<'_, '_> {
    /// The client wants to send the message.
    pub fn data(&mut self) -> Option<Reply> {
        if self.taken.is_empty() {
            return Some(Reply::new(554, "5.5.1", "Error: no valid recipients"));
        }
        self.message_stage(Command::Data, "smtpd_data_restrictions", Topic::Data)
    }

    /// The client has sent the message.
    pub fn end_of_message(&mut self) -> Option<Reply> {
        let refused = self.message_stage(Command::EndOfMessage, "smtpd_end_of_data_restrictions", Topic::EndOfData);
        refused.or_else(|| self.cleanup_fails())
    }

    /// cleanup(8) cannot take the message: a table that has no answer about its sender.
    fn cleanup_fails(&mut self) -> Option<Reply> {
        let error = self.router.map_sender(&self.session.sender.clone()).err()?;
        self.router.note(error.to_string());
        Some(Reply::new(451, "4.3.0", "Error: queue file write error"))
    }

    fn message_stage(&mut self, command: Command, list: &str, topic: Topic) -> Option<Reply> {
        self.begin(command);
        self.recipient = match self.taken.as_slice() {
            [one] => one.clone(),
            _ => Vec::new(),
        };
        (self.if_permit, self.if_reject) = (None, None);
        self.list(list, topic, command.word().as_bytes()).or_else(|| self.put_aside())
    }
}
