//! What a rule's declaration says.

use crate::commands::terminal::output::wrapped;
use crate::diagnostic::{Rule, Safety};
use serde_json::{Value, json};

/// The explanation for people.
pub(super) fn text(rule: &Rule, width: usize) -> String {
    let fix = match rule.fix {
        None => "none",
        Some(Safety::Safe) => "safe: --fix",
        Some(Safety::Unsafe) => "may change the meaning: --unsafe-fixes",
    };
    let mut out = format!("{} {}\n", rule.code, rule.name);
    out.push_str(&wrapped(rule.summary, "", width));
    out.push_str(&format!("\nfamily:   {} ({})\n", rule.family.letters(), rule.family.name()));
    out.push_str(&format!("severity: {}\nfix:      {fix}\nmanual:   {}\n", rule.severity, rule.link));
    out.push_str(&format!("\nWhy\n{}", wrapped(rule.why, "  ", width)));
    out.push_str("\nFor example\n");
    rule.example.lines().for_each(|line| out.push_str(&format!("  {line}\n")));
    out.push_str(&format!("\nWhat to do\n{}", wrapped(rule.remedy, "  ", width)));
    out
}

/// The explanation for programs.
pub(super) fn document(rule: &Rule) -> Value {
    json!({
        "code": rule.code,
        "name": rule.name,
        "family": rule.family.letters(),
        "about": rule.family.name(),
        "severity": rule.severity.name(),
        "fix": rule.fix.map(Safety::name),
        "summary": rule.summary,
        "why": rule.why,
        "example": rule.example,
        "remedy": rule.remedy,
        "link": rule.link,
    })
}
