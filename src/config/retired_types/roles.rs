//! Which values of a configuration may name tables: those of parameters that take tables, and those of parameters that
//! people made up and that such a value mentions, however far away.

use crate::config::Configuration;
use crate::config::catalogue::{self, Kind};
use crate::config::expand::references;
use crate::config::tables::is_cache;
use crate::syntax::match_list::split_list;
use std::collections::{HashMap, HashSet};

/// What a value is to whoever looks for tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It names tables; whether they are caches.
    Tables {
        /// They are made by daemons.
        cache: bool,
    },
    /// It says which tables proxymap(8) may open.
    Permission,
    /// It is the name of a table type; whether caches are of it.
    MapType {
        /// They are made by daemons.
        cache: bool,
    },
    /// Somebody made it up.
    Own {
        /// A value with tables takes it in.
        in_table: bool,
        /// A value with caches takes it in.
        in_cache: bool,
        /// It is used as a type: `$name:`.
        as_type: bool,
    },
    /// Nothing of these.
    Other,
}

/// How the values of a configuration use each other.
pub(super) struct Roles<'c> {
    configuration: &'c Configuration,
    in_tables: HashSet<Vec<u8>>,
    in_caches: HashSet<Vec<u8>>,
    in_others: HashSet<Vec<u8>>,
    as_types: HashSet<Vec<u8>>,
    classes: HashSet<Vec<u8>>,
    /// What `memcache:NAME` without a file takes its parameters from.
    memcache: HashSet<Vec<u8>>,
}

/// Every value that is written, and the name that it is of.
fn written(configuration: &Configuration) -> impl Iterator<Item = (&[u8], &[u8])> {
    let files = &configuration.files;
    let main = files.main.entries.iter().map(|entry| (entry.name.bytes(), entry.value.bytes()));
    let overrides = files.services.iter().flat_map(|service| &service.overrides);
    main.chain(overrides.map(|set| (set.name.bytes(), set.value.bytes())))
}

impl<'c> Roles<'c> {
    pub(super) fn of(configuration: &'c Configuration) -> Self {
        let mut mentions: HashMap<&[u8], Vec<&[u8]>> = HashMap::new();
        let (mut classes, mut as_types) = (HashSet::new(), HashSet::new());
        let mut memcache = HashSet::new();
        for (name, value) in written(configuration) {
            let found: Vec<_> = references(value).collect();
            for reference in &found {
                let behind = &value[reference.span.end..];
                let behind = behind.strip_prefix(b"}").or(behind.strip_prefix(b")")).unwrap_or(behind);
                if !reference.tested && behind.starts_with(b":") {
                    as_types.insert(reference.name.to_vec());
                }
            }
            mentions.entry(name).or_default().extend(found.iter().map(|reference| reference.name));
            for at in memchr::memmem::find_iter(value, b"memcache:") {
                let rest = &value[at + b"memcache:".len()..];
                let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                memcache.insert([&rest[..length], b"_backup"].concat());
            }
            if name == b"smtpd_restriction_classes" {
                classes.extend(split_list(value).into_iter().map(|range| value[range].to_vec()));
            }
        }
        if let Ok(expanded) = configuration.expanded(b"smtpd_restriction_classes", None) {
            classes.extend(split_list(&expanded).into_iter().map(|range| expanded[range].to_vec()));
        }
        let reached = |is_root: &dyn Fn(&[u8]) -> bool| {
            let mut pending: Vec<&[u8]> = mentions.keys().copied().filter(|name| is_root(name)).collect();
            let mut reached = HashSet::new();
            while let Some(name) = pending.pop() {
                for &next in mentions.get(name).into_iter().flatten() {
                    if reached.insert(next.to_vec()) {
                        pending.push(next);
                    }
                }
            }
            reached
        };
        let holds = |name: &[u8]| declared(name) == Some(Declared::Tables);
        let is_cached = |name: &[u8]| holds(name) && is_cache(&String::from_utf8_lossy(name));
        let in_tables = reached(&|name| classes.contains(name) || (holds(name) && !is_cached(name)));
        let in_caches = reached(&is_cached);
        let in_others = reached(&|name| declared(name) == Some(Declared::Other));
        // A type may be handed on: `a = $b`.
        let mut pending: Vec<Vec<u8>> = as_types.iter().cloned().collect();
        while let Some(name) = pending.pop() {
            for &next in mentions.get(name.as_slice()).into_iter().flatten() {
                if as_types.insert(next.to_vec()) {
                    pending.push(next.to_vec());
                }
            }
        }
        Self { configuration, in_tables, in_caches, in_others, as_types, classes, memcache }
    }

    /// What the value of a parameter is.
    pub(super) fn of_name(&self, name: &[u8]) -> Role {
        if matches!(name, b"proxy_read_maps" | b"proxy_write_maps") {
            return Role::Permission;
        }
        if self.memcache.contains(name) {
            return Role::Tables { cache: true };
        }
        match declared(name) {
            _ if self.classes.contains(name) => Role::Tables { cache: false },
            Some(Declared::Tables) => Role::Tables { cache: is_cache(&String::from_utf8_lossy(name)) },
            Some(Declared::MapType) => Role::MapType { cache: name == b"default_cache_db_type" },
            Some(Declared::Other) => Role::Other,
            None => {
                let [in_table, in_cache] = [&self.in_tables, &self.in_caches].map(|set| set.contains(name));
                // What is mentioned in a text for people alone is one.
                if self.in_others.contains(name) && !in_table && !in_cache {
                    return Role::Other;
                }
                Role::Own { in_table, in_cache, as_type: self.as_types.contains(name) }
            }
        }
    }

    /// The configuration that was looked at.
    pub(super) const fn configuration(&self) -> &'c Configuration {
        self.configuration
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Declared {
    Tables,
    MapType,
    Other,
}

/// What the catalogue says of a name, if it is one of Postfix's.
fn declared(name: &[u8]) -> Option<Declared> {
    let name = std::str::from_utf8(name).ok()?;
    match catalogue::parameter(name) {
        Some(parameter) if parameter.kind.may_hold_tables() => Some(Declared::Tables),
        Some(parameter) if parameter.kind == Kind::MapType => Some(Declared::MapType),
        Some(_) => Some(Declared::Other),
        None => catalogue::service_parameter(name).map(|_| Declared::Other),
    }
}
