//! Setting a parameter of one service by range: the bytes of its `-o` change, and nothing else in master.cf.

use crate::base::Edit;
use crate::config::services::{Override, Service};
use crate::syntax::logical::is_space;

/// The edits that set a parameter of a service; none when the text says so already.
#[must_use]
pub fn set_override(service: &Service, name: &[u8], value: &[u8]) -> Vec<Edit> {
    let needs_braces = value.iter().any(|&byte| is_space(byte)) || value.starts_with(b"{");
    match service.value(name) {
        Some(set) if set.value.bytes() == value => Vec::new(),
        Some(set) if set.braced || !needs_braces => vec![replace_value(set, value)],
        Some(set) => vec![Edit::replace(set.span, argument(name, value, needs_braces))],
        None => {
            // On a line of its own, behind the last -o, or else behind the command and before its other arguments.
            let behind = service.overrides.last().map_or(service.line.command().span().end, |last| last.span.end);
            vec![Edit::insert(behind, [b"\n  ", argument(name, value, needs_braces).as_slice()].concat())]
        }
    }
}

fn replace_value(set: &Override, value: &[u8]) -> Edit {
    // An empty value stands behind the `=`, whose place is the end of the name and what follows it.
    Edit::replace(set.value.span(), value)
}

fn argument(name: &[u8], value: &[u8], braces: bool) -> Vec<u8> {
    if braces { [b"-o { ", name, b" = ", value, b" }"].concat() } else { [b"-o ", name, b"=", value].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Source, apply_edits};
    use crate::config::services::services;
    use crate::syntax::master_cf::parse_master_cf;
    use std::sync::Arc;

    fn changed(text: &str, value: &str) -> String {
        let source = Arc::new(Source::new("master.cf", text));
        let service = services(&parse_master_cf(&source)).remove(0);
        let edits = set_override(&service, b"a", value.as_bytes());
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
        ];
        for (before, value, after) in cases {
            assert_eq!(changed(&format!("{head}{before}"), value), format!("{head}{after}"), "{before:?}");
        }
    }
}
