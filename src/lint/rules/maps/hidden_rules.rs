//! MAP011: a pattern that matches everything, and rules behind it.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::pattern_table::{Pattern, PatternForm, Statement, StatementKind};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP011",
    name: "hidden-rules",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "rules behind a pattern that matches everything",
    why: "The first rule that matches settles a lookup, whatever its result: no lookup comes to the rules behind it.",
    example: "/./ OK\n/^spam@/ REJECT\n",
    remedy: "Move the pattern that matches everything to the end, or remove the rules behind it.",
    fix: None,
    link: "https://www.postfix.org/regexp_table.5.html",
};

/// What matches every text, but perhaps an empty one.
pub(in crate::lint::rules) const EVERYTHING: [&[u8]; 14] =
    [b"", b".", b"^", b"$", b".*", b".+", b"^.", b".$", b"^.*", b"^.+", b".*$", b".+$", b"^.*$", b"^.+$"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let (Some((source, rules)), Some(form)) = (table.patterns(), table.named.reference.pattern_form()) else {
            continue;
        };
        let statements = &rules.statements;
        let mut depth = 0_usize;
        for (at, statement) in statements.iter().enumerate() {
            match &statement.kind {
                StatementKind::If { .. } => depth += 1,
                StatementKind::Endif => depth = depth.saturating_sub(1),
                StatementKind::Rule { pattern, .. } => {
                    let Some(reach) = reach(pattern, form) else { continue };
                    let hidden = hidden(&statements[at + 1..], reach, depth);
                    let (Some(first), count) = (hidden.first(), hidden.len()) else { continue };
                    let rules = if count == 1 { "rule".into() } else { format!("{count} rules") };
                    findings.push(
                        Finding::new(&RULE, format!("no lookup comes to the {rules} behind this one"))
                            .at(source, pattern.text.span(), reach.words())
                            .at(source, first.extent, "never reached")
                            .help(RULE.remedy),
                    );
                    // What is behind is hidden already.
                    if depth == 0 && reach == Reach::All {
                        break;
                    }
                }
            }
        }
    }
}

/// What a pattern leaves nothing of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    All,
    Ipv4,
    Ipv6,
}

impl Reach {
    fn words(self) -> &'static str {
        match self {
            Self::All => "matches everything",
            Self::Ipv4 => "matches every IPv4 address",
            Self::Ipv6 => "matches every IPv6 address",
        }
    }
}

fn reach(pattern: &Pattern, form: PatternForm) -> Option<Reach> {
    let text = pattern.text.bytes();
    match form {
        _ if pattern.negated || pattern.second.is_some() => None,
        // With `x`, white space and comments in the pattern mean nothing; no need to tell.
        PatternForm::Expression(_) => EVERYTHING.contains(&text).then_some(Reach::All),
        PatternForm::Network => match text {
            b"0.0.0.0/0" => Some(Reach::Ipv4),
            b"::/0" | b"[::]/0" => Some(Reach::Ipv6),
            _ => None,
        },
    }
}

/// The rules behind one that are never reached: up to the end of the `if` that it stands in.
fn hidden(behind: &[Statement], reach: Reach, outside: usize) -> Vec<&Statement> {
    let mut hidden = Vec::new();
    let mut depth = outside;
    for statement in behind {
        match &statement.kind {
            StatementKind::If { .. } => depth += 1,
            // An `endif` too many closes nothing.
            StatementKind::Endif if depth == outside && depth > 0 => break,
            StatementKind::Endif => depth = depth.saturating_sub(1),
            StatementKind::Rule { pattern, .. } => {
                let is_ipv6 = memchr::memchr(b':', pattern.text.bytes()).is_some();
                let is_in_reach = match reach {
                    Reach::All => true,
                    Reach::Ipv4 => !is_ipv6,
                    Reach::Ipv6 => is_ipv6,
                };
                // `!network` also matches addresses of the other kind.
                if is_in_reach && (reach == Reach::All || !pattern.negated) {
                    hidden.push(statement);
                }
            }
        }
    }
    hidden
}
