//! SEC007: the source of a table, its index and their directory, of which one belongs to somebody else.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::uses::{at_uses, described};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "SEC007",
    name: "different-owners",
    family: Family::Security,
    severity: Severity::Warning,
    summary: "the source of a table, its index and their directory, of which one belongs to somebody else",
    why: "Who owns the directory can put another file in the place of root's, and with it take over what programs do that trust \
          the table: postmap and postalias warn of that since 3.11.7. Where the source is not root's, they work as its owner \
          when root runs them, who may write neither in another's directory nor to another's index.",
    example: "# ls -ld /etc/postfix/lists /etc/postfix/lists/virtual: the directory is alice's, the file root's\n\
              virtual_alias_maps = lmdb:/etc/postfix/lists/virtual\n",
    remedy: "Give the source, the index and the directory one owner, root as a rule.",
    fix: None,
    link: "https://www.postfix.org/postmap.1.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    // Alone, a file tells nothing about others.
    if !site.is_whole {
        return;
    }
    for table in &site.tables {
        let (Some(source), Some((index, _))) = (&table.source_path, &table.index) else { continue };
        let about = |path: &Path| std::fs::metadata(path).ok();
        let directory = source.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let (Some(of_source), Some(of_directory)) = (about(source), about(directory)) else { continue };
        if !site.paths.in_scope(source) {
            continue;
        }
        let owners = Owners {
            source: of_source.uid(),
            directory: of_directory.uid(),
            is_shared: is_shared(&of_directory),
            index: about(index).map(|index| index.uid()),
        };
        let Some(what) = owners.fault() else { continue };
        // What git lays out belongs to whoever did.
        let severity = if site.is_checkout() { Severity::Info } else { RULE.severity };
        let finding = Finding::new(&RULE, format!("{}: {what}", described(table))).severity(severity);
        findings.push(at_uses(finding.help(RULE.remedy), table));
    }
}

/// Whether others than its owner may write in a directory.
fn is_shared(directory: &Metadata) -> bool {
    directory.mode() & 0o022 != 0
}

/// Who owns what of a table.
#[derive(Clone, Copy)]
struct Owners {
    source: u32,
    directory: u32,
    is_shared: bool,
    index: Option<u32>,
}

impl Owners {
    /// What does not fit together; of several faults the one that is worst.
    fn fault(self) -> Option<String> {
        let Self { source, directory, is_shared, index } = self;
        if source == 0 && directory != 0 {
            return Some(format!("root owns the source, and user {directory} the directory"));
        }
        if let Some(index) = index.filter(|index| *index != source) {
            return Some(format!("{} owns the source, and {} the index", user(source), user(index)));
        }
        let is_closed = source != directory && !is_shared;
        is_closed.then(|| format!("{} owns the source, and {} the directory", user(source), user(directory)))
    }
}

fn user(number: u32) -> String {
    if number == 0 { "root".into() } else { format!("user {number}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first is what postmap of 3.11.7 warns of; with the two in the middle it ends, "Permission denied".
    #[test]
    fn who_should_own_what() {
        let cases = [
            ((0, 0, false, Some(0)), None),
            ((0, 1000, false, Some(0)), Some("root owns the source, and user 1000 the directory")),
            ((0, 1000, true, None), Some("root owns the source, and user 1000 the directory")),
            ((1000, 0, false, None), Some("user 1000 owns the source, and root the directory")),
            ((1000, 1000, false, Some(0)), Some("user 1000 owns the source, and root the index")),
            ((1000, 1000, false, Some(1000)), None),
            ((1000, 1000, false, None), None),
            ((1000, 0, true, Some(1000)), None),
            ((0, 0, false, Some(7)), Some("root owns the source, and user 7 the index")),
        ];
        for ((source, directory, is_shared, index), expected) in cases {
            let found = Owners { source, directory, is_shared, index }.fault();
            assert_eq!(found.as_deref(), expected, "{source} {directory} {is_shared} {index:?}");
        }
    }
}
