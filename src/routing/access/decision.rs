//! Decisions of restrictions, what ends a list, and what a list is about.

use super::topic::Topic;
use crate::mail::reply::Reply;
pub use crate::routing::router::decision::Decision;

/// The end of a list that `warn_if_reject` does not soften: tables or servers that give no answer, mistakes in the
/// list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop(pub Reply);

impl Stop {
    /// The list cannot be understood.
    #[must_use]
    pub fn configuration() -> Self {
        Self(Reply::new(451, "4.3.5", "Server configuration error"))
    }

    /// A table has no answer.
    #[must_use]
    pub fn lookup(name: &[u8]) -> Self {
        Self(Reply::new(451, "4.3.0", format!("<{}>: Temporary lookup failure", String::from_utf8_lossy(name))))
    }
}

/// A decision, or the end of the list.
pub type Checked = Result<Decision, Stop>;

/// What a list is about: replies name it, and so does a bare `type:table` in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The name, address or `name[address]`.
    pub name: Vec<u8>,
    /// What that is.
    pub topic: Topic,
    /// The restriction that a bare table stands for.
    pub bare_table: Option<&'static str>,
}

impl Subject {
    /// The text of a refusal.
    #[must_use]
    pub fn refused(&self, why: &str) -> String {
        format!("<{}>: {} rejected: {why}", String::from_utf8_lossy(&self.name), self.topic.words())
    }

    /// The same list about something else.
    #[must_use]
    pub fn about(&self, topic: Topic, name: &[u8]) -> Self {
        Self { name: name.to_vec(), topic, bare_table: self.bare_table }
    }
}
