//! Any bytes from an SMTP client: no panic; recipients imply a sender that was taken, nothing of one message is left in
//! the next, a message is not bigger than may be, and each answer is one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postwright::engine::smtp::connection::{Connection, Next};
use postwright::engine::smtp::data::BareNewline;
use postwright::engine::smtp::session::Question;
use postwright::engine::smtp::settings::Settings;
use postwright::mail::reply::Reply;
use std::sync::Arc;

/// Small, so that the limits are reached.
const LIMIT: u64 = 200;

fuzz_target!(|bytes: &[u8]| {
    let [choice, turn, bytes @ ..] = bytes else { return };
    let settings = Settings {
        size_limit: LIMIT,
        recipient_limit: 3,
        line_limit: 100,
        helo_required: choice & 1 != 0,
        strict_envelopes: choice & 2 != 0,
        forbids_pipelining: choice & 4 != 0,
        bare_newline: match choice >> 3 & 3 {
            0 => BareNewline::Taken,
            1 => BareNewline::Refused(550),
            _ => BareNewline::MadeGood,
        },
        ..Settings::default()
    };
    let helo_required = settings.helo_required;
    let mut connection = Connection::new(Arc::new(settings));
    let mut pieces = bytes.chunks(usize::from(choice >> 5) * 7 + 1);
    // What was taken, as whoever answers the questions knows it.
    let (mut sender, mut recipients, mut asked) = (None, Vec::new(), 0_u32);
    loop {
        match connection.advance() {
            Next::Read => match pieces.next() {
                Some(piece) => connection.feed(piece),
                None => return,
            },
            Next::Send(answer) => {
                for line in answer.0.split("\r\n") {
                    assert!(line.len() > 3 && line.as_bytes()[..3].iter().all(u8::is_ascii_digit), "{line:?}");
                }
            }
            Next::Close(answer) => {
                assert!(answer.0.as_bytes()[0].is_ascii_digit());
                return;
            }
            Next::Ask(question) => {
                asked += 1;
                let is_refused = turn >> (asked % 8) & 1 != 0 && question != Question::Connect;
                match question {
                    Question::Mail(address) => {
                        assert!(connection.session().transaction().is_none(), "a sender in a transaction");
                        assert!(!helo_required || connection.session().greeting().is_some());
                        recipients.clear();
                        sender = (!is_refused).then_some(address);
                    }
                    Question::Rcpt(address) => {
                        assert!(sender.is_some(), "a recipient without a sender");
                        if !is_refused {
                            recipients.push(address);
                        }
                    }
                    Question::Data => assert!(!recipients.is_empty(), "a message for nobody"),
                    _ => {}
                }
                connection.told(is_refused.then(|| Reply::new(550, "5.7.1", "no")));
            }
            Next::Store => {
                let message = connection.session().transaction().expect("a message");
                let addresses: Vec<_> = message.recipients.iter().map(|one| one.address.clone()).collect();
                assert_eq!((Some(&message.sender), &addresses), (sender.as_ref(), &recipients));
                assert!(message.content.len() as u64 <= LIMIT + 2);
                sender = None;
                recipients.clear();
                connection.stored(if asked % 3 == 0 { Err(Reply::new(452, "4.3.1", "full")) } else { Ok("ID") });
                assert!(connection.session().transaction().is_none());
            }
        }
    }
});
