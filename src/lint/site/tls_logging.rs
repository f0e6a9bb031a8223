//! Which values ask for traces of TLS sessions, which Postfix writes from 3.12 on.

use super::LoadedSite;
use super::set_values::{SetValue, set_values};
use crate::base::Span;
use crate::config::catalogue::Version;

/// The version that brought traces.
pub const TRACES: Version = Version::new(3, 12);

/// Whether a parameter holds how much of TLS is logged for everybody.
#[must_use]
pub fn is_tls_log_level(parameter: &str) -> bool {
    parameter.ends_with("_tls_loglevel") || parameter == "tlsproxy_client_loglevel"
}

/// The values that name the word trace for everybody, and where they do.
#[must_use]
pub fn traced_levels(site: &LoadedSite) -> Vec<(SetValue<'_>, Span)> {
    let levels = set_values(site).into_iter().filter(|set| is_tls_log_level(&set.parameter_name()));
    let traced = levels.filter_map(|set| {
        let mut elements = set.elements(site).into_iter().filter(|element| element.literal);
        let word = elements.find(|element| element.bytes.eq_ignore_ascii_case(b"trace"))?;
        Some((set, word.span))
    });
    traced.collect()
}

/// The values that may ask for traces of single peers: tables with their log levels.
#[must_use]
pub fn level_tables(site: &LoadedSite) -> Vec<SetValue<'_>> {
    let mut sets = set_values(site);
    sets.retain(|set| set.parameter_name().ends_with("_tls_loglevel_maps") && set.kind(site).is_some());
    sets.retain(|set| set.expanded(site).is_some_and(|value| !value.is_empty()));
    sets
}
