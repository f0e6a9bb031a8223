//! The plan of `migrate bdb`, and what came of it, for people and as JSON.

use crate::base::atomic_file::Access;
use crate::commands::terminal::output::Output;
use crate::commands::terminal::unified_diff;
use crate::config::Site;
use crate::diagnostic::render::clean;
use crate::migrate::berkeley_db::by_hand::ByHand;
use crate::migrate::berkeley_db::plan::{Plan, Style};
use crate::migrate::berkeley_db::references::Rewritten;
use crate::migrate::berkeley_db::tables::{Cache, Origin, Table};
use serde_json::{Value, json};
use std::path::Path;

/// A line of the plan: what is done, to what, and more of it.
struct Line {
    word: &'static str,
    subject: String,
    more: String,
}

impl Line {
    fn of_table(table: &Table, is_done: bool) -> Self {
        let of = |entries: u64| if entries == 1 { "1 entry".to_string() } else { format!("{entries} entries") };
        let compiler = compiler(table);
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (database, source) = (name(&table.database), name(&table.source));
        let more = match &table.origin {
            Origin::Source { entries, old_differs } => {
                let differs = match old_differs {
                    Some(true) => format!("; {database} holds something else: the source counts"),
                    _ => String::new(),
                };
                format!("{compiler}, from its source, {}{}{differs}", of(*entries), whose(table.access))
            }
            Origin::Database { entries, unwritable } => {
                let lacks = match unwritable {
                    0 => String::new(),
                    1 => "; 1 of them only in the index, for no line can say it".to_string(),
                    count => format!("; {count} of them only in the index, for no line can say them"),
                };
                let whose = whose(table.access);
                format!("{compiler}, from {database} alone, {}{whose}; {source} is written too{lacks}", of(*entries))
            }
            Origin::Current => "its index holds what it should".into(),
            Origin::Missing => format!("there is neither a source nor {database}"),
            Origin::Outside => "outside of the directory: --all makes its index".into(),
            Origin::Undecided(why) => why.clone(),
        };
        Self { word: word(table, is_done), subject: table.reference.to_string(), more }
    }

    fn of_cache(cache: &Cache, is_done: bool) -> Self {
        let word = if is_done { "dropped" } else { "drop" };
        Self { word, subject: cache.reference.to_string(), more: "a cache, which Postfix makes anew".into() }
    }

    fn by_hand(one: &ByHand) -> Self {
        Self { word: "decide", subject: one.place.clone(), more: one.what.clone() }
    }

    fn of_comment(one: &ByHand) -> Self {
        Self { word: "comment", subject: one.place.clone(), more: one.what.clone() }
    }

    fn shown(&self, width: usize) -> String {
        format!("{:9} {:width$}  {}", self.word, clean(&self.subject), clean(&self.more))
    }
}

fn word(table: &Table, is_done: bool) -> &'static str {
    match table.origin {
        Origin::Source { .. } | Origin::Database { .. } if is_done => "built",
        Origin::Source { .. } | Origin::Database { .. } => "build",
        Origin::Current => "skip",
        Origin::Missing | Origin::Outside | Origin::Undecided(_) => "decide",
    }
}

fn compiler(table: &Table) -> &'static str {
    if table.form.is_aliases() { "postalias" } else { "postmap" }
}

fn whose(access: Option<Access>) -> String {
    access.map_or(String::new(), |access| format!(", {}:{} {:04o}", access.uid, access.gid, access.mode))
}

/// Shows it to people.
pub(super) fn show(site: &Site, plan: &Plan, yes: bool, backup: Option<&Path>, output: &Output) {
    let is_done = backup.is_some();
    if !output.quiet {
        for text in &plan.references.texts {
            unified_diff::show(text.before.name(), text.before.bytes(), text.after.bytes(), output);
        }
    }
    let tables = plan.tables.iter().map(|table| Line::of_table(table, is_done));
    let caches = plan.caches.iter().map(|cache| Line::of_cache(cache, is_done));
    let lines: Vec<Line> = tables
        .chain(caches)
        .chain(plan.by_hand.iter().map(Line::by_hand))
        .chain(plan.comments.iter().filter(|_| !plan.is_empty()).map(Line::of_comment))
        .collect();
    let width = lines.iter().map(|line| clean(&line.subject).chars().count()).max().unwrap_or(0);
    for line in lines.iter().filter(|line| !output.quiet || line.word == "decide") {
        output.line(&line.shown(width));
    }
    if output.quiet {
        return;
    }
    let built = plan.tables.iter().filter(|table| table.is_to_change()).count();
    let counts = [(plan.references.texts.len(), "file", "files"), (built, "table", "tables")];
    let counts = counts.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }));
    let what = format!("{} and {}", counts[0], counts[1]);
    let to = plan.to.name();
    match backup {
        Some(backup) => {
            plan.old_files().for_each(|path| output.line(&format!("left      {}", clean(&path.to_string_lossy()))));
            output.line(&format!(
                "{what} changed to {to}; --rollback brings back what {} keeps",
                clean(&backup.to_string_lossy())
            ));
            if !site.is_checkout() {
                output.line("run `postfix reload`; once all is well, the files that are left can go, and --forget removes the backups");
            }
        }
        None if plan.obstacles().next().is_some() && yes => {
            output.line("nothing was changed: settle first what is to be decided of tables that cannot be read");
        }
        None if plan.is_empty() => output.line(&format!("nothing is to be changed to {to}")),
        None => output.line(&format!("{what} to be changed to {to}; nothing was: --yes does it")),
    }
}

/// The same as JSON.
pub(super) fn json(plan: &Plan, style: Style, backup: Option<&Path>) -> Value {
    let is_done = backup.is_some();
    let style = if style == Style::Variable { "variable" } else { "literal" };
    let left: Vec<_> = plan.old_files().map(|path| path.to_string_lossy()).collect();
    json!({
        "version": 1,
        "to": plan.to.name(),
        "style": style,
        "done": is_done,
        "backup": backup.map(Path::to_string_lossy),
        "files": plan.references.texts.iter().map(file).collect::<Vec<_>>(),
        "tables": plan.tables.iter().map(|one| table(one, is_done)).collect::<Vec<_>>(),
        "caches": plan.caches.iter().map(|cache| json!({
            "table": cache.reference.to_string(), "old": cache.old.as_ref().map(|old| old.to_string_lossy()),
        })).collect::<Vec<_>>(),
        "left": left,
        "decide": places(&plan.by_hand),
        "comments": places(&plan.comments),
    })
}

fn places(all: &[ByHand]) -> Vec<Value> {
    all.iter().map(|one| json!({ "place": one.place, "what": one.what })).collect()
}

fn file(text: &Rewritten) -> Value {
    let edits: Vec<_> = text
        .written
        .iter()
        .map(|one| {
            let [start, end] = [one.span.start, one.span.end].map(|at| text.before.position(at));
            json!({
                "parameter": one.parameter, "service": one.service, "from": one.map_type.name, "cache": one.is_cache,
                "line": start.line, "column": start.column, "end_line": end.line, "end_column": end.column,
                "start": one.span.start, "end": one.span.end,
            })
        })
        .collect();
    let diff = unified_diff::for_patch(text.before.name(), text.before.bytes(), text.after.bytes());
    json!({
        "file": text.before.name(), "edits": edits, "added": text.added, "diff": String::from_utf8_lossy(&diff),
    })
}

fn table(table: &Table, is_done: bool) -> Value {
    let (from, entries) = match table.origin {
        Origin::Source { entries, .. } => (Some("source"), Some(entries)),
        Origin::Database { entries, .. } => (Some("database"), Some(entries)),
        _ => (None, None),
    };
    let reason = match &table.origin {
        Origin::Current => Some("current"),
        Origin::Missing => Some("missing"),
        Origin::Outside => Some("outside"),
        Origin::Undecided(why) => Some(why.as_str()),
        Origin::Source { .. } | Origin::Database { .. } => None,
    };
    let differs = match table.origin {
        Origin::Source { old_differs, .. } => old_differs,
        _ => None,
    };
    json!({
        "table": table.reference.to_string(), "was": table.old_type, "action": word(table, is_done),
        "compiler": compiler(table), "from": from, "entries": entries, "old_differs": differs, "reason": reason,
        "source": table.source.to_string_lossy(), "index": table.index.to_string_lossy(),
        "database": table.database.to_string_lossy(),
        "uid": table.access.map(|access| access.uid), "gid": table.access.map(|access| access.gid),
        "mode": table.access.map(|access| format!("{:04o}", access.mode)),
    })
}
