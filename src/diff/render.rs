//! A comparison as text for people: `+` what the second side has, `-` what the first had, `~` what changed.

use super::Comparison;
use super::parameters::{ChangeKind, ParameterChange, Setting};
use super::routes::Routes;
use super::services::{ServiceChange, ServiceChangeKind};
use super::tables::{TableChange, TableChangeKind};
use crate::config::trace::Supplier;
use crate::diagnostic::render::clean;
use similar::{ChangeTag, TextDiff};

/// How it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// Also what is only worded otherwise.
    pub verbose: bool,
}

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

impl Style {
    fn paint(self, text: &str, color: &str) -> String {
        if self.color { format!("\u{1b}[{color}m{text}\u{1b}[0m") } else { text.to_string() }
    }

    fn removed(self, indent: &str, text: &str) -> String {
        format!("{indent}{}", self.paint(&format!("- {text}"), RED))
    }

    fn added(self, indent: &str, text: &str) -> String {
        format!("{indent}{}", self.paint(&format!("+ {text}"), GREEN))
    }

    fn changed(self, indent: &str, text: &str) -> String {
        format!("{indent}{} {text}", self.paint("~", YELLOW))
    }

    /// `old → new`, with the words that differ marked where there are colours.
    fn arrow(self, old: &str, new: &str) -> String {
        if !self.color {
            return format!("{} \u{2192} {}", shown(old), shown(new));
        }
        let diff = TextDiff::from_words(old, new);
        let side = |tag: ChangeTag, color: &str| -> String {
            let changes =
                diff.iter_all_changes().filter(|change| change.tag() == tag || change.tag() == ChangeTag::Equal);
            let parts = changes.map(|change| match change.tag() == tag {
                true => self.paint(change.value(), color),
                false => change.value().to_string(),
            });
            parts.collect()
        };
        match (old.is_empty(), new.is_empty()) {
            (false, false) => format!("{} \u{2192} {}", side(ChangeTag::Delete, RED), side(ChangeTag::Insert, GREEN)),
            _ => format!("{} \u{2192} {}", shown(old), shown(new)),
        }
    }
}

/// An empty value would not be seen.
fn shown(value: &str) -> &str {
    if value.is_empty() { "(empty)" } else { value }
}

/// The lines.
#[must_use]
pub fn lines(comparison: &Comparison, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    let parameters: Vec<&ParameterChange> =
        comparison.parameters.iter().filter(|change| style.verbose || change.kind != ChangeKind::Reworded).collect();
    if !parameters.is_empty() {
        lines.push("main.cf".to_string());
        parameters.iter().for_each(|change| parameter(change, "  ", style, &mut lines));
    }
    if !comparison.services.is_empty() {
        lines.push("master.cf".to_string());
        comparison.services.iter().for_each(|change| service(change, style, &mut lines));
    }
    comparison.tables.iter().for_each(|change| table(change, style, &mut lines));
    if let Some(found) = &comparison.routes {
        routes(found, style, &mut lines);
    }
    lines
}

fn routes(routes: &Routes, style: Style, lines: &mut Vec<String>) {
    for group in &routes.groups {
        lines.push(format!("routes, by {}", clean(&group.cause)));
        for change in &group.changes {
            let ends = |ends: &[String]| if ends.is_empty() { "nobody".to_string() } else { clean(&ends.join(", ")) };
            let arrow = style.arrow(&ends(&change.a), &ends(&change.b));
            lines.push(style.changed("  ", &format!("{}: {arrow}", clean(&change.mail.to_string()))));
        }
    }
    for table in &routes.unlisted {
        lines.push(format!("what only {} names was not followed: its entries cannot be listed", clean(table)));
    }
}

fn text(bytes: &[u8]) -> String {
    clean(&String::from_utf8_lossy(bytes))
}

fn value(setting: &Option<Setting>) -> String {
    match setting {
        None => "(no such parameter)".into(),
        Some(Setting { value: Ok(value), .. }) => text(value),
        Some(Setting { value: Err(words), .. }) => format!("({})", clean(words)),
    }
}

/// ` (old.cf:3)`, where a setting is not a default.
fn place(setting: &Option<Setting>) -> String {
    match setting.as_ref().map(|setting| &setting.supplier) {
        Some(Supplier::Main(source, span) | Supplier::Service(_, source, span)) => {
            format!("{}:{}", clean(source.name()), source.position(span.start).line)
        }
        Some(Supplier::Default(_) | Supplier::Computed) => "default".into(),
        _ => "not set".into(),
    }
}

fn parameter(change: &ParameterChange, indent: &str, style: Style, lines: &mut Vec<String>) {
    let name = clean(&change.name);
    let places = match (place(&change.a), place(&change.b)) {
        (a, b) if a == b => a,
        (a, b) => format!("{a}, {b}"),
    };
    let inside = format!("{indent}    ");
    let (old, new) = (value(&change.a), value(&change.b));
    let head = match &change.kind {
        ChangeKind::Added => {
            lines.push(style.added(indent, &format!("{name} = {new}  ({})", place(&change.b))));
            if change.a.is_some() {
                lines.push(format!("{inside}default: {}", shown(&old)));
            }
            return;
        }
        ChangeKind::Removed => {
            lines.push(style.removed(indent, &format!("{name} = {old}  ({})", place(&change.a))));
            if change.b.is_some() {
                lines.push(format!("{inside}default: {}", shown(&new)));
            }
            return;
        }
        ChangeKind::OtherRelease => {
            lines.push(style.changed(indent, &format!("{name} is set, and only one of the two releases knows it")));
            return;
        }
        ChangeKind::Reworded => format!("{name} means the same, worded otherwise  ({places})"),
        ChangeKind::Changed => format!("{name}  ({places})"),
        ChangeKind::InEffect(names) if names.is_empty() => format!("{name}, in effect"),
        ChangeKind::InEffect(names) => format!("{name}, in effect, through {}", clean(&names.join(", "))),
    };
    match &change.elements {
        Some((removed, added)) if !removed.is_empty() || !added.is_empty() => {
            lines.push(style.changed(indent, &head));
            lines.extend(removed.iter().map(|element| style.removed(&inside, &text(element))));
            lines.extend(added.iter().map(|element| style.added(&inside, &text(element))));
        }
        Some(_) => lines.push(style.changed(indent, &format!("{head}: other order: {}", style.arrow(&old, &new)))),
        None if change.kind == ChangeKind::Reworded => {
            let raw =
                |setting: &Option<Setting>| setting.as_ref().map_or_else(String::new, |setting| text(&setting.raw));
            lines.push(style.changed(indent, &format!("{head}: {}", style.arrow(&raw(&change.a), &raw(&change.b)))));
        }
        None => lines.push(style.changed(indent, &format!("{head}: {}", style.arrow(&old, &new)))),
    }
}

fn service(change: &ServiceChange, style: Style, lines: &mut Vec<String>) {
    let label = clean(&change.label);
    match &change.kind {
        ServiceChangeKind::Added(line) => lines.push(style.added("  ", &format!("{label}: {}", clean(line)))),
        ServiceChangeKind::Removed(line) => lines.push(style.removed("  ", &format!("{label}: {}", clean(line)))),
        ServiceChangeKind::Changed { fields, arguments, parameters } => {
            lines.push(style.changed("  ", &label));
            for (name, old, new) in fields {
                lines.push(style.changed("      ", &format!("{name}: {}", style.arrow(&clean(old), &clean(new)))));
            }
            if let Some((old, new)) = arguments {
                lines.push(style.changed("      ", &format!("arguments: {}", style.arrow(&clean(old), &clean(new)))));
            }
            parameters.iter().for_each(|change| parameter(change, "      ", style, lines));
        }
    }
}

fn table(change: &TableChange, style: Style, lines: &mut Vec<String>) {
    lines.push(clean(&change.name));
    match &change.kind {
        TableChangeKind::Unreadable(words) => lines.push(style.changed("  ", &clean(words))),
        TableChangeKind::Lines(changes) => {
            for (is_new, line) in changes {
                let line = text(line);
                lines.push(if *is_new { style.added("  ", &line) } else { style.removed("  ", &line) });
            }
        }
        TableChangeKind::Entries(changes) => {
            for entry in changes {
                let key = text(&entry.key);
                let both =
                    |value: &[u8]| if value.is_empty() { key.clone() } else { format!("{key}  {}", text(value)) };
                lines.push(match (&entry.a, &entry.b) {
                    (Some(old), Some(new)) => {
                        style.changed("  ", &format!("{key}: {}", style.arrow(&text(old), &text(new))))
                    }
                    (Some(old), None) => style.removed("  ", &both(old)),
                    (None, Some(new)) => style.added("  ", &both(new)),
                    (None, None) => continue,
                });
            }
        }
    }
}
