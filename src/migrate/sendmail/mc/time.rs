//! Times as Sendmail writes them, `1h30m`, and as Postfix does, one number and one unit.

/// A time for main.cf; `unit` is that of a number without one. None if the text is no time.
pub(super) fn time(text: &str, unit: char) -> Option<String> {
    let text = text.trim();
    let mut seconds = 0_u64;
    let mut parts = 0;
    let mut rest = text;
    let mut last = unit;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        // Minutes and the like may be written out.
        let word = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        last = rest[..word].chars().next().unwrap_or(unit).to_ascii_lowercase();
        rest = rest[word..].trim_start();
        let each = match last {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(each)?)?;
        parts += 1;
    }
    match parts {
        0 => None,
        1 => Some(format!("{}{last}", text.trim_end_matches(|c: char| !c.is_ascii_digit()))),
        _ => Some(format!("{seconds}s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_one_number_and_one_unit() {
        let cases = [
            ("5d", Some("5d")),
            ("4", Some("4h")),
            ("1h30m", Some("5400s")),
            ("2 minutes", None),
            ("2minutes", Some("2m")),
            ("0s", Some("0s")),
            ("", None),
            ("soon", None),
            ("99999999999999999999d", None),
        ];
        for (text, expected) in cases {
            assert_eq!(time(text, 'h').as_deref(), expected, "{text}");
        }
    }
}
