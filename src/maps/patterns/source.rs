//! The text of a table that is read when it is opened: a file, or the table's own name, as in `pcre:{ { /a/ b }, { /c/
//! d } }`.
//!
//! Source: pcre_table(5), "INLINE SPECIFICATION".

use crate::base::user_file::{self, LONGEST_SOURCE, TooLong};
use crate::maps::error::LookupError;
use crate::maps::table::Caller;
use crate::syntax::logical::{LogicalLines, is_space, trim};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Most bytes that a warning shows of a line that begins with white space.
const SHOWN: usize = 30;

/// The text of a table: what stands in the file NAME, or in NAME itself if it begins with `{`.
///
/// What a file does not give (a directory gives nothing) is taken for its end.
///
/// # Errors
/// A file that cannot be opened, braces that do not fit.
pub fn read_source(map_type: &str, name: &[u8]) -> Result<Vec<u8>, LookupError> {
    if name.starts_with(b"{") {
        return inline_rules(name)
            .map_err(|fault| LookupError::Config(format!("{map_type} map: {}", String::from_utf8_lossy(&fault))));
    }
    let opened = user_file::open(Path::new(OsStr::from_bytes(name)));
    let file = opened.map_err(|error| LookupError::system("open", name, &error))?;
    match user_file::read_rest(&file, LONGEST_SOURCE) {
        Err(error) if TooLong::is_reason_of(&error) => Err(LookupError::system("read", name, &error)),
        // Postfix takes an error for the end of the file.
        read => Ok(read.unwrap_or_default()),
    }
}

/// Calls `each` with the number and the text, up to its first zero byte, of every logical line that has a meaning. The
/// others, and what is cut off, are warned about.
pub fn for_each_line(name: &[u8], text: &[u8], caller: &dyn Caller, mut each: impl FnMut(usize, &[u8])) {
    let mut lines = LogicalLines::new(text);
    let mut counted = (0, 0);
    while let Some(line) = lines.next() {
        let joined = line.text(text);
        let mut end = joined.len();
        if let Some(zero) = memchr::memchr(0, &joined) {
            end = zero;
            // Comments behind a line are read with it.
            counted.1 += newlines(&text[counted.0..lines.offset()]);
            counted.0 = lines.offset();
            let unfinished = usize::from(counted.0 == text.len() && !text.ends_with(b"\n"));
            let last = counted.1 + unfinished;
            let range = if last > line.line { format!("{}-{last}", line.line) } else { line.line.to_string() };
            caller.warning(&[name, format!(", line {range}: text after null byte may be ignored").as_bytes()].concat());
        }
        let joined = &joined[..end];
        if line.orphan {
            let (shown, more): (&[u8], &[u8]) =
                if joined.len() > SHOWN { (&joined[..SHOWN], b"...") } else { (joined, b"") };
            let words = [name, b": logical line must not start with whitespace: \"", shown, more, b"\""];
            caller.warning(&words.concat());
        } else if !joined.is_empty() {
            each(line.line, joined);
        }
    }
}

fn newlines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

/// The rules of an inline specification, a line each.
///
/// # Errors
/// What is wrong, in Postfix's words.
fn inline_rules(name: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    let inside = inside_braces(name)?;
    let separates = |byte: u8| byte == b',' || (is_space(byte) && byte != 0x0b && byte != 0x0c);
    let mut rules = Vec::new();
    let mut at = 0;
    loop {
        at += inside[at..].iter().take_while(|&&byte| separates(byte)).count();
        if at == inside.len() {
            return Ok(rules);
        }
        let mut depth = 0_usize;
        let ends = |&byte: &u8| {
            match byte {
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && separates(byte)
        };
        let end = inside[at..].iter().position(ends).map_or(inside.len(), |length| at + length);
        rules.extend_from_slice(inside_braces(&inside[at..end])?);
        rules.push(b'\n');
        at = end;
    }
}

/// What stands between the brace that `text` begins with and the one that it ends with, without white space around it.
fn inside_braces(text: &[u8]) -> Result<&[u8], Vec<u8>> {
    let fault = |words: &[u8]| [words, b" in \"", text, b"\""].concat();
    if !text.starts_with(b"{") {
        return Err(fault(b"no '{' at start of text"));
    }
    let mut depth = 0_usize;
    let closes = |&byte: &u8| {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    };
    let Some(close) = text.iter().position(closes) else { return Err(fault(b"missing '}'")) };
    if close + 1 < text.len() {
        return Err(fault(b"syntax error after '}'"));
    }
    Ok(trim(&text[1..close]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_rules_as_postfix_3_11_reads_them() {
        let cases = [
            ("{{/a/ b}}", Ok("/a/ b\n")),
            ("{ {/a/ b},\t{ /c/ d } }", Ok("/a/ b\n/c/ d\n")),
            ("{,{/a{1}/ ${1}},,{},}", Ok("/a{1}/ ${1}\n\n")),
            ("{ }", Ok("")),
            ("{{", Err("missing '}' in \"{{\"")),
            ("{{/a/ b}} ", Err("syntax error after '}' in \"{{/a/ b}} \"")),
            ("{{/a/ b}x{/c/ d}}", Err("syntax error after '}' in \"{/a/ b}x{/c/ d}\"")),
            ("{/a/ b}", Err("no '{' at start of text in \"/a/\"")),
            ("{a{b c}d e}", Err("no '{' at start of text in \"a{b c}d\"")),
        ];
        for (name, expected) in cases {
            let found = inline_rules(name.as_bytes());
            let expected = expected.map(str::as_bytes).map(<[u8]>::to_vec).map_err(|fault| fault.as_bytes().to_vec());
            assert_eq!(found, expected, "{name}");
        }
    }
}
