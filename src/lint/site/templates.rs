//! Texts that a program makes a configuration of first: Jinja, ERB, m4 and the like.

use crate::base::{Source, Span};
use memchr::memmem::find;

/// Marks of templates: how one begins, and how it ends.
const MARKS: [(&[u8], &[u8]); 5] = [(b"{{ ", b"}}"), (b"{% ", b"%}"), (b"{%- ", b"%}"), (b"<%", b"%>"), (b"@@", b"@@")];

/// Where something stands that is filled in later, in order; comments are no place for it.
#[must_use]
pub fn placeholders(source: &Source) -> Vec<Span> {
    let text = source.bytes();
    let mut found = Vec::new();
    for (open, close) in MARKS {
        // In the whole text: nearly all have none.
        let mut from = 0;
        while let Some(at) = find(&text[from..], open).map(|at| from + at) {
            let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
            let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length);
            from = end;
            if text[start..end].trim_ascii_start().starts_with(b"#") {
                continue;
            }
            let inside = &text[at + open.len()..end];
            // `@@` of two addresses, and the braces of Postfix's own, have something else between them.
            let Some(length) = find(inside, close).filter(|&length| is_name(&inside[..length], open)) else { continue };
            found.push(Span::new(at, at + open.len() + length + close.len()));
        }
    }
    found.sort_by_key(|span| span.start);
    found
}

/// Whether what stands between two marks may be filled in.
fn is_name(inside: &[u8], open: &[u8]) -> bool {
    match open {
        b"@@" => !inside.is_empty() && inside.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_'),
        // `inline:{{ a = b }}` is Postfix's.
        b"{{ " => !inside.contains(&b'=') && !inside.contains(&b'{'),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_later() {
        let cases = [
            ("myhostname = {{ host }}\n", 1),
            ("{% if relay %}\nrelayhost = <%= @relay %>\n{% endif %}\n", 3),
            ("mydestination = @@DOMAINS@@\n", 1),
            ("# {{ ansible_managed }}\n", 0),
            ("virtual_alias_maps = inline:{{ a@x = b }}\n", 0),
            ("smtpd_client_restrictions = check_client_access cidr:{ {1.2.3.4 OK} }\n", 0),
            ("x = ${{$a} == {b} ? {c} : {d}}\n", 0),
        ];
        for (text, expected) in cases {
            assert_eq!(placeholders(&Source::new("main.cf", text)).len(), expected, "{text}");
        }
    }
}
