//! MC009: a comment behind a value, which has become part of it, or ends it.

use crate::base::{Edit, Span};
use crate::config::catalogue::Kind;
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::set_values;
use crate::syntax::logical::{is_space, trim_end};
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC009",
    name: "comment-in-value",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "a comment behind a value, which has become part of it",
    why: "In main.cf a comment has a line of its own. Behind a value `#` and all words after it belong to the value. \
          Lists of domains, networks and names end there, whatever follows, on the next lines too.",
    example: "mydestination = example.com # our domain\n",
    remedy: "Move the comment to a line of its own.",
    fix: Some(Safety::Unsafe),
    link: "https://www.postfix.org/postconf.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        // In master.cf `#` would be an argument of its own.
        let Some(entry) = site.configuration.files.entry(set.name.bytes()).filter(|_| set.service.is_none()) else {
            continue;
        };
        let Some(kind) = set.kind(site) else { continue };
        let is_free_text = matches!(
            kind,
            Kind::Text | Kind::Template | Kind::Command | Kind::Charset | Kind::PathTemplate | Kind::PathTemplateList
        );
        if is_free_text {
            continue;
        }
        let (value, bytes) = (set.value.bytes(), set.source.bytes());
        let mut seen = 0;
        for at in memchr::memchr3_iter(b'#', b';', b'/', value) {
            if value[at] != b'#' && !is_elsewhere(&value[at..]) {
                continue;
            }
            let hash = set.value.source_offset(at);
            if hash < seen || !(at == 0 || is_space(value[at - 1])) {
                continue;
            }
            let line_end = memchr::memchr(b'\n', &bytes[hash..]).map_or(bytes.len(), |length| hash + length);
            let comment = Span::new(hash, hash + trim_end(&bytes[hash..line_end]).len());
            seen = line_end;
            let line_start = memchr::memrchr(b'\n', &bytes[..hash]).map_or(0, |newline| newline + 1);
            let kept = line_start + trim_end(&bytes[line_start..hash]).len();
            let mark: &[u8] = if value[at] == b'#' { b"" } else { b"# " };
            let moved = [mark, set.source.slice(comment), b"\n"].concat();
            let fix = Fix {
                title: "move the comment above the entry".into(),
                safety: Safety::Unsafe,
                source: Arc::clone(set.source),
                edits: vec![Edit::insert(entry.extent.start, moved), Edit::replace(Span::new(kept, comment.end), "")],
            };
            let message = if kind.is_match_list() && value[at] == b'#' {
                format!("{} ends at this comment", set.parameter_name())
            } else {
                format!("this comment is part of the value of {}", set.parameter_name())
            };
            findings.push(
                Finding::new(&RULE, message).at(set.source, comment, "no comment here").help(RULE.remedy).fix(fix),
            );
        }
    }
}

/// Whether a text begins with a word that begins comments elsewhere.
pub fn is_elsewhere(text: &[u8]) -> bool {
    let word = text.split(|&byte| is_space(byte)).next().unwrap_or_default();
    word == b"//" || word == b";"
}
