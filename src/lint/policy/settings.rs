//! The linter's settings: the table `[check]` of `postwright.toml`.
//!
//! ```toml
//! [check]
//! select = ["MC", "MAP005"]           # only these rules; all if it is missing
//! ignore = ["unknown-parameter"]
//! fail-on = "error"                   # error, warning, info, never
//! map-types = ["lmdb", "pcre"]        # the map types of the Postfix that will run this
//!
//! [check.severities]
//! MC004 = "info"
//!
//! [check.per-file-ignores]            # patterns of paths from the directory of this file
//! "maps/*" = ["MAP"]
//! ```
//!
//! Nothing is guessed: a key, rule, map type or word that does not exist is an error with its place and what may be
//! meant.

use super::path_pattern;
use super::selection::{Selector, any_names, rule_called};
use crate::base::Source;
use crate::config::catalogue::map_types;
use crate::config::project::{CHECK_KEYS, is_of_no_table};
use crate::diagnostic::{Rule, Severity};
use crate::syntax::toml_file::{TomlError, TomlFile, TomlKey, TomlValue};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::de::DeValue;

/// How much must be found for a check to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// A finding of this severity, or a worse one.
    AtLeast(Severity),
    /// Nothing makes it fail.
    Never,
}

impl Threshold {
    /// The words for it, in the order of what they let through.
    pub const NAMES: [&'static str; 4] = ["error", "warning", "info", "never"];

    /// What a word means.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "never" { Some(Self::Never) } else { severity_named(name).map(Self::AtLeast) }
    }

    /// Whether a finding of this severity makes a check fail.
    #[must_use]
    pub fn reached_by(self, severity: Severity) -> bool {
        match self {
            Self::AtLeast(least) => severity >= least,
            Self::Never => false,
        }
    }
}

fn severity_named(name: &str) -> Option<Severity> {
    [Severity::Error, Severity::Warning, Severity::Info].into_iter().find(|severity| severity.name() == name)
}

/// What the file says; by default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LintSettings {
    /// Only these rules.
    pub select: Option<Vec<Selector>>,
    /// Not these rules.
    pub ignore: Vec<Selector>,
    /// Other severities than the rules' own, by code.
    pub severities: BTreeMap<&'static str, Severity>,
    /// How much must be found for a check to fail.
    pub fail_on: Option<Threshold>,
    /// The map types of the Postfix that will run the configuration.
    pub map_types: Option<Vec<String>>,
    /// Patterns of paths, and the rules that are not looked for there.
    pub per_file_ignores: Vec<(String, Vec<Selector>)>,
    /// The directory that patterns start from.
    pub directory: PathBuf,
}

impl LintSettings {
    /// Reads the table `[check]` of a settings file; the rest of the file is for others to judge.
    ///
    /// # Errors
    /// What is not TOML, and what means nothing in that table.
    pub fn parse(source: &Source) -> Result<Self, TomlError> {
        let (file, document) = TomlFile::parse(source)?;
        let directory = Path::new(source.name()).parent().unwrap_or(Path::new("")).to_path_buf();
        let mut settings = Self { directory, ..Self::default() };
        if let Some(check) = document.get("check") {
            Reader { file }.check(check, &mut settings)?;
        }
        Ok(settings)
    }

    /// Whether the settings say that a rule is not looked for in a file.
    #[must_use]
    pub fn ignored_in(&self, file: &str, rule: &Rule) -> bool {
        let mut named = self.per_file_ignores.iter().filter(|(_, selectors)| any_names(selectors, rule)).peekable();
        if named.peek().is_none() {
            return false;
        }
        let (file, directory) = (real(Path::new(file)), real(&self.directory));
        let path = file.strip_prefix(&directory).unwrap_or(&file).to_string_lossy().into_owned();
        named.any(|(pattern, _)| path_pattern::fits(pattern, &path))
    }
}

/// A path without links and `..`, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    std::fs::canonicalize(&absolute).unwrap_or(absolute)
}

struct Reader<'s> {
    file: TomlFile<'s>,
}

impl Reader<'_> {
    fn check(&self, check: &TomlValue, settings: &mut LintSettings) -> Result<(), TomlError> {
        for (key, value) in self.table(check, "check")? {
            match key.get_ref().as_ref() {
                "select" => settings.select = Some(self.selectors(value)?),
                "ignore" => settings.ignore = self.selectors(value)?,
                "fail-on" => {
                    let name = self.string(value)?;
                    let wrong = || self.file.unknown(value.span(), "severity", name, &Threshold::NAMES);
                    settings.fail_on = Some(Threshold::from_name(name).ok_or_else(wrong)?);
                }
                "map-types" => settings.map_types = Some(self.map_types(value)?),
                "severities" => {
                    for (code, value) in self.table(value, "check.severities")? {
                        self.is_no_setting(code)?;
                        let rule = rule_called(code.get_ref())
                            .map_err(|error| self.file.wrong(code.span(), &error.to_string()))?;
                        let name = self.string(value)?;
                        let wrong = || self.file.unknown(value.span(), "severity", name, &Threshold::NAMES[..3]);
                        settings.severities.insert(rule.code, severity_named(name).ok_or_else(wrong)?);
                    }
                }
                "per-file-ignores" => {
                    for (pattern, value) in self.table(value, "check.per-file-ignores")? {
                        self.is_no_setting(pattern)?;
                        settings.per_file_ignores.push((pattern.get_ref().to_string(), self.selectors(value)?));
                    }
                }
                other if is_of_no_table(other) => {
                    let message = format!("{other} stands above all tables, before [check]");
                    return Err(self.file.wrong(key.span(), &message));
                }
                other => return Err(self.file.unknown(key.span(), "key in [check]", other, &CHECK_KEYS)),
            }
        }
        Ok(())
    }

    /// Refuses a key that belongs in `[check]` or above it, and slipped into a table behind that.
    fn is_no_setting(&self, key: &TomlKey) -> Result<(), TomlError> {
        let name: &str = key.get_ref();
        let message = match name {
            _ if CHECK_KEYS.contains(&name) => format!("{name} belongs in [check], before the tables in it"),
            _ if is_of_no_table(name) => format!("{name} stands above all tables, before [check]"),
            _ => return Ok(()),
        };
        Err(self.file.wrong(key.span(), &message))
    }

    fn table<'v, 't>(
        &self,
        value: &'v TomlValue<'t>,
        name: &str,
    ) -> Result<Vec<(&'v TomlKey<'t>, &'v TomlValue<'t>)>, TomlError> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(TomlFile::in_order(table)),
            _ => Err(self.file.wrong(value.span(), &format!("{name} is a table"))),
        }
    }

    fn string<'v>(&self, value: &'v TomlValue) -> Result<&'v str, TomlError> {
        value.get_ref().as_str().ok_or_else(|| self.file.wrong(value.span(), "expected a string"))
    }

    fn strings<'v, 't>(&self, value: &'v TomlValue<'t>) -> Result<impl Iterator<Item = &'v TomlValue<'t>>, TomlError> {
        match value.get_ref() {
            DeValue::Array(array) => Ok(array.iter()),
            _ => Err(self.file.wrong(value.span(), "expected a list of strings")),
        }
    }

    fn selectors(&self, value: &TomlValue) -> Result<Vec<Selector>, TomlError> {
        let parse = |value| {
            let text = self.string(value)?;
            Selector::parse(text).map_err(|error| self.file.wrong(value.span(), &error.to_string()))
        };
        self.strings(value)?.map(parse).collect()
    }

    fn map_types(&self, value: &TomlValue) -> Result<Vec<String>, TomlError> {
        let known: Vec<&str> = map_types().iter().map(|known| known.name).collect();
        let parse = |value| {
            let name = self.string(value)?;
            if known.contains(&name) {
                Ok(name.to_string())
            } else {
                Err(self.file.unknown(value.span(), "map type", name, &known))
            }
        };
        self.strings(value)?.map(parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<LintSettings, String> {
        LintSettings::parse(&Source::new("/srv/postwright.toml", text)).map_err(|error| error.to_string())
    }

    #[test]
    fn all_keys() {
        let settings = parse(
            "target = \"3.7\"\n[check]\nselect = [\"MC\", \"MAP005\"]\nignore = [\"unknown-parameter\"]\nfail-on = \"error\"\n\
             map-types = [\"lmdb\", \"pcre\"]\n[check.severities]\nMC004 = \"info\"\n[check.per-file-ignores]\n\
             \"maps/*\" = [\"MAP\"]\n",
        )
        .unwrap();
        let selector = |text| Selector::parse(text).unwrap();
        assert_eq!(settings.select, Some(vec![selector("MC"), selector("MAP005")]));
        assert_eq!(settings.ignore, [selector("MC003")]);
        assert_eq!(settings.fail_on, Some(Threshold::AtLeast(Severity::Error)));
        assert_eq!(settings.map_types, Some(vec!["lmdb".to_string(), "pcre".to_string()]));
        assert_eq!(settings.severities, BTreeMap::from([("MC004", Severity::Info)]));
        let rule = rule_called("MAP005").unwrap();
        assert!(settings.ignored_in("/srv/maps/virtual", rule));
        assert!(!settings.ignored_in("/srv/virtual", rule));
        assert!(!settings.ignored_in("/srv/maps/virtual", rule_called("MC003").unwrap()));
        let default = parse("").unwrap();
        assert_eq!((default.select, default.fail_on), (None, None));
    }

    #[test]
    fn what_means_nothing_is_told_with_its_place() {
        let cases = [
            ("[check]\nselct = []\n", "2:1: no key in [check] is called selct; did you mean select?"),
            (
                "[check]\nx = 1\n",
                "2:1: no key in [check] is called x; there are select, ignore, severities, fail-on, map-types, per-file-ignores",
            ),
            ("check = 1\n", "1:9: check is a table"),
            ("[check]\nselect = \"MC\"\n", "2:10: expected a list of strings"),
            ("[check]\nselect = [\"MC\",\n  3]\n", "3:3: expected a string"),
            ("[check]\nignore = [\"mc003\"]\n", "2:11: no rule is called mc003; did you mean MC003?"),
            ("[check]\nfail-on = \"eror\"\n", "2:11: no severity is called eror; did you mean error?"),
            ("[check]\nmap-types = [\"lmbd\"]\n", "2:14: no map type is called lmbd; did you mean lmdb?"),
            (
                "[check.severities]\nMC004 = \"never\"\n",
                "2:9: no severity is called never; there are error, warning, info",
            ),
            ("[check.severities]\nMC999 = \"info\"\n", "2:1: no rule is called MC999"),
            ("[check\n", "1:7: unclosed table, expected `]`"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Err(format!("/srv/postwright.toml:{expected}")), "{text}");
        }
        let error = LintSettings::parse(&Source::new("x", b"a = \"\xff\"".to_vec())).unwrap_err();
        assert_eq!(error.to_string(), "x:1:6: not UTF-8");
    }
}
