//! Where a text, before anything in it is expanded, writes the name of a retired table type.
//!
//! A type counts where a list, a table made of tables or a branch of `${name?…}` may begin an element. What stands in
//! the braces of `inline:{…}`, `static:{…}`, `cidr:{…}` and their like is data, and no table. `randmap:{…}` holds
//! results; one that looks like a table is taken for it, for nothing else would be called so.

use crate::config::catalogue::{self, MapContent, MapType};
use crate::syntax::logical::is_space;
use crate::syntax::match_list::closing_brace;
use std::cell::OnceCell;
use std::ops::Range;

/// `proxy:` before `proxy:` at most.
const DEEPEST: usize = 100;

/// A retired type in a text.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// Which it is.
    pub map_type: &'static MapType,
    /// Where its name stands.
    pub span: Range<usize>,
    /// Where the name behind the colon stands; nothing for a type that stands alone.
    pub name: Option<Range<usize>>,
    /// Whether it is all that a branch of `${name?…}` or an operand holds.
    pub is_branch: bool,
}

/// Every retired type that a text writes, in order.
#[must_use]
pub fn occurrences(text: &[u8]) -> Vec<Occurrence> {
    let mut found = Vec::new();
    let ends = OnceCell::new();
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'{' && holds_data(text, at) {
            at = closing_brace(text, at).map_or(text.len(), |close| close + 1);
            continue;
        }
        match occurrence(text, at, &ends) {
            Some(one) => {
                at = one.span.end;
                found.push(one);
            }
            None => at += 1,
        }
    }
    found
}

fn occurrence(text: &[u8], at: usize, ends: &OnceCell<Vec<usize>>) -> Option<Occurrence> {
    if !is_word(text[at]) || !begins_element(text, at) {
        return None;
    }
    let end = at + text[at..].iter().take_while(|byte| is_word(**byte)).count();
    let map_type = std::str::from_utf8(&text[at..end]).ok().and_then(catalogue::map_type)?;
    if !map_type.is_retired() {
        return None;
    }
    let next = text.get(end);
    let name = match next {
        Some(b':') => Some(end + 1..ends.get_or_init(|| name_ends(text))[end + 1]),
        Some(byte) if !is_space(*byte) && !matches!(byte, b',' | b'}' | b')') => return None,
        _ => None,
    };
    let is_branch = at > 0 && matches!(text[at - 1], b'{' | b'?' | b':' | b' ') && matches!(next, Some(b'}' | b' '));
    Some(Occurrence { map_type, span: at..end, name, is_branch })
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The word that ends right before an offset.
fn word_before(text: &[u8], end: usize) -> Range<usize> {
    let length = text[..end].iter().rev().take_while(|byte| is_word(**byte)).count();
    end - length..end
}

/// Whether an expansion opens right before an offset: `${` or `$(`.
fn is_opened(text: &[u8], at: usize) -> bool {
    text[..at].ends_with(b"${") || text[..at].ends_with(b"$(")
}

/// Whether the braces at an offset hold the data of a table.
fn holds_data(text: &[u8], open: usize) -> bool {
    let Some(end) = open.checked_sub(1).filter(|&colon| text[colon] == b':') else { return false };
    let word = word_before(text, end);
    let known = std::str::from_utf8(&text[word.clone()]).ok().and_then(catalogue::map_type);
    let holds_tables = |known: &MapType| known.content == MapContent::Tables || known.name == "randmap";
    !is_opened(text, word.start) && known.is_some_and(|known| !holds_tables(known))
}

fn begins_element(text: &[u8], at: usize) -> bool {
    let mut at = at;
    for _ in 0..DEEPEST {
        let Some(before) = at.checked_sub(1) else { return true };
        match text[before] {
            byte if is_space(byte) => return true,
            b',' | b'!' | b'}' | b')' => return true,
            // `${name` is no element.
            b'{' => return !is_opened(text, at),
            b'?' => return is_opened(text, word_before(text, before).start),
            b':' => {
                let word = word_before(text, before);
                if is_opened(text, word.start) || (word.is_empty() && text[..before].ends_with(b"}")) {
                    return true;
                }
                if !matches!(&text[word.clone()], b"proxy" | b"debug") {
                    return false;
                }
                at = word.start;
            }
            _ => return false,
        }
    }
    false
}

/// Where the name of a table ends, for each offset at which one may begin: brackets inside it keep together what they
/// hold.
fn name_ends(text: &[u8]) -> Vec<usize> {
    let mut ends = vec![text.len(); text.len() + 1];
    // What ends a name, for each pair of brackets around it, the innermost last.
    let mut nearest = vec![None];
    for (at, &byte) in text.iter().enumerate().rev() {
        match byte {
            b'}' | b')' => nearest.push(Some(at)),
            b'{' | b'(' => {
                nearest.pop();
                if nearest.is_empty() {
                    nearest.push(None);
                }
            }
            byte if byte == b',' || is_space(byte) => {
                nearest.pop();
                nearest.push(Some(at));
            }
            _ => {}
        }
        ends[at] = nearest.last().copied().flatten().unwrap_or(text.len());
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with what was found in brackets, the name of a table by itself behind it.
    fn shown(text: &str) -> String {
        let found = occurrences(text.as_bytes());
        let show = |one: &Occurrence| {
            let name = one.name.clone().map_or("-", |name| &text[name]);
            format!("{}@{} {name}{}", one.map_type.name, one.span.start, if one.is_branch { " branch" } else { "" })
        };
        found.iter().map(show).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn types_are_found_where_an_element_begins() {
        let cases = [
            ("hash:/a, btree:$b/c dbm:${d}/e,!sdbm:/f", "hash@0 /a; btree@9 $b/c; dbm@20 ${d}/e; sdbm@32 /f"),
            ("proxy:hash:/a debug:proxy:btree:/b", "hash@6 /a; btree@26 /b"),
            ("unionmap:{hash:/a, proxy:pipemap:{lmdb:/b btree:/c}}", "hash@10 /a; btree@42 /c"),
            ("randmap:{hash:/a, x}", "hash@9 /a"),
            ("check_sender_access { hash:/a, search_order = x }", "hash@22 /a"),
            ("${x?hash:/a} ${x:hash:/b} $(y?hash:/c)", "hash@4 /a; hash@17 /b; hash@30 /c"),
            ("${x?{hash:/a}:{btree:/b}}", "hash@5 /a; btree@15 /b"),
            ("${p}hash:/a", "hash@4 /a"),
            ("hash", "hash@0 -"),
            ("hash:", "hash@0 "),
            ("${x?{hash}:{btree}}:/a", "hash@5 - branch; btree@12 - branch"),
            ("${{$x} == {hash} ? {lmdb} : {btree}}", "hash@11 - branch; btree@29 - branch"),
            // Data, other types, parameters of that name, and words that only begin so.
            ("inline:{a=hash:/b, hash:/c=d} hash:/e", "hash@30 /e"),
            ("static:hash:/a static:{hash:/a} regexp:{{/x/ hash:/b}} tcp:hash:25", ""),
            ("${hash} $hash ${hash?x} $(hash) ${hash:x}", ""),
            ("hashed:/a hash.x a=hash:/b HASH:/c lmdb:/hash:/d", ""),
            ("unionmap:{static:{hash:/a}, hash:/b}", "hash@28 /b"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn names_end_where_their_brackets_do() {
        let cases = [
            ("hash:{a b},c", "hash@0 {a b}"),
            ("hash:{a,b", "hash@0 {a,b"),
            ("hash:${a}}b,c", "hash@0 ${a}"),
            ("unionmap:{hash:$(a)b c}", "hash@10 $(a)b"),
            ("{x} hash:a)b", "hash@4 a"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
        // Nested without end, which is read once.
        assert_eq!(occurrences("hash:{".repeat(100_000).as_bytes()).len(), 1);
        assert_eq!(occurrences("unionmap:{hash:a".repeat(100_000).as_bytes()).len(), 100_000);
    }
}
