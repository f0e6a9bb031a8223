//! MAP017: a table that holds all of its text in its name, and that can never be opened or loses a rule.

use crate::config::catalogue;
use crate::config::table_reference::behind_proxy;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::domains::WrittenElements;
use crate::lint::site::set_values::{SetValue, read_values};
use crate::maps::open::open_named;
use crate::maps::{Answer, Caller, LookupError, LookupTable, OpenOptions, Opener, TableReference, open};
use crate::syntax::match_list::split_list;
use std::cell::LazyCell;
use std::sync::{Arc, Mutex, PoisonError};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP017",
    name: "cannot-open",
    family: Family::Maps,
    severity: Severity::Error,
    summary: "a table written out in main.cf or master.cf that can never be opened, or a rule of it that is skipped",
    why: "Whatever asks such a table gets no answer: the SMTP server says 451 to every recipient, and mail is put off. A rule that \
          cannot be read is left out, with a warning in the log.",
    example: "virtual_alias_maps = inline:{sales@example.com=joe bob}\n",
    remedy: "Write the table in the form that its type has, with types that Postfix has.",
    fix: None,
    link: "https://www.postfix.org/DATABASE_README.html",
};

/// Types for which the name alone tells whether they open.
const BY_NAME: [&str; 8] = ["debug", "inline", "pipemap", "randmap", "socketmap", "static", "unionmap", "unix"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    // What comes to a value by `$name` is told where it stands.
    let mut told: Vec<Vec<u8>> = Vec::new();
    for set in read_values(site) {
        let parameter = catalogue::parameter(&set.parameter_name());
        let may_hold_tables = parameter.map_or_else(
            || site.configuration.is_restriction_class(set.name.bytes(), None),
            |it| it.kind.may_hold_tables(),
        );
        let is_permission = matches!(set.name.bytes(), b"proxy_read_maps" | b"proxy_write_maps");
        if may_hold_tables && !is_permission {
            look_at(site, &set, &mut told, findings);
        }
    }
}

fn look_at(site: &LoadedSite, set: &SetValue<'_>, told: &mut Vec<Vec<u8>>, findings: &mut Vec<Finding>) {
    let Some(expanded) = set.expanded(site) else { return };
    let written = LazyCell::new(|| WrittenElements::of(set.value));
    let mut elements = split_list(&expanded).into_iter().map(|range| &expanded[range]);
    while let Some(element) = elements.next() {
        // Its operand is the name of a socket.
        if element.eq_ignore_ascii_case(b"check_policy_service") {
            elements.next();
            continue;
        }
        let marks = element.iter().take_while(|&&byte| byte == b'!').count();
        let wrong = faults(&element[marks..]);
        if wrong.is_empty() {
            continue;
        }
        let is_written = memchr::memmem::find(set.value.bytes(), element).is_some();
        if !is_written && told.iter().any(|other| other == element) {
            continue;
        }
        told.push(element.to_vec());
        for (severity, words) in wrong {
            let label = match severity {
                Severity::Error => "no lookup gets an answer",
                _ => "the rule is left out",
            };
            let finding = Finding::new(&RULE, words).severity(severity);
            findings.push(finding.at(set.source, written.place_of(element), label).help(help(element)));
        }
    }
}

/// How a table of this type is written.
fn help(element: &[u8]) -> String {
    let (map_type, _) = TableReference::split(behind_proxy(element)).unwrap_or_default();
    let form = match map_type {
        "inline" => "inline:{ key = value }, and a value with blanks in braces of its own: inline:{ { key = a b } }",
        "randmap" => "randmap:{ value, value }",
        "unionmap" => "unionmap:{ type:name, type:name }",
        "pipemap" => "pipemap:{ type:name, type:name }",
        "socketmap" => "socketmap:inet:host:port:name, or socketmap:unix:pathname:name",
        "cidr" => "cidr:{ { network/bits result } }, each rule in braces",
        "pcre" | "regexp" => return format!("write {map_type}:{{ {{ /pattern/ result }} }}, each rule in braces"),
        _ => return RULE.remedy.to_string(),
    };
    format!("write {form}")
}

/// What Postfix says when it opens a table.
fn faults(element: &[u8]) -> Vec<(Severity, String)> {
    let inside = behind_proxy(element);
    let Some(reference) = TableReference::parse(inside) else { return Vec::new() };
    // Another rule is about types that nobody knows; it does not look behind a proxy.
    let is_known = catalogue::map_type(&reference.map_type).is_some();
    if (!is_known || !is_told_by_name(&reference)) && inside.len() == element.len() {
        return Vec::new();
    }
    let heard = Arc::new(Heard::default());
    let caller: Arc<dyn Caller> = Arc::clone(&heard) as Arc<dyn Caller>;
    let options = OpenOptions { caller, opener: Some(Arc::new(WithoutFiles)), ..OpenOptions::default() };
    let opened = if is_known { open(&reference, &options).err() } else { open_named(inside, &options).err() };
    let mut found: Vec<(Severity, String)> =
        opened.into_iter().map(|error| (Severity::Error, error.to_string())).collect();
    let warnings = heard.0.lock().unwrap_or_else(PoisonError::into_inner);
    found.extend(warnings.iter().map(|words| (Severity::Warning, words.clone())));
    found
}

fn is_told_by_name(reference: &TableReference) -> bool {
    BY_NAME.contains(&reference.map_type.as_str())
        || (reference.name.starts_with(b"{") && reference.pattern_form().is_some())
}

/// What a table said while it was opened.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Caller for Heard {
    fn warning(&self, text: &[u8]) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push(String::from_utf8_lossy(text).into_owned());
    }

    fn info(&self, _: &[u8]) {}

    fn parameter(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

/// Opens what the name tells, and nothing in place of files and servers, which other rules look at.
struct WithoutFiles;

impl Opener for WithoutFiles {
    fn open(&self, reference: &TableReference, _: &OpenOptions) -> Option<Result<Box<dyn LookupTable>, LookupError>> {
        let is_elsewhere = reference.known_type().is_some() && !is_told_by_name(reference);
        is_elsewhere.then(|| Ok(Box::new(Nothing) as Box<dyn LookupTable>))
    }
}

/// A table that is not looked at.
struct Nothing;

impl LookupTable for Nothing {
    fn lookup(&mut self, _: &[u8]) -> Answer {
        Ok(None)
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the SMTP server of Postfix 3.11.7 opens them.
    #[test]
    fn tables_that_are_their_names() {
        let cases = [
            ("inline:{a=b}", ""),
            ("inline:{{a=b c}}", ""),
            ("inline:{=b}", ""),
            ("inline:{a=}", ""),
            (
                "inline:{a@x.example=b c}",
                "missing '=' after attribute name: \"inline:{a@x.example=b c}\"; need \"inline:{name=value...}\"",
            ),
            ("inline:{}", "bad syntax: \"inline:{}\"; need \"inline:{name=value...}\""),
            ("inline:a=b", "bad syntax: \"inline:a=b\"; need \"inline:{name=value...}\""),
            ("randmap:{}", "bad syntax: \"randmap:{}\"; need \"randmap:{value...}\""),
            ("pcre:{/x/ y}", "pcre map: no '{' at start of text in \"/x/\""),
            ("pcre:{{/x/ y}}", ""),
            ("regexp:{/a/ b}", "regexp map: no '{' at start of text in \"/a/\""),
            ("pipemap:{lmbd:/x}", "unsupported dictionary type: lmbd"),
            ("proxy:lmbd:/x", "unsupported dictionary type: lmbd"),
            ("unionmap:{lmdb:/x, lmdb:/y}", ""),
            ("socketmap:localhost:1", "need service transport:endpoint instead of \"localhost\""),
            ("static:x", ""),
            ("lmdb:/x", ""),
        ];
        for (name, expected) in cases {
            let found = faults(name.as_bytes());
            let shown: Vec<&str> = found.iter().map(|(_, words)| &**words).collect();
            assert_eq!(shown.join("; "), expected, "{name}");
        }
        let rules = faults(b"cidr:{{192.168.1.1/24 x}, {192.0.2.0/24 y}}");
        let [(Severity::Warning, words)] = &rules[..] else { panic!("{rules:?}") };
        assert!(words.contains("non-null host address bits in \"192.168.1.1/24\""), "{words}");
    }
}
