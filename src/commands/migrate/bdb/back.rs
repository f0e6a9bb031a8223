//! The way back from `migrate bdb`, in words.

use crate::commands::terminal::format::Format;
use crate::commands::terminal::output::Output;
use crate::config::Site;
use crate::diagnostic::render::clean;
use crate::migrate::berkeley_db::by_hand::named_by_others;
use crate::migrate::berkeley_db::carry_out::Failed;
use crate::migrate::transaction::Recovered;
use crate::migrate::transaction::manifest::Change;
use crate::migrate::transaction::rollback::{self, Outcome, RolledBack};
use crate::migrate::transaction::undo::Undone;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Why nothing was done.
pub(super) fn not_done(failed: &Failed) -> String {
    let mut words = failed.error.to_string();
    match failed.left.as_slice() {
        [] => words += "; all is as it was",
        left => {
            for (file, why) in left {
                words += &format!("\n{file} could not be brought back: {why}");
            }
        }
    }
    words
}

/// Says that what a killed run left is undone.
pub(super) fn tell_recovered(recovered: &[Recovered], output: &Output) {
    for (path, left) in recovered {
        let path = clean(&path.to_string_lossy());
        match left.as_slice() {
            [] => {
                output.warning(&format!("postwright: an earlier run was interrupted; what it did is undone ({path})"))
            }
            left => left.iter().for_each(|(file, why)| {
                output.warning(&format!("postwright: {}: not brought back: {}", clean(file), clean(why)));
            }),
        }
    }
}

/// `--rollback`
pub(super) fn roll_back(site: &Site, directory: &Path, format: Format, output: &Output) -> Result<ExitCode, String> {
    if let Some((instance, table)) = named_by_others(site, &rollback::would_remove(directory)?) {
        return Err(format!(
            "{table} would go, and {0} names it: take that back first, by postwright migrate bdb {0} --rollback",
            instance.display()
        ));
    }
    let outcome = rollback::roll_back(directory, &site.paths)?;
    let is_left = match &outcome {
        Outcome::Nothing => false,
        Outcome::Recovered(recovered) => recovered.iter().any(|(_, left)| !left.is_empty()),
        Outcome::RolledBack(back) => back.is_refused || back.changes.iter().any(|(_, undone)| is_left(undone)),
    };
    match (format, outcome) {
        (Format::Json, Outcome::RolledBack(back)) => {
            let files: Vec<_> = back
                .changes
                .iter()
                .map(|(change, undone)| {
                    let error = undone.as_ref().err();
                    json!({ "file": change.file, "outcome": word(undone, back.is_refused), "error": error })
                })
                .collect();
            let backup = back.backup.to_string_lossy();
            output.line(&json!({ "version": 1, "backup": backup, "files": files }).to_string());
        }
        (Format::Json, _) => output.line(&json!({ "version": 1, "backup": null, "files": [] }).to_string()),
        (Format::Human, Outcome::Nothing) => say(output, "nothing is to be brought back"),
        (Format::Human, Outcome::Recovered(recovered)) => tell_recovered(&recovered, output),
        (Format::Human, Outcome::RolledBack(back)) => show(&back, output),
    }
    Ok(if is_left { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// `--forget`
pub(super) fn forget(directory: &Path, format: Format, output: &Output) -> Result<ExitCode, String> {
    let gone = rollback::forget(directory)?;
    let names: Vec<String> = gone.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    match format {
        Format::Json => output.line(&json!({ "version": 1, "removed": names }).to_string()),
        Format::Human if names.is_empty() => say(output, "there are no backups"),
        Format::Human => names.iter().for_each(|name| say(output, &format!("removed   {}", clean(name)))),
    }
    Ok(ExitCode::SUCCESS)
}

fn say(output: &Output, words: &str) {
    if !output.quiet {
        output.line(words);
    }
}

fn is_left(undone: &Result<Undone, String>) -> bool {
    matches!(undone, Ok(Undone::ChangedSince) | Err(_))
}

fn word(undone: &Result<Undone, String>, is_refused: bool) -> &'static str {
    match undone {
        Ok(Undone::ChangedSince) => "decide",
        Err(_) => "failed",
        _ if is_refused => "skip",
        Ok(Undone::Restored) => "restored",
        Ok(Undone::Removed) => "removed",
        Ok(Undone::AsBefore) => "unchanged",
    }
}

fn show(back: &RolledBack, output: &Output) {
    let width = back.changes.iter().map(|(change, _)| clean(&change.file).chars().count()).max().unwrap_or(0);
    let backup = back.backup.to_string_lossy();
    for (change, undone) in &back.changes {
        if output.quiet && !is_left(undone) {
            continue;
        }
        let more = match (undone, change) {
            (Ok(Undone::ChangedSince), Change { backup: Some(name), .. }) => {
                format!("it was changed since; what it was before is {backup}/{name}")
            }
            (Ok(Undone::ChangedSince), _) => "it was changed since, and stays; there was no such file".into(),
            (Err(why), _) => why.clone(),
            _ => String::new(),
        };
        let line = format!("{:9} {:width$}  {}", word(undone, back.is_refused), clean(&change.file), clean(&more));
        output.line(line.trim_end());
    }
    if output.quiet {
        return;
    }
    let count = back.changes.iter().filter(|(_, undone)| matches!(undone, Ok(Undone::Restored | Undone::Removed)));
    let count = count.count();
    output.line(&match back.is_refused {
        true => {
            "nothing was brought back: put in place what is to hold of the files that were changed since".to_string()
        }
        false => format!("{count} of {} brought back; --forget removes {}", back.changes.len(), clean(&backup)),
    });
}
