//! Findings that are known and accepted: written to a file once, and left out of later reports until something new
//! comes.
//!
//! A finding is known by its rule, its file and the text of its line, with how often that occurs: lines may move. The
//! file is JSON: `{"version": 1, "findings": [{"file": …, "code": …, "text": …, "count": …}]}`.

use crate::diagnostic::fingerprint::Identity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often each finding is accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    counts: BTreeMap<Known, usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    file: String,
    code: String,
    text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    findings: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: String,
    code: String,
    text: String,
    count: usize,
}

impl From<&Identity> for Known {
    fn from(identity: &Identity) -> Self {
        Self { file: identity.file.clone(), code: identity.code.to_string(), text: identity.text.clone() }
    }
}

impl Baseline {
    /// A baseline that accepts these findings.
    #[must_use]
    pub fn of(identities: &[Identity]) -> Self {
        let mut baseline = Self::default();
        for identity in identities {
            *baseline.counts.entry(identity.into()).or_default() += 1;
        }
        baseline
    }

    /// Reads a baseline.
    ///
    /// # Errors
    /// What is wrong with the document, with its line and column.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let document: Document = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if document.version != 1 {
            return Err(format!("version {} of baselines is not known, only 1", document.version));
        }
        let mut baseline = Self::default();
        for Entry { file, code, text, count } in document.findings {
            let known = baseline.counts.entry(Known { file, code, text }).or_default();
            *known = known.saturating_add(count);
        }
        Ok(baseline)
    }

    /// The document, laid out for reading and for line-wise differences; ends with a newline.
    #[must_use]
    pub fn print(&self) -> String {
        let entry = |(known, &count): (&Known, &usize)| {
            let Known { file, code, text } = known.clone();
            Entry { file, code, text, count }
        };
        let document = Document { version: 1, findings: self.counts.iter().map(entry).collect() };
        // Nothing in it can fail to be JSON.
        serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
    }

    /// Whether each finding is accepted. Of more than are accepted the last ones are new.
    #[must_use]
    pub fn accepts(&self, identities: &[Identity]) -> Vec<bool> {
        let mut left = self.counts.clone();
        let mut accept = |identity: &Identity| match left.get_mut(&Known::from(identity)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        };
        identities.iter().map(&mut accept).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(text: &str) -> Identity {
        Identity { file: "main.cf".into(), code: "MC003", text: text.into() }
    }

    #[test]
    fn what_is_written_is_accepted_as_often_and_no_more() {
        let (a, b) = (identity("a \"= 1"), identity("b"));
        let baseline = Baseline::of(&[a.clone(), b.clone(), a.clone()]);
        let read = Baseline::parse(baseline.print().as_bytes()).unwrap();
        assert_eq!(read, baseline);
        let seen = [a.clone(), identity("c"), a.clone(), a.clone(), b.clone(), b];
        assert_eq!(read.accepts(&seen), [true, false, true, false, true, false]);
        let text = "{\n  \"version\": 1,\n  \"findings\": [\n    {\n      \"file\": \"main.cf\",\n      \"code\": \"MC003\",\n      \
                    \"text\": \"a \\\"= 1\",\n      \"count\": 1\n    }\n  ]\n}\n";
        assert_eq!(Baseline::of(&[a]).print(), text);
    }

    #[test]
    fn what_is_no_baseline_is_told() {
        let cases = [
            ("", "EOF while parsing a value at line 1 column 0"),
            ("{\"version\": 2, \"findings\": []}", "version 2 of baselines is not known, only 1"),
            ("{\"version\": 1}", "missing field `findings` at line 1 column 14"),
            (
                "{\"version\": 1, \"findings\": [], \"x\": 1}",
                "unknown field `x`, expected `version` or `findings` at line 1 column 34",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(Baseline::parse(text.as_bytes()), Err(expected.to_string()));
        }
    }
}
