//! Floor 6: what differs between two configurations by meaning, not by layout.
//!
//! [`parameters`], [`services`] and [`tables`] each compare one part; a configuration compared with a reformatted copy of itself
//! has no differences. [`render`] and [`json`] show what was found.

pub mod json;
pub mod parameters;
pub mod render;
pub mod services;
pub mod tables;
pub mod value;

pub use parameters::{ChangeKind, ParameterChange, Setting};
pub use services::{ServiceChange, ServiceChangeKind};
pub use tables::{EntryChange, TableChange, TableChangeKind};

use crate::config::Configuration;
use crate::config::paths::PathMap;

/// One of two configurations.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The configuration.
    pub configuration: &'a Configuration,
    /// Where its files are.
    pub paths: &'a PathMap,
}

/// What differs.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Parameters, by name.
    pub parameters: Vec<ParameterChange>,
    /// Services, in their order.
    pub services: Vec<ServiceChange>,
    /// Tables, in the order in which they are named.
    pub tables: Vec<TableChange>,
}

impl Comparison {
    /// Compares everything.
    #[must_use]
    pub fn of(a: &Side<'_>, b: &Side<'_>) -> Self {
        Self {
            parameters: parameters::compare_parameters(a, b),
            services: services::compare_services(a, b),
            tables: tables::compare_tables(a, b),
        }
    }

    /// How many differences of meaning there are: parameters, services, and tables count one each.
    #[must_use]
    pub fn count(&self) -> usize {
        let parameters = self.parameters.iter().filter(|change| change.kind != ChangeKind::Reworded).count();
        parameters + self.services.len() + self.tables.len()
    }
}
