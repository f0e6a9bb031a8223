//! What is known of a parameter, for a target, and where a configuration uses it.

use crate::commands::terminal::output::wrapped;
use crate::config::Platform;
use crate::config::catalogue::{Change, Deprecation, Version, about};
use crate::config::facts::{ParameterFacts, ParameterUse, Use};
use crate::diagnostic::render::{clean, json as spans};
use serde_json::{Value, json};

/// Where the manual has the parameter.
fn link(facts: &ParameterFacts) -> String {
    let anchor = match &facts.family {
        Some((_, family)) => format!("transport{}", family.suffix),
        None => facts.name.clone(),
    };
    format!("https://www.postfix.org/postconf.5.html#{anchor}")
}

/// `3.4`, or `2.11 or earlier`.
fn since(version: Version) -> String {
    if version <= Version::OLDEST { format!("{} or earlier", Version::OLDEST) } else { version.with_snapshot() }
}

/// What the value is, with its limits.
fn value(facts: &ParameterFacts) -> Option<String> {
    let value_type = facts.value_type()?;
    let mut text = format!("type {}", value_type.name());
    if let Some(kind) = facts.kind() {
        text = format!("{} ({text})", kind.describe());
    }
    let allowed = facts.parameter.map(|parameter| parameter.allowed).unwrap_or_default();
    if !allowed.is_empty() {
        text.push_str(&format!("; words: {}", allowed.join(", ")));
    }
    let unit = match value_type.name() {
        "str" | "raw" => " bytes",
        "time" => " seconds",
        _ => "",
    };
    if let Some(limits) = value_type.limits() {
        match (limits.min, limits.max) {
            (Some(1), None) if unit == " bytes" => text.push_str("; not empty"),
            (Some(min), Some(max)) => text.push_str(&format!("; {min} to {max}{unit}")),
            (Some(min), None) => text.push_str(&format!("; at least {min}{unit}")),
            (None, Some(max)) => text.push_str(&format!("; at most {max}{unit}")),
            (None, None) => {}
        }
    }
    Some(text)
}

/// What became of the name, and what takes over.
fn change(entry: &Deprecation, target: Version) -> Option<String> {
    let word = match entry.change_in(target)? {
        Change::Renamed => "renamed",
        Change::Deprecated => "deprecated",
        Change::Removed => "removed",
    };
    let when = match (entry.change_in(target), entry.removed) {
        (Some(Change::Removed), Some(removed)) => format!(" in {removed}"),
        _ if entry.since == Version::UNRECORDED => String::new(),
        _ => format!(" in {}", entry.since),
    };
    let mut text = format!("{word}{when}");
    if !entry.replacement.is_empty() {
        text.push_str(&format!("; use {}", entry.replacement.join(", ")));
    }
    for (old, new) in entry.values {
        text.push_str(&format!("; {old} becomes {new}"));
    }
    if !entry.note.is_empty() {
        text.push_str(&format!("; {}", entry.note));
    }
    if let (Some(program), true) = (entry.warned_by, entry.warned_in(target)) {
        text.push_str(&format!("; {program} warns"));
    }
    Some(text)
}

fn shown(value: Option<&str>) -> &str {
    match value {
        None => "(computed when it is used)",
        Some("") => "(empty)",
        Some(text) => text,
    }
}

/// The explanation for people.
pub(super) fn text(facts: &ParameterFacts, places: &[ParameterUse], platform: &Platform, width: usize) -> String {
    let mut out = format!("{}\n", facts.name);
    if let Some(about) = about(&facts.name) {
        out.push_str(&wrapped(about, "", width));
        out.push('\n');
    }
    let mut line = |name: &str, text: &str| {
        // Continued below the text, not below its name.
        let block = wrapped(&clean(text), "            ", width);
        out.push_str(&format!("{:12}{}", format!("{name}:"), block.trim_start()));
    };
    if let Some(text) = value(facts) {
        line("value", &text);
    }
    if let Some((transport, family)) = &facts.family {
        line("family", &format!("transport{}, for the transport {transport}", family.suffix));
    }
    let target = platform.target;
    let postfix = target.snapshot().map_or_else(|| target.to_string(), |date| format!("{target}, snapshot of {date}"));
    let exists = facts.parameter.is_none_or(|parameter| parameter.exists_in(target))
        && facts.introduced().is_none_or(|introduced| introduced <= target);
    if !exists {
        line("default", &format!("Postfix {} does not know this parameter", target.with_snapshot()));
    } else if facts.default.is_some() || facts.parameter.is_some_and(|parameter| parameter.listed_in(target)) {
        let profile = platform.profile.map_or_else(String::new, |profile| format!(", {profile}"));
        line("default", &format!("{} (Postfix {postfix}{profile})", shown(facts.default)));
    }
    if let Some(introduced) = facts.introduced() {
        let last = facts.parameter.map(|parameter| parameter.last).filter(|last| *last < Version::LAST);
        let last = last.map_or_else(String::new, |last| format!(", until {last}"));
        line("versions", &format!("since {}{last}", since(introduced)));
    }
    if facts.defaults.len() > 1 {
        for range in &facts.defaults {
            let versions = match (range.from <= Version::OLDEST, range.through == Version::LAST) {
                (_, true) => format!("since {}", range.from.with_snapshot()),
                (false, false) if range.from == range.through => format!("only {}", range.from),
                (true, false) => format!("until {}", range.through),
                (false, false) => format!("{} to {}", range.from, range.through),
            };
            line("changed", &format!("{versions}: {}", shown(range.value)));
        }
    }
    if let Some(text) = facts.deprecation.and_then(|entry| change(entry, target)) {
        line("old name", &text);
    }
    if !facts.note().is_empty() {
        line("note", facts.note());
    }
    if !facts.in_defaults_of.is_empty() {
        line("default of", &facts.in_defaults_of.join(", "));
    }
    line("manual", &link(facts));
    for place in places {
        let service = place.service.as_ref().map_or_else(String::new, |service| format!(" for {service}"));
        let at = format!("{}:{}", place.source.name(), place.source.position(place.span.start));
        match &place.how {
            Use::Set(value) => line("set", &format!("{at}{service}: {}", shown(Some(value)))),
            Use::Refers(name) => line("used", &format!("{at}{service}: in {name}")),
        }
    }
    out
}

/// The explanation for programs.
pub(super) fn document(facts: &ParameterFacts, places: &[ParameterUse], platform: &Platform) -> Value {
    let parameter = facts.parameter;
    let defaults: Vec<Value> = facts
        .defaults
        .iter()
        .map(|range| {
            json!({ "from": range.from.to_string(), "through": range.through.to_string(), "value": range.value })
        })
        .collect();
    let deprecation = facts.deprecation.map(|entry| {
        json!({
            "text": change(entry, platform.target),
            "since": (entry.since != Version::UNRECORDED).then(|| entry.since.to_string()),
            "removed": entry.removed.map(|version| version.to_string()),
            "replacement": entry.replacement,
        })
    });
    let limits = facts.value_type().and_then(|value_type| value_type.limits());
    let places: Vec<Value> = places
        .iter()
        .map(|place| {
            let span = spans::span(&place.source, place.span);
            match &place.how {
                Use::Set(value) => json!({ "span": span, "service": place.service, "sets": value }),
                Use::Refers(name) => json!({ "span": span, "service": place.service, "used_in": name }),
            }
        })
        .collect();
    json!({
        "name": facts.name,
        "summary": about(&facts.name),
        "target": platform.target.to_string(),
        "snapshot": platform.target.snapshot(),
        "profile": platform.profile.map(|profile| profile.name()),
        "type": facts.value_type().map(|value_type| value_type.name()),
        "kind": facts.kind().map(|kind| kind.name()),
        "about": facts.kind().map(|kind| kind.describe()),
        "allowed": parameter.map(|parameter| parameter.allowed).unwrap_or_default(),
        "min": limits.and_then(|limits| limits.min),
        "max": limits.and_then(|limits| limits.max),
        "transport": facts.family.as_ref().map(|(transport, _)| transport),
        "default": facts.default,
        "introduced": facts.introduced().map(|version| version.to_string()),
        "last": parameter.map(|parameter| parameter.last.to_string()),
        "defaults": defaults,
        "deprecation": deprecation,
        "note": facts.note(),
        "in_defaults_of": facts.in_defaults_of,
        "link": link(facts),
        "uses": places,
    })
}
