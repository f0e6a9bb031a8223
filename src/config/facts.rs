//! All that is known of one parameter: what the catalogue says of it for a target, and where a configuration uses it.
//!
//! Names of transports (`relay_destination_rate_delay`) and names that no longer exist are known too.

use super::catalogue::{
    self, Deprecation, Kind, NameKind, Parameter, Profile, ServiceParameter, ValueType, Version, parameters,
};
use super::effective::Configuration;
use super::expand::references;
use crate::base::{Source, Span};
use crate::syntax::Text;
use std::sync::Arc;

/// What the catalogue says of a name.
#[derive(Clone, Debug)]
pub struct ParameterFacts {
    /// The name.
    pub name: String,
    /// Its declaration; nothing for names of one transport and for names that are gone.
    pub parameter: Option<&'static Parameter>,
    /// For the name of one transport: the transport, and its family.
    pub family: Option<(String, &'static ServiceParameter)>,
    /// What became of the name in the target.
    pub deprecation: Option<&'static Deprecation>,
    /// The default in the target; nothing if there is none, or it is computed at run time.
    pub default: Option<&'static str>,
    /// Every default with the first and the last series that have it, oldest first, as upstream builds it.
    pub defaults: Vec<DefaultRange>,
    /// Parameters whose defaults in the target refer to it.
    pub in_defaults_of: Vec<&'static str>,
}

/// A default and the series that have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultRange {
    /// The first series; [`Version::OLDEST`] also stands for older ones.
    pub from: Version,
    /// The last series.
    pub through: Version,
    /// The default; nothing if it is computed at run time.
    pub value: Option<&'static str>,
}

impl ParameterFacts {
    /// How Postfix reads the value.
    #[must_use]
    pub fn value_type(&self) -> Option<ValueType> {
        let own = self.parameter.map(|parameter| parameter.value_type);
        own.or(self.family.as_ref().map(|(_, family)| family.value_type))
    }

    /// What the value is.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.parameter.map(|parameter| parameter.kind)
    }

    /// The first series that has it.
    #[must_use]
    pub fn introduced(&self) -> Option<Version> {
        let own = self.parameter.map(|parameter| parameter.introduced);
        own.or(self.family.as_ref().map(|(_, family)| family.introduced))
    }

    /// More about it; may be empty.
    #[must_use]
    pub fn note(&self) -> &'static str {
        let own = self.parameter.map(|parameter| parameter.note);
        own.or(self.family.as_ref().map(|(_, family)| family.note)).unwrap_or_default()
    }
}

/// What is known of a name; nothing if it is no parameter in any version.
#[must_use]
pub fn facts(name: &str, target: Version, profile: Option<Profile>) -> Option<ParameterFacts> {
    let parameter = catalogue::parameter(name);
    let family = catalogue::service_parameter(name).map(|(transport, family)| (transport.to_string(), family));
    let deprecation = catalogue::deprecation(NameKind::Parameter, name);
    if parameter.is_none() && family.is_none() && deprecation.is_none() {
        return None;
    }
    let default = match (parameter, &family) {
        (Some(parameter), _) => catalogue::default_value(parameter, target, profile),
        (None, Some((_, family))) => Some(family.default),
        (None, None) => None,
    };
    let refers = |other: &&Parameter| {
        let default = catalogue::default_value(other, target, profile).unwrap_or_default();
        default.contains('$') && references(default.as_bytes()).any(|one| one.name == name.as_bytes())
    };
    Some(ParameterFacts {
        name: name.to_string(),
        parameter,
        family,
        deprecation: deprecation.filter(|entry| entry.change_in(target).is_some()),
        default,
        defaults: parameter.map(default_ranges).unwrap_or_default(),
        in_defaults_of: parameters().iter().filter(refers).map(|other| other.name).collect(),
    })
}

fn default_ranges(parameter: &Parameter) -> Vec<DefaultRange> {
    let mut ranges: Vec<DefaultRange> = Vec::new();
    for series in Version::supported().filter(|series| parameter.listed_in(*series)) {
        let value = parameter.default_for(series);
        match ranges.last_mut() {
            Some(last) if last.value == value => last.through = series,
            _ => ranges.push(DefaultRange { from: series, through: series, value }),
        }
    }
    ranges
}

/// A place where a configuration uses a parameter.
#[derive(Clone, Debug)]
pub struct ParameterUse {
    /// What it does there.
    pub how: Use,
    /// The service whose `-o` it is, as `name/type`; nothing in main.cf.
    pub service: Option<String>,
    /// The text.
    pub source: Arc<Source>,
    /// The place.
    pub span: Span,
}

/// What a place does with a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// Sets it to this, unexpanded.
    Set(String),
    /// Refers to it in the value of another parameter.
    Refers(String),
}

/// Every place of a configuration that sets a parameter or refers to it: main.cf, then master.cf.
#[must_use]
pub fn uses(configuration: &Configuration, name: &str) -> Vec<ParameterUse> {
    let mut found = Vec::new();
    let mut look = |set: &Text, value: &Text, source: &Arc<Source>, service: Option<String>| {
        let mut add = |how, span| {
            found.push(ParameterUse { how, service: service.clone(), source: Arc::clone(source), span });
        };
        if set.bytes() == name.as_bytes() {
            add(Use::Set(value.to_string_lossy()), set.span());
        }
        for reference in references(value.bytes()).filter(|reference| reference.name == name.as_bytes()) {
            add(Use::Refers(set.to_string_lossy()), value.source_span(reference.span.range()));
        }
    };
    let files = &configuration.files;
    for entry in &files.main.entries {
        look(&entry.name, &entry.value, files.main.tree.source(), None);
    }
    if let Some(master) = &files.master {
        for service in &files.services {
            for set in &service.overrides {
                look(&set.name, &set.value, master.tree.source(), Some(service.label()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigFiles;
    use crate::config::Platform;
    use std::path::Path;

    fn of(name: &str) -> Option<ParameterFacts> {
        facts(name, Version::NEWEST, None)
    }

    #[test]
    fn defaults_have_their_ranges() {
        let ranges = |name| -> Vec<String> {
            let facts = of(name).unwrap();
            facts.defaults.iter().map(|d| format!("{}-{} {}", d.from, d.through, d.value.unwrap_or("?"))).collect()
        };
        assert_eq!(ranges("mynetworks_style")[0], "2.11-2.11 subnet");
        assert_eq!(
            ranges("smtp_tls_dane_insecure_mx_policy"),
            ["3.1-3.1 dane", "3.2-3.5 ${{$smtp_tls_security_level} == {dane} ? {dane} : {may}}", "3.6-3.12 dane",]
        );
        assert_eq!(ranges("myhostname"), ["2.11-3.12 ?"]);
        assert!(ranges("virtual_maps").is_empty());
    }

    #[test]
    fn every_sort_of_name_is_known() {
        assert!(of("no_such_parameter").is_none());
        assert_eq!(of("soft_bounce").unwrap().kind(), Some(Kind::Boolean));
        let family = of("relay_destination_rate_delay").unwrap();
        assert_eq!(
            (family.family.unwrap().0.as_str(), family.default),
            ("relay", Some("$default_destination_rate_delay"))
        );
        assert!(of("virtual_maps").unwrap().deprecation.is_some());
        assert!(of("extract_recipient_limit").unwrap().parameter.is_none());
        assert!(of("alias_maps").unwrap().in_defaults_of.contains(&"local_recipient_maps"));
    }

    #[test]
    fn uses_are_found_with_their_places() {
        let main = Arc::new(Source::new("main.cf", "a = 1\nb = x$a ${a?y}\na = 2\n"));
        let master = Arc::new(Source::new("master.cf", "s inet n - n - - smtpd\n  -o a=3 -o c=$a\n"));
        let files = ConfigFiles::from_sources(Path::new("."), &main, Some(&master));
        let platform = Platform::default();
        let configuration = Configuration::new(files, platform);
        let show = |one: &ParameterUse| {
            let place = one.source.position(one.span.start);
            format!("{}:{place} {:?} {:?}", one.source.name(), one.how, one.service)
        };
        let found: Vec<String> = uses(&configuration, "a").iter().map(show).collect();
        let expected = [
            "main.cf:1:1 Set(\"1\") None",
            "main.cf:2:7 Refers(\"b\") None",
            "main.cf:2:11 Refers(\"b\") None",
            "main.cf:3:1 Set(\"2\") None",
            "master.cf:2:6 Set(\"3\") Some(\"s/inet\")",
            "master.cf:2:16 Refers(\"c\") Some(\"s/inet\")",
        ];
        assert_eq!(found, expected);
    }
}
