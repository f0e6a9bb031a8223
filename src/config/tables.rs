//! The lookup tables that a configuration names, and where it names them.
//!
//! Every parameter whose kind can hold tables is expanded, for main.cf and for each service that sets it with `-o`, defaults
//! included, and so are the restriction classes that `smtpd_restriction_classes` declares. Tables inside other tables
//! (`proxy:`, `unionmap:`, `pipemap:`, `debug:`) count as named too.

use super::catalogue::{self, Kind, MapType};
use super::effective::{Configuration, Origin};
use super::services::Service;
use super::table_reference::{TableReference, tables_within};
use crate::base::{Source, Span};
use crate::syntax::match_list::split_list;
use crate::syntax::table_line::TableForm;
use std::collections::HashMap;
use std::sync::Arc;

/// A table and all the places that name it.
#[derive(Clone, Debug)]
pub struct NamedTable {
    /// The table.
    pub reference: TableReference,
    /// Who names it; never empty.
    pub uses: Vec<TableUse>,
}

/// A place that names a table.
#[derive(Clone, Debug)]
pub struct TableUse {
    /// The parameter.
    pub parameter: String,
    /// The service whose `-o` it is, as `name/type`.
    pub service: Option<String>,
    /// Which compiler makes a table for this parameter.
    pub form: TableForm,
    /// A cache: it has no source and is made by a daemon.
    pub cache: bool,
    /// The text that names it, unless it is a default.
    pub place: Option<(Arc<Source>, Span)>,
}

impl NamedTable {
    /// Whether all uses are caches.
    #[must_use]
    pub fn is_cache(&self) -> bool {
        self.uses.iter().all(|named| named.cache)
    }

    /// The form of its source: an aliases file as soon as one use wants that, if it is one that is compiled. Texts that are not
    /// are never read as aliases.
    #[must_use]
    pub fn form(&self) -> TableForm {
        let is_compiled = self.reference.known_type().is_some_and(MapType::needs_compile);
        let aliases = is_compiled && self.uses.iter().any(|named| named.form == TableForm::Aliases);
        if aliases { TableForm::Aliases } else { TableForm::KeyValue }
    }
}

/// All tables that a configuration names, in the order in which they are met: main.cf by parameter name, then services.
#[must_use]
pub fn named_tables(configuration: &Configuration) -> Vec<NamedTable> {
    let mut found = Found { configuration, tables: Vec::new(), index: HashMap::new() };
    for parameter in catalogue::parameters() {
        // What proxymap may open is no use of it.
        let is_permission = matches!(parameter.name, "proxy_read_maps" | "proxy_write_maps");
        if parameter.kind.may_hold_tables() && !is_permission && parameter.exists_in(configuration.platform.target) {
            found.parameter(parameter.name, parameter.kind, None);
        }
    }
    found.restriction_classes(None);
    for service in &configuration.files.services {
        for set in &service.overrides {
            let name = set.name.to_string_lossy();
            if let Some(parameter) = catalogue::parameter(&name)
                && parameter.kind.may_hold_tables()
            {
                found.parameter(parameter.name, parameter.kind, Some(service));
            }
        }
        if service.value(b"smtpd_restriction_classes").is_some() {
            found.restriction_classes(Some(service));
        }
    }
    found.tables
}

struct Found<'a> {
    configuration: &'a Configuration,
    tables: Vec<NamedTable>,
    index: HashMap<TableReference, usize>,
}

impl Found<'_> {
    fn restriction_classes(&mut self, service: Option<&Service>) {
        let Ok(classes) = self.configuration.expanded(b"smtpd_restriction_classes", service) else { return };
        for range in split_list(&classes) {
            if let Ok(name) = std::str::from_utf8(&classes[range]) {
                self.parameter(name, Kind::RestrictionList, service);
            }
        }
    }

    fn parameter(&mut self, name: &str, kind: Kind, service: Option<&Service>) {
        // A value that cannot be expanded names nothing; saying so is for others.
        let Ok(text) = self.configuration.expanded(name.as_bytes(), service) else { return };
        let place = self.configuration.value(name.as_bytes(), service).and_then(|value| match value.origin {
            Origin::Main(text) => Some((Arc::clone(self.configuration.files.main.tree.source()), text.span())),
            Origin::Service(text) => {
                let master = self.configuration.files.master.as_ref()?;
                Some((Arc::clone(master.tree.source()), text.span()))
            }
            Origin::Default | Origin::CommandLine => None,
        });
        let form = match name {
            "alias_maps" | "alias_database" => TableForm::Aliases,
            _ => TableForm::KeyValue,
        };
        let named = TableUse {
            parameter: name.to_string(),
            service: service.map(Service::label),
            form,
            cache: is_cache(name),
            place,
        };
        for reference in tables_in(&text, kind) {
            let at = *self.index.entry(reference.clone()).or_insert_with(|| {
                self.tables.push(NamedTable { reference, uses: Vec::new() });
                self.tables.len() - 1
            });
            self.tables[at].uses.push(named.clone());
        }
    }
}

/// Tables that daemons make and keep by themselves.
fn is_cache(parameter: &str) -> bool {
    parameter == "address_verify_map"
        || ["_cache_map", "_cache_database", "_cache_name"].iter().any(|end| parameter.ends_with(end))
}

/// The tables in an expanded value.
fn tables_in(text: &[u8], kind: Kind) -> Vec<TableReference> {
    let mut tables = Vec::new();
    let mut elements = split_list(text).into_iter().map(|range| &text[range]);
    while let Some(element) = elements.next() {
        if kind == Kind::RestrictionList && element.eq_ignore_ascii_case(b"check_policy_service") {
            elements.next();
            continue;
        }
        let marks = element.iter().take_while(|&&byte| byte == b'!').count();
        tables.extend(tables_within(&element[marks..]));
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_in_lists_and_in_tables() {
        let tables = tables_in(
            b"unionmap:{hash:/a, proxy:pipemap:{lmdb:/b hash:/c}, inline:{d=e}} !texthash:/f [::1]:25 nonsense",
            Kind::TableList,
        );
        let shown = tables.iter().map(TableReference::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(shown, "hash:/a lmdb:/b hash:/c inline:{d=e} texthash:/f");
    }
}
