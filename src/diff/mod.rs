//! Floor 6: what differs between two configurations by meaning, not by layout.
//!
//! [`parameters`], [`services`] and [`tables`] each compare one part; a configuration compared with a reformatted copy
//! of itself has no differences. [`routes`] tells whose mail goes another way. [`render`] and [`json`] show what was
//! found.

pub mod json;
pub mod parameters;
pub mod render;
pub mod routes;
pub mod services;
pub mod tables;
pub mod value;

pub use parameters::{ChangeKind, ParameterChange, Setting};
pub use routes::{RouteChange, Routes, compare_routes};
pub use services::{ServiceChange, ServiceChangeKind};
pub use tables::{EntryChange, TableChange, TableChangeKind};

use crate::config::Site;

/// What differs.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Parameters, by name.
    pub parameters: Vec<ParameterChange>,
    /// Services, in their order.
    pub services: Vec<ServiceChange>,
    /// Tables, in the order in which they are named.
    pub tables: Vec<TableChange>,
    /// Whose mail goes another way, if that was asked for.
    pub routes: Option<Routes>,
}

impl Comparison {
    /// Compares everything.
    #[must_use]
    pub fn of(a: &Site, b: &Site) -> Self {
        Self {
            parameters: parameters::compare_parameters(a, b),
            services: services::compare_services(a, b),
            tables: tables::compare_tables(a, b),
            routes: None,
        }
    }

    /// Compares also whose mail goes where.
    #[must_use]
    pub fn with_routes(self, a: &Site, b: &Site, asks: bool) -> Self {
        let routes = Some(routes::compare_routes(a, b, &self, asks));
        Self { routes, ..self }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.count() == 0 && self.routes.as_ref().is_none_or(|routes| routes.count() == 0)
    }

    /// How many differences of meaning there are: parameters, services, and tables count one each.
    #[must_use]
    pub fn count(&self) -> usize {
        let parameters = self.parameters.iter().filter(|change| change.kind != ChangeKind::Reworded).count();
        parameters + self.services.len() + self.tables.len()
    }
}
