//! MC017: a value or an element of a list in quotes, which belong to it.

use crate::base::{Edit, Span};
use crate::config::catalogue::Kind;
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::set_values;
use crate::syntax::match_list::split_list;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC017",
    name: "quoted-value",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a value or an element of a list in quotes, which belong to it",
    why: "main.cf knows no quotes: with them the name is another one, so that a table or a file is not found and a domain matches \
          nothing.",
    example: "mydestination = \"example.com\"\n",
    remedy: "Remove the quotes.",
    fix: Some(Safety::Unsafe),
    link: "https://www.postfix.org/postconf.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        let Some(kind) = set.kind(site) else { continue };
        // Text is shown as it is, a command is for a shell, and other rules tell of words and numbers that are none.
        let is_left_out = matches!(
            kind,
            Kind::Text
                | Kind::Template
                | Kind::Command
                | Kind::Charset
                | Kind::PathTemplate
                | Kind::PathTemplateList
                | Kind::Boolean
                | Kind::Number
                | Kind::Duration
                | Kind::Enum
        );
        if is_left_out {
            continue;
        }
        let value = set.value.bytes();
        // A local part may have quotes, a whole address has none.
        if kind == Kind::EmailAddress
            && !quoted(value.trim_ascii()).is_some_and(|inside| value.trim_ascii()[inside].contains(&b'@'))
        {
            continue;
        }
        let all = set.value.trim_range(0..value.len());
        let parts = if quoted(&value[all.clone()]).is_some() { vec![all] } else { split_list(value) };
        for range in parts {
            let Some(inside) = quoted(&value[range.clone()]) else { continue };
            let span = set.value.source_span(range.clone());
            let inner = set.value.source_span(range.start + inside.start..range.start + inside.end);
            let fix = Fix {
                title: "remove the quotes".into(),
                safety: Safety::Unsafe,
                source: Arc::clone(set.source),
                edits: vec![
                    Edit::replace(Span::new(span.start, inner.start), ""),
                    Edit::replace(Span::new(inner.end, span.end), ""),
                ],
            };
            let message = format!("the quotes are part of the value of {}", set.parameter_name());
            let mut finding =
                Finding::new(&RULE, message).at(set.source, span, "taken as it stands").help(RULE.remedy).fix(fix);
            if !matches!(kind, Kind::Path | Kind::PathList | Kind::Table | Kind::TableList) {
                finding = finding.severity(Severity::Warning);
            }
            findings.push(finding);
        }
    }
}

/// What stands between quotes, if a text begins and ends with the same one.
fn quoted(text: &[u8]) -> Option<std::ops::Range<usize>> {
    let (first, last) = (*text.first()?, *text.last()?);
    let is_quoted = text.len() > 2 && matches!(first, b'"' | b'\'') && first == last;
    (is_quoted && !text[1..text.len() - 1].contains(&first)).then_some(1..text.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_stands_in_quotes() {
        for (text, expected) in [
            ("\"lmdb:/etc/aliases\"", true),
            ("'example.com'", true),
            ("\"a\" \"b\"", false),
            ("\"", false),
            ("\"\"", false),
            ("a\"b\"", false),
        ] {
            assert_eq!(quoted(text.as_bytes()).is_some(), expected, "{text}");
        }
    }
}
