//! Text inside XML 1.0: what has a meaning there is escaped, what may not stand there at all is replaced.

use super::clean;

/// `text` for an attribute in double quotes or for the text of an element; on one line.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in clean(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            // Only `]]>` needs it, and it does no harm elsewhere.
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // The two of the basic plane that are no characters.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_is_escaped() {
        assert_eq!(
            escape("<a b=\"c\">'&'\n\u{1b}\u{ffff}ä"),
            "&lt;a b=&quot;c&quot;&gt;'&amp;'\u{fffd}\u{fffd}\u{fffd}ä"
        );
    }
}
