//! What became of each line of the old site: carried over, changed in meaning, or left for a person to decide.
//!
//! Every line of every file that was read has its place here; comments and empty lines say nothing and have none.

use serde::Serialize;
use std::fmt;

/// A place in the old site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Origin {
    /// The file, named from the directory that is read.
    pub file: String,
    /// The line, counted from 1; the record in a `.db` whose source is gone; 0: the file as a whole.
    pub line: usize,
}

impl Origin {
    /// A line of a file.
    #[must_use]
    pub fn new(file: &str, line: usize) -> Self {
        Self { file: file.to_string(), line }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The new site does the same.
    CarriedOver {
        /// Where: `virtual`, `main.cf: relayhost`; or why nothing is needed.
        to: String,
    },
    /// The new site does nearly the same.
    ChangedInMeaning {
        /// Where it stands now, and what differs.
        how: String,
    },
    /// A person must decide.
    NeedsDecision {
        /// Why it was not carried over.
        why: String,
        /// What to choose from.
        choices: Vec<String>,
    },
}

impl Verdict {
    /// Carried over to a place.
    #[must_use]
    pub fn carried(to: impl Into<String>) -> Self {
        Self::CarriedOver { to: to.into() }
    }

    /// Changed in meaning.
    #[must_use]
    pub fn changed(how: impl Into<String>) -> Self {
        Self::ChangedInMeaning { how: how.into() }
    }

    /// Left for a decision.
    #[must_use]
    pub fn decide(why: impl Into<String>, choices: &[&str]) -> Self {
        Self::NeedsDecision { why: why.into(), choices: choices.iter().map(ToString::to_string).collect() }
    }

    /// Whether a person must decide.
    #[must_use]
    pub const fn needs_decision(&self) -> bool {
        matches!(self, Self::NeedsDecision { .. })
    }

    /// `carried over`, as lists have it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::CarriedOver { .. } => "carried over",
            Self::ChangedInMeaning { .. } => "changed",
            Self::NeedsDecision { .. } => "decide",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CarriedOver { to } => f.write_str(to),
            Self::ChangedInMeaning { how } => f.write_str(how),
            Self::NeedsDecision { why, choices } if choices.is_empty() => f.write_str(why),
            Self::NeedsDecision { why, choices } => write!(f, "{why}; choose: {}", choices.join("; or ")),
        }
    }
}

/// Where mail went and where it goes now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The address, or the client, that was tried.
    pub asked: String,
    /// What Sendmail does with it.
    pub sendmail: String,
    /// What the new site does with it.
    pub postfix: String,
    /// Whether that is the same.
    pub same: bool,
}

/// A line of the old site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Where it stands.
    #[serde(flatten)]
    pub origin: Origin,
    /// What it says, without the white space at its ends.
    pub text: String,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What its key was tried with, in tables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proofs: Vec<Proof>,
}

impl Line {
    /// A line that nothing was tried for.
    #[must_use]
    pub fn new(origin: Origin, text: &str, verdict: Verdict) -> Self {
        Self { origin, text: text.trim().to_string(), verdict, proofs: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_flat_in_json() {
        let verdict = Verdict::decide("nobody knows", &["this", "that"]);
        let line = Line::new(Origin::new("access", 3), " From:x OK ", verdict);
        let text = serde_json::to_string(&line).expect("no maps with odd keys");
        let expected = r#"{"file":"access","line":3,"text":"From:x OK","verdict":"needs_decision","#.to_string()
            + r#""why":"nobody knows","choices":["this","that"]}"#;
        assert_eq!(text, expected);
        assert_eq!(line.verdict.to_string(), "nobody knows; choose: this; or that");
        assert_eq!(line.origin.to_string(), "access:3");
        assert_eq!(Origin::new("access.db", 0).to_string(), "access.db");
    }
}
