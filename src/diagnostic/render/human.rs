//! Findings for people: the line, what is wrong with it, what it conflicts with, what to do. Rendered by miette.

use super::clean;
use super::excerpt::Excerpt;
use crate::base::Span;
use crate::diagnostic::{Finding, Severity};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use std::fmt;
use std::sync::Arc;

/// How findings are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// With colours and other terminal codes.
    pub color: bool,
    /// Columns to wrap at.
    pub width: usize,
}

/// A finding drawn with the lines that it is about; ends with a newline.
#[must_use]
pub fn render(finding: &Finding, style: Style) -> String {
    let theme = if style.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(style.width);
    let mut text = String::new();
    match handler.render_report(&mut text, &report(finding)) {
        Ok(()) => text,
        // Writing to a string does not fail; should drawing ever, the finding still comes out.
        Err(fmt::Error) => super::concise::line(finding) + "\n",
    }
}

#[derive(Debug)]
struct Report {
    severity: Severity,
    code: String,
    message: String,
    help: Option<String>,
    excerpt: Option<Excerpt>,
    labels: Vec<LabeledSpan>,
    related: Vec<Report>,
}

fn report(finding: &Finding) -> Report {
    let mut report = Report {
        severity: finding.severity,
        code: format!("{} {}", finding.rule.code, finding.rule.name),
        message: clean(&finding.message),
        help: finding.help.as_deref().map(clean),
        excerpt: None,
        labels: Vec::new(),
        related: Vec::new(),
    };
    let Some(first) = finding.labels.first() else { return report };
    // One picture for all places in the same text that lie close together.
    let near = |span: Span| span.start.abs_diff(first.span.start) < 1000;
    let same = |source: &Arc<_>| Arc::ptr_eq(source, &first.source);
    let shown = finding.labels.iter().filter(|label| same(&label.source) && near(label.span));
    let whole = shown.map(|label| label.span).fold(first.span, Span::cover);
    let excerpt = Excerpt::around(&first.source, whole);
    for label in &finding.labels {
        let text = Some(clean(&label.text)).filter(|text| !text.is_empty());
        if same(&label.source) && near(label.span) && excerpt.holds(label.span) {
            // The picture's head names the place of the primary label.
            let label = if report.labels.is_empty() {
                LabeledSpan::new_primary_with_span(text, excerpt.place(label.span))
            } else {
                LabeledSpan::new_with_span(text, excerpt.place(label.span))
            };
            report.labels.push(label);
        } else {
            let excerpt = Excerpt::around(&label.source, label.span);
            let labels = vec![LabeledSpan::new_with_span(None, excerpt.place(label.span))];
            report.related.push(Report {
                severity: Severity::Info,
                code: String::new(),
                message: text.unwrap_or_else(|| "here".into()),
                help: None,
                excerpt: Some(excerpt),
                labels,
                related: Vec::new(),
            });
        }
    }
    report.excerpt = Some(excerpt);
    report
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        if self.code.is_empty() { None } else { Some(Box::new(&self.code)) }
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Info => miette::Severity::Advice,
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.related.iter().map(|report| report as &dyn Diagnostic)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::diagnostic::{Family, Rule};

    static RULE: Rule = Rule {
        code: "MC999",
        name: "test-rule",
        family: Family::MainCf,
        severity: Severity::Error,
        summary: "",
        why: "",
        example: "",
        remedy: "",
        fix: None,
        link: "https://www.postfix.org/postconf.5.html",
    };

    const STYLE: Style = Style { color: false, width: 80 };

    #[test]
    fn two_places_in_one_text() {
        let source = Arc::new(Source::new("main.cf", "a = 1\nb = 2\na = \x1b3\n"));
        let finding = Finding::new(&RULE, "a is set twice")
            .at(&source, Span::new(12, 13), "this one wins")
            .at(&source, Span::new(0, 1), "set before")
            .help("remove one");
        let expected = "\
MC999 test-rule

  × a is set twice
   ╭─[main.cf:3:1]
 1 │ a = 1
   · ┬
   · ╰── set before
 2 │ b = 2
 3 │ a = ?3
   · ┬
   · ╰── this one wins
   ╰────
  help: remove one
";
        assert_eq!(render(&finding, STYLE), expected);
    }

    #[test]
    fn a_place_in_another_text_comes_behind() {
        let main = Arc::new(Source::new("main.cf", "a = 1\n"));
        let master = Arc::new(Source::new("master.cf", "x\n"));
        let finding = Finding::new(&RULE, "two files").at(&main, Span::new(0, 1), "one").at(
            &master,
            Span::new(0, 1),
            "the other",
        );
        let text = render(&finding, STYLE);
        assert!(text.contains("╭─[main.cf:1:1]") && text.contains("╭─[master.cf:1:1]"), "{text}");
    }
}
