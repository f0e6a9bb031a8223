//! Setting a parameter of one service by range: the bytes of its `-o` change, and nothing else in master.cf.

use super::Refused;
use crate::base::{Edit, Source, Span};
use crate::config::services::Service;
use crate::syntax::logical::is_space;

/// The edits that set a parameter of a service; none when the text says so already.
///
/// # Errors
/// A value whose braces do not match.
pub fn set_override(source: &Source, service: &Service, name: &[u8], value: &[u8]) -> Result<Vec<Edit>, Refused> {
    let set = service.value(name);
    if set.is_some_and(|set| set.value.bytes() == value) {
        return Ok(Vec::new());
    }
    let needs_braces = value.iter().any(|&byte| is_space(byte)) || value.starts_with(b"{");
    let braces = needs_braces || set.is_some_and(|set| set.braced);
    if !are_balanced(value, braces) {
        return Err(Refused::UnbalancedBraces);
    }
    let edit = match set {
        Some(set) if set.braced || !needs_braces => Edit::replace(set.value.span(), value),
        Some(set) => {
            // What is joined to its `-o` must leave it: braces count only where an argument begins.
            let start = set.name.span().start;
            let is_joined = !source.bytes()[..start].last().is_some_and(|&byte| is_space(byte));
            let blank: &[u8] = if is_joined { b" " } else { b"" };
            let assignment = Span::new(start, set.value.span().end);
            Edit::replace(assignment, [blank, argument(name, value, true).as_slice()].concat())
        }
        None => {
            // On a line of its own, behind the last -o, or else behind the command and before its other arguments.
            let behind = service.overrides.last().map_or(service.line.command().span().end, |last| last.span.end);
            Edit::insert(behind, [b"\n  -o ", argument(name, value, needs_braces).as_slice()].concat())
        }
    };
    Ok(vec![edit])
}

/// Whether a value leaves the words behind it alone. In braces each `}` needs its `{` before it; without, only a `{`
/// matters.
fn are_balanced(value: &[u8], in_braces: bool) -> bool {
    let mut depth = 0_usize;
    for byte in value {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 && in_braces => return false,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth == 0
}

fn argument(name: &[u8], value: &[u8], braces: bool) -> Vec<u8> {
    if braces { [b"{ ", name, b" = ", value, b" }"].concat() } else { [name, b"=", value].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::apply_edits;
    use crate::config::services::services;
    use crate::syntax::master_cf::parse_master_cf;
    use std::sync::Arc;

    fn changed(text: &str, value: &str) -> String {
        let source = Arc::new(Source::new("master.cf", text));
        let service = services(&parse_master_cf(&source)).remove(0);
        let edits = set_override(&source, &service, b"a", value.as_bytes()).expect("braces match");
        String::from_utf8_lossy(&apply_edits(source.bytes(), &edits).expect("edits do not overlap")).into_owned()
    }

    #[test]
    fn only_the_argument_changes() {
        let head = "smtp inet n - n - - smtpd";
        let cases = [
            (" -v -o a=b # x\n", "c", " -v -o a=c # x\n"),
            ("\n  -o a=b\n# c\n  -o z=y\n", "c d", "\n  -o { a = c d }\n# c\n  -o z=y\n"),
            ("\n  -o { a = b }\n", "c", "\n  -o { a = c }\n"),
            ("\n  -o z=y -v\n", "c", "\n  -o z=y\n  -o a=c -v\n"),
            ("\n", "c", "\n  -o a=c\n"),
            (" -o a=\n", "c", " -o a=c\n"),
            (" -o a=b\n", "b", " -o a=b\n"),
            (" -o\n# c\n  a=b\n", "c d", " -o\n# c\n  { a = c d }\n"),
            (" -voa=b -v\n", "c d", " -vo { a = c d } -v\n"),
            (" -o a=b -v\n", "}", " -o a=} -v\n"),
        ];
        for (before, value, after) in cases {
            assert_eq!(changed(&format!("{head}{before}"), value), format!("{head}{after}"), "{before:?}");
        }
    }

    #[test]
    fn braces_that_would_swallow_other_words_are_refused() {
        let source = Arc::new(Source::new("master.cf", "smtp inet n - n - - smtpd -o { a = b } -o b=c\n"));
        let service = services(&parse_master_cf(&source)).remove(0);
        for (name, value) in [("a", "}"), ("a", "{"), ("b", "{x"), ("b", "x y}"), ("c", "}{")] {
            let refused = set_override(&source, &service, name.as_bytes(), value.as_bytes());
            assert_eq!(refused, Err(Refused::UnbalancedBraces), "{name}={value}");
        }
    }
}
