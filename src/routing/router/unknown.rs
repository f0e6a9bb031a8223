//! Questions that nobody here can answer: of tables whose servers are not asked, or whose files are somewhere else.
//!
//! Such a table is taken to have nothing, and the question is kept; whoever wants to know what it would mean if the
//! table had an entry assumes that and follows the mail again.

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
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.table == other.table && self.listed == other.listed
    }
}

/// `mysql:/etc/postfix/domains has example.com`, `mysql:/etc/postfix/users has an entry for it`; what is not UTF-8 is
/// replaced.
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
    pub(super) assumed: Vec<(Question, bool)>,
    /// Those that were met and about which nothing is assumed.
    pub(super) open: Vec<Question>,
    /// How often one was met.
    pub(super) met: usize,
    /// What is asked at the moment.
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
