//! The eight fields of a service: their names in `-F`, and what they can hold.

use crate::commands::dropin::program::messages::Fatal;
use crate::config::catalogue::ServiceType;
use crate::config::services::Service;

/// The names of the fields, in order.
pub const FIELD_NAMES: [&str; 8] =
    ["service", "type", "private", "unprivileged", "chroot", "wakeup", "process_limit", "command"];

/// Refuses what can be no field; `text` is what it stands in.
///
/// # Errors
/// In Postfix's words.
pub fn check_field(field: usize, value: &[u8], text: &[u8]) -> Result<(), Fatal> {
    let name = FIELD_NAMES[field];
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let fine = match name {
        "private" | "unprivileged" | "chroot" => matches!(value, b"y" | b"n" | b"-"),
        "type" => ServiceType::from_name(&String::from_utf8_lossy(value)).is_some(),
        "wakeup" => {
            let number = value.strip_suffix(b"?").unwrap_or(value);
            matches!(value, b"-" | b"?" | b"-?") || is_number(number)
        }
        "process_limit" => value == b"-" || is_number(value),
        _ => !value.is_empty(),
    };
    if fine {
        return Ok(());
    }
    Err(Fatal::new([b"invalid ", name.as_bytes(), b" field \"", value, b"\" in \"", text, b"\""].concat()))
}

/// Refuses a service with a field that cannot be one; `text` is its logical line.
///
/// # Errors
/// In Postfix's words.
pub fn check_service(service: &Service, text: &[u8]) -> Result<(), Fatal> {
    let mut fields = service.line.fields.iter().enumerate();
    fields.try_for_each(|(field, content)| check_field(field, content.bytes(), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `postconf -M` of Postfix 3.11.7 takes them.
    #[test]
    fn wakeup_fields() {
        for (value, fine) in [
            ("-?", true),
            ("?", true),
            ("0?", true),
            ("5?", true),
            ("-??", false),
            ("5??", false),
            ("?5", false),
            ("-1?", false),
            ("--?", false),
            ("5-?", false),
        ] {
            assert_eq!(check_field(5, value.as_bytes(), b"").is_ok(), fine, "{value}");
        }
    }

    /// Postfix 3.11.7 ends by a signal on one of them, and writes services that it cannot read for others.
    #[test]
    fn no_field_is_empty() {
        for (field, name) in FIELD_NAMES.iter().enumerate() {
            let error = check_field(field, b"", b"").err().map(|error| error.message.unwrap_or_default());
            assert_eq!(error, Some(format!("invalid {name} field \"\" in \"\"").into_bytes()), "{name}");
        }
    }
}
