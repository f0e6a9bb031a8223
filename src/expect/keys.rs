//! What can be expected of mail: each key with its form, and with the values that it finds in what became of the mail.

use crate::routing::access::{Command, Verdict};
use crate::routing::fate::{Action, Ending, Fate};
use crate::routing::rewrite::resolve::AddressClass;
use crate::routing::route::Route;

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
    pub(super) found: fn(Outcome<'_>) -> Vec<String>,
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
    /// A string or a list of them, each a step of the way that the value tells, with or without its argument; or the
    /// whole way.
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
        found: |found| {
            found.verdict.map_or_else(Vec::new, |verdict| verdict.effects.iter().map(ToString::to_string).collect())
        },
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

impl Outcome<'_> {
    /// The reply of the SMTP server, should it not take the mail.
    fn refusal(self) -> Option<String> {
        match self.verdict {
            Some(verdict) => verdict.reply.as_ref().map(ToString::to_string),
            None => self.route.refusal.as_ref().map(|refusal| refusal.reply(&self.route.address)),
        }
    }

    /// The same, in the words that route prints.
    pub(super) fn rejected(self) -> Option<String> {
        match self.verdict {
            Some(verdict) => verdict.rejected(),
            None => self.refusal().map(|reply| format!("rejected {reply}")),
        }
    }
}

impl Form {
    /// Whether each text is for a value and each value for a text.
    pub(super) fn agrees(self, texts: &[String], found: &[String]) -> bool {
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
pub(super) fn all(route: &Route, value: impl Fn(&Ending) -> Option<String>) -> Vec<String> {
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

    #[test]
    fn words_are_those_of_the_classes() {
        use AddressClass::{Default, Local, Relay, VirtualAlias, VirtualMailbox};
        let classes = [Local, VirtualAlias, VirtualMailbox, Relay, Default].map(|class| class.to_string());
        assert_eq!(classes.each_ref().map(String::as_str), CLASSES);
    }
}
