//! Rewriting main.cf entries as `postconf -e`, `-X` and `-#` do.
//!
//! Every entry of an edited name is touched, repeated ones too. A new value stands where the entry began; its
//! continuation lines go (or are commented out), comments and blank lines between them stay. What is new comes at the
//! end.
//!
//! Source: postconf(1).

use crate::syntax::logical::{is_comment, is_space};

/// What happens to a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `-e name=value`
    Set(Vec<u8>),
    /// `-X name`
    Remove,
    /// `-# name`
    CommentOut,
}

/// The edited text, and what was noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The new text.
    pub text: Vec<u8>,
    /// Names with more than one entry.
    pub repeated: Vec<Vec<u8>>,
}

/// Carries out edits, each of another name.
#[must_use]
pub fn rewrite_main_cf(source: &[u8], edits: &[(Vec<u8>, Action)]) -> Rewritten {
    let mut text = Vec::with_capacity(source.len() + 64);
    let mut repeated = Vec::new();
    let mut seen = vec![false; edits.len()];
    let mut current: Option<&Action> = None;
    for line in source.split_inclusive(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if is_comment(line) {
            push_line(&mut text, b"", line);
            continue;
        }
        let begins = !is_space(line[0]);
        if begins {
            let end = line.iter().position(|&byte| byte == b'=' || is_space(byte)).unwrap_or(line.len());
            let found = edits.iter().position(|(name, _)| name.as_slice() == &line[..end]);
            if let Some(at) = found
                && std::mem::replace(&mut seen[at], true)
                && !repeated.contains(&edits[at].0)
            {
                repeated.push(edits[at].0.clone());
            }
            current = found.map(|at| &edits[at].1);
            if let (Some(at), Some(Action::Set(value))) = (found, current) {
                push_setting(&mut text, &edits[at].0, value);
                continue;
            }
        }
        match current {
            None => push_line(&mut text, b"", line),
            Some(Action::CommentOut) => push_line(&mut text, b"#", line),
            Some(Action::Set(_) | Action::Remove) => {}
        }
    }
    for ((name, action), seen) in edits.iter().zip(seen) {
        if let (Action::Set(value), false) = (action, seen) {
            push_setting(&mut text, name, value);
        }
    }
    Rewritten { text, repeated }
}

fn push_line(text: &mut Vec<u8>, mark: &[u8], line: &[u8]) {
    text.extend_from_slice(mark);
    text.extend_from_slice(line);
    text.push(b'\n');
}

fn push_setting(text: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    text.extend_from_slice(name);
    text.extend_from_slice(b" = ");
    text.extend_from_slice(value);
    text.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# top\na = x,\n# inner\n  y,\n\n   z\nfoo = 1\n\nfoo = 2\n  cont\n#end\nlast = no newline";

    fn rewritten(edits: &[(&str, Action)]) -> (String, Vec<String>) {
        let edits: Vec<_> = edits.iter().map(|(name, action)| (name.as_bytes().to_vec(), action.clone())).collect();
        let done = rewrite_main_cf(BEFORE.as_bytes(), &edits);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&done.text), done.repeated.iter().map(|name| text(name)).collect())
    }

    #[test]
    fn edits_as_postfix_3_11_makes_them() {
        let set = |value: &str| Action::Set(value.into());
        let after = "# top\na = new\n# inner\n\nfoo = bar\n\nfoo = bar\n#end\nlast = 1\nz = 9\n";
        let edits = [("a", set("new")), ("foo", set("bar")), ("last", set("1")), ("z", set("9"))];
        assert_eq!(rewritten(&edits), (after.into(), vec!["foo".into()]));
        let after = "# top\n# inner\n\n\n#end\nlast = no newline\n";
        let edits = [("a", Action::Remove), ("foo", Action::Remove), ("nosuch", Action::Remove)];
        assert_eq!(rewritten(&edits), (after.into(), vec!["foo".into()]));
        let after = "# top\n#a = x,\n# inner\n#  y,\n\n#   z\nfoo = 1\n\nfoo = 2\n  cont\n#end\nlast = no newline\n";
        assert_eq!(rewritten(&[("a", Action::CommentOut)]), (after.into(), vec![]));
    }
}
