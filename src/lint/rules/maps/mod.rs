//! Rules about lookup tables (MAP).

pub mod compiled_patterns;
pub mod damaged_index;
pub mod dropped_entry;
pub mod duplicate_key;
pub mod hidden_rules;
pub mod malformed_pattern;
pub mod missing_index;
pub mod missing_source;
pub mod stale_index;
pub mod two_compilers;
pub mod unbuildable_type;
pub mod unknown_type;
pub mod wrong_form;

use crate::diagnostic::Finding;
use crate::lint::site::Table;
use crate::syntax::pattern_line::Dialect;
use crate::syntax::pattern_table::PatternForm;

/// How the patterns of a table are written, if it is one of patterns.
#[must_use]
pub fn pattern_form(table: &Table) -> Option<PatternForm> {
    match table.named.reference.map_type.as_str() {
        "regexp" => Some(PatternForm::Expression(Dialect::Regexp)),
        "pcre" => Some(PatternForm::Expression(Dialect::Pcre)),
        "cidr" => Some(PatternForm::Network),
        _ => None,
    }
}

/// Whether a map type needs Berkeley DB or another library that Postfix is often built without.
fn is_retired(map_type: &str) -> bool {
    matches!(map_type, "hash" | "btree" | "dbm" | "sdbm")
}

/// Points at every place that names a table.
pub(super) fn at_uses(mut finding: Finding, table: &Table) -> Finding {
    for named in &table.named.uses {
        if let Some((source, span)) = &named.place {
            let text = match &named.service {
                Some(service) => format!("{} of {service} names it here", named.parameter),
                None => format!("{} names it here", named.parameter),
            };
            finding = finding.at(source, *span, text);
        }
    }
    finding
}

/// The table as people know it: with the parameter that names it, if that is by default and nobody else does.
fn described(table: &Table) -> String {
    let uses = &table.named.uses;
    match uses.first() {
        Some(named) if uses.iter().all(|named| named.place.is_none()) => {
            format!("{} (the default of {})", table.named.reference, named.parameter)
        }
        _ => table.named.reference.to_string(),
    }
}
