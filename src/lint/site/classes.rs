//! The restriction classes that a site declares: names that people made up, with a list of restrictions each.

use super::LoadedSite;
use crate::config::services::Service;
use crate::syntax::match_list::split_list;
use std::collections::HashSet;

/// The parameter that declares them.
pub const CLASSES: &str = "smtpd_restriction_classes";

impl LoadedSite {
    /// Whether a name is that of a restriction class, of main.cf or of a service.
    #[must_use]
    pub fn is_class(&self, name: &[u8], service: Option<&Service>) -> bool {
        match service.filter(|service| service.value(CLASSES.as_bytes()).is_some()) {
            Some(service) => read(self, Some(service)).contains(name),
            None => self.classes.get_or_init(|| read(self, None)).contains(name),
        }
    }
}

fn read(site: &LoadedSite, service: Option<&Service>) -> HashSet<Vec<u8>> {
    let classes = site.configuration.expanded(CLASSES.as_bytes(), service).unwrap_or_default();
    split_list(&classes).into_iter().map(|range| classes[range].to_vec()).collect()
}
