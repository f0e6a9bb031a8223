//! What the questions of a session come to: the access restrictions, asked as `route --client` asks them.

use super::smtp::session::Question;
use crate::mail::reply::Reply;
use crate::routing::access::Access;

/// Answers a question: what the server says instead of going on, if anything.
pub fn answer(access: &mut Access<'_, '_>, question: &Question) -> Option<Reply> {
    match question {
        Question::Connect => access.connect(),
        Question::Helo(name) => {
            access.greeted(name);
            access.helo()
        }
        Question::Mail(sender) => {
            access.session.sender.clone_from(sender);
            access.mail()
        }
        Question::Rcpt(recipient) => access.rcpt(recipient),
        Question::Data => access.data(),
        Question::EndOfMessage => access.end_of_message(),
        Question::Vrfy(address) => access.vrfy(address),
        Question::Forbidden(word) => match access.is_listed("smtpd_forbidden_commands", word) {
            Ok(true) => Some(Reply::new(521, "5.7.0", "forbidden")),
            Ok(false) | Err(_) => None,
        },
    }
}
