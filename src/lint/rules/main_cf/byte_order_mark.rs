//! MC022: a byte order mark before the first line of a file.

use crate::base::{Edit, Span};
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::site::LoadedSite;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC022",
    name: "byte-order-mark",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a byte order mark before the first line of a file",
    why: "Some editors put three bytes before the text that nobody sees. Postfix takes them for a part of the first name, key or comment: \
          it is another one then.",
    example: "\u{feff}myhostname = mail.example.com\n",
    remedy: "Save the file as UTF-8 without a byte order mark.",
    fix: Some(Safety::Unsafe),
    link: "https://www.postfix.org/postconf.5.html",
};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for source in site.sources() {
        if !source.bytes().starts_with(MARK) {
            continue;
        }
        let span = Span::new(0, MARK.len());
        let fix = Fix {
            title: "remove the mark".into(),
            safety: Safety::Unsafe,
            source: Arc::clone(source),
            edits: vec![Edit::replace(span, "")],
        };
        findings.push(
            Finding::new(&RULE, "a byte order mark is part of the first line")
                .at(source, span, "three bytes that editors do not show")
                .help(RULE.remedy)
                .fix(fix),
        );
    }
}
