//! How often a client said what, and how often with success: `ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4`.
//!
//! Source: smtpd(8); the order is that of Postfix 3.11's log.

use super::command::Verb;
use std::fmt;

/// The counts of a session.
#[derive(Clone, Debug, Default)]
pub struct Tally([(u64, u64); Verb::ALL.len()]);

impl Tally {
    /// Counts a command that comes in.
    pub fn come(&mut self, command: Verb) {
        self.0[command as usize].1 += 1;
    }

    /// Counts that it had success.
    pub fn succeed(&mut self, command: Verb) {
        self.0[command as usize].0 += 1;
    }
}

/// What stands in the log behind `disconnect from NAME[ADDRESS]`, with a blank before each word.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = (0, 0);
        let write = |f: &mut fmt::Formatter<'_>, name: &str, (good, total): (u64, u64)| {
            if good == total { write!(f, " {name}={total}") } else { write!(f, " {name}={good}/{total}") }
        };
        for (verb, (good, total)) in Verb::ALL.into_iter().zip(self.0) {
            if total > 0 {
                all = (all.0 + good, all.1 + total);
                write(f, &verb.word().to_ascii_lowercase(), (good, total))?;
            }
        }
        write(f, "commands", all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_in_the_log() {
        let mut tally = Tally::default();
        assert_eq!(tally.to_string(), " commands=0");
        for (command, good) in [(Verb::Rcpt, false), (Verb::Ehlo, true), (Verb::Rcpt, true), (Verb::Quit, true)] {
            tally.come(command);
            if good {
                tally.succeed(command);
            }
        }
        assert_eq!(tally.to_string(), " ehlo=1 rcpt=1/2 quit=1 commands=3/4");
    }
}
