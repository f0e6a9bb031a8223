//! What a command changes, as a unified diff: for `patch` byte for byte, for a terminal with colours and nothing that
//! commands it.

use super::output::Output;
use crate::diagnostic::render::clean;
use similar::{ChangeTag, TextDiff};
use std::io::IsTerminal;

/// Prints the difference between two states of the file `name`; nothing if there is none.
pub fn show(name: &str, old: &[u8], new: &[u8], output: &Output) {
    if std::io::stdout().is_terminal() || output.color {
        for_people(name, old, new, output);
    } else {
        output.bytes(&for_patch(name, old, new));
    }
}

/// The diff with the bytes as they are.
pub fn for_patch(name: &str, old: &[u8], new: &[u8]) -> Vec<u8> {
    let diff = TextDiff::from_lines(old, new);
    let mut out = Vec::new();
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        if out.is_empty() {
            out.extend(format!("--- {0}\n+++ {0}\n", clean(name)).into_bytes());
        }
        out.extend(format!("{}\n", hunk.header()).into_bytes());
        for change in hunk.iter_changes() {
            out.push(match change.tag() {
                ChangeTag::Delete => b'-',
                ChangeTag::Insert => b'+',
                ChangeTag::Equal => b' ',
            });
            out.extend_from_slice(change.value());
            if change.missing_newline() {
                out.extend_from_slice(b"\n\\ No newline at end of file\n");
            }
        }
    }
    out
}

fn for_people(name: &str, old: &[u8], new: &[u8], output: &Output) {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let diff = TextDiff::from_lines(old.as_ref(), new.as_ref());
    let mut header = Some(format!("--- {0}\n+++ {0}", clean(name)));
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        if let Some(header) = header.take() {
            output.line(&header);
        }
        output.line(&hunk.header().to_string());
        for change in hunk.iter_changes() {
            let (sign, color) = match change.tag() {
                ChangeTag::Delete => ('-', "31"),
                ChangeTag::Insert => ('+', "32"),
                ChangeTag::Equal => (' ', ""),
            };
            let line = format!("{sign}{}", clean(change.value().trim_end_matches(['\r', '\n'])));
            if output.color && !color.is_empty() {
                output.line(&format!("\x1b[{color}m{line}\x1b[0m"));
            } else {
                output.line(&line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_there_for_patch() {
        let diff = for_patch("main.cf", b"a\r\n\xff\x1b\nx", b"a\r\n\xfe\x1b\ny");
        let expected =
            b"--- main.cf\n+++ main.cf\n@@ -1,3 +1,3 @@\n a\r\n-\xff\x1b\n-x\n\\ No newline at end of file\n\
            +\xfe\x1b\n+y\n\\ No newline at end of file\n";
        assert_eq!(String::from_utf8_lossy(&diff), String::from_utf8_lossy(expected));
        assert_eq!(diff, expected);
        assert_eq!(for_patch("main.cf", b"a\n", b"a\n"), b"");
    }
}
