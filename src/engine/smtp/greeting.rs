//! `HELO` and `EHLO`.

use super::command::{CommandLine, Verb};
use super::session::{Greeting, Pending, Question, Session, Step};

impl Session {
    pub(super) fn greet(&mut self, command: &CommandLine<'_>) -> Step {
        let extended = command.verb == Verb::Ehlo;
        self.count_junk();
        // What stands behind the name belongs to it, for the log and for headers.
        let name = command.behind().to_vec();
        if name.is_empty() {
            return self.fail(format!("501 Syntax: {} hostname", command.verb.word()));
        }
        self.transaction = None;
        self.pending = Some(Pending::Greeting(Greeting { extended, name: name.clone() }));
        Step::Ask(Question::Helo(name))
    }

    pub(super) fn greeted(&mut self, greeting: Greeting) -> Step {
        let extended = greeting.extended;
        self.greeting = Some(greeting);
        let host = self.settings.host.clone();
        if !extended {
            return self.say(format!("250 {host}"));
        }
        let keywords = self.settings.keywords;
        let size = match self.settings.size_limit {
            0 => "SIZE".to_string(),
            limit => format!("SIZE {limit}"),
        };
        let offered = [
            (keywords.pipelining, "PIPELINING"),
            (keywords.size, &size),
            (keywords.vrfy, "VRFY"),
            (keywords.etrn, "ETRN"),
            (keywords.enhanced_status_codes, "ENHANCEDSTATUSCODES"),
            (keywords.eight_bit_mime, "8BITMIME"),
            (keywords.dsn, "DSN"),
            (keywords.smtputf8, "SMTPUTF8"),
            (keywords.chunking, "CHUNKING"),
        ];
        let mut lines = vec![host.as_str()];
        lines.extend(offered.iter().filter(|(is_offered, _)| *is_offered).map(|(_, word)| *word));
        let last = lines.len() - 1;
        let line = |(at, line): (usize, &&str)| format!("250{}{line}", if at == last { ' ' } else { '-' });
        let text = lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\r\n");
        self.say(text)
    }
}
