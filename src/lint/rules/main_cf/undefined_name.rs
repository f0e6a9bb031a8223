//! MC004: `$name` that nothing defines.

use crate::base::suggest;
use crate::config::catalogue::{self, Kind, ValueType};
use crate::config::expand::references;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::Text;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC004",
    name: "undefined-name",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "a `$name` that nothing defines",
    why: "It expands to nothing, and what is left is rarely what was meant: `myorigin = $bar.example.com` becomes \
          `.example.com`.",
    example: "myorigin = $bar.example.com\n",
    remedy: "Define the name, correct it, or write `$$` for a dollar sign.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let files = &site.configuration.files;
    let mut known = Known::default();
    for entry in &files.main.entries {
        look_at(site, files.main.tree.source(), &entry.name.to_string_lossy(), &entry.value, &mut known, findings);
    }
    let Some(master) = &files.master else { return };
    for set in files.services.iter().flat_map(|service| &service.overrides) {
        look_at(site, master.tree.source(), &set.name.to_string_lossy(), &set.value, &mut known, findings);
    }
}

/// Most names for which one that was perhaps meant is looked for.
const MOST_SEARCHES: usize = 200;

/// The names that may be meant.
#[derive(Default)]
struct Known {
    /// Collected when the first is asked for.
    names: Vec<String>,
    searches: usize,
}

impl Known {
    fn similar(&mut self, site: &LoadedSite, name: &str) -> Option<&str> {
        self.searches += 1;
        if self.searches > MOST_SEARCHES {
            return None;
        }
        if self.names.is_empty() {
            let set = site.configuration.files.main.entries.iter().map(|entry| entry.name.to_string_lossy());
            self.names = set.chain(catalogue::parameters().iter().map(|known| known.name.to_string())).collect();
        }
        suggest(name, self.names.iter().map(String::as_str)).into_iter().next()
    }
}

fn look_at(
    site: &LoadedSite,
    source: &Arc<crate::base::Source>,
    parameter: &str,
    value: &Text,
    known: &mut Known,
    findings: &mut Vec<Finding>,
) {
    // Templates and commands have names of their own ($recipient, $user, …), which other programs fill in.
    if catalogue::parameter(parameter)
        .is_some_and(|parameter| matches!(parameter.value_type, ValueType::Raw(_)) || parameter.kind == Kind::Template)
    {
        return;
    }
    let references: Vec<_> = references(value.bytes()).collect();
    for reference in &references {
        // `${name?…}` asks whether a name is set: that it may not be is the point, as in `${name?{$name}:{text}}`.
        let tested = references.iter().any(|other| other.tested && other.name == reference.name);
        if reference.name.is_empty() || tested || site.configuration.knows(reference.name) {
            continue;
        }
        let shown = String::from_utf8_lossy(reference.name).into_owned();
        let mut finding = Finding::new(&RULE, format!("${shown} is defined nowhere and expands to nothing")).at(
            source,
            value.source_span(reference.span.range()),
            "undefined",
        );
        let similar = known.similar(site, &shown);
        // What main.cf defines is not known of a master.cf by itself.
        if similar.is_none() && !site.is_whole && site.configuration.files.master.is_some() {
            continue;
        }
        finding.help = match similar {
            Some(similar) => Some(format!("did you mean ${similar}?")),
            None => Some(RULE.remedy.to_string()),
        };
        findings.push(finding);
    }
}
