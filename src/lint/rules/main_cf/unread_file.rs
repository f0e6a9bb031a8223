//! MC012: a file of parameters that nothing reads.

use crate::base::Source;
use crate::config::catalogue;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::main_cf::parse_main_cf;
use std::path::Path;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC012",
    name: "unread-file",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "a file of parameters that nothing reads",
    why: "Postfix reads parameters from main.cf and from -o in master.cf, from no file named after a daemon: what is set there \
          has no effect.",
    example: "myhostname = mail.example.com\n",
    remedy: "Move the parameters to main.cf, or to -o of the service, and remove the file.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// More would be no file of parameters.
const MOST_BYTES: u64 = 1 << 20;

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    if !site.is_whole {
        return;
    }
    let files = &site.configuration.files;
    let Ok(entries) = std::fs::read_dir(&files.directory) else { return };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".cf"))
        .collect();
    names.sort();
    let texts = [Some(files.main.tree.source()), files.master.as_ref().map(|master| master.tree.source())];
    for name in names {
        let is_named = texts.iter().flatten().any(|text| memchr::memmem::find(text.bytes(), name.as_bytes()).is_some());
        if matches!(name.as_str(), "main.cf" | "master.cf" | "dynamicmaps.cf") || is_named {
            continue;
        }
        let path = files.directory.join(&name);
        if let Some(source) = parameters_in(&path) {
            let main = parse_main_cf(&source);
            let Some(first) = main.entries.iter().find(|entry| is_parameter(&entry.name.to_string_lossy())) else {
                continue;
            };
            let message = format!("nothing reads {name}");
            findings.push(
                Finding::new(&RULE, message)
                    .at(&source, first.name.span(), "this parameter is not set")
                    .help(RULE.remedy),
            );
        }
    }
}

/// The file, if most of what stands in it are parameters of main.cf.
fn parameters_in(path: &Path) -> Option<Arc<Source>> {
    std::fs::metadata(path).ok().filter(|about| about.is_file() && about.len() <= MOST_BYTES)?;
    let source = Source::read(path).ok()?;
    let main = parse_main_cf(&source);
    let known = main.entries.iter().filter(|entry| is_parameter(&entry.name.to_string_lossy())).count();
    (known * 2 > main.entries.len()).then_some(source)
}

fn is_parameter(name: &str) -> bool {
    catalogue::parameter(name).is_some()
}
