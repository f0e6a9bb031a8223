//! MAP010: a rule of a pattern table that is skipped or half read.

use crate::base::Span;
use crate::config::tables::TableUse;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::uses::written_uses;
use crate::lint::site::{LoadedSite, Table};
use crate::maps::networks::{Network, NetworkFault};
use crate::maps::patterns::Expression;
use crate::maps::patterns::pcre2::{Flags, Pcre2Regex};
use crate::maps::patterns::template::{Template, TemplateFault};
use crate::maps::types::regexp::RegexpExpression;
use crate::syntax::pattern_line::Dialect;
use crate::syntax::pattern_table::{Pattern, PatternForm, StatementKind};
use crate::syntax::{FaultKind, Text};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP010",
    name: "malformed-pattern",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "a rule of a regexp, pcre or cidr table that Postfix skips or half reads",
    why: "Postfix warns when it opens the table and goes on without the rule: what it should have caught passes. Where a result \
          chooses a transport, a file or a command, as in transport_maps and alias_maps, it may hold no part of the key ($1).",
    example: "/^subject: win REJECT\n",
    remedy: "Write `/pattern/flags result` in regexp and pcre tables, `network/bits result` in cidr tables, and an `endif` for \
             each `if`.",
    fix: None,
    link: "https://www.postfix.org/regexp_table.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let (Some((source, parsed)), Some(form)) = (table.patterns(), table.named.reference.pattern_form()) else {
            continue;
        };
        if let PatternForm::Expression(dialect) = form {
            for statement in &parsed.statements {
                let fault = unusable(&statement.kind, dialect).or_else(|| substitution(table, &statement.kind));
                if let Some((message, span, label)) = fault {
                    findings.push(Finding::new(&RULE, message).at(source, span, label).help(RULE.remedy));
                }
            }
        }
        if form == PatternForm::Network {
            for statement in &parsed.statements {
                let (StatementKind::Rule { pattern, .. } | StatementKind::If { pattern, .. }) = &statement.kind else {
                    continue;
                };
                let Err(fault) = Network::parse(pattern.text.bytes()) else { continue };
                let message = String::from_utf8_lossy(&fault.message()).into_owned();
                let finding = Finding::new(&RULE, message).at(source, pattern.text.span(), "the rule is skipped");
                findings.push(finding.help(match fault {
                    NetworkFault::HostBits(_, meant) => format!("write {meant}"),
                    _ => "write an address or a network, such as 192.0.2.0/24 or 2001:db8::/32".to_string(),
                }));
            }
        }
        for fault in &parsed.faults {
            let (message, label) = match fault.kind {
                FaultKind::MissingResult if form != PatternForm::Network => {
                    ("a pattern without a result", "its result is empty")
                }
                FaultKind::MissingResult => ("a pattern without a result", "skipped: expected a result behind it"),
                FaultKind::UnclosedPattern => {
                    ("a regular expression without its end", "the closing delimiter is missing")
                }
                FaultKind::MissingPattern => ("no pattern", "skipped: expected a pattern"),
                FaultKind::UnknownFlag => ("a flag that nobody knows", "behind the closing delimiter"),
                FaultKind::UnmatchedEndif => ("an `endif` without its `if`", "skipped"),
                FaultKind::UnmatchedIf => ("an `if` without its `endif`", "all that follows is inside of it"),
                FaultKind::TextIgnored => ("text that means nothing here", "ignored behind `if` and `endif`"),
                FaultKind::LeadingWhiteSpace => ("this line continues nothing", "begins with white space"),
                _ => continue,
            };
            findings.push(Finding::new(&RULE, message).at(source, fault.span, label).help(RULE.remedy));
        }
    }
}

/// Why a statement of good form cannot be used: what is wrong, where, and what becomes of it.
fn unusable(statement: &StatementKind, dialect: Dialect) -> Option<(String, Span, String)> {
    match statement {
        StatementKind::Endif => None,
        StatementKind::If { pattern, .. } => groups(pattern, dialect).err(),
        StatementKind::Rule { pattern, result } => {
            let template = match Template::parse(result.bytes()) {
                Ok(template) => template,
                Err(fault) => return Some((wrong_template(&fault), result.span(), "the rule is skipped".into())),
            };
            let greatest = template.greatest_group();
            let of_result = |message: String| Some((message, result.span(), "the rule is skipped".to_string()));
            if pattern.negated && greatest > 0 {
                return of_result("a pattern with `!` catches nothing that $number could stand for".into());
            }
            let count = match groups(pattern, dialect) {
                Ok(count) => count,
                Err(fault) => return Some(fault),
            };
            if greatest as usize > count {
                let has = if count == 1 { "one group".into() } else { format!("{count} groups") };
                return of_result(format!("${greatest} is asked for, and the pattern has {has}"));
            }
            pattern.second.as_ref().and_then(|second| groups(second, dialect).err())
        }
    }
}

/// Parameters in whose tables no part of a stranger's address may choose a transport, a file or a command.
const WITHOUT_SUBSTITUTION: [&str; 13] = [
    "address_verify_sender_dependent_default_transport_maps",
    "address_verify_sender_dependent_relayhost_maps",
    "address_verify_transport_maps",
    "alias_maps",
    "fallback_transport_maps",
    "mailbox_command_maps",
    "mailbox_transport_maps",
    "sender_dependent_default_transport_maps",
    "sender_dependent_relayhost_maps",
    "transport_maps",
    "virtual_gid_maps",
    "virtual_mailbox_maps",
    "virtual_uid_maps",
];

/// A result that may not hold parts of the key, as [`unusable`] tells it.
fn substitution(table: &Table, statement: &StatementKind) -> Option<(String, Span, String)> {
    let StatementKind::Rule { result, .. } = statement else { return None };
    let is_forbidden = |one: &&TableUse| WITHOUT_SUBSTITUTION.contains(&one.parameter.as_str());
    let named = written_uses(table).find(is_forbidden)?;
    let group = Template::parse(result.bytes()).ok()?.greatest_group();
    let message = format!("${group} is not allowed in a table of {}", named.parameter);
    (group > 0).then(|| (message, result.span(), "the rule is skipped".into()))
}

/// Compiles a pattern as the table would: how many groups it has, or what is wrong with it.
fn groups(pattern: &Pattern, dialect: Dialect) -> Result<usize, (String, Span, String)> {
    let (text, letters) = (pattern.text.bytes(), pattern.flags.bytes());
    match dialect {
        Dialect::Regexp => {
            let words =
                |words| (format!("no regular expression: {words}"), shown(&pattern.text), "the rule is skipped".into());
            RegexpExpression::compile(text, letters, true).map(|expression| expression.groups()).map_err(words)
        }
        Dialect::Pcre => {
            let mut flags = Flags::DEFAULT;
            letters.iter().for_each(|&letter| flags.toggle(letter));
            Pcre2Regex::new(text, flags).map(|expression| expression.groups()).map_err(|(offset, words)| {
                // The library tells how far it had read.
                let at = offset.min(text.len()).saturating_sub(usize::from(offset >= text.len()));
                let end = (at + 1).min(text.len());
                let span = if at < end { pattern.text.source_span(at..end) } else { shown(&pattern.text) };
                (format!("no regular expression: {words}"), span, "read so far; the rule is skipped".into())
            })
        }
    }
}

/// The place of an expression; of an empty one its delimiter.
fn shown(text: &Text) -> Span {
    let span = text.span();
    if span.is_empty() { Span::new(span.start.saturating_sub(1), span.end) } else { span }
}

fn wrong_template(fault: &TemplateFault) -> String {
    match fault {
        TemplateFault::NoName => "a `$` without a number; write `$$` for the sign itself".into(),
        TemplateFault::Unclosed => "`${` or `$(` without its end".into(),
        TemplateFault::NotNumeric(name) => {
            let name = String::from_utf8_lossy(name);
            format!("${name} stands for no group: groups have numbers; write `$$` for the sign itself")
        }
        TemplateFault::Zero(name) => {
            format!("${} stands for no group: they are counted from 1", String::from_utf8_lossy(name))
        }
    }
}
