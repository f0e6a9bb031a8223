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
    /// `VT`: virtual domains and their tables.
    Virtual,
    /// `RT`: routing: transports, relaying, rewriting.
    Routing,
    /// `SEC`: security.
    Security,
    /// `VER`: what changes between versions of Postfix.
    Versions,
    /// `PW`: this tool's own matters: its comments in the text.
    Own,
}

impl Family {
    /// Every family, in the order in which they are listed.
    pub const ALL: [Self; 9] = [
        Self::MainCf,
        Self::MasterCf,
        Self::Maps,
        Self::Aliases,
        Self::Virtual,
        Self::Routing,
        Self::Security,
        Self::Versions,
        Self::Own,
    ];

    /// The letters.
    #[must_use]
    pub const fn letters(self) -> &'static str {
        match self {
            Self::MainCf => "MC",
            Self::MasterCf => "MS",
            Self::Maps => "MAP",
            Self::Aliases => "AL",
            Self::Virtual => "VT",
            Self::Routing => "RT",
            Self::Security => "SEC",
            Self::Versions => "VER",
            Self::Own => "PW",
        }
    }

    /// What its rules are about, in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MainCf => "main.cf",
            Self::MasterCf => "master.cf",
            Self::Maps => "lookup tables",
            Self::Aliases => "aliases",
            Self::Virtual => "virtual domains",
            Self::Routing => "routing",
            Self::Security => "security",
            Self::Versions => "versions of Postfix",
            Self::Own => "comments for postwright",
        }
    }
}

/// Whether a fix may be applied without a person who looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    /// It keeps the meaning of the configuration (`--fix`).
    Safe,
    /// It may change the meaning (`--unsafe-fixes`).
    Unsafe,
}

impl Safety {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
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
    /// Whether its findings can carry a fix, and the least safe one that they carry.
    pub fix: Option<Safety>,
    /// The page of the manual that it rests on.
    pub link: &'static str,
}
