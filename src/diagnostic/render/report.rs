//! What the formats for other programs are made from: the findings, the rules that were looked at, and how files are
//! named.

use crate::diagnostic::fingerprint::{Identity, fingerprints};
use crate::diagnostic::{Finding, Label, Rule};
use std::collections::HashMap;
use std::path::Path;

/// What a finding is filed under that has no place: it is about something that main.cf does not say.
const NOWHERE: &str = "main.cf";

/// The findings of one run.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The findings, in order.
    pub findings: &'a [Finding],
    /// Every rule that could have found something, by code.
    pub rules: &'a [&'static Rule],
    /// Absolute names of files below this directory become relative to it: programs look for files from where they run.
    pub directory: &'a Path,
}

impl Report<'_> {
    /// How a file is named: relative to the directory if it lies below it, `/` between the parts, no `./` in front.
    #[must_use]
    pub fn file_named(&self, name: &str) -> String {
        let path = Path::new(name);
        let path = path.strip_prefix(self.directory).unwrap_or(path);
        let text = path.to_string_lossy();
        text.strip_prefix("./").unwrap_or(&text).to_string()
    }

    /// The file of a place.
    #[must_use]
    pub fn file(&self, label: &Label) -> String {
        self.file_named(label.source.name())
    }

    /// The file that a finding belongs to.
    #[must_use]
    pub fn file_of(&self, finding: &Finding) -> String {
        finding.labels.first().map_or_else(|| NOWHERE.to_string(), |label| self.file(label))
    }

    /// The findings of each file, files in the order in which they are first met.
    #[must_use]
    pub fn by_file(&self) -> Vec<(String, Vec<&Finding>)> {
        let mut groups: Vec<(String, Vec<&Finding>)> = Vec::new();
        let mut places = HashMap::new();
        for finding in self.findings {
            let file = self.file_of(finding);
            let at = *places.entry(file.clone()).or_insert(groups.len());
            if at == groups.len() {
                groups.push((file, Vec::new()));
            }
            groups[at].1.push(finding);
        }
        groups
    }

    /// What each finding is known by.
    #[must_use]
    pub fn identities(&self) -> Vec<Identity> {
        self.findings.iter().map(|finding| Identity::of(finding, self.file_of(finding))).collect()
    }

    /// The fingerprint of each finding.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<String> {
        fingerprints(&self.identities())
    }
}

/// What is wrong and what to do, in plain text; two lines if there is advice.
#[must_use]
pub fn message_with_help(finding: &Finding) -> String {
    match &finding.help {
        Some(help) => format!("{}\n{}", super::clean(&finding.message), super::clean(help)),
        None => super::clean(&finding.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_directory() {
        let report = Report { findings: &[], rules: &[], directory: Path::new("/srv/repo") };
        let cases = [
            ("./site/main.cf", "site/main.cf"),
            ("site/main.cf", "site/main.cf"),
            ("/srv/repo/site/main.cf", "site/main.cf"),
            ("/srv/repo2/main.cf", "/srv/repo2/main.cf"),
            ("../main.cf", "../main.cf"),
        ];
        for (name, expected) in cases {
            assert_eq!(report.file_named(name), expected);
        }
    }
}
