//! AL020: an alias that goes on behind a comment, which Sendmail ends there.

use crate::base::Span;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::LogicalLines;
use crate::syntax::logical::{is_space, trim_end};
use crate::syntax::table_line::TableForm;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "AL020",
    name: "comment-in-alias",
    family: Family::Aliases,
    severity: Severity::Info,
    summary: "an alias that goes on behind a comment",
    why: "In Postfix an indented line goes on with the alias even if comments stand in between; in Sendmail a comment ends the alias. A \
          file that both read, or that comes from Sendmail, says two things.",
    example: "root: alice,\n# who is new\n  bob\n",
    remedy: "Put the comment above the alias.",
    fix: None,
    link: "https://www.postfix.org/aliases.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in site.tables.iter().filter(|table| table.named.form() == TableForm::Aliases) {
        let Some(Ok(source)) = &table.source else { continue };
        for line in LogicalLines::new(source.bytes()) {
            let Some((comment, rest)) = comment_inside(source.bytes(), line.extent()) else { continue };
            let finding = Finding::new(&RULE, "this line goes on with an alias above the comment")
                .at(source, rest, "part of the alias in Postfix, not in Sendmail")
                .at(source, comment, "Sendmail ends the alias here")
                .help(RULE.remedy);
            findings.push(finding);
        }
    }
}

/// The first comment within an entry, and the first line of the entry behind it.
fn comment_inside(bytes: &[u8], entry: Span) -> Option<(Span, Span)> {
    let mut comment = None;
    let mut start = entry.start;
    for line in bytes[entry.start..entry.end].split(|&byte| byte == b'\n') {
        let blanks = line.iter().take_while(|&&byte| is_space(byte)).count();
        let span = Span::new(start + blanks, (start + trim_end(line).len()).max(start + blanks));
        start += line.len() + 1;
        match (line.get(blanks), comment) {
            (None, _) => {}
            (Some(b'#'), _) => comment = comment.or(Some(span)),
            (Some(_), Some(comment)) => return Some((comment, span)),
            (Some(_), None) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_count_where_an_alias_goes_on() {
        let cases = [
            ("root: a,\n  b\n", None),
            ("root: a,\n# c\n  b\n", Some(("# c", "b"))),
            ("root: a,\n# c\n\n  # d\n  b,\n  e", Some(("# c", "b,"))),
            ("root: a # c\n  b\n", None),
            ("root: a,\n\n  b\n", None),
            ("root: a\n# c\n", None),
        ];
        for (text, expected) in cases {
            let entry = LogicalLines::new(text.as_bytes()).next().map(|line| line.extent()).unwrap_or(Span::new(0, 0));
            let found = comment_inside(text.as_bytes(), entry);
            let shown = found.map(|(comment, rest)| (&text[comment.start..comment.end], &text[rest.start..rest.end]));
            assert_eq!(shown, expected, "{text:?}");
        }
    }
}
