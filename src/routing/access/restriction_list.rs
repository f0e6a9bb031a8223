//! Restriction lists and classes as words, and whether smtpd runs with them at all.

use crate::config::catalogue::{Argument, Version, restriction, restriction_list};
use crate::maps::LookupError;
use crate::routing::router::Router;
use crate::routing::router::daemon::Daemon;
use crate::routing::router::lists::untyped;
use crate::syntax::match_list::split_list;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The class that every site has.
const LOGIN_MISMATCH: (&[u8], &[u8]) = (
    b"reject_sender_login_mismatch",
    b"reject_authenticated_sender_login_mismatch reject_unauthenticated_sender_login_mismatch",
);

/// Restriction classes by name, as lists of words. Names are case-sensitive.
pub type Classes = BTreeMap<Vec<u8>, Vec<Vec<u8>>>;

/// Why smtpd would end as soon as it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartError {
    /// Nothing in the relay and recipient lists keeps strangers from relaying; the names of what does.
    OpenRelay(&'static [&'static str]),
    /// `smtpd_restriction_classes` names what nothing defines.
    UndefinedClass(String),
    /// A class leads to itself.
    EndlessClass(String),
    /// A parameter that cannot be expanded.
    Config(LookupError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenRelay(names) => {
                let (last, others) =
                    names.split_last().map_or((&"", names as &[&str]), |(last, others)| (last, others));
                write!(
                    f,
                    "in parameter smtpd_relay_restrictions or smtpd_recipient_restrictions, specify at least one working \
                     instance of: {} or {last}",
                    others.join(", ")
                )
            }
            Self::UndefinedClass(name) => write!(f, "restriction class `{name}' needs a definition"),
            Self::EndlessClass(name) => write!(f, "restriction class `{name}' refers to itself"),
            Self::Config(error) => write!(f, "{error}"),
        }
    }
}

impl From<LookupError> for StartError {
    fn from(error: LookupError) -> Self {
        Self::Config(error)
    }
}

/// The words of a list.
#[must_use]
pub fn words(text: &[u8]) -> Vec<Vec<u8>> {
    split_list(text).into_iter().map(|range| text[range].to_vec()).collect()
}

impl Router<'_> {
    /// The restriction classes of the SMTP server.
    ///
    /// # Errors
    /// One that nothing defines, or a value that cannot be expanded.
    pub fn restriction_classes(&self) -> Result<Classes, StartError> {
        let mut classes = Classes::from([(LOGIN_MISMATCH.0.to_vec(), words(LOGIN_MISMATCH.1))]);
        for name in words(&self.text("smtpd_restriction_classes")?) {
            let shown = String::from_utf8_lossy(&name).into_owned();
            if self.site.configuration.value(&name, self.service()).is_none() {
                return Err(StartError::UndefinedClass(shown));
            }
            classes.insert(name, words(&self.text(&shown)?));
        }
        Ok(classes)
    }

    /// Whether smtpd runs with the relay and recipient lists.
    ///
    /// # Errors
    /// Why it does not.
    pub fn start(&self) -> Result<Classes, StartError> {
        let classes = self.restriction_classes()?;
        for name in classes.keys() {
            if is_endless(name, &classes, &mut Vec::new(), &mut BTreeSet::new()) {
                return Err(StartError::EndlessClass(String::from_utf8_lossy(name).into_owned()));
            }
        }
        // From 3.12 on such an element is a table that gives no answer.
        let ends = self.site.configuration.platform.target < Version::new(3, 12);
        for list in ["mynetworks", "mydestination", "relay_domains"].into_iter().filter(|_| ends) {
            let list = self.elements(list)?;
            if let Some(bad) = list.elements.iter().find(|element| element.text.bytes().starts_with(b":")) {
                return Err(StartError::Config(untyped(bad.text.bytes())));
            }
        }
        let mut duty: &'static [&'static str] = &[];
        for parameter in ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"] {
            duty = restriction_list(parameter).map_or(duty, |list| list.one_of);
            if holds_one_of(&words(&self.text(parameter)?), duty, &classes, &mut BTreeSet::new()) {
                return Ok(classes);
            }
        }
        Err(StartError::OpenRelay(duty))
    }
}

impl Router<'_> {
    /// Why the SMTP server would end as soon as it starts, if the site has one and it would.
    #[must_use]
    pub fn server_fault(&mut self) -> Option<String> {
        if self.server_fault.get().is_none() {
            let is_there = self.smtp_server().is_some();
            let error = self.within(&Daemon::SmtpServer, |server| server.start()).err();
            // Lists that let strangers relay, or only might, are for those to hear of who ask about the server.
            let error = error.filter(|error| is_there && !matches!(error, StartError::OpenRelay(_)));
            return self.server_fault.get_or_init(|| error.map(|error| error.to_string())).clone();
        }
        self.server_fault.get().cloned().flatten()
    }
}

/// Whether a class leads to itself. Those that are `done` do not.
fn is_endless<'c>(
    name: &'c [u8],
    classes: &'c Classes,
    open: &mut Vec<&'c [u8]>,
    done: &mut BTreeSet<&'c [u8]>,
) -> bool {
    if open.contains(&name) {
        return true;
    }
    let Some(words) = classes.get(name).filter(|_| !done.contains(name)) else { return false };
    open.push(name);
    let found = words.iter().any(|word| is_endless(word, classes, open, done));
    open.pop();
    done.insert(name);
    found
}

/// Whether a restriction of these is reached; what stands behind `permit` is not, and what only warns does not count.
/// Classes that are `done` hold none.
fn holds_one_of(list: &[Vec<u8>], wanted: &[&str], classes: &Classes, done: &mut BTreeSet<Vec<u8>>) -> bool {
    let mut rest = list.iter();
    while let Some(word) = rest.next() {
        let name = String::from_utf8_lossy(word).to_ascii_lowercase();
        if wanted.contains(&name.as_str()) {
            return true;
        }
        match restriction(&name) {
            _ if name == "permit" => return false,
            _ if name == "warn_if_reject" => drop(rest.next()),
            Some(known) if known.argument != Argument::None => drop(rest.next()),
            _ => {
                let class = classes.get(word).filter(|_| done.insert(word.clone()));
                if class.is_some_and(|class| holds_one_of(class, wanted, classes, done)) {
                    return true;
                }
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_strangers_from_relaying() {
        let classes = Classes::from([(b"c".to_vec(), words(b"permit_mynetworks reject"))]);
        let cases = [
            ("permit_mynetworks, reject_unauth_destination", true),
            ("permit, reject", false),
            ("warn_if_reject reject_unauth_destination, permit", false),
            ("check_client_access reject", false),
            ("C", false),
            ("Reject", true),
            ("c", true),
            ("permit_mynetworks", false),
            ("", false),
        ];
        for (list, expected) in cases {
            let wanted = ["reject_unauth_destination", "reject"];
            let found = holds_one_of(&words(list.as_bytes()), &wanted, &classes, &mut BTreeSet::new());
            assert_eq!(found, expected, "{list}");
        }
    }

    #[test]
    fn classes_that_lead_to_themselves() {
        let classes = Classes::from([
            (b"a".to_vec(), words(b"b reject")),
            (b"b".to_vec(), words(b"permit c")),
            (b"c".to_vec(), words(b"b")),
            (b"d".to_vec(), words(b"reject reject")),
        ]);
        let endless = |name: &[u8]| is_endless(name, &classes, &mut Vec::new(), &mut BTreeSet::new());
        assert_eq!([endless(b"a"), endless(b"b"), endless(b"c"), endless(b"d")], [true, true, true, false]);
    }
}
