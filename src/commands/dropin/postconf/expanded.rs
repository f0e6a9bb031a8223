//! Values as they come to, or Postfix's words where they cannot be expanded.

use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::Configuration;
use crate::config::expand::ExpandError;
use crate::config::services::Service;

/// Expands a value, and says what is wrong with it as Postfix does.
///
/// # Errors
/// A value that cannot be expanded.
pub fn expand(
    configuration: &Configuration,
    value: &[u8],
    service: Option<&Service>,
    messages: &Messages,
) -> Result<Vec<u8>, Fatal> {
    configuration.expand(value, service).map_err(|error| failed_expansion(&error, messages))
}

/// Says why a value cannot be expanded, and the last words.
pub fn failed_expansion(error: &ExpandError, messages: &Messages) -> Fatal {
    error.problems.iter().for_each(|problem| messages.warning(&problem.message));
    Fatal::new(error.fatal())
}
