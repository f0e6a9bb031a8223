//! The service that `--service NAME/TYPE` means.

use super::services::Service;
use crate::base::suggest;

/// The last service of this name and type, as it is the one that counts.
///
/// # Errors
/// There is none; the message proposes one that is called similarly.
pub fn find_service<'a>(services: &'a [Service], wanted: &str, file: &str) -> Result<&'a Service, String> {
    services.iter().rfind(|service| service.label() == wanted).ok_or_else(|| {
        let known: Vec<String> = services.iter().map(Service::label).collect();
        let similar = suggest(wanted, known.iter().map(String::as_str));
        let hint = similar.first().map_or_else(String::new, |similar| format!("; did you mean {similar}?"));
        format!("{file}: no service {wanted}{hint}")
    })
}
