//! Rules about what changes between versions of Postfix (VER).

pub mod compatibility_level;
pub mod deprecated_parameter;
pub mod deprecated_word;
pub mod newer_feature;
pub mod newer_parameter;
pub mod removed_parameter;

use crate::config::catalogue::{Deprecation, Version, restriction_lists};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::SetValue;

/// The version of Postfix that a site is judged by.
fn target(site: &LoadedSite) -> Version {
    site.configuration.platform.target
}

/// ` since Postfix 3.9`; nothing for a date that is not known.
fn since(version: Version) -> String {
    if version < Version::OLDEST { String::new() } else { format!(" since Postfix {version}") }
}

/// What to do about an old name.
fn successor(entry: &Deprecation) -> Option<String> {
    let note = |text: String| if entry.note.is_empty() { text } else { format!("{text} ({})", entry.note) };
    match entry.replacement {
        [] if entry.note.is_empty() => None,
        [] => Some(entry.note.to_string()),
        [name] if entry.values.is_empty() => Some(note(format!("use {name}"))),
        [name] => {
            let becomes: Vec<String> = entry.values.iter().map(|(old, new)| format!("{new} for {old}")).collect();
            Some(note(format!("use {name}: {}", becomes.join(", "))))
        }
        names => Some(note(format!("use {}", names.join(", ")))),
    }
}

/// Whether a value is a list of access restrictions: one that Postfix knows, or a class of the site.
fn holds_restrictions(site: &LoadedSite, set: &SetValue) -> bool {
    let name = set.parameter_name();
    restriction_lists().iter().any(|list| list.parameter == name)
        || site.configuration.is_restriction_class(name.as_bytes(), set.service)
}
