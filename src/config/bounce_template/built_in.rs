//! The built-in templates. Names, headers and the values they mention are those of Postfix; the sentences are ours.

use super::{Template, TemplateClass};

/// What messages call a template that comes from no file.
const ORIGIN: &str = "[built-in]";

/// Who writes.
const FROM: &str = "Mail Delivery System <MAILER-DAEMON>";

const FAILURE: &[&str] = &[
    "The mail server $myhostname could not deliver your message",
    "to everyone it was meant for. What it tried, and how that ended,",
    "is told below; your message follows at the end.",
    "",
    "If you need help, write to the postmaster there and enclose",
    "this report. The copy of your own message can be left out.",
];

const DELAY: &[&str] = &[
    "The mail server $myhostname is still trying to deliver your message.",
    "",
    "*** Nothing is lost: please do not send the message again. ***",
    "",
    "It has been waiting for more than $delay_warning_time_hours hour(s). The server gives up,",
    "and tells you so, when the message is $maximal_queue_lifetime_days day(s) old.",
    "",
    "If you need help, write to the postmaster there and enclose",
    "this report. The copy of your own message can be left out.",
];

const SUCCESS: &[&str] = &[
    "The mail server $myhostname has delivered your message, as told",
    "below, and you asked to hear of it. Where it reached a mailbox this",
    "is the last you hear; a server that it was passed on to may still",
    "report trouble of its own.",
];

const VERIFY: &[&str] = &[
    "The mail server $myhostname was asked how it would deliver,",
    "or has delivered, a message. Its answer is below.",
];

/// The built-in template of a class.
pub(super) fn template(class: TemplateClass) -> Template {
    let (subject, postmaster_subject, body) = match class {
        TemplateClass::Failure => {
            ("Undelivered Mail Returned to Sender", Some("Postmaster Copy: Undelivered Mail"), FAILURE)
        }
        TemplateClass::Delay => ("Delayed Mail (still being retried)", Some("Postmaster Warning: Delayed Mail"), DELAY),
        TemplateClass::Success => ("Successful Mail Delivery Report", None, SUCCESS),
        TemplateClass::Verify => ("Mail Delivery Status Report", None, VERIFY),
    };
    Template {
        class,
        origin: ORIGIN.into(),
        charset: b"us-ascii".to_vec(),
        from: FROM.into(),
        subject: subject.into(),
        postmaster_subject: postmaster_subject.map(Into::into),
        body: body.iter().map(|line| line.as_bytes().to_vec()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_ascii_lines_that_every_mail_program_shows() {
        for class in TemplateClass::ALL {
            let template = template(class);
            assert!(!template.body.is_empty());
            for line in &template.body {
                assert!(line.is_ascii() && line.len() <= 90, "{}", line.escape_ascii());
            }
        }
    }
}
