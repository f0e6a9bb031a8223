//! The parameters that postconf knows, each with its class, in the order in which it prints them.

use crate::config::Configuration;
use crate::config::catalogue::{self, ValueType};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Which parameters are shown (`-C`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classes {
    /// Those that Postfix knows.
    pub builtin: bool,
    /// Those of transports.
    pub service: bool,
    /// Those that main.cf defines for itself.
    pub user: bool,
}

/// Where a parameter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Postfix knows it.
    Builtin,
    /// It belongs to a transport of master.cf.
    Service,
    /// main.cf defines it, and something that is used refers to it.
    User,
}

impl Class {
    /// Whether parameters of this class are to be shown.
    #[must_use]
    pub fn is_in(self, classes: Classes) -> bool {
        match self {
            Self::Builtin => classes.builtin,
            Self::Service => classes.service,
            Self::User => classes.user,
        }
    }
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its class.
    pub class: Class,
    /// Its default, not expanded; user-defined parameters have none.
    pub default: Option<Cow<'static, [u8]>>,
    /// Whether Postfix expands its value when it reads it; others have names of their own (`$home`), which are filled
    /// in later.
    pub is_expanded: bool,
    /// Whether lists of all parameters have it: an old name only where something sets it.
    pub is_listed: bool,
}

/// All parameters, by name.
#[derive(Clone, Debug, Default)]
pub struct ParameterTable {
    known: BTreeMap<Cow<'static, [u8]>, Known>,
}

impl ParameterTable {
    /// The parameters of Postfix itself, and those of the transports in master.cf.
    #[must_use]
    pub fn new(configuration: &Configuration) -> Self {
        let target = configuration.platform.target;
        let builtin = catalogue::parameters().iter().filter(|parameter| parameter.exists_in(target)).map(|parameter| {
            // Names that are only read where the new ones are not set count as user-defined, and empty.
            let is_listed = parameter.listed_in(target);
            let (class, default) = match is_listed {
                true => (Class::Builtin, configuration.default_of(parameter)),
                false => (Class::User, Some(Cow::Borrowed(&b""[..]))),
            };
            let is_expanded = !matches!(parameter.value_type, ValueType::Raw(_));
            (Cow::Borrowed(parameter.name.as_bytes()), Known { class, default, is_expanded, is_listed })
        });
        let mut table = Self { known: builtin.collect() };
        for service in &configuration.files.services {
            let command = service.line.command().to_string_lossy();
            for family in catalogue::service_parameters() {
                if family.introduced > target || !family.commands.contains(&command.as_str()) {
                    continue;
                }
                let name = [service.line.name().bytes(), family.suffix.as_bytes()].concat();
                if let Some(known) = table.known.get_mut(name.as_slice()) {
                    known.class = Class::Service;
                    continue;
                }
                let default = Some(Cow::Borrowed(family.default.as_bytes()));
                table.known.entry(Cow::Owned(name)).or_insert(Known {
                    class: Class::Service,
                    default,
                    is_expanded: true,
                    is_listed: true,
                });
            }
        }
        table
    }

    /// A parameter.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<&Known> {
        self.known.get(name)
    }

    /// Adds a user-defined parameter.
    pub fn add_user(&mut self, name: &[u8]) {
        let known = Known { class: Class::User, default: None, is_expanded: true, is_listed: true };
        self.known.insert(Cow::Owned(name.to_vec()), known);
    }

    /// Something sets a parameter.
    pub fn set(&mut self, name: &[u8]) {
        if let Some(known) = self.known.get_mut(name) {
            known.is_listed = true;
        }
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Known)> {
        self.known.iter().map(|(name, known)| (name.as_ref(), known))
    }
}
