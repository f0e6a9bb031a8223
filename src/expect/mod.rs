//! Addresses with the outcomes that they are meant to have: the test suite of a site's routing.
//!
//! An [`Expectation`] asserts only what it says. Its keys are the [`KEYS`]; [`read`](read::parse) takes a file of them apart, and
//! [`Expectation::judge`] compares one with what was found: a [`Route`] and, if the expectation tells of a client, the [`Verdict`]
//! of the SMTP server.
//!
//! A key is compared with the values that the ends of the mail have for it, each counted once, in any order. Whoever says
//! where mail ends also says that it is taken: if the SMTP server refuses the address, that is the difference.

pub mod client_keys;
pub mod read;

use crate::base::Span;
use crate::routing::access::{Command, Verdict};
use crate::routing::fate::{Action, Ending, Fate};
use crate::routing::rewrite::resolve::AddressClass;
use crate::routing::route::Route;
use client_keys::ClientKeys;

/// Something that can be expected of mail.
#[derive(Debug)]
pub struct Key {
    /// Its name in a file.
    pub name: &'static str,
    /// What is asserted, for help.
    pub about: &'static str,
    /// How its value is written and compared.
    pub form: Form,
    /// Whether it speaks of ends, which refused mail does not have.
    pub of_ends: bool,
    /// Whether it speaks of a session, for which there must be a client.
    pub of_session: bool,
    /// The values that there are.
    found: fn(Outcome<'_>) -> Vec<String>,
}

/// How the value of a key is written and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A string or a list of them, each equal to a value.
    Exact,
    /// The same, of these words.
    Words(&'static [&'static str]),
    /// How a value begins, or a list of that; `true` for any value, `false` for none.
    Prefix,
    /// A string or a list of them, each a step of the way that the value tells, with or without its argument; or the whole way.
    Steps,
}

/// What became of mail for an address.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'r> {
    /// What the SMTP server said to the client; nothing without a client, or for a guess at what it says to strangers.
    pub verdict: Option<&'r Verdict>,
    /// Where it goes.
    pub route: &'r Route,
}

/// The words for what becomes of mail.
const OUTCOMES: [&str; 6] = ["delivered", "relayed", "discarded", "bounced", "deferred", "loop"];
/// The words for classes, in the order of [`AddressClass`].
const CLASSES: [&str; 5] = ["local", "virtual alias", "virtual mailbox", "relay", "default"];
/// The words for what is answered.
const COMMANDS: [&str; 6] = {
    let [connect, helo, mail, rcpt, data, end] = Command::ALL;
    [connect.word(), helo.word(), mail.word(), rcpt.word(), data.word(), end.word()]
};

/// What stands between the steps of a way, where it is shown.
pub const BETWEEN: &str = ": ";

/// All that can be expected.
pub const KEYS: [Key; 17] = [
    Key {
        name: "rewritten",
        about: "the address after rewriting",
        form: Form::Exact,
        of_ends: false,
        of_session: false,
        found: |found| vec![lossy(&found.route.rewritten)],
    },
    Key {
        name: "rejected",
        about: "how the reply of the SMTP server begins; true, false",
        form: Form::Prefix,
        of_ends: false,
        of_session: false,
        found: |found| found.refusal().into_iter().collect(),
    },
    Key {
        name: "rejected_by",
        about: "the list that rejects, or a restriction on the way in it",
        form: Form::Steps,
        of_ends: false,
        of_session: true,
        found: |found| {
            let by = found.verdict.filter(|verdict| verdict.reply.is_some() && !verdict.refused_by.is_empty());
            by.map(|verdict| verdict.refused_by.join(BETWEEN)).into_iter().collect()
        },
    },
    Key {
        name: "rejected_at",
        about: "CONNECT, HELO, MAIL, RCPT, DATA, END-OF-MESSAGE",
        form: Form::Words(&COMMANDS),
        of_ends: false,
        of_session: true,
        found: |found| {
            let refused = found.verdict.filter(|verdict| verdict.reply.is_some());
            refused.map(|verdict| verdict.command.word().to_string()).into_iter().collect()
        },
    },
    Key {
        name: "effects",
        about: "how the words begin for what happens besides; true, false",
        form: Form::Prefix,
        of_ends: true,
        of_session: true,
        found: |found| found.verdict.map_or_else(Vec::new, |verdict| verdict.effects.clone()),
    },
    Key {
        name: "ends",
        about: "where it ends, in the words that route prints behind its arrows",
        form: Form::Exact,
        of_ends: true,
        of_session: false,
        found: |found| all(found.route, |end| Some(end.to_string())),
    },
    Key {
        name: "recipients",
        about: "the recipients that become of the address",
        form: Form::Exact,
        of_ends: true,
        of_session: false,
        found: |found| all(found.route, |end| Some(lossy(&end.recipient))),
    },
    Key {
        name: "class",
        about: "local, virtual alias, virtual mailbox, relay, default",
        form: Form::Words(&CLASSES),
        of_ends: true,
        of_session: false,
        found: |found| all(found.route, |end| end.class.map(|class: AddressClass| class.to_string())),
    },
    Key {
        name: "transport",
        about: "the service of master.cf",
        form: Form::Exact,
        of_ends: true,
        of_session: false,
        found: |found| all(found.route, |end| end.class.map(|_| lossy(&end.hop.transport))),
    },
    Key {
        name: "nexthop",
        about: "the host, domain or socket that the transport is told",
        form: Form::Exact,
        of_ends: true,
        of_session: false,
        found: |found| all(found.route, |end| end.class.map(|_| lossy(&end.hop.nexthop))),
    },
    Key {
        name: "outcome",
        about: "delivered, relayed, discarded, bounced, deferred, loop",
        form: Form::Words(&OUTCOMES),
        of_ends: true,
        of_session: false,
        found: |found| all(found.route, |end| Some(end.fate.word().to_string())),
    },
    Key {
        name: "mailbox",
        about: "the path of a mailbox or maildir",
        form: Form::Exact,
        of_ends: true,
        of_session: false,
        found: |found| all(found.route, |end| delivered(end).and_then(Action::mailbox_path).map(lossy)),
    },
    Key {
        name: "command",
        about: "the command that is run",
        form: Form::Exact,
        of_ends: true,
        of_session: false,
        found: |found| {
            all(found.route, |end| match delivered(end) {
                Some(Action::Command(line)) => Some(lossy(line)),
                _ => None,
            })
        },
    },
    Key {
        name: "file",
        about: "the file that an alias names",
        form: Form::Exact,
        of_ends: true,
        of_session: false,
        found: |found| {
            all(found.route, |end| match delivered(end) {
                Some(Action::File(path)) => Some(lossy(path)),
                _ => None,
            })
        },
    },
    Key {
        name: "bounced",
        about: "how status and text of a bounce begin; true, false",
        form: Form::Prefix,
        of_ends: true,
        of_session: false,
        found: |found| {
            all(found.route, |end| match &end.fate {
                Fate::Bounced { status, reason } => Some(format!("{status} {reason}")),
                _ => None,
            })
        },
    },
    Key {
        name: "deferred",
        about: "how the text begins of what keeps mail in the queue; true, false",
        form: Form::Prefix,
        of_ends: true,
        of_session: false,
        found: |found| {
            all(found.route, |end| match &end.fate {
                Fate::Deferred(why) => Some(why.clone()),
                _ => None,
            })
        },
    },
    Key {
        name: "loops",
        about: "how the text begins of what ends a loop; true, false",
        form: Form::Prefix,
        of_ends: true,
        of_session: false,
        found: |found| {
            all(found.route, |end| match &end.fate {
                Fate::Loop(why) => Some(why.clone()),
                _ => None,
            })
        },
    },
];

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

impl Outcome<'_> {
    /// The reply of the SMTP server, should it not take the mail.
    fn refusal(self) -> Option<String> {
        match self.verdict {
            Some(verdict) => verdict.reply.as_ref().map(ToString::to_string),
            None => self.route.refusal.as_ref().map(|refusal| refusal.reply(&self.route.address)),
        }
    }

    /// The same, in the words that route prints.
    fn rejected(self) -> Option<String> {
        match self.verdict {
            Some(verdict) => verdict.rejected(),
            None => self.refusal().map(|reply| format!("rejected {reply}")),
        }
    }
}

impl Form {
    /// Whether each text is for a value and each value for a text.
    fn agrees(self, texts: &[String], found: &[String]) -> bool {
        let is_for = |text: &String, value: &String| match self {
            Self::Prefix => value.starts_with(text.as_str()),
            Self::Exact | Self::Words(_) => value == text,
            Self::Steps => {
                let is_step =
                    |step: &str| step.strip_prefix(text).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
                value == text || value.split(BETWEEN).any(is_step)
            }
        };
        texts.iter().all(|text| found.iter().any(|value| is_for(text, value)))
            && found.iter().all(|value| texts.iter().any(|text| is_for(text, value)))
    }
}

/// The value of each end that has one, each once, in order.
fn all(route: &Route, value: impl Fn(&Ending) -> Option<String>) -> Vec<String> {
    let mut values = Vec::new();
    for value in route.ends.iter().filter_map(value) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// How mail is delivered on this machine, if it is.
fn delivered(end: &Ending) -> Option<&Action> {
    if let Fate::Delivered(action) = &end.fate { Some(action) } else { None }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::reply::Reply;
    use crate::routing::access::unknown::Refusal;
    use crate::routing::rewrite::transport::Hop;

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
            rewritten: b"a@example.com".to_vec(),
            copies: Vec::new(),
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
            rewritten: b"a@example.com".to_vec(),
            copies: Vec::new(),
            ends: vec![end("a@example.com", "smtp:[x]", Fate::Relayed { hosts: Vec::new() })],
        };
        let taken = Verdict {
            recipient: b"a".to_vec(),
            reply: None,
            command: Command::EndOfMessage,
            refused_by: Vec::new(),
            effects: vec!["the message is held".into(), "a copy goes to b@example.com".into()],
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

    #[test]
    fn words_are_those_of_the_classes() {
        use AddressClass::{Default, Local, Relay, VirtualAlias, VirtualMailbox};
        let classes = [Local, VirtualAlias, VirtualMailbox, Relay, Default].map(|class| class.to_string());
        assert_eq!(classes.each_ref().map(String::as_str), CLASSES);
    }
}
