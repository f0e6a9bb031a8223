//! MC026: two settings in one line.

use crate::config::catalogue;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::logical::is_space;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC026",
    name: "glued-lines",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "two settings in one line, of which the second is part of the first one's value",
    why: "A line break got lost, as when a program appends to a file without a newline at its end: the second parameter keeps its default, and \
          the first has a value that nobody meant.",
    example: "inet_interfaces = allmessage_size_limit = 1000\n",
    remedy: "Put each setting on a line of its own.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// The shortest name that is looked for at the end of a word: shorter ones end many.
const SHORTEST: usize = 8;

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let files = &site.configuration.files;
    let source = files.main.tree.source();
    for entry in &files.main.entries {
        let value = entry.value.bytes();
        for at in memchr::memchr_iter(b'=', value) {
            // `==` and `!=` compare, and a name inside braces belongs to a table in the value.
            let is_alone = value.get(at + 1) != Some(&b'=') && (at == 0 || !b"=!<>".contains(&value[at - 1]));
            let before = &value[..at];
            if !is_alone || before.contains(&b'{') || before.contains(&b'$') {
                continue;
            }
            let word_end = before.iter().rposition(|&byte| !is_space(byte)).map_or(0, |last| last + 1);
            let word_start = before[..word_end].iter().rposition(|&byte| is_space(byte)).map_or(0, |blank| blank + 1);
            let word = String::from_utf8_lossy(&before[word_start..word_end]).into_owned();
            let Some(name) = ending_parameter(&word) else { continue };
            let first_line = entry.value.source_span(0..1).start;
            let span = entry.value.source_span(word_end - name.len()..word_end);
            // On a line of its own it has a rule of its own.
            if source.position(first_line).line != source.position(span.start).line {
                continue;
            }
            let owner = entry.name.to_string_lossy();
            findings.push(
                Finding::new(&RULE, format!("{name} is not set here: it is part of the value of {owner}"))
                    .at(source, span, "a line break is missing before this")
                    .help(RULE.remedy),
            );
        }
    }
}

/// The longest name of a parameter that a word ends with.
fn ending_parameter(word: &str) -> Option<&'static str> {
    (0..word.len().saturating_sub(SHORTEST - 1))
        .filter(|&start| word.is_char_boundary(start))
        .find_map(|start| catalogue::parameter(&word[start..]))
        .map(|parameter| parameter.name)
}
