//! Questions that nobody here can answer: of tables whose servers are not asked, or whose files are somewhere else.
//!
//! Such a table is taken to have nothing, and the question is kept; whoever wants to know what it would mean if the table had an entry
//! assumes that and follows the mail again.

use super::Router;
use crate::maps::{Answer, LookupError};

/// A question that nobody here can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The table.
    pub table: String,
    /// The key of a list, where only it matters that there is an entry; nothing: any key of an address.
    pub listed: Option<Vec<u8>>,
    /// Why nobody can tell.
    pub why: String,
}

impl Question {
    fn is_same(&self, other: &Self) -> bool {
        self.table == other.table && self.listed == other.listed
    }
}

/// `mysql:/etc/postfix/domains has example.com`, `mysql:/etc/postfix/users has an entry for it`; what is not UTF-8 is replaced.
impl std::fmt::Display for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.listed {
            Some(key) => write!(f, "{} has {}", self.table, String::from_utf8_lossy(key)),
            None => write!(f, "{} has an entry for it", self.table),
        }
    }
}

/// What is asked at the moment of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::routing) enum Purpose {
    /// Its value.
    #[default]
    Value,
    /// Whether an address is there.
    Existence,
    /// Whether a list has this very key.
    Listed,
}

/// The questions of a decision that is under way.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// What is assumed to be there, or not.
    assumed: Vec<(Question, bool)>,
    /// Those that were met and about which nothing is assumed.
    open: Vec<Question>,
    /// How often one was met.
    met: usize,
    pub(super) purpose: Purpose,
}

impl Questions {
    /// The answer that is assumed.
    pub(super) fn answer(&mut self, table: String, key: &[u8], why: String) -> Answer {
        self.met += 1;
        let listed = (self.purpose == Purpose::Listed).then(|| key.to_vec());
        let question = Question { table, listed, why };
        match self.assumed.iter().find(|(known, _)| known.is_same(&question)) {
            Some((_, true)) if self.purpose == Purpose::Value => {
                Err(LookupError::Unknown(format!("as {} says", question.table)))
            }
            Some((_, true)) => Ok(Some(b"1".to_vec())),
            Some((_, false)) => Ok(None),
            None => {
                if !self.open.iter().any(|known| known.is_same(&question)) {
                    self.open.push(question);
                }
                Ok(None)
            }
        }
    }
}

impl Router<'_> {
    /// Does work that asks tables for a purpose.
    pub(in crate::routing) fn asking_for<T>(&mut self, purpose: Purpose, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.questions.purpose, purpose);
        let done = work(self);
        self.questions.purpose = before;
        done
    }

    /// The questions that were met since this was last asked, but for those whose answers are assumed.
    pub(in crate::routing) fn open_questions(&mut self) -> Vec<Question> {
        std::mem::take(&mut self.questions.open)
    }

    /// How often such a question was met.
    pub(in crate::routing) fn unknown_answers(&self) -> usize {
        self.questions.met
    }

    /// Another decision rests on one that had such questions.
    pub(in crate::routing) fn rests_on_unknown(&mut self) {
        self.questions.met += 1;
    }

    /// From now on, an entry is there, or is not.
    pub(in crate::routing) fn assume(&mut self, question: &Question, is_there: bool) {
        self.forget(question);
        self.questions.assumed.push((question.clone(), is_there));
    }

    /// From now on, nothing is assumed about it.
    pub(in crate::routing) fn forget(&mut self, question: &Question) {
        self.questions.assumed.retain(|(known, _)| !known.is_same(question));
    }
}
