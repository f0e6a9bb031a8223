//! The files that match lists name, such as `relay_domains = /etc/postfix/relay`.

use super::LoadedSite;
use super::set_values::set_values;
use crate::base::Source;
use crate::config::catalogue::Kind;
use crate::config::listed::listed;
use crate::syntax::Text;
use crate::syntax::match_list::parse_elements;
use std::sync::Arc;

impl LoadedSite {
    /// The files that match lists name, once each.
    #[must_use]
    pub fn list_files(&self) -> &[Arc<Source>] {
        self.list_files.get_or_init(|| if self.is_whole { list_files(self) } else { Vec::new() })
    }
}

/// The files that the match lists of a site name, and those that they name.
fn list_files(site: &LoadedSite) -> Vec<Arc<Source>> {
    let mut found: Vec<Arc<Source>> = Vec::new();
    for set in set_values(site).into_iter().filter(|set| set.kind(site).is_some_and(Kind::is_match_list)) {
        let Some(text) = set.expanded(site).filter(|text| text.contains(&b'/')) else { continue };
        let read = |name: &[u8]| site.overlay.read(&site.paths.resolve(name));
        for one in listed(&parse_elements(&Text::whole(&text)), read) {
            if let Some(Ok(file)) = one.file
                && !found.iter().any(|known| known.name() == file.name())
            {
                found.push(file);
            }
        }
    }
    found
}
