//! A table as findings tell of it: by which name, and used where.

use super::Table;
use crate::config::tables::TableUse;
use crate::diagnostic::Finding;

/// The uses that somebody wrote; all of them if nobody did. What a parameter takes from another one by default is no
/// use of its own.
pub fn written_uses(table: &Table) -> impl Iterator<Item = &TableUse> {
    let uses = &table.named.uses;
    let is_written = uses.iter().any(|named| named.place.is_some());
    uses.iter().filter(move |named| named.place.is_some() || !is_written)
}

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
