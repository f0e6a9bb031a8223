//! The files that tables of servers are described in, such as `mysql:/etc/postfix/mysql-virtual.cf`.

use super::LoadedSite;
use crate::base::Source;
use crate::syntax::file_kind::has_client_file;
use std::collections::HashSet;
use std::sync::Arc;

impl LoadedSite {
    /// Those that can be read, once each.
    #[must_use]
    pub fn client_files(&self) -> &[Arc<Source>] {
        self.client_files.get_or_init(|| {
            let (mut found, mut seen) = (Vec::new(), HashSet::new());
            for table in &self.tables {
                let reference = &table.named.reference;
                // Without a path the settings stand in main.cf.
                if !has_client_file(&reference.map_type) || !reference.name.starts_with(b"/") {
                    continue;
                }
                let path = self.paths.resolve(&reference.name);
                if !seen.contains(&path) {
                    found.extend(self.overlay.read(&path));
                    seen.insert(path);
                }
            }
            found
        })
    }
}
