//! A rule, declared once: its code and name, and everything that documentation says about it.

use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Mail may go wrong, or will after an upgrade.
    Warning,
    /// Postfix refuses it, drops it, or mail goes wrong.
    Error,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a rule is about; the letters at the start of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `MC`: main.cf.
    MainCf,
    /// `MS`: master.cf.
    MasterCf,
    /// `MAP`: lookup tables.
    Maps,
    /// `AL`: aliases.
    Aliases,
}

impl Family {
    /// The letters.
    #[must_use]
    pub const fn letters(self) -> &'static str {
        match self {
            Self::MainCf => "MC",
            Self::MasterCf => "MS",
            Self::Maps => "MAP",
            Self::Aliases => "AL",
        }
    }
}

/// A rule of the linter.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Family letters and a number: `MC003`. Never used for anything else again.
    pub code: &'static str,
    /// Kebab-case; names the fault.
    pub name: &'static str,
    /// What the rule is about.
    pub family: Family,
    /// How bad its findings are, unless they say otherwise.
    pub severity: Severity,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// Why that is bad.
    pub why: &'static str,
    /// A text that it finds something in.
    pub example: &'static str,
    /// What to do.
    pub remedy: &'static str,
}
