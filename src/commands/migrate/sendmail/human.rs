//! The report as lines.

use super::{Outcome, counts, needs_person, words};
use crate::commands::terminal::output::Output;
use crate::diagnostic::render::clean;
use crate::migrate::sendmail::report::Line;

/// Shows what became of each line; when asked to be quiet, of those that a person must look at.
pub fn show(outcome: &Outcome, output: &Output) {
    let lines: Vec<&Line> = outcome.lines.iter().filter(|line| !output.quiet || needs_person(line)).collect();
    let width = lines.iter().map(|line| clean(&line.origin.to_string()).chars().count()).max().unwrap_or(0);
    for line in &lines {
        let place = clean(&line.origin.to_string());
        let text = clean(&words(&line.text));
        output.line(format!("{:<12}  {place:width$}  {text}", line.verdict.word()).trim_end());
        output.line(&format!("{:<12}  {:width$}    → {}", "", "", clean(&line.verdict.to_string())));
        for proof in &line.proofs {
            let (asked, theirs, ours) = (clean(&proof.asked), clean(&proof.sendmail), clean(&proof.postfix));
            output.line(&match proof.same {
                true => format!("{:<12}  {:width$}    = {asked}: {theirs}", "", ""),
                false => format!("{:<12}  {:width$}    ≠ {asked}: Sendmail: {theirs}; Postfix: {ours}", "", ""),
            });
        }
    }
    if output.quiet {
        return;
    }
    let [carried, changed, decide] = counts(&outcome.lines);
    let needs = if decide == 1 { "needs" } else { "need" };
    output.line(&format!(
        "{} lines: {carried} carried over, {changed} changed in meaning, {decide} {needs} a decision",
        outcome.lines.len()
    ));
    let proofs = outcome.lines.iter().flat_map(|line| &line.proofs);
    let (tried, same) = proofs.fold((0, 0), |(tried, same), proof| (tried + 1, same + usize::from(proof.same)));
    output.line(&format!("{tried} addresses and clients tried: {same} fare as with Sendmail"));
    let to = clean(&outcome.to);
    output.line(&match outcome.done {
        true => format!("{} files written to {to}", outcome.files.len()),
        false => format!("{} files would be written to {to}; nothing was: --yes does it", outcome.files.len()),
    });
}
