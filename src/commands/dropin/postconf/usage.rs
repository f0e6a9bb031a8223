//! Which names are used, which are not, and which are missing: postconf's warnings.
//!
//! A name that main.cf defines for itself becomes a parameter when something that is in use refers to it: the value of
//! a known parameter (or its default), a `-o` of any service, or `smtpd_restriction_classes`; and then what its own
//! value refers to. A `-o` may also define a name, for its own service and for main.cf.

use super::dbms::{self, Found};
use super::expanded::expand;
use super::table::{Class, ParameterTable};
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::Configuration;
use crate::config::catalogue::{self, Change, NameKind, Version};
use crate::config::effective::is_read_only;
use crate::config::expand::{Notice, names_in_default, scan};
use crate::config::services::Service;
use crate::syntax::FaultKind;
use crate::syntax::match_list::split_list;
use std::collections::{BTreeMap, BTreeSet};

/// What a scan of the configuration brought to light.
#[derive(Debug)]
pub struct Usage<'a> {
    configuration: &'a Configuration,
    /// Every parameter that is valid.
    pub table: ParameterTable,
    /// The explicit settings of main.cf and of `-o` on the command line, by name.
    pub explicit: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The names that are valid for one service only, service by service.
    local: Vec<BTreeSet<Vec<u8>>>,
    /// One for each place: a name that two values expand is told twice.
    warnings: Vec<Vec<u8>>,
    /// Warnings about database clients' own files, which -q silences.
    client_warnings: Vec<Vec<u8>>,
    /// The clients' files that were looked at, by type: each is opened once.
    client_files: BTreeSet<(&'static str, Vec<u8>)>,
    main_path: Vec<u8>,
    master_path: Vec<u8>,
}

/// A name that Postfix 3.11 knows as removed, with nothing in its place: the only one, kept for the tests of that
/// message.
const REMOVED_FOR_TESTS: &str = "deleted-test-only";

/// What postconf notices in a value.
fn notices(value: &[u8]) -> std::vec::IntoIter<Notice> {
    if memchr::memchr(b'$', value).is_none() { Vec::new().into_iter() } else { scan(value).into_iter() }
}

/// Whose names count besides those of main.cf: those of the service with this number.
type Scope = Option<usize>;

impl<'a> Usage<'a> {
    /// Scans a configuration. Without `explicit` settings only defaults are looked at.
    #[must_use]
    pub fn new(configuration: &'a Configuration, explicit: BTreeMap<Vec<u8>, Vec<u8>>) -> Self {
        let path = |name: &str| {
            let directory = configuration.files.directory.as_os_str().as_encoded_bytes();
            [directory, b"/", name.as_bytes()].concat()
        };
        let mut usage = Self {
            configuration,
            table: ParameterTable::new(configuration),
            explicit,
            local: vec![BTreeSet::new(); configuration.files.services.len()],
            warnings: Vec::new(),
            client_warnings: Vec::new(),
            client_files: BTreeSet::new(),
            main_path: path("main.cf"),
            master_path: path("master.cf"),
        };
        if !usage.explicit.is_empty() {
            usage.register();
        }
        usage
    }

    /// What was noticed about names that nothing defines.
    pub fn undefined(&self) -> impl Iterator<Item = &[u8]> {
        self.warnings.iter().map(Vec::as_slice)
    }

    /// What was noticed about names in database clients' own files.
    pub fn in_client_files(&self) -> impl Iterator<Item = &[u8]> {
        self.client_warnings.iter().map(Vec::as_slice)
    }

    fn register(&mut self) {
        let ignored = |path: &[u8], name: &[u8], value: &[u8]| {
            [path, b": read-only parameter assignment: ", name, b"=", value].concat()
        };
        let target = self.configuration.platform.target;
        self.explicit.retain(|name, value| {
            if is_read_only(name, target) {
                self.warnings.push(ignored(&self.main_path, name, value));
            }
            !is_read_only(name, target)
        });
        self.explicit.keys().for_each(|name| self.table.set(name));
        let services = &self.configuration.files.services;
        // Services of one name and type share their settings; what is read-only is thrown out of them once.
        let mut told = BTreeSet::new();
        for (index, service) in services.iter().enumerate() {
            for set in &service.overrides {
                let name = set.name.bytes();
                self.table.set(name);
                if is_read_only(name, target) && told.insert((service.label(), name)) {
                    self.warnings.push(ignored(&self.master_path, name, set.value.bytes()));
                }
                if self.table.get(name).is_none_or(|known| known.is_expanded) {
                    self.scan_value(set.value.bytes(), Some(index));
                }
            }
            if let Some(classes) = service.value(b"smtpd_restriction_classes") {
                self.classes(classes.value.bytes(), Some(index));
            }
        }
        let classes = self.explicit.get(&b"smtpd_restriction_classes"[..]).cloned();
        if let Some(classes) = classes {
            self.classes(&classes, None);
        }
        // A default makes names valid even where main.cf replaces it, and so does the value of an unused name.
        let defaults = self.table.iter().filter(|(_, known)| known.is_expanded);
        let names = defaults.flat_map(|(_, known)| names_in_default(known.default.as_deref().unwrap_or_default()));
        let missing: Vec<Vec<u8>> = names.filter(|name| self.table.get(name).is_none()).map(<[u8]>::to_vec).collect();
        for name in missing {
            self.name(&name, None);
        }
        let set = self.explicit.iter().filter(|(name, _)| self.table.get(name).is_none_or(|known| known.is_expanded));
        let values: Vec<Vec<u8>> = set.map(|(_, value)| value.clone()).collect();
        for value in values {
            self.scan_value(&value, None);
        }
    }

    /// Looks for tables of database clients, in what the values of known parameters come to.
    ///
    /// # Errors
    /// A value that cannot be expanded, or a client's own file with which Postfix would not go on.
    pub fn find_clients(&mut self, messages: &Messages) -> Result<(), Fatal> {
        if self.explicit.is_empty() {
            return Ok(());
        }
        let known = |name: &[u8], table: &ParameterTable| {
            table.get(name).is_some_and(|known| known.is_expanded && known.class != Class::User)
        };
        let explicit = self.explicit.iter().filter(|(name, _)| known(name, &self.table));
        let values: Vec<Vec<u8>> = explicit.map(|(_, value)| value.clone()).collect();
        for (index, service) in self.configuration.files.services.iter().enumerate() {
            let sets = service.overrides.iter().filter(|set| known(set.name.bytes(), &self.table));
            for set in sets.filter(|set| may_hold_tables(set.value.bytes())).collect::<Vec<_>>() {
                let expanded = expand(self.configuration, set.value.bytes(), Some(service), messages)?;
                self.scan_tables(&expanded, Some(index), messages)?;
            }
        }
        for value in values.iter().filter(|value| may_hold_tables(value)) {
            let expanded = expand(self.configuration, value, None, messages)?;
            self.scan_tables(&expanded, None, messages)?;
        }
        Ok(())
    }

    fn classes(&mut self, text: &[u8], scope: Scope) {
        let service = scope.map(|index| &self.configuration.files.services[index]);
        // What cannot be expanded is told where the value itself is looked at.
        let Ok(text) = self.configuration.expand(text, service) else { return };
        for range in split_list(&text) {
            self.name(&text[range], scope);
        }
    }

    fn scan_value(&mut self, value: &[u8], scope: Scope) {
        for notice in notices(value) {
            match notice {
                Notice::Name { name, .. } => self.name(&name, scope),
                Notice::Problem(problem) => self.warnings.push(problem.message),
            }
        }
    }

    /// A name that something refers to becomes a parameter by that. Its own value is looked at with all others of
    /// main.cf.
    fn name(&mut self, name: &[u8], scope: Scope) {
        if self.table.get(name).is_some() {
            return;
        }
        if let Some(index) = scope {
            let service = &self.configuration.files.services[index];
            if service.value(name).is_some() {
                self.local[index].insert(name.to_vec());
                return;
            }
        }
        if self.explicit.contains_key(name) {
            self.table.add_user(name);
            return;
        }
        // A value of main.cf may wait for what services set.
        let mut is_somewhere = false;
        if scope.is_none() {
            for (service, local) in self.configuration.files.services.iter().zip(&mut self.local) {
                if service.value(name).is_some() {
                    local.insert(name.to_vec());
                    is_somewhere = true;
                }
            }
        }
        if !is_somewhere {
            let path = if scope.is_some() { &self.master_path } else { &self.main_path };
            self.warnings.push([path.as_slice(), b": undefined parameter: ", name].concat());
        }
    }

    /// Names of a database client's own parameters, as in `ldap:name` with `name_server_host`.
    fn scan_tables(&mut self, value: &[u8], scope: Scope, messages: &Messages) -> Result<(), Fatal> {
        if memchr::memchr3(b':', b'#', b'{', value).is_none() {
            return Ok(());
        }
        let services = &self.configuration.files.services;
        let path = if scope.is_some() { self.master_path.clone() } else { self.main_path.clone() };
        let label = scope.map(|at| format!(":{}", services[at].label())).unwrap_or_default();
        for found in dbms::find(value) {
            match found {
                Found::Prefix { suffixes, prefix } => {
                    for suffix in suffixes {
                        let name = [prefix, b"_", suffix.as_bytes()].concat();
                        let mut setters = scope.map_or(&services[..], |at| &services[at..=at]).iter();
                        if setters.any(|service| service.value(&name).is_some()) || self.explicit.contains_key(&name) {
                            self.name(&name, scope);
                        }
                    }
                }
                Found::File { map_type, path, .. } if !self.client_files.insert((map_type, path.to_vec())) => {}
                Found::File { map_type, path, suffixes } => {
                    self.client_warnings.extend(dbms::check_file(map_type, path, suffixes, messages)?);
                }
                Found::Comment { word, rest } => {
                    let rest = &rest[..rest.len().min(20)];
                    let head: &[u8] = b": #comment after other text is not allowed: ";
                    self.warnings.push([&path, head, word, b" ", rest, b"..."].concat());
                }
                Found::Brace { kind, text } => {
                    let what: &[u8] = match kind {
                        FaultKind::TextAfterBrace => b": syntax error after '}' in \"",
                        _ => b": missing '}' in \"",
                    };
                    self.warnings.push([&path, label.as_bytes(), what, text, b"\""].concat());
                }
            }
        }
        Ok(())
    }

    /// Warnings about settings of main.cf that are not used or out of date.
    #[must_use]
    pub fn unused_in_main(&self) -> Vec<Vec<u8>> {
        let mut warnings = Vec::new();
        for (name, value) in &self.explicit {
            self.judge(name, value, self.table.get(name).is_some(), &self.main_path, &mut warnings);
        }
        warnings
    }

    /// Warnings about `-o` settings of master.cf that are not used or out of date.
    #[must_use]
    pub fn unused_in_master(&self) -> Vec<Vec<u8>> {
        let mut warnings = Vec::new();
        for (index, service) in self.configuration.files.services.iter().enumerate() {
            for (name, value) in settings_of(service, self.configuration.platform.target) {
                let valid = self.table.get(name).is_some() || self.local[index].contains(name);
                self.judge(name, value, valid, &self.master_path, &mut warnings);
            }
        }
        warnings.sort_unstable();
        warnings
    }

    fn judge(&self, name: &[u8], value: &[u8], valid: bool, path: &[u8], warnings: &mut Vec<Vec<u8>>) {
        let target = self.configuration.platform.target;
        let text = std::str::from_utf8(name).unwrap_or_default();
        if text == REMOVED_FOR_TESTS {
            let message = format!(": support for parameter {text} has been removed; instead, do not specify");
            warnings.push([path, message.as_bytes()].concat());
            return;
        }
        let old = catalogue::deprecation(NameKind::Parameter, text).filter(|old| old.warned_in(target));
        if let Some(old) = old {
            let message = match old.change_in(target) {
                Some(Change::Removed) => {
                    format!("support for parameter {text} has been removed; instead, {}", advice(old))
                }
                _ => format!("support for parameter \"{text}\" will be removed; instead, {}", advice(old)),
            };
            warnings.push([path, b": ", message.as_bytes()].concat());
        } else if !valid {
            warnings.push([path, b": unused parameter: ", name, b"=", value].concat());
        }
    }
}

/// Whether what a value comes to may hold something that a search for tables tells of.
fn may_hold_tables(value: &[u8]) -> bool {
    value.iter().any(|byte| matches!(byte, b':' | b'#' | b'{' | b'$'))
}

/// What a service sets, by name; but for what nobody sets.
pub fn settings_of(service: &Service, target: Version) -> impl Iterator<Item = (&[u8], &[u8])> {
    let sets = service.overrides.iter().map(|set| (set.name.bytes(), set.value.bytes()));
    sets.filter(move |(name, _)| !is_read_only(name, target))
}

/// Whether a warning of [`Usage`] is one after which the reader is sent to the documentation.
#[must_use]
pub fn is_deprecation(warning: &[u8]) -> bool {
    memchr::memmem::find(warning, b": support for parameter ").is_some()
}

/// What to do instead, in Postfix's words; a few of them follow no rule.
fn advice(old: &catalogue::Deprecation) -> String {
    match (old.name, old.replacement.first()) {
        ("lmtp_enforce_tls", Some(name)) => (*name).to_string(),
        ("smtpd_tls_dh1024_param_file" | "smtpd_tls_eecdh_grade", _) => "do not specify (leave at default)".into(),
        (_, Some(name)) => format!("specify \"{name}\""),
        (_, None) => "do not specify".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::commands::dropin::postconf::shared::share_settings;
    use crate::config::{ConfigFiles, Platform};
    use std::path::Path;
    use std::sync::Arc;

    /// What is undefined, then what is unused, as `postconf -n` of Postfix 3.11.7 warns.
    fn warnings(main: &str, master: &str) -> Vec<String> {
        let source = |name: &str, text: &str| Arc::new(Source::new(name, text));
        let (main, master) = (source("main.cf", main), source("master.cf", master));
        let mut files = ConfigFiles::from_sources(Path::new("."), &main, Some(&master));
        share_settings(&mut files.services);
        let entries = files.main.entries.iter();
        let explicit = entries.map(|entry| (entry.name.bytes().to_vec(), entry.value.bytes().to_vec())).collect();
        let configuration = Configuration::new(files, Platform::default());
        let usage = Usage::new(&configuration, explicit);
        let unused = [usage.unused_in_main(), usage.unused_in_master()].concat();
        let all = usage.undefined().map(<[u8]>::to_vec).chain(unused);
        all.map(|text| String::from_utf8_lossy(&text).replace(" parameter", "")).collect()
    }

    #[test]
    fn one_warning_for_each_place() {
        let undefined = "./main.cf: undefined: nosuch";
        let in_master = "./master.cf: undefined: nosuch";
        let unused = "./master.cf: unused: foo=1";
        let cases: &[(&str, &str, &[&str])] = &[
            ("relayhost = $nosuch $nosuch\nmyorigin = $nosuch\n", "", &[undefined; 3]),
            ("relayhost = $x\nmyorigin = $x\nx = $nosuch\n", "", &[undefined]),
            ("smtpd_restriction_classes = nosuch nosuch\n", "", &[undefined; 2]),
            (
                "relayhost = $nosuch\n",
                "a inet n - n - - smtpd -o relayhost=$nosuch -o myorigin=$nosuch\nb inet n - n - - smtpd -o relayhost=$nosuch\n",
                &[in_master, in_master, in_master, undefined],
            ),
            (
                "a = 1\n",
                "b inet n - n - - smtpd -o foo=1\nc inet n - n - - smtpd -o foo=1\n",
                &["./main.cf: unused: a=1", unused, unused],
            ),
            ("relayhost = x\n", "b inet n - n - - smtpd -o foo=2 -o foo=1\nb inet n - n - - smtpd\n", &[unused; 2]),
            (
                "relayhost = x\n",
                "b inet n - n - - smtpd -o process_id=5\nb inet n - n - - smtpd\n",
                &["./master.cf: read-only assignment: process_id=5"],
            ),
            (
                "deleted-test-only = 1\n",
                "",
                &["./main.cf: support for deleted-test-only has been removed; instead, do not specify"],
            ),
        ];
        for (main, master, expected) in cases {
            assert_eq!(warnings(main, master), *expected, "{main:?} {master:?}");
        }
    }
}
