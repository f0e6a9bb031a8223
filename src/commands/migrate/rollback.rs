//! `--rollback` of every migration.

use crate::commands::terminal::format::Format;
use crate::commands::terminal::output::Output;
use crate::config::Site;
use crate::diagnostic::render::clean;
use crate::migrate::record::{Change, Record};
use crate::migrate::rollback::{Undone, roll_back};
use serde_json::json;
use std::process::ExitCode;

/// Undoes what the record of a site tells.
///
/// # Errors
/// That the record cannot be written.
pub(super) fn roll_back_site(
    site: &Site,
    record: &mut Record,
    format: Format,
    output: &Output,
) -> Result<ExitCode, String> {
    let undone = roll_back(record, &site.paths);
    let written = record.write();
    match format {
        Format::Json => {
            let files: Vec<_> = undone
                .iter()
                .map(|(change, undone)| {
                    let error = match undone {
                        Undone::Failed(why) => Some(why),
                        _ => None,
                    };
                    json!({
                        "file": change.file, "backup": format!("{}{}", change.file, change.backup),
                        "outcome": word(undone), "error": error,
                    })
                })
                .collect();
            output.line(&json!({ "version": 1, "files": files }).to_string());
        }
        Format::Human => show(&undone, output),
    }
    written?;
    Ok(if undone.iter().any(|(_, undone)| undone.is_left()) { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn word(undone: &Undone) -> &'static str {
    match undone {
        Undone::Restored => "restored",
        Undone::AsBefore => "unchanged",
        Undone::ChangedSince => "decide",
        Undone::Outside => "skip",
        Undone::Failed(_) => "failed",
    }
}

fn show(undone: &[(Change, Undone)], output: &Output) {
    let width = undone.iter().map(|(change, _)| clean(&change.file).chars().count()).max().unwrap_or(0);
    for (change, undone) in undone {
        if output.quiet && !undone.is_left() {
            continue;
        }
        let more = match undone {
            Undone::Restored | Undone::AsBefore => String::new(),
            Undone::ChangedSince => format!(
                "it was changed since, and stays; what it was before is {}{}: put it in place or remove it",
                change.file, change.backup
            ),
            Undone::Outside => "outside of the directory: --all changes it".into(),
            Undone::Failed(why) => why.clone(),
        };
        let line = format!("{:9} {:width$}  {}", word(undone), clean(&change.file), clean(&more));
        output.line(line.trim_end());
    }
    if !output.quiet {
        let restored = undone.iter().filter(|(_, undone)| *undone == Undone::Restored).count();
        output.line(&match undone.len() {
            0 => "nothing is to be brought back".to_string(),
            all => format!("{restored} of {all} brought back"),
        });
    }
}
