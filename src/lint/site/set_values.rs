//! The values that somebody set and that are in force: entries of main.cf, and `-o` of services, each with its place.

use super::LoadedSite;
use crate::base::Source;
use crate::config::catalogue::{self, Kind, ValueType};
use crate::config::services::Service;
use crate::config::written_elements::{ListElement, list_elements};
use crate::syntax::Text;
use std::sync::Arc;

/// A value in force.
#[derive(Clone, Copy, Debug)]
pub struct SetValue<'a> {
    /// The parameter's name in the text.
    pub name: &'a Text,
    /// The value before expansion.
    pub value: &'a Text,
    /// The text that both stand in.
    pub source: &'a Arc<Source>,
    /// The service whose `-o` it is.
    pub service: Option<&'a Service>,
}

/// All values in force: main.cf in its order, then the services in theirs.
#[must_use]
pub fn set_values(site: &LoadedSite) -> Vec<SetValue<'_>> {
    let mut values = read_values(site);
    values.retain(|set| {
        let last = set.service.map(|service| service.value(set.name.bytes()));
        last.is_none_or(|last| last.is_some_and(|last| std::ptr::eq(&raw const last.name, set.name)))
    });
    values
}

/// All values that Postfix reads: as [`set_values`], and also each `-o` that a later one of the same service takes
/// back.
#[must_use]
pub fn read_values(site: &LoadedSite) -> Vec<SetValue<'_>> {
    let files = &site.configuration.files;
    let source = files.main.tree.source();
    let mut values: Vec<SetValue> = files
        .main
        .entries
        .iter()
        .filter(|entry| files.entry(entry.name.bytes()).is_some_and(|last| last.extent == entry.extent))
        .map(|entry| SetValue { name: &entry.name, value: &entry.value, source, service: None })
        .collect();
    let Some(master) = &files.master else { return values };
    let source = master.tree.source();
    for service in &files.services {
        values.extend(service.overrides.iter().map(|set| SetValue {
            name: &set.name,
            value: &set.value,
            source,
            service: Some(service),
        }));
    }
    values
}

impl SetValue<'_> {
    /// The parameter's name as text.
    #[must_use]
    pub fn parameter_name(&self) -> String {
        self.name.to_string_lossy()
    }

    /// What the value is; nothing for a name that the target does not know.
    #[must_use]
    pub fn kind(&self, site: &LoadedSite) -> Option<Kind> {
        let parameter = catalogue::parameter(&self.parameter_name())?;
        parameter.exists_in(site.configuration.platform.target).then_some(parameter.kind)
    }

    /// How Postfix reads the value; nothing for a name that the target does not know.
    #[must_use]
    pub fn value_type(&self, site: &LoadedSite) -> Option<ValueType> {
        let (name, target) = (self.parameter_name(), site.configuration.platform.target);
        match catalogue::parameter(&name) {
            Some(parameter) => parameter.exists_in(target).then_some(parameter.value_type),
            None if site.configuration.is_service_parameter(&name) => {
                let (_, family) = catalogue::service_parameter(&name)?;
                (family.introduced <= target).then_some(family.value_type)
            }
            None => None,
        }
    }

    /// The daemon of a `-o` which does not read the parameter when it starts, and so takes any value of it; nothing for
    /// main.cf.
    #[must_use]
    pub fn unheeded_by(&self) -> Option<String> {
        let service = self.service?;
        let (name, command) = (self.parameter_name(), service.line.command().to_string_lossy());
        let daemon = command.rsplit('/').next().unwrap_or_default();
        let is_read = catalogue::is_read_at_start(&name, daemon)
            || catalogue::service_parameter(&name).is_some_and(|(transport, family)| match daemon {
                "pipe" | "spawn" => {
                    family.suffix == "_time_limit" && service.line.name().bytes() == transport.as_bytes()
                }
                "qmgr" | "oqmgr" => family.suffix != "_time_limit",
                _ => false,
            });
        (!is_read).then(|| daemon.to_string())
    }

    /// The value after expansion; nothing if it cannot be expanded.
    #[must_use]
    pub fn expanded(&self, site: &LoadedSite) -> Option<Vec<u8>> {
        site.expansions.of(&site.configuration, self.value, self.service)
    }

    /// The elements of a list; those that cannot be expanded are left out, and so is what stands in a comment.
    #[must_use]
    pub fn elements(&self, site: &LoadedSite) -> Vec<ListElement> {
        let mut elements = list_elements(&site.configuration, self.value, self.service);
        let ends = self.kind(site).is_some_and(Kind::is_match_list);
        if let Some(comment) = elements.iter().position(|element| ends && element.bytes.starts_with(b"#")) {
            elements.truncate(comment);
        }
        elements
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Overlay;
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Platform, Site};

    /// As the daemons of Postfix 3.11 do with a value at fault.
    #[test]
    fn daemons_that_do_not_heed_a_parameter() {
        let cases = [
            ("smtp inet n - n - - smtpd -o smtpd_timeout=1", None),
            ("smtp inet n - n - - smtpd -o myhostname=a", None),
            ("smtp unix - - n - - smtp -o smtpd_timeout=1", Some("smtp")),
            ("smtp unix - - n - - smtp -o smtp_destination_rate_delay=1", Some("smtp")),
            ("qmgr unix n - n 300 1 qmgr -o smtp_destination_rate_delay=1", None),
            ("qmgr unix n - n 300 1 qmgr -o policy_time_limit=1", Some("qmgr")),
            ("policy unix - n n - 0 spawn -o policy_time_limit=1", None),
            ("policy unix - n n - 0 spawn -o filter_time_limit=1", Some("spawn")),
            ("x inet n - n - - /srv/bin/x -o smtpd_timeout=1", Some("x")),
        ];
        for (line, expected) in cases {
            let source = |name: &str, text: &str| Arc::new(Source::new(name, text));
            let files = ConfigFiles::from_sources(
                std::path::Path::new("."),
                &source("main.cf", "smtpd_timeout = 5\n"),
                Some(&source("master.cf", line)),
            );
            let site = LoadedSite::read(
                Site::new(Configuration::new(files, Platform::default()), PathMap::system()),
                &Overlay::default(),
            );
            let heeded: Vec<Option<String>> = set_values(&site).iter().map(SetValue::unheeded_by).collect();
            assert_eq!(heeded, [None, expected.map(String::from)], "{line}");
        }
    }
}
