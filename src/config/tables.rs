//! The lookup tables that a configuration names, and where it names them.
//!
//! Every parameter whose kind can hold tables is expanded, for main.cf and for each service that sets it with `-o`,
//! defaults included, and so are the restriction classes that `smtpd_restriction_classes` declares. Tables inside other
//! tables (`proxy:`, `unionmap:`, `pipemap:`, `debug:`) count as named too.

use super::catalogue::{self, Kind, MapType};
use super::effective::{Configuration, Origin};
use super::platform::Platform;
use super::services::Service;
use super::table_reference::{TableReference, tables_within};
use super::written_elements::list_elements;
use crate::base::{Source, Span};
use crate::syntax::Text;
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
    /// The element that names it, unless it is a default.
    pub place: Option<(Arc<Source>, Span)>,
}

impl NamedTable {
    /// Whether all uses are caches.
    #[must_use]
    pub fn is_cache(&self) -> bool {
        self.uses.iter().all(|named| named.cache)
    }

    /// The form of its source: an aliases file as soon as one use wants that, if it is one that is compiled. Texts that
    /// are not are never read as aliases.
    #[must_use]
    pub fn form(&self) -> TableForm {
        let is_compiled = self.reference.known_type().is_some_and(MapType::needs_compile);
        let aliases = is_compiled && self.uses.iter().any(|named| named.form == TableForm::Aliases);
        if aliases { TableForm::Aliases } else { TableForm::KeyValue }
    }

    /// The same as its index stores it on a platform.
    #[must_use]
    pub fn stored_form(&self, platform: &Platform) -> TableForm {
        if self.form().is_aliases() { platform.alias_form() } else { self.form() }
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
        let elements = split_list(&text);
        let tables = tables_in(elements.iter().map(|range| &text[range.clone()]), kind);
        if tables.is_empty() {
            return;
        }
        let files = &self.configuration.files;
        let written = match self.configuration.value(name.as_bytes(), service).map(|value| value.origin) {
            Some(Origin::Main(text)) => Some((files.main.tree.source(), text)),
            Some(Origin::Service(text)) => files.master.as_ref().map(|master| (master.tree.source(), text)),
            Some(Origin::Default | Origin::CommandLine) | None => None,
        };
        let spans: Vec<Span> = written.map_or(Vec::new(), |(_, text)| {
            list_elements(self.configuration, text, service).iter().map(|element| element.span).collect()
        });
        // What holds braces or blanks across a `$name` has no element of its own in the text.
        let span = |text: &Text, element: usize| match spans.len() == elements.len() {
            true => spans[element],
            false => text.span(),
        };
        let form = match name {
            "alias_maps" | "alias_database" => TableForm::Aliases,
            _ => TableForm::KeyValue,
        };
        for (element, reference) in tables {
            let named = TableUse {
                parameter: name.to_string(),
                service: service.map(Service::label),
                form,
                cache: is_cache(name),
                place: written.map(|(source, text)| (Arc::clone(source), span(text, element))),
            };
            let at = *self.index.entry(reference.clone()).or_insert_with(|| {
                self.tables.push(NamedTable { reference, uses: Vec::new() });
                self.tables.len() - 1
            });
            self.tables[at].uses.push(named);
        }
    }
}

/// Tables that daemons make and keep by themselves.
#[must_use]
pub fn is_cache(parameter: &str) -> bool {
    parameter == "address_verify_map"
        || ["_cache_map", "_cache_database", "_cache_name"].iter().any(|end| parameter.ends_with(end))
}

/// The tables in the elements of an expanded value, each with the number of its element.
fn tables_in<'e>(elements: impl Iterator<Item = &'e [u8]>, kind: Kind) -> Vec<(usize, TableReference)> {
    let mut tables = Vec::new();
    let mut elements = elements.enumerate();
    while let Some((number, element)) = elements.next() {
        if kind == Kind::RestrictionList && element.eq_ignore_ascii_case(b"check_policy_service") {
            elements.next();
            continue;
        }
        let marks = element.iter().take_while(|&&byte| byte == b'!').count();
        tables.extend(tables_within(&element[marks..]).into_iter().map(|table| (number, table)));
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigFiles, Platform};

    #[test]
    fn tables_are_found_in_lists_and_in_tables() {
        let text = b"unionmap:{hash:/a, proxy:pipemap:{lmdb:/b hash:/c}, inline:{d=e}} !texthash:/f [::1]:25 nonsense";
        let elements = split_list(text).into_iter().map(|range| &text[range]);
        let tables = tables_in(elements, Kind::TableList);
        let shown: Vec<_> = tables.iter().map(|(number, table)| format!("{number} {table}")).collect();
        assert_eq!(shown, ["0 hash:/a", "0 lmdb:/b", "0 hash:/c", "0 inline:{d=e}", "1 texthash:/f"]);
    }

    #[test]
    fn a_use_stands_where_its_element_does() {
        let text = "x = texthash:/1 texthash:/2\n\
                    transport_maps = texthash:/0,\n  $x\n  texthash:/0\n\
                    smtpd_sender_restrictions = permit_mynetworks,\n check_sender_access texthash:/3\n";
        let source = Arc::new(Source::new("main.cf", text));
        let files = ConfigFiles::from_sources(std::path::Path::new("."), &source, None);
        let tables = named_tables(&Configuration::new(files, Platform::default()));
        let place = |one: &TableUse| Some(String::from_utf8_lossy(source.slice(one.place.as_ref()?.1)).into_owned());
        let all =
            tables.iter().flat_map(|table| table.uses.iter().map(|one| (table.reference.to_string(), place(one))));
        let mut written: Vec<(String, String)> = all.filter_map(|(table, place)| Some((table, place?))).collect();
        written.sort();
        let expected = [("0", "texthash:/0"), ("0", "texthash:/0"), ("1", "$x"), ("2", "$x"), ("3", "texthash:/3")];
        assert_eq!(written, expected.map(|(name, place)| (format!("texthash:/{name}"), place.to_string())));
    }
}
