//! Floor 1: findings about a text, the rules that they come from, and how they are shown.

pub mod finding;
pub mod fingerprint;
pub mod render;
pub mod rule;

pub use finding::{Finding, Fix, Label};
pub use rule::{Family, Rule, Safety, Severity};
