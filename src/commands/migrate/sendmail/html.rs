//! The report as one page that is read beside the old files; nothing else is needed to show it.

use super::{Outcome, counts, words};
use crate::diagnostic::render::xml::escape;
use crate::migrate::sendmail::report::{Line, Verdict};
use std::fmt::Write;

const STYLE: &str = "\
body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:75em;padding:0 1em;color:#222;background:#fff}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.3em .6em;border-top:1px solid #ddd}
td.n{color:#777;text-align:right}
code{font:13px/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
.carried b{color:#176b2c}.changed b{color:#8a5a00}.decide b{color:#b3141c}
.decide{background:#fdf1f1}.changed{background:#fdf8ec}
ul{margin:.2em 0;padding-left:1.2em}
.proof{color:#555;font-size:13px}.differs{color:#b3141c}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}td,th{border-color:#444}
.decide{background:#3a2022}.changed{background:#352d1a}
.carried b{color:#6fce86}.changed b{color:#e0b35a}.decide b,.differs{color:#ff8f94}.proof,td.n{color:#aaa}}";

/// The page.
pub fn page(outcome: &Outcome) -> String {
    let [carried, changed, decide] = counts(&outcome.lines);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>From Sendmail to Postfix: {to}</title>\n\
         <style>\n{STYLE}\n</style>\n</head>\n<body>\n<h1>From Sendmail to Postfix</h1>\n\
         <p><code>{from}</code> to <code>{to}</code>: {carried} lines carried over, {changed} changed in meaning, \
         {decide} for a decision.</p>\n",
        from = escape(&outcome.from),
        to = escape(&outcome.to),
    );
    for lines in outcome.lines.chunk_by(|one, next| one.origin.file == next.origin.file) {
        let _ = write!(
            page,
            "<h2>{}</h2>\n<table>\n<tr><th>Line</th><th>Sendmail</th><th>Postfix</th></tr>\n",
            escape(&lines[0].origin.file)
        );
        lines.iter().for_each(|line| row(line, &mut page));
        page.push_str("</table>\n");
    }
    let _ = write!(page, "<h2>Written</h2>\n<ul>\n");
    for file in &outcome.files {
        let _ = writeln!(page, "<li><code>{}</code></li>", escape(file));
    }
    page.push_str("</ul>\n</body>\n</html>\n");
    page
}

fn row(line: &Line, page: &mut String) {
    let class = match line.verdict {
        Verdict::CarriedOver { .. } => "carried",
        Verdict::ChangedInMeaning { .. } => "changed",
        Verdict::NeedsDecision { .. } => "decide",
    };
    let number = if line.origin.line == 0 { String::new() } else { line.origin.line.to_string() };
    let _ = write!(
        page,
        "<tr class=\"{class}\"><td class=\"n\">{number}</td><td><code>{}</code></td><td><b>{}</b> ",
        escape(&words(&line.text)),
        line.verdict.word(),
    );
    match &line.verdict {
        Verdict::NeedsDecision { why, choices } => {
            page.push_str(&escape(why));
            if !choices.is_empty() {
                let items: String = choices.iter().map(|choice| format!("<li>{}</li>", escape(choice))).collect();
                let _ = write!(page, "<ul>{items}</ul>");
            }
        }
        other => page.push_str(&escape(&other.to_string())),
    }
    for proof in &line.proofs {
        let (asked, theirs, ours) = (escape(&proof.asked), escape(&proof.sendmail), escape(&proof.postfix));
        let class = if proof.same { "proof" } else { "proof differs" };
        let _ = write!(page, "<div class=\"{class}\">{asked}: Sendmail: {theirs}; Postfix: {ours}</div>");
    }
    page.push_str("</td></tr>\n");
}
