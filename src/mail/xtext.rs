//! xtext: words that carry any byte, as `+` and two hexadecimal digits where it is not printable.
//!
//! Source: RFC 3461, section 4; experiments with Postfix 3.11, which takes small digits too.

/// The bytes that an xtext stands for; nothing if it is malformed or stands for a NUL, which would end the text
/// elsewhere. Bytes above 127 stand for themselves, as in RFC 6533.
#[must_use]
pub fn decode_xtext(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'+' => {
                let digits = text.get(at..at + 2)?;
                let digits = digits.iter().all(u8::is_ascii_hexdigit).then(|| std::str::from_utf8(digits).ok())??;
                out.push(u8::from_str_radix(digits, 16).ok().filter(|byte| *byte != 0)?);
                at += 2;
            }
            b'!'..=b'~' | 0x80.. => out.push(byte),
            _ => return None,
        }
    }
    Some(out)
}

/// Bytes as xtext.
#[must_use]
pub fn encode_xtext(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'!'..=b'~' if !matches!(byte, b'+' | b'=') => out.push(byte),
            _ => out.extend(format!("+{byte:02X}").into_bytes()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let cases: &[(&str, Option<&str>)] = &[
            ("", Some("")),
            ("ab+2Bc", Some("ab+c")),
            ("x+20y", Some("x y")),
            ("x=y", Some("x=y")),
            ("a+b", None),
            ("a+", None),
            ("a+2", None),
            ("a+2b", Some("a+")),
            ("a+00", None),
            ("a b", None),
            ("\u{e4}", Some("\u{e4}")),
        ];
        for (text, expected) in cases {
            assert_eq!(decode_xtext(text.as_bytes()).as_deref(), expected.map(str::as_bytes), "{text}");
        }
        assert_eq!(encode_xtext(b"a+b=c d\x80"), b"a+2Bb+3Dc+20d+80");
        let all: Vec<u8> = (1..=255).collect();
        assert_eq!(decode_xtext(&encode_xtext(&all)), Some(all));
    }
}
