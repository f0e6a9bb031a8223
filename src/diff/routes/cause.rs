//! Why mail goes another way: the first step on which both sides differ.

use crate::routing::router::trail::{Found, Step, StepKind};

/// Parameters that settle where mail goes without a lookup.
const SETTLING: [&str; 13] = [
    "default_transport",
    "local_transport",
    "virtual_transport",
    "relay_transport",
    "relayhost",
    "mailbox_transport",
    "fallback_transport",
    "home_mailbox",
    "mail_spool_directory",
    "mailbox_command",
    "virtual_mailbox_base",
    "recipient_delimiter",
    "enable_original_recipient",
];

/// The table, list or parameter that made the difference: the first question that got another answer, or else the first
/// step that is another. `changed` are the parameters that differ.
pub fn cause(a: &[Step], b: &[Step], changed: &[&str]) -> String {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    questions(a, &mut old);
    questions(b, &mut new);
    let other = old.iter().zip(&new).find(|(old, new)| !is_same(old, new));
    let by_answer = other.filter(|(old, new)| is_same_question(old, new)).and_then(|(old, new)| name(new, old));
    by_answer.or_else(|| first_difference(a, b)).unwrap_or_else(|| {
        let settling: Vec<&str> = changed.iter().copied().filter(|name| SETTLING.contains(name)).collect();
        if settling.is_empty() { "the configuration".into() } else { settling.join(", ") }
    })
}

/// All that tables and lists were asked, in order.
fn questions<'s>(steps: &'s [Step], found: &mut Vec<&'s StepKind>) {
    for step in steps {
        if matches!(step.kind, StepKind::Lookup { .. } | StepKind::Matched { .. }) {
            found.push(&step.kind);
        }
        questions(&step.steps, found);
    }
}

fn is_same_question(a: &StepKind, b: &StepKind) -> bool {
    match (a, b) {
        (StepKind::Lookup { table: old, key: a, .. }, StepKind::Lookup { table: new, key: b, .. }) => {
            old == new && a == b
        }
        (StepKind::Matched { list: old, value: a, .. }, StepKind::Matched { list: new, value: b, .. }) => {
            old == new && a == b
        }
        _ => false,
    }
}

fn first_difference(a: &[Step], b: &[Step]) -> Option<String> {
    for (old, new) in a.iter().zip(b) {
        if !is_same(&old.kind, &new.kind) {
            return name(&new.kind, &old.kind);
        }
        if let Some(inside) = first_difference(&old.steps, &new.steps) {
            return Some(inside);
        }
    }
    // One side asked on where the other had its answer.
    let more = a.get(b.len()).or_else(|| b.get(a.len()))?;
    name(&more.kind, &more.kind)
}

/// Whether two steps say the same; lines and files may differ.
fn is_same(a: &StepKind, b: &StepKind) -> bool {
    match (a, b) {
        (
            StepKind::Lookup { table: old_table, key: old_key, found: old },
            StepKind::Lookup { table: new_table, key: new_key, found: new },
        ) => {
            let is_same = match (old, new) {
                (Found::Hit(old, _), Found::Hit(new, _)) => old == new,
                (old, new) => old == new,
            };
            is_same && old_table == new_table && old_key == new_key
        }
        (
            StepKind::Matched { list: old_list, value: old_value, element: old, .. },
            StepKind::Matched { list: new_list, value: new_value, element: new, .. },
        ) => old_list == new_list && old_value == new_value && old == new,
        (a, b) => a == b,
    }
}

/// Most characters of a table that is its own name.
const MOST: usize = 60;

/// A table's name; of one that is its own name only the start, if that is long.
fn short(table: &str) -> String {
    match table.char_indices().nth(MOST) {
        Some((end, _)) if table.starts_with("inline:") => format!("{}…", &table[..end]),
        _ => table.to_string(),
    }
}

/// What people call the step.
fn name(step: &StepKind, other: &StepKind) -> Option<String> {
    Some(match (step, other) {
        (StepKind::Lookup { table, .. }, _) => short(table),
        (StepKind::Matched { list, .. }, _) => list.clone(),
        (StepKind::Changed { by, .. }, _) | (_, StepKind::Changed { by, .. }) => by.clone(),
        (StepKind::Stage { name, .. }, _) | (_, StepKind::Stage { name, .. }) => name.clone(),
        (StepKind::Restriction { name, .. }, _) => name.clone(),
        (StepKind::Dns { name, kind, .. }, _) => format!("{kind} {}", String::from_utf8_lossy(name)),
        (StepKind::Note(text), _) => {
            let (parameter, _) = text.split_once(" = ")?;
            parameter.to_string()
        }
    })
}
