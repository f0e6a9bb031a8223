//! Addresses with the outcomes that they are meant to have: the test suite of a site's routing.
//!
//! An [`Expectation`] asserts only what it says. Its keys are the [`KEYS`]; [`read`](read::parse) takes a file of them
//! apart, and [`Expectation::judge`] compares one with what was found: where the mail goes and, if the expectation
//! tells of a client, the verdict of the SMTP server.
//!
//! A key is compared with the values that the ends of the mail have for it, each counted once, in any order. Whoever
//! says where mail ends also says that it is taken: if the SMTP server refuses the address, that is the difference.

pub mod client_keys;
mod keys;
pub mod read;

pub use keys::{BETWEEN, Form, KEYS, Key, Outcome};

use crate::base::Span;
use client_keys::ClientKeys;
use keys::all;

/// What one address is meant to come to.
#[derive(Debug)]
pub struct Expectation {
    /// Where it begins in its file.
    pub span: Span,
    /// The recipient.
    pub address: String,
    /// The sender; nothing: whoever asks decides.
    pub from: Option<String>,
    /// What is told of the client.
    pub client: ClientKeys,
    /// What is asserted, in the order of the file; never empty.
    pub asserted: Vec<Assertion>,
}

/// A key and the value that it is meant to have.
#[derive(Debug)]
pub struct Assertion {
    /// The key.
    pub key: &'static Key,
    /// The value.
    pub wanted: Wanted,
    /// Where the key stands in its file.
    pub span: Span,
}

/// What a value is meant to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// These, or such that begin so; never empty.
    Texts(Vec<String>),
    /// Any value, or none.
    Any(bool),
}

/// A key whose value is another one than expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The name of the key.
    pub key: &'static str,
    /// Where the key stands in its file.
    pub span: Span,
    /// What was expected.
    pub expected: Vec<String>,
    /// The values that there are; if there are none, what becomes of the mail instead.
    pub got: Vec<String>,
}

impl Expectation {
    /// All that is not as expected.
    #[must_use]
    pub fn judge(&self, outcome: Outcome<'_>) -> Vec<Difference> {
        let differs = |assertion: &Assertion| {
            let Assertion { key, wanted, span } = assertion;
            let rejected = outcome.rejected();
            let refused = rejected.as_ref().filter(|_| key.of_ends);
            let found = (key.found)(outcome);
            let holds = match wanted {
                Wanted::Any(any) => found.is_empty() != *any,
                Wanted::Texts(texts) => key.form.agrees(texts, &found),
            };
            if holds && refused.is_none() {
                return None;
            }
            let expected = match wanted {
                Wanted::Any(any) => vec![any.to_string()],
                Wanted::Texts(texts) => texts.clone(),
            };
            let got = match rejected {
                Some(rejected) if key.of_ends || found.is_empty() => vec![rejected],
                // That it ends somewhere does not tell that nothing else happens.
                None if found.is_empty() && !(key.of_ends && key.of_session) => {
                    all(outcome.route, |end| Some(end.to_string()))
                }
                _ => found,
            };
            Some(Difference { key: key.name, span: *span, expected, got })
        };
        self.asserted.iter().filter_map(differs).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::reply::Reply;
    use crate::routing::access::Effect;
    use crate::routing::access::unknown::Refusal;
    use crate::routing::access::{Command, Verdict};
    use crate::routing::fate::{Action, Ending, Fate};
    use crate::routing::rewrite::resolve::AddressClass;
    use crate::routing::rewrite::transport::Hop;
    use crate::routing::route::Route;

    fn end(recipient: &str, hop: &str, fate: Fate) -> Ending {
        let class = Some(AddressClass::Default);
        Ending { recipient: recipient.into(), class, hop: Hop::parse(hop.as_bytes()), fate }
    }

    fn differences(route: &Route, key: &str, wanted: Wanted) -> Vec<(Vec<String>, Vec<String>)> {
        judged(Outcome { verdict: None, route }, key, wanted)
    }

    fn judged(outcome: Outcome<'_>, key: &str, wanted: Wanted) -> Vec<(Vec<String>, Vec<String>)> {
        let key = KEYS.iter().find(|known| known.name == key).expect("a key");
        let asserted = vec![Assertion { key, wanted, span: Span::default() }];
        let (span, client) = (Span::default(), ClientKeys::default());
        let expectation = Expectation { span, address: "a".into(), from: None, client, asserted };
        expectation.judge(outcome).into_iter().map(|one| (one.expected, one.got)).collect()
    }

    #[test]
    fn values_of_all_ends_each_once_in_any_order() {
        let mut route = Route {
            address: b"a".to_vec(),
            steps: Vec::new(),
            refusal: None,
            filter: None,
            rewritten: b"a@example.com".to_vec(),
            copies: Vec::new(),
            alternatives: Vec::new(),
            ends: vec![
                end("b@example.com", "smtp:[x]", Fate::Relayed { hosts: Vec::new() }),
                end("c@example.com", "smtp:y", Fate::Relayed { hosts: Vec::new() }),
                end("d@example.com", "local:z", Fate::Delivered(Action::Mailbox(b"/var/mail/d".to_vec()))),
                end("e@example.com", "local:z", Fate::unknown_user(b"e")),
            ],
        };
        let cases: &[(&str, &[&str], bool)] = &[
            ("rewritten", &["a@example.com"], true),
            ("rewritten", &["a"], false),
            ("transport", &["local", "smtp"], true),
            ("transport", &["smtp"], false),
            ("transport", &["smtp", "local", "virtual"], false),
            ("nexthop", &["[x]", "y", "z"], true),
            ("outcome", &["relayed", "bounced", "delivered"], true),
            ("class", &["default"], true),
            ("mailbox", &["/var/mail/d"], true),
            ("mailbox", &["/var/mail"], false),
            ("command", &["/var/mail/d"], false),
            ("file", &["/var/mail/d"], false),
            ("bounced", &["5.1.1 unknown"], true),
            ("bounced", &["5.1.2"], false),
            ("bounced", &["true"], false),
            ("rejected", &["550"], false),
        ];
        let texts = |texts: &[&str]| Wanted::Texts(texts.iter().map(|text| (*text).to_string()).collect());
        for (key, wanted, holds) in cases {
            assert_eq!(differences(&route, key, texts(wanted)).is_empty(), *holds, "{key} {wanted:?}");
        }
        for (key, any) in [("bounced", true), ("loops", false), ("deferred", false), ("rejected", false)] {
            assert_eq!(differences(&route, key, Wanted::Any(any)), [], "{key}");
            assert_eq!(differences(&route, key, Wanted::Any(!any)).len(), 1, "{key}");
        }
        // What has no value is told by what there is.
        let words = vec!["b@example.com: relayed via smtp to [x]".to_string()];
        route.ends.truncate(1);
        assert_eq!(differences(&route, "mailbox", texts(&["/m"])), [(vec!["/m".to_string()], words.clone())]);
        assert_eq!(differences(&route, "loops", Wanted::Any(true)), [(vec!["true".to_string()], words)]);
        // Refused mail ends nowhere.
        route.refusal = Some(Refusal { code: 550, status: "5.1.1".into(), reason: "No".into() });
        let reply = "550 5.1.1 <a>: Recipient address rejected: No".to_string();
        let got = vec![(vec!["smtp".to_string()], vec![format!("rejected {reply}")])];
        assert_eq!(differences(&route, "transport", texts(&["smtp"])), got);
        assert_eq!(differences(&route, "rejected", texts(&["550 5.1.1"])), []);
        assert_eq!(differences(&route, "rejected", texts(&["551"])), [(vec!["551".to_string()], vec![reply])]);
    }

    #[test]
    fn verdicts_of_the_server() {
        let route = Route {
            address: b"a".to_vec(),
            steps: Vec::new(),
            // A guess, which is not asked for where there is a verdict.
            refusal: Some(Refusal { code: 550, status: "5.1.1".into(), reason: "No".into() }),
            filter: None,
            rewritten: b"a@example.com".to_vec(),
            copies: Vec::new(),
            alternatives: Vec::new(),
            ends: vec![end("a@example.com", "smtp:[x]", Fate::Relayed { hosts: Vec::new() })],
        };
        let taken = Verdict {
            recipient: b"a".to_vec(),
            reply: None,
            command: Command::EndOfMessage,
            refused_by: Vec::new(),
            effects: vec![Effect::Hold, Effect::Copy("b@example.com".into())],
            steps: Vec::new(),
        };
        let refused = Verdict {
            reply: Some(Reply::new(554, "5.7.1", "<DATA>: Data command rejected: Access denied")),
            command: Command::Data,
            refused_by: ["smtpd_data_restrictions", "c", "check_helo_access inline:{a=reject}", "reject"]
                .map(Into::into)
                .into(),
            effects: Vec::new(),
            ..taken.clone()
        };
        let unlisted = Verdict { refused_by: Vec::new(), command: Command::Rcpt, ..refused.clone() };
        let of = |verdict| Outcome { verdict: Some(verdict), route: &route };
        let texts = |texts: &[&str]| Wanted::Texts(texts.iter().map(|text| (*text).to_string()).collect());
        let way = "smtpd_data_restrictions: c: check_helo_access inline:{a=reject}: reject";
        let words = "rejected at DATA 554 5.7.1 <DATA>: Data command rejected: Access denied";
        // What differs is told by the third; nothing: it is as expected.
        type Texts<'t> = &'t [&'t str];
        let cases: &[(&Verdict, &str, Texts<'_>, Option<Texts<'_>>)] = &[
            (&refused, "rejected", &["554"], None),
            (&refused, "rejected", &["550"], Some(&["554 5.7.1 <DATA>: Data command rejected: Access denied"])),
            (&refused, "rejected_by", &["reject"], None),
            (&refused, "rejected_by", &["smtpd_data_restrictions", "check_helo_access"], None),
            (&refused, "rejected_by", &["check_helo_access inline:{a=reject}"], None),
            (&refused, "rejected_by", &[way], None),
            (&refused, "rejected_by", &["smtpd_data"], Some(&[way])),
            (&refused, "rejected_by", &["reject", "reject_unauth_destination"], Some(&[way])),
            (&refused, "rejected_at", &["DATA"], None),
            (&refused, "rejected_at", &["RCPT"], Some(&["DATA"])),
            (&refused, "transport", &["smtp"], Some(&[words])),
            (&refused, "effects", &["the message is held"], Some(&[words])),
            (
                &unlisted,
                "rejected_by",
                &["reject"],
                Some(&["rejected 554 5.7.1 <DATA>: Data command rejected: Access denied"]),
            ),
            (&taken, "transport", &["smtp"], None),
            (&taken, "effects", &["a copy", "the message is held"], None),
            (&taken, "effects", &["a copy"], Some(&["the message is held", "a copy goes to b@example.com"])),
            (&taken, "rejected_by", &["reject"], Some(&["a@example.com: relayed via smtp to [x]"])),
            (&taken, "rejected_at", &["RCPT"], Some(&["a@example.com: relayed via smtp to [x]"])),
        ];
        for (verdict, key, wanted, got) in cases {
            let found = judged(of(verdict), key, texts(wanted)).pop().map(|(_, got)| got);
            assert_eq!(found, got.map(|got| got.iter().map(|text| (*text).to_string()).collect()), "{key} {wanted:?}");
        }
        assert_eq!(judged(of(&taken), "rejected", Wanted::Any(false)), []);
        let plain = Verdict { effects: Vec::new(), ..taken.clone() };
        assert_eq!(judged(of(&plain), "effects", Wanted::Any(false)), []);
        assert_eq!(judged(of(&plain), "effects", Wanted::Any(true)), [(vec!["true".to_string()], Vec::new())]);
    }
}
