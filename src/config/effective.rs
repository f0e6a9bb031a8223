//! Effective values: what a parameter is set to, for the whole system or one service, and by what.
//!
//! Layers, the last one wins: the default of the chosen version and build; main.cf; the command line; `-o` of the
//! service.

use super::catalogue::{self, Parameter, Version};
use super::expand::{ExpandError, expand, references};
use super::load::ConfigFiles;
use super::networks::{NetworkSettings, NetworksError, networks};
use super::platform::Platform;
use super::services::Service;
use crate::syntax::Text;
use crate::syntax::match_list::split_list;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::OnceLock;

/// The domain of a machine that knows of none.
pub(super) const LOCAL_DOMAIN: &str = "localdomain";

/// Whether programs of a release know the value of a parameter by themselves, whatever files say.
#[must_use]
pub fn is_read_only(name: &[u8], target: Version) -> bool {
    match name {
        b"process_id" | b"process_name" => true,
        // 3.11 alone takes it from main.cf.
        b"service_name" => target >= Version::new(3, 3) && target != Version::new(3, 11),
        _ => false,
    }
}

/// A configuration with all its layers.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What was read.
    pub files: ConfigFiles,
    /// By what it is judged.
    pub platform: Platform,
    /// `name=value` from the command line; to be set before the first look at a value.
    pub overrides: Vec<(Vec<u8>, Vec<u8>)>,
    networks: OnceLock<Result<String, NetworksError>>,
    /// The restriction classes of main.cf, read once.
    pub(super) classes: OnceLock<HashSet<Vec<u8>>>,
}

/// A value before expansion, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// The text, `$name`s and all.
    pub bytes: Cow<'a, [u8]>,
    /// Who set it.
    pub origin: Origin<'a>,
}

/// Who set a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// Nobody: it is the default.
    Default,
    /// main.cf, with the value's place.
    Main(&'a Text),
    /// The command line.
    CommandLine,
    /// `-o` of a service, with the value's place in master.cf.
    Service(&'a Text),
}

impl Configuration {
    /// A configuration without overrides from the command line.
    #[must_use]
    pub fn new(files: ConfigFiles, platform: Platform) -> Self {
        Self { files, platform, overrides: Vec::new(), networks: OnceLock::new(), classes: OnceLock::new() }
    }

    /// The unexpanded value of a parameter, for one service if one is given.
    ///
    /// `None`: no layer knows the name.
    #[must_use]
    pub fn value<'a>(&'a self, name: &[u8], service: Option<&'a Service>) -> Option<Value<'a>> {
        if let Some(bytes) = self.told(name, service) {
            return Some(Value { bytes, origin: Origin::Default });
        }
        if let Some(set) = service.and_then(|service| service.value(name)) {
            let origin = Origin::Service(&set.value);
            return Some(Value { bytes: Cow::Borrowed(set.value.bytes()), origin });
        }
        self.explicit(name).or_else(|| self.default(name).map(|bytes| Value { bytes, origin: Origin::Default }))
    }

    /// What the command line or main.cf sets a parameter to.
    #[must_use]
    pub fn explicit<'a>(&'a self, name: &[u8]) -> Option<Value<'a>> {
        if let Some(value) = self.overridden(name) {
            return Some(Value { bytes: Cow::Borrowed(value), origin: Origin::CommandLine });
        }
        let entry = self.files.entry(name)?;
        Some(Value { bytes: Cow::Borrowed(entry.value.bytes()), origin: Origin::Main(&entry.value) })
    }

    /// Whether `name` belongs to a family of per-transport parameters and its transport is a service.
    #[must_use]
    pub fn is_service_parameter(&self, name: &str) -> bool {
        catalogue::service_parameter(name).is_some_and(|(transport, _)| {
            self.files.services.iter().any(|service| service.line.name().bytes() == transport.as_bytes())
                || catalogue::is_stock_service(transport)
        })
    }

    /// Whether programs of the target may read a parameter: not one that came later, or that is gone.
    #[must_use]
    pub fn may_read(&self, name: &str) -> bool {
        catalogue::parameter(name).is_none_or(|parameter| parameter.exists_in(self.platform.target))
    }

    /// Whether anything defines a name.
    #[must_use]
    pub fn knows(&self, name: &[u8]) -> bool {
        self.value(name, None).is_some() || self.files.services.iter().any(|service| service.value(name).is_some())
    }

    /// Names that something in use refers to: `$name` in a value, and restriction classes.
    #[must_use]
    pub fn used_names(&self) -> HashSet<Vec<u8>> {
        let entries = self.files.main.entries.iter().map(|entry| entry.value.bytes());
        let overrides = self.files.services.iter().flat_map(|service| &service.overrides).map(|set| set.value.bytes());
        let mut used: HashSet<Vec<u8>> =
            entries.chain(overrides).flat_map(references).map(|reference| reference.name.to_vec()).collect();
        if let Ok(classes) = self.expanded(b"smtpd_restriction_classes", None) {
            used.extend(split_list(&classes).into_iter().map(|range| classes[range].to_vec()));
        }
        used
    }

    /// The expanded value of a parameter, for one service if one is given; empty if no layer knows the name.
    ///
    /// # Errors
    /// A value on the way that cannot be expanded, or that refers to itself.
    pub fn expanded(&self, name: &[u8], service: Option<&Service>) -> Result<Vec<u8>, ExpandError> {
        let value = self.value(name, service).map(|value| value.bytes).unwrap_or_default();
        self.expand(&value, service)
    }

    /// The value that a text comes to, for one service if one is given.
    ///
    /// # Errors
    /// As for [`expanded`](Self::expanded).
    pub fn expand(&self, text: &[u8], service: Option<&Service>) -> Result<Vec<u8>, ExpandError> {
        expand(text, &mut |name: &[u8]| self.value(name, service).map(|value| value.bytes))
    }

    fn overridden(&self, name: &[u8]) -> Option<&[u8]> {
        self.overrides.iter().rev().find(|(set, _)| set == name).map(|(_, value)| value.as_slice())
    }

    /// What a program knows of itself, and no file can change.
    fn told<'a>(&'a self, name: &[u8], service: Option<&'a Service>) -> Option<Cow<'a, [u8]>> {
        match (name, service) {
            (b"service_name", Some(service)) => Some(Cow::Borrowed(service.line.name().bytes())),
            (b"process_name", Some(service)) => {
                let command = service.line.command().bytes();
                command.rsplit(|&byte| byte == b'/').next().map(Cow::Borrowed)
            }
            _ if is_read_only(name, self.platform.target) => {
                self.overridden(name).map(Cow::Borrowed).or_else(|| self.default(name))
            }
            _ => None,
        }
    }

    /// The unexpanded default of a parameter; `None` if the target knows no such name.
    #[must_use]
    pub fn default(&self, name: &[u8]) -> Option<Cow<'static, [u8]>> {
        let name = std::str::from_utf8(name).ok()?;
        if let Some(parameter) = catalogue::parameter(name) {
            return self.default_of(parameter);
        }
        let (_, family) = catalogue::service_parameter(name)?;
        Some(Cow::Borrowed(family.default.as_bytes()))
    }

    /// The unexpanded default of a known parameter; `None` if it is not known to the target.
    #[must_use]
    pub fn default_of(&self, parameter: &Parameter) -> Option<Cow<'static, [u8]>> {
        if !parameter.exists_in(self.platform.target) {
            return None;
        }
        let build = &self.platform.build;
        let built = match parameter.name {
            "default_database_type" => build.database_type.as_ref(),
            "default_cache_db_type" => build.cache_type.as_ref(),
            _ => None,
        };
        if let Some(built) = built {
            return Some(Cow::Owned(built.clone().into_bytes()));
        }
        let known = catalogue::default_value(parameter, self.platform.target, self.platform.profile);
        Some(match known {
            Some(text) => Cow::Borrowed(text.as_bytes()),
            None => Cow::Owned(self.computed(parameter.name).into_bytes()),
        })
    }

    /// The default of `mynetworks`, worked out once.
    ///
    /// # Errors
    /// Parameters from which it cannot be told.
    pub fn networks(&self) -> Result<&str, &NetworksError> {
        let told = self.networks.get_or_init(|| {
            let text = |name: &str| {
                let value = self.value(name.as_bytes(), None).map(|value| value.bytes).unwrap_or_default();
                self.expand_without(&value, b"mynetworks")
            };
            let settings = NetworkSettings {
                style: text("mynetworks_style"),
                interfaces: text("inet_interfaces"),
                protocols: text("inet_protocols"),
            };
            networks(&settings, &self.platform.host)
        });
        told.as_ref().map(String::as_str)
    }

    /// Defaults that depend on the machine or on the configuration itself.
    fn computed(&self, name: &str) -> String {
        match name {
            "myhostname" => {
                let name = &self.platform.host.name;
                if name.contains('.') {
                    return name.clone();
                }
                let domain = self.set_without(b"mydomain", b"myhostname");
                format!("{name}.{}", domain.as_deref().unwrap_or(LOCAL_DOMAIN))
            }
            "mydomain" => {
                let name = self.set_without(b"myhostname", b"mydomain");
                let name = name.unwrap_or_else(|| self.platform.host.name.clone());
                name.split_once('.').map_or_else(|| LOCAL_DOMAIN.to_string(), |(_, domain)| domain.to_string())
            }
            // What is wrong is for those to tell who ask for it.
            "mynetworks" => self.networks().map_or_else(|_| "127.0.0.0/8 [::1]/128 ".into(), str::to_string),
            "process_id" => std::process::id().to_string(),
            "process_name" => "postconf".to_string(),
            "config_directory" => self.files.directory.display().to_string(),
            _ => String::new(),
        }
    }

    /// What a parameter is set to, expanded; `hidden` counts as empty.
    fn set_without(&self, name: &[u8], hidden: &[u8]) -> Option<String> {
        Some(self.expand_without(&self.explicit(name)?.bytes, hidden))
    }

    /// What a text comes to when the default of `hidden` depends on it: that counts as empty, and so does `mynetworks`,
    /// which depends on all that is computed.
    fn expand_without(&self, text: &[u8], hidden: &[u8]) -> String {
        let expanded = expand(text, &mut |name: &[u8]| match name {
            b"mynetworks" => Some(Cow::Borrowed(&b""[..])),
            _ if name == hidden => Some(Cow::Borrowed(&b""[..])),
            _ => self.value(name, None).map(|value| value.bytes),
        });
        String::from_utf8_lossy(&expanded.unwrap_or_default()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use std::path::Path;
    use std::sync::Arc;

    fn shown(main: &str, name: &str) -> String {
        let source = Arc::new(Source::new("main.cf", main));
        let files = ConfigFiles::from_sources(Path::new("/nowhere"), &source, None);
        let platform = Platform::default();
        let configuration = Configuration::new(files, platform);
        let value = configuration.value(name.as_bytes(), None).map(|value| value.bytes.into_owned());
        String::from_utf8(value.unwrap_or_default()).expect("values here are ASCII")
    }

    #[test]
    fn names_of_the_machine_depend_on_each_other() {
        let cases = [
            ("", "localhost.localdomain", "localdomain"),
            ("mydomain = example.org\n", "localhost.example.org", "example.org"),
            ("mydomain =\n", "localhost.", ""),
            ("myhostname = mx.$x\nx = example.org\n", "mx.$x", "example.org"),
            ("myhostname = single\n", "single", "localdomain"),
            ("myhostname = $mydomain\n", "$mydomain", "localdomain"),
            ("mydomain = $myhostname\n", "localhost.", "$myhostname"),
            ("myhostname = a.\n", "a.", ""),
            ("myhostname = $mynetworks\ninet_interfaces = $mydomain\n", "$mynetworks", "localdomain"),
        ];
        for (main, hostname, domain) in cases {
            assert_eq!(
                (shown(main, "myhostname"), shown(main, "mydomain")),
                (hostname.into(), domain.into()),
                "{main}"
            );
        }
    }

    /// As `postconf` of 3.7 and of 3.11.7 has it, and as 3.12 is said to.
    #[test]
    fn whose_own_value_a_name_has() {
        let cases = [("2.11", false), ("3.7", true), ("3.10", true), ("3.11", false), ("3.12", true)];
        for (target, expected) in cases {
            let found = is_read_only(b"service_name", target.parse().expect("a release"));
            assert_eq!(found, expected, "{target}");
        }
        assert!(is_read_only(b"process_name", Version::OLDEST) && !is_read_only(b"myhostname", Version::NEWEST));
    }

    #[test]
    fn networks_follow_the_parameters() {
        let cases = [
            ("", "127.0.0.0/8 [::1]/128 "),
            ("compatibility_level = 2\n", "127.0.0.1/32 [::1]/128 "),
            ("mynetworks_style = $x\nx = host\ninet_protocols = ipv4\n", "127.0.0.1/32 "),
            ("mynetworks = x\nmynetworks_style = bad\n", "x"),
            ("inet_interfaces = $mynetworks\n", ""),
            ("myhostname = $mynetworks\ninet_interfaces = $mydomain, 127.0.0.1\n", "127.0.0.0/8 [::1]/128 "),
        ];
        for (main, expected) in cases {
            assert_eq!(shown(main, "mynetworks"), expected, "{main}");
        }
    }
}
