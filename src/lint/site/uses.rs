//! A table as findings tell of it: by which name, and used where.

use super::Table;
use crate::diagnostic::Finding;

/// Points at every place that names a table.
#[must_use]
pub fn at_uses(mut finding: Finding, table: &Table) -> Finding {
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
#[must_use]
pub fn described(table: &Table) -> String {
    let uses = &table.named.uses;
    match uses.first() {
        Some(named) if uses.iter().all(|named| named.place.is_none()) => {
            format!("{} (the default of {})", table.named.reference, named.parameter)
        }
        _ => table.named.reference.to_string(),
    }
}
