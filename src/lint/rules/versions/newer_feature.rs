//! VER005: a restriction, a table type, a daemon or a way of writing that the version of Postfix does not know yet.

use super::{holds_restrictions, target};
use crate::base::{Source, Span};
use crate::config::catalogue::{self, Kind, Version};
use crate::config::expand::{Branch, Branches, Node, parse};
use crate::config::services::Service;
use crate::config::table_reference::{TableReference, members};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::restriction_lists::{StepKind, restriction_list};
use crate::lint::site::set_values::{SetValue, set_values};
use crate::lint::site::tls_logging::{TRACES, is_tls_log_level};
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VER005",
    name: "newer-feature",
    family: Family::Versions,
    severity: Severity::Warning,
    summary: "a restriction, table type, daemon or way of writing that came with a later version of Postfix",
    why: "The version that the site is judged by (`--target`) cannot open such a table, answers with a temporary error, or \
          takes the text for something else.",
    example: "virtual_alias_maps = debug:lmdb:/etc/postfix/virtual\n",
    remedy: "Write it in a way that the version knows, or use a later version of Postfix.",
    fix: None,
    link: "https://www.postfix.org/announcements.html",
};

const BRACES: Version = Version::new(3, 0);
const DATAGRAMS: Version = Version::new(3, 4);
const BOUNDS: Version = Version::new(3, 6);
const LEVELS: Version = Version::new(3, 6);
const INLINE_PATTERNS: Version = Version::new(3, 7);
/// All of the rest, restrictions and table types too, came no later.
const FUNCTIONS: Version = Version::new(3, 11);

/// What was found, when it came, and whether Postfix refuses to work without it.
struct Newer {
    what: String,
    introduced: Version,
    refused: bool,
}

impl Newer {
    fn new(what: impl Into<String>, introduced: Version, refused: bool) -> Self {
        Self { what: what.into(), introduced, refused }
    }
}

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    if target(site) == Version::LAST {
        return;
    }
    for set in set_values(site) {
        let mut found = Vec::new();
        if target(site) < FUNCTIONS {
            expressions(&set, &mut found);
            elements(site, &set, &mut found);
        }
        log_levels(site, &set, &mut found);
        for (newer, span) in found {
            tell(site, newer, set.source, span, findings);
        }
    }
    let Some(master) = &site.configuration.files.master else { return };
    for service in &site.configuration.files.services {
        if let Some((newer, span)) = in_service(service, target(site)) {
            tell(site, newer, master.tree.source(), span, findings);
        }
    }
}

fn tell(site: &LoadedSite, newer: Newer, source: &Arc<Source>, span: Span, findings: &mut Vec<Finding>) {
    let target = target(site);
    if newer.introduced <= target {
        return;
    }
    let message = format!("{} came with Postfix {}", newer.what, newer.introduced);
    let mut finding = Finding::new(&RULE, message).at(source, span, format!("Postfix {target} does not know this"));
    if newer.refused {
        finding.severity = Severity::Error;
    }
    findings.push(finding.help(RULE.remedy));
}

/// Conditions and functions in a value.
fn expressions(set: &SetValue, found: &mut Vec<(Newer, Span)>) {
    let expansion = parse(set.value.bytes());
    if expansion.faults.is_empty() {
        look_into(set, &expansion.nodes, found);
    }
}

fn look_into(set: &SetValue, nodes: &[Node], found: &mut Vec<(Newer, Span)>) {
    let value = set.value.bytes();
    let braced = |branch: &Branch| {
        let before = &value[..branch.span.start.min(value.len())];
        before.trim_ascii_end().last() == Some(&b'{')
    };
    for node in nodes {
        let newer = match node {
            Node::Comparison { relation, .. } if relation.levels => {
                Newer::new("comparing compatibility levels", LEVELS, false)
            }
            Node::Comparison { .. } => Newer::new("comparing in ${{…} == {…} …}", BRACES, false),
            Node::Conditional { branches: Branches { yes, no, .. }, .. } => {
                let both = yes.is_some() && no.is_some();
                if !both && !yes.iter().chain(no).any(braced) {
                    continue;
                }
                Newer::new("${name?{…}:{…}}", BRACES, false)
            }
            Node::Call { function, .. } => Newer::new(format!("the function {}", function.name()), FUNCTIONS, false),
            Node::Text { .. } | Node::Name { .. } | Node::Bad { .. } => continue,
        };
        // What stands inside is no newer than that.
        found.push((newer, set.value.source_span(node.span().range())));
    }
}

/// Traces of TLS sessions.
fn log_levels(site: &LoadedSite, set: &SetValue, found: &mut Vec<(Newer, Span)>) {
    if set.kind(site) != Some(Kind::Enum) || !is_tls_log_level(&set.parameter_name()) {
        return;
    }
    for element in set.elements(site).into_iter().filter(|element| element.bytes.eq_ignore_ascii_case(b"trace")) {
        found.push((Newer::new("a TLS log level with ,trace", TRACES, false), element.span));
    }
}

/// Restrictions, tables and bounds in lists.
fn elements(site: &LoadedSite, set: &SetValue, found: &mut Vec<(Newer, Span)>) {
    let restrictions = holds_restrictions(site, set);
    if restrictions {
        for step in restriction_list(site, &set.parameter_name(), set.service).steps {
            if let StepKind::Restriction(known) = step.kind {
                found.push((Newer::new(&step.word, known.introduced, true), step.span));
            }
            if step.name() == "check_policy_service" && step.argument.is_some_and(|argument| argument.starts_with('{'))
            {
                found.push((Newer::new("a policy server with settings in braces", BRACES, false), step.span));
            }
        }
    }
    let kind = if restrictions { Some(Kind::RestrictionList) } else { set.kind(site) };
    let Some(kind) = kind else { return };
    let holds_tables = kind.may_hold_tables();
    if !holds_tables && !matches!(kind, Kind::TlsProtocolList | Kind::EndpointList) {
        return;
    }
    for element in set.elements(site) {
        let text = element.bytes.as_slice();
        let newer = match kind {
            Kind::TlsProtocolList if text.starts_with(b">=") || text.starts_with(b"<=") => {
                Newer::new("a bound of TLS versions", BOUNDS, false)
            }
            Kind::EndpointList if text.starts_with(b"{") => {
                Newer::new("a Milter with settings in braces", BRACES, false)
            }
            _ if holds_tables => match table(text) {
                Some(newer) => newer,
                None => continue,
            },
            _ => continue,
        };
        found.push((newer, element.span));
    }
}

/// The newest of what a `type:name` needs, of two as new the outer. Tables stand in tables for as long as they like:
/// what is still to be looked at is kept on a list and not on the stack.
fn table(text: &[u8]) -> Option<Newer> {
    let mut newest: Option<Newer> = None;
    let mut add = |newer: Newer| {
        if newest.as_ref().is_none_or(|newest| newer.introduced > newest.introduced) {
            newest = Some(newer);
        }
    };
    let mut pending = vec![text];
    while let Some(text) = pending.pop() {
        let marks = text.iter().take_while(|&&byte| byte == b'!').count();
        let Some((map_type, name)) = TableReference::split(&text[marks..]) else { continue };
        let Some(known) = catalogue::map_type(map_type) else { continue };
        add(Newer::new(format!("the table type {}", known.name), known.introduced, true));
        let in_braces = name.starts_with(b"{");
        if in_braces && known.pattern_form().is_some() {
            add(Newer::new(format!("{}: with its rules in braces", known.name), INLINE_PATTERNS, true));
        } else if in_braces && known.name == "static" {
            add(Newer::new("static: with braces", BRACES, false));
        }
        pending.extend(members(known, name).into_iter().flatten().rev());
    }
    newest
}

/// The first thing in a service that a version does not know.
fn in_service(service: &Service, version: Version) -> Option<(Newer, Span)> {
    let (command, kind) = (service.line.command(), service.line.service_type());
    let mut all = Vec::new();
    // master refuses the whole file for an unknown type.
    if kind.bytes() == b"unix-dgram" {
        all.push((Newer::new("the service type unix-dgram", DATAGRAMS, true), kind.span()));
    }
    if let Some(known) = catalogue::daemon_command(&command.to_string_lossy()) {
        let what = format!("the daemon {}", known.command);
        all.push((Newer::new(what, known.introduced, false), command.span()));
    }
    let braced = service.line.arguments.iter().find(|argument| argument.braced);
    all.extend(braced.map(|argument| (Newer::new("an argument in braces", BRACES, false), argument.span)));
    all.into_iter().find(|(newer, _)| newer.introduced > version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_for_new_targets_is_no_newer() {
        let restrictions = catalogue::restrictions().iter().map(|known| known.introduced);
        let types = catalogue::map_types().iter().map(|known| known.introduced);
        assert!(restrictions.chain(types).max() <= Some(FUNCTIONS));
    }
}
