//! What match lists and tables hold, in full, as far as it can be listed: for pictures and comparisons of whole sites.

use super::Router;
use crate::base::natural_order;
use crate::maps::LookupError;
use crate::syntax::match_list::{Element, ElementKind};
use crate::syntax::table_line::TableForm;

/// Something that a list of domains names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// A domain, or with a leading dot what is below it; in lower case.
    Domain(Vec<u8>),
    /// A table whose entries cannot be listed, such as one of patterns.
    Table(String),
}

impl Router<'_> {
    /// All that the list of domains in a parameter names, in order (of a table: numbers as people count), each once.
    /// What follows `!` is not named but excluded, and left out. Tables name a domain by each key that can be one: keys
    /// without a dot are not, since a list of domains often is also a table of aliases.
    ///
    /// # Errors
    /// A parameter that cannot be expanded, or a file that cannot be read.
    pub fn listed(&mut self, parameter: &str) -> Result<Vec<Listed>, LookupError> {
        let list = self.elements(parameter)?;
        let mut found = Vec::new();
        self.list(&list.elements, 0, &mut found)?;
        let mut seen = std::collections::HashSet::new();
        found.retain(|one| match one {
            Listed::Domain(domain) => seen.insert(domain.clone()),
            Listed::Table(name) => seen.insert(name.clone().into_bytes()),
        });
        Ok(found)
    }

    fn list(&mut self, elements: &[Element], depth: usize, found: &mut Vec<Listed>) -> Result<(), LookupError> {
        for element in elements.iter().filter(|element| !element.negated) {
            let text = element.text.bytes();
            match element.kind {
                ElementKind::Pattern => found.push(Listed::Domain(text.to_ascii_lowercase())),
                ElementKind::File => {
                    let file = self.list_file(element, depth)?;
                    self.list(&file.elements, depth + 1, found)?;
                }
                ElementKind::Table => {
                    let Some(table) = self.table(text) else { continue };
                    let mut keys = Vec::new();
                    let walked = self.walk(&table, TableForm::KeyValue, &mut |key, _| {
                        if memchr::memchr(b'@', key).is_none() && memchr::memchr(b'.', key).is_some() {
                            keys.push(key.to_ascii_lowercase());
                        }
                    });
                    keys.sort_by(|a, b| natural_order(a, b));
                    match walked {
                        Ok(()) => found.extend(keys.into_iter().map(Listed::Domain)),
                        Err(_) => found.push(Listed::Table(table.to_string())),
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Platform, Site};
    use crate::maps::NoCaller;
    use std::sync::Arc;

    #[test]
    fn values_files_and_tables() -> std::io::Result<()> {
        let scratch = tempfile::tempdir()?;
        std::fs::write(scratch.path().join("list"), "file.example !not.example\nlmdb:/etc/postfix/table A.example\n")?;
        std::fs::write(scratch.path().join("table"), "z.example x\nroot x\na@b.example x\n.dot.example x\n")?;
        std::fs::write(scratch.path().join("patterns"), "/x/ x\n")?;
        std::fs::write(scratch.path().join("self"), "/etc/postfix/self\n")?;
        let main = "relay_domains = a.example, !/etc/none, localhost /etc/postfix/list proxy:regexp:/etc/postfix/patterns\n\
                    mydestination = /etc/postfix/none\nvirtual_mailbox_domains = /etc/postfix/self\n";
        let main = Arc::new(Source::new("main.cf", main));
        let files = ConfigFiles::from_sources(scratch.path(), &main, None);
        let site = Site::new(Configuration::new(files, Platform::default()), PathMap::directory(scratch.path(), None));
        let mut router = Router::new(&site, Arc::new(NoCaller));
        let shown = |listed: Vec<Listed>| -> Vec<String> {
            let show = |one: Listed| match one {
                Listed::Domain(domain) => String::from_utf8_lossy(&domain).into_owned(),
                Listed::Table(name) => name,
            };
            listed.into_iter().map(show).collect()
        };
        let expected =
            ["a.example", "localhost", "file.example", ".dot.example", "z.example", "regexp:/etc/postfix/patterns"];
        assert_eq!(router.listed("relay_domains").map(shown), Ok(expected.map(String::from).to_vec()));
        let missing = format!("open {}/none: No such file or directory", scratch.path().display());
        assert_eq!(router.listed("mydestination"), Err(LookupError::Config(missing)));
        let nested = format!("open {}/self: match lists are nested too deeply", scratch.path().display());
        assert_eq!(router.listed("virtual_mailbox_domains"), Err(LookupError::Config(nested)));
        Ok(())
    }
}
