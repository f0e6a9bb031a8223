//! What the value of an access table does.
//!
//! Source: access(5), "ACCEPT ACTIONS" and what follows; experiments with 3.11.

use super::decision::{Checked, Decision, Stop, Subject};
use super::effect::Effect;
use super::restriction_list::words;
use super::session::Command;
use super::unknown::split_status;
use super::walk::Access;
use crate::mail::reply::Reply;

impl Access<'_, '_> {
    /// Does what a table says for a key.
    pub(super) fn apply(&mut self, table: &[u8], value: &[u8], key: &[u8], subject: &Subject) -> Checked {
        let text = String::from_utf8_lossy(value).into_owned();
        let (action, rest) = text.split_once([' ', '\t']).unwrap_or((&text, ""));
        let rest = rest.trim_start_matches([' ', '\t']);
        let refusal = |status: &str, default: &str| {
            let (status, reason) = split_status(rest, status);
            let reason = if reason.is_empty() { default } else { &reason };
            (subject.topic.fit(&status), subject.refused(reason))
        };
        match action.to_ascii_uppercase().as_str() {
            "REJECT" => {
                let (status, text) = refusal("5.7.1", "Access denied");
                let code = self.number("access_map_reject_code")?;
                Ok(self.reject(code, &status, text))
            }
            "DEFER" => {
                let (status, text) = refusal("4.7.1", "Access denied");
                let code = self.number("access_map_defer_code")?;
                Ok(self.reject(code, &status, text))
            }
            "DEFER_IF_REJECT" => {
                let (status, text) = refusal("4.7.1", "Service unavailable");
                let reply = Reply::new(self.number("access_map_defer_code")?, &status, text);
                Ok(self.defer_if_reject(reply))
            }
            "DEFER_IF_PERMIT" => {
                let (status, text) = refusal("4.7.1", "Service unavailable");
                let reply = Reply::new(self.number("access_map_defer_code")?, &status, text);
                Ok(self.defer_if_permit(reply))
            }
            "OK" | "RELAY" => Ok(Decision::Permit),
            "DUNNO" | "INFO" | "WARN" => Ok(Decision::Undecided),
            "DISCARD" => {
                self.discards = self.has_message();
                self.effect(Effect::Discard, true)
            }
            "HOLD" => self.effect(Effect::Hold, true),
            "FILTER" => self.effect(Effect::Filter(rest.into()), rest.contains(':')),
            "REDIRECT" => self.effect(Effect::Redirect(rest.into()), rest.contains('@')),
            "BCC" => self.effect(Effect::Copy(rest.into()), rest.contains('@')),
            "PREPEND" if self.command == Command::EndOfMessage => {
                self.router.note("ignored: the message has begun already");
                Ok(Decision::Undecided)
            }
            "PREPEND" => self.effect(Effect::Prepend(rest.into()), is_header(rest)),
            "HANGUP" => Ok(self.reject(521, "5.7.1", "(no reply: the connection is closed)".into())),
            _ if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => Ok(Decision::Permit),
            code if is_code(code) => {
                let (status, text) = refusal(if code.starts_with('4') { "4.7.1" } else { "5.7.1" }, "Access denied");
                let code = code.parse().map_err(|_| Stop::configuration())?;
                Ok(self.reject(code, &status, text))
            }
            "" => {
                self.router.note("an empty value");
                let (status, text) = ("4.3.5", subject.refused("Server configuration error"));
                Ok(self.reject(451, status, text))
            }
            _ if value.contains(&b':') => {
                let (table, key) = (String::from_utf8_lossy(table), String::from_utf8_lossy(key));
                self.router.note(format_args!(
                    "{table}, {key}: a list in a table must not name tables; a restriction class may"
                ));
                Err(Stop::configuration())
            }
            _ => self.run_list(&words(value), subject),
        }
    }

    /// Something that happens to the message besides; without what it takes, nothing does. Whoever of its recipients
    /// brought it about, taken or not, it is for all of them.
    fn effect(&mut self, effect: Effect, is_good: bool) -> Checked {
        if !self.has_message() {
            self.router.note("ignored: with smtpd_delay_reject = no, there is no message yet");
        } else if !is_good {
            self.router.note("ignored: the action does not have what it needs");
        } else {
            if effect.is_one() {
                self.effects.retain(|said| std::mem::discriminant(said) != std::mem::discriminant(&effect));
            }
            if !self.effects.contains(&effect) {
                self.effects.push(effect);
            }
        }
        Ok(Decision::Undecided)
    }

    /// Whether it has come to a message.
    fn has_message(&self) -> bool {
        self.command >= Command::Mail
    }
}

/// `4NN` or `5NN`.
fn is_code(text: &str) -> bool {
    text.len() == 3 && text.starts_with(['4', '5']) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text begins with a header name and its colon.
fn is_header(text: &str) -> bool {
    text.split_once(':').is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()))
}
