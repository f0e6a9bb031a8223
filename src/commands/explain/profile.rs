//! What is known of a package of Postfix, and what of that was verified.

use crate::commands::terminal::output::wrapped;
use crate::config::catalogue::{Knowledge, ProfileFacts};
use crate::config::package::PackageFacts;
use serde_json::{Value, json};

/// `verified: its news`, or that it was not.
fn words(knowledge: Knowledge) -> String {
    match knowledge {
        Knowledge::Verified(source) => format!("verified: {source}"),
        Knowledge::NotVerified => "not verified".into(),
        Knowledge::AsUpstream => "not verified: upstream's".into(),
    }
}

fn library(about: &ProfileFacts) -> String {
    about.lmdb.map_or_else(|| "unknown".into(), |format| format.name().to_string())
}

/// `debian-12: Debian 12, with Postfix 3.7`
fn title(about: &ProfileFacts) -> String {
    let series = about.target.map_or_else(String::new, |series| format!(", with Postfix {series}"));
    format!("{}: {}{series}", about.name, about.title)
}

/// The explanation for people.
pub(super) fn text(facts: &PackageFacts, width: usize) -> String {
    let about = facts.about;
    let mut out = wrapped(&title(about), "", width);
    if !about.holds_for.is_empty() {
        out.push_str(&wrapped(&format!("Holds for {}.", about.holds_for), "", width));
    }
    out.push_str(&format!("\nIn Postfix {}\n", facts.target.with_snapshot()));
    let library = library(about);
    let mut lines: Vec<(&str, &str, Knowledge)> =
        facts.defaults.iter().map(|default| (default.name, default.value, default.knowledge)).collect();
    if about.lmdb.is_some() {
        lines.push(("LMDB library", &library, facts.knowledge_of_library()));
    }
    let room = lines.iter().map(|(_, value, _)| value.len()).max().unwrap_or_default();
    for (name, value, knowledge) in lines {
        out.push_str(&format!("  {name:21}  {value:room$}  {}\n", words(knowledge)));
    }
    if about.lmdb.is_none() {
        out.push_str("  LMDB library           unknown\n");
    }
    if !facts.releases.is_empty() {
        out.push_str("\nReleases\n");
        facts.releases.iter().for_each(|release| out.push_str(&wrapped(&title(release), "  ", width)));
    }
    out
}

/// The explanation for programs.
pub(super) fn document(facts: &PackageFacts) -> Value {
    let verified = |knowledge| match knowledge {
        Knowledge::Verified(source) => Some(source),
        Knowledge::NotVerified | Knowledge::AsUpstream => None,
    };
    let defaults: Vec<Value> = facts
        .defaults
        .iter()
        .map(|default| {
            json!({
                "parameter": default.name, "value": default.value, "verified": verified(default.knowledge),
                "upstream": default.knowledge == Knowledge::AsUpstream,
            })
        })
        .collect();
    let about = facts.about;
    json!({
        "name": about.name,
        "title": about.title,
        "target": facts.target.to_string(),
        "comes_with": about.target.map(|series| series.to_string()),
        "holds_for": about.holds_for,
        "defaults": defaults,
        "lmdb": about.lmdb.map(|format| format.name().to_string()),
        "lmdb_verified": about.lmdb.and_then(|_| verified(facts.knowledge_of_library())),
        "releases": facts.releases.iter().map(|release| release.name).collect::<Vec<_>>(),
    })
}
