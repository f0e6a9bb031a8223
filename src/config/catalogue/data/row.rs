//! A line of a data file, and its cells as the code of constants. Used by the build script only.

use crate::version::Version;

/// What stands for "no value of its own" in a column of defaults.
const NO_DEFAULT: &str = "(none)";

/// One line of a data file.
pub struct Row<'a> {
    pub place: String,
    pub columns: &'a [&'a str],
    pub cells: Vec<&'a str>,
}

/// A sorting key and the code of one table entry; or what is wrong with the row.
pub type Entry = Result<(String, String), String>;

impl Row<'_> {
    pub fn fault(&self, message: impl std::fmt::Display) -> String {
        format!("{}: {message}", self.place)
    }

    pub fn text(&self, column: &str) -> Result<&str, String> {
        let at = self.columns.iter().position(|name| *name == column);
        at.and_then(|at| self.cells.get(at).copied())
            .ok_or_else(|| self.fault(format!("the file has no column {column}")))
    }

    pub fn some_text(&self, column: &str) -> Result<&str, String> {
        let text = self.text(column)?;
        if text.is_empty() { Err(self.fault(format!("{column} is empty"))) } else { Ok(text) }
    }

    pub fn literal(&self, column: &str) -> Result<String, String> {
        Ok(format!("{:?}", self.text(column)?))
    }

    pub fn list(&self, column: &str) -> Result<String, String> {
        Ok(slice(self.text(column)?.split_whitespace().map(|word| format!("{word:?}"))))
    }

    /// A default: `(none)` or any text, the empty one too.
    pub fn default(&self, column: &str) -> Result<String, String> {
        Ok(default_code(self.text(column)?))
    }

    /// An empty cell is `None`, another goes through `code`.
    pub fn option(&self, column: &str, code: impl Fn(&str) -> Result<String, String>) -> Result<String, String> {
        match self.text(column)? {
            "" => Ok("None".to_owned()),
            text => Ok(format!("Some({})", code(text)?)),
        }
    }

    pub fn option_literal(&self, column: &str) -> Result<String, String> {
        self.option(column, |text| Ok(format!("{text:?}")))
    }

    pub fn version(&self, text: &str) -> Result<Version, String> {
        let series =
            Version::parse(text).ok_or_else(|| self.fault(format!("{text:?} is not a release series such as 3.11")))?;
        if series > Version::LAST {
            // No target would ever have it.
            return Err(self.fault(format!("{series} is newer than the releases of version.rs")));
        }
        Ok(series)
    }

    /// A version column; `when_empty` stands for an empty cell.
    pub fn version_or(&self, column: &str, when_empty: Version) -> Result<Version, String> {
        match self.text(column)? {
            "" => Ok(when_empty),
            text => self.version(text),
        }
    }

    pub fn first(&self) -> Result<String, String> {
        Ok(version_code(self.version(self.some_text("first")?)?))
    }

    pub fn flag(&self, column: &str) -> Result<bool, String> {
        match self.text(column)? {
            "y" => Ok(true),
            "n" => Ok(false),
            other => Err(self.fault(format!("{column} is {other:?}, neither y nor n"))),
        }
    }

    /// A word of a fixed set, as a variant of the enum `name`.
    pub fn variant(&self, name: &str, word: &str, words: &str) -> Result<String, String> {
        if words.split(' ').any(|known| known == word) {
            Ok(format!("{name}::{}", camel_case(word)))
        } else {
            Err(self.fault(format!("{word:?} is none of: {words}")))
        }
    }

    pub fn variants(&self, column: &str, name: &str, words: &str) -> Result<String, String> {
        let codes: Result<Vec<_>, _> =
            self.text(column)?.split_whitespace().map(|word| self.variant(name, word, words)).collect();
        Ok(slice(codes?))
    }

    pub fn limits(&self) -> Result<String, String> {
        let limit = |column: &str| {
            self.option(column, |text| {
                text.parse::<u32>().map(|n| n.to_string()).map_err(|_| self.fault(format!("{column} is no number")))
            })
        };
        Ok(format!("Limits {{ min: {}, max: {} }}", limit("min")?, limit("max")?))
    }

    pub fn value_type(&self) -> Result<String, String> {
        let limits = self.limits()?;
        let unit = match self.text("unit")? {
            "" => None,
            "s" => Some("Second"),
            "m" => Some("Minute"),
            "h" => Some("Hour"),
            "d" => Some("Day"),
            "w" => Some("Week"),
            other => return Err(self.fault(format!("{other:?} is not a unit of time"))),
        };
        let code = match (self.text("type")?, unit) {
            ("bool", None) => "Bool".to_owned(),
            ("nbool", None) => "NBool".to_owned(),
            ("int", None) => format!("Int({limits})"),
            ("nint", None) => format!("NInt({limits})"),
            ("long", None) => format!("Long({limits})"),
            ("str", None) => format!("Str({limits})"),
            ("raw", None) => format!("Raw({limits})"),
            ("time", Some(unit)) => format!("Time {{ unit: TimeUnit::{unit}, limits: {limits} }}"),
            (other, _) => return Err(self.fault(format!("{other:?} is not a type, or its unit does not suit it"))),
        };
        Ok(format!("ValueType::{code}"))
    }
}

fn default_code(text: &str) -> String {
    if text == NO_DEFAULT { "None".to_owned() } else { format!("Some({text:?})") }
}

pub fn version_code(version: Version) -> String {
    format!("Version::new({}, {})", version.major, version.minor)
}

pub fn slice(codes: impl IntoIterator<Item = String>) -> String {
    format!("&[{}]", codes.into_iter().collect::<Vec<_>>().join(", "))
}

fn camel_case(word: &str) -> String {
    word.split(['-', '_'])
        .map(|part| {
            let mut letters = part.chars();
            letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
        })
        .collect()
}
