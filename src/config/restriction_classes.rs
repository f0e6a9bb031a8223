//! The restriction classes of a configuration: names that people made up, with a list of restrictions each.
//!
//! Source: RESTRICTION_CLASS_README.

use super::Configuration;
use super::services::Service;
use crate::syntax::match_list::split_list;
use std::collections::HashSet;

/// The parameter that declares them.
const CLASSES: &[u8] = b"smtpd_restriction_classes";

impl Configuration {
    /// Whether a name is that of a restriction class, of main.cf or of a service.
    #[must_use]
    pub fn is_restriction_class(&self, name: &[u8], service: Option<&Service>) -> bool {
        match service.filter(|service| service.value(CLASSES).is_some()) {
            Some(service) => read(self, Some(service)).contains(name),
            None => self.classes.get_or_init(|| read(self, None)).contains(name),
        }
    }
}

fn read(configuration: &Configuration, service: Option<&Service>) -> HashSet<Vec<u8>> {
    let classes = configuration.expanded(CLASSES, service).unwrap_or_default();
    split_list(&classes).into_iter().map(|range| classes[range].to_vec()).collect()
}
