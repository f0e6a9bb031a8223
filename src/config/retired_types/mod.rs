//! The types of tables that Postfix is built without more and more often (`hash:`, `btree:`, `dbm:`, `sdbm:`), wherever
//! a configuration writes them: where a type comes out of a `$name`, the place is that of the value behind the name.

mod roles;
mod scan;

pub use scan::{Occurrence, occurrences};

use super::Configuration;
use super::catalogue::{MapType, Version};
use super::services::Service;
use super::tables::named_tables;
use crate::base::{Edit, Source, Span};
use crate::syntax::Text;
use roles::{Role, Roles};
use std::collections::HashSet;
use std::sync::Arc;

/// What takes the place of a retired type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Successor {
    /// The type of tables: `lmdb` or `cdb`.
    pub table: &'static str,
    /// Whether tables are written as `$default_database_type:`, which has that value.
    pub by_default_type: bool,
    /// Whether caches are written as `$default_cache_db_type:`; else they become `lmdb:`, for cdb files are never
    /// changed.
    pub cache_by_default_type: bool,
}

impl Successor {
    /// Tables of a type; caches are written by the default where that is there and will do.
    #[must_use]
    pub fn new(configuration: &Configuration, table: &'static str, by_default_type: bool) -> Self {
        let has_default = configuration.platform.target >= Version::new(3, 11);
        let cache_type = configuration.expanded(b"default_cache_db_type", None).unwrap_or_default();
        Self { table, by_default_type, cache_by_default_type: has_default && cache_type == b"lmdb" }
    }

    /// The type that the package makes tables of, if that is one that lasts; else lmdb.
    #[must_use]
    pub fn of_package(configuration: &Configuration) -> Self {
        let default = configuration.default(b"default_database_type");
        let table = if default.as_deref() == Some(b"cdb") { "cdb" } else { "lmdb" };
        Self::new(configuration, table, false)
    }

    /// What is written for a table or a cache; `is_literal` where no `$name` is expanded.
    #[must_use]
    pub const fn text(self, is_cache: bool, is_literal: bool) -> &'static str {
        match (is_cache, is_literal) {
            (true, false) if self.cache_by_default_type => "$default_cache_db_type",
            (true, _) => "lmdb",
            (false, false) if self.by_default_type => "$default_database_type",
            (false, _) => self.table,
        }
    }
}

/// A retired type as it is written in a value.
#[derive(Clone, Debug)]
pub struct WrittenType {
    /// The text.
    pub source: Arc<Source>,
    /// Where the name of the type stands.
    pub span: Span,
    /// The type.
    pub map_type: &'static MapType,
    /// The parameter whose value it stands in.
    pub parameter: String,
    /// The service whose `-o` that is, as `name/type`.
    pub service: Option<String>,
    /// Whether the table is a cache.
    pub is_cache: bool,
    /// Whether only the bare name of a type may stand there, and no `$name`.
    pub is_literal: bool,
    /// The name of the table behind it, before expansion; nothing for a type that stands alone.
    pub name: Option<Vec<u8>>,
}

impl WrittenType {
    /// The change that writes its successor instead.
    #[must_use]
    pub fn edit(&self, successor: Successor) -> Edit {
        Edit::replace(self.span, successor.text(self.is_cache, self.is_literal))
    }
}

/// Every retired type that main.cf and master.cf write, in the order of the texts.
#[must_use]
pub fn written_types(configuration: &Configuration) -> Vec<WrittenType> {
    let files = &configuration.files;
    let tables = named_tables(configuration);
    let caches = tables.iter().filter(|table| table.is_cache()).map(|table| table.reference.name.to_vec()).collect();
    let mut search = Search { roles: Roles::of(configuration), caches, found: Vec::new() };
    for entry in &files.main.entries {
        search.value(files.main.tree.source(), entry.name.bytes(), &entry.value, None);
    }
    for (service, master) in files.services.iter().zip(std::iter::repeat(files.master.as_ref())) {
        let Some(master) = master else { continue };
        for set in &service.overrides {
            search.value(master.tree.source(), set.name.bytes(), &set.value, Some(service));
        }
    }
    search.found
}

struct Search<'c> {
    roles: Roles<'c>,
    /// The names of tables that are caches.
    caches: HashSet<Vec<u8>>,
    found: Vec<WrittenType>,
}

impl Search<'_> {
    fn value(&mut self, source: &Arc<Source>, parameter: &[u8], value: &Text, service: Option<&Service>) {
        let role = self.roles.of_name(parameter);
        if role == Role::Other {
            return;
        }
        for one in occurrences(value.bytes()) {
            let name = one.name.clone().map(|name| value.bytes()[name].to_vec());
            let stands_alone = name.as_ref().is_none_or(Vec::is_empty);
            let (is_cache, is_wanted) = match role {
                Role::Tables { cache } => (cache, !stands_alone || one.is_branch),
                Role::Permission => (self.is_cache(name.as_deref().unwrap_or_default(), service), !stands_alone),
                Role::MapType { cache } => (cache, name.is_none()),
                Role::Own { in_table, in_cache, as_type } => {
                    // A type that both use is one that both can.
                    let is_cache = in_cache && (!in_table || stands_alone);
                    (is_cache, !stands_alone || as_type || name.is_some())
                }
                Role::Other => (false, false),
            };
            if is_wanted {
                self.found.push(WrittenType {
                    source: Arc::clone(source),
                    span: value.source_span(one.span),
                    map_type: one.map_type,
                    parameter: String::from_utf8_lossy(parameter).into_owned(),
                    service: service.map(Service::label),
                    is_cache,
                    is_literal: stands_alone,
                    name,
                });
            }
        }
    }

    fn is_cache(&self, name: &[u8], service: Option<&Service>) -> bool {
        let expanded = self.roles.configuration().expand(name, service);
        expanded.is_ok_and(|name| self.caches.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::apply_edits;
    use crate::config::{ConfigFiles, Platform};

    /// A main.cf and a `-o`, rewritten.
    fn rewritten(main: &str, by_default_type: bool) -> String {
        let source = Arc::new(Source::new("main.cf", main));
        let files = ConfigFiles::from_sources(std::path::Path::new("."), &source, None);
        let configuration = Configuration::new(files, Platform::default());
        let successor = Successor::new(&configuration, "cdb", by_default_type);
        let edits: Vec<Edit> = written_types(&configuration).iter().map(|one| one.edit(successor)).collect();
        String::from_utf8(apply_edits(main.as_bytes(), &edits).expect("apart")).expect("plain")
    }

    #[test]
    fn types_are_replaced_where_they_are_written() {
        let cases = [
            (
                "transport_maps = hash:/a,\n# hash:/b\n  proxy:btree:/c",
                "transport_maps = cdb:/a,\n# hash:/b\n  proxy:cdb:/c",
            ),
            ("t = hash\nrelay_domains = $t:/a ${t}:/b", "t = cdb\nrelay_domains = $t:/a ${t}:/b"),
            ("t = $u\nu = hash\nrelay_domains = $t:/a", "t = $u\nu = cdb\nrelay_domains = $t:/a"),
            ("m = hash:/a\nvirtual_alias_maps = $m", "m = cdb:/a\nvirtual_alias_maps = $m"),
            ("p = hash:\nvirtual_alias_maps = ${p}/a", "p = cdb:\nvirtual_alias_maps = ${p}/a"),
            // Nobody uses it, a text uses it, and a word that is no type.
            ("m = hash:/a", "m = cdb:/a"),
            ("m = hash:/a\nsmtpd_banner = $m", "m = hash:/a\nsmtpd_banner = $m"),
            ("m = hash\nrelay_domains = $m", "m = hash\nrelay_domains = $m"),
            ("smtpd_banner = hash:/a", "smtpd_banner = hash:/a"),
            (
                "c = check_sender_access hash:/a\nsmtpd_restriction_classes = c",
                "c = check_sender_access cdb:/a\nsmtpd_restriction_classes = c",
            ),
            // Caches.
            ("postscreen_cache_map = btree:/a", "postscreen_cache_map = $default_cache_db_type:/a"),
            ("m = btree:/a\npostscreen_cache_map = $m", "m = $default_cache_db_type:/a\npostscreen_cache_map = $m"),
            (
                "default_cache_db_type = btree\npostscreen_cache_map = btree:/a",
                "default_cache_db_type = lmdb\npostscreen_cache_map = lmdb:/a",
            ),
            (
                "address_verify_map = proxy:btree:/a\nproxy_write_maps = proxy:btree:/a, proxy:btree:/b",
                "address_verify_map = proxy:$default_cache_db_type:/a\nproxy_write_maps = proxy:$default_cache_db_type:/a, proxy:cdb:/b",
            ),
            (
                "t = btree\npostscreen_cache_map = $t:/a\nrelay_domains = $t:/b",
                "t = lmdb\npostscreen_cache_map = $t:/a\nrelay_domains = $t:/b",
            ),
            (
                "postscreen_cache_map = memcache:m\nm_backup = btree:/a",
                "postscreen_cache_map = memcache:m\nm_backup = $default_cache_db_type:/a",
            ),
            ("default_database_type = hash", "default_database_type = cdb"),
        ];
        for (main, expected) in cases {
            // What the default comes to is another matter.
            let with = |text: &str| match text.contains("default_cache_db_type =") {
                true => text.to_string(),
                false => format!("default_cache_db_type = lmdb\n{text}"),
            };
            assert_eq!(rewritten(&with(main), false), with(expected), "{main}");
        }
        assert_eq!(rewritten("postscreen_cache_map = btree:/a", false), "postscreen_cache_map = lmdb:/a");
        let main = "default_database_type = btree\nt = hash\nrelay_domains = $t:/a proxy:hash:/b";
        let expected = "default_database_type = cdb\nt = cdb\nrelay_domains = $t:/a proxy:$default_database_type:/b";
        assert_eq!(rewritten(main, true), expected);
    }
}
