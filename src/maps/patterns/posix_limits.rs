//! What may reach the C library's regular expressions, which follow an expression by recursion and have no limits of
//! their own.
//!
//! Measured with glibc 2.36: on threads with a stack of 256 KiB, groups in groups end the process between 300 and 600
//! deep, and choices in a row between 1200 and 2500, whatever they are made of. Our threads have 2 MiB, so
//! [`MAX_NESTING`] leaves a factor of at least 9 and [`MAX_CHOICES`] one of at least 4. Plain characters cost no stack
//! up to 100000, but memory, as repetitions are written out: the longest that is let through takes about 10 MB.

use super::bracket_list::behind_list;

/// Groups in groups, and repetitions of repetitions.
pub const MAX_NESTING: usize = 250;

/// Alternatives and repetitions, each as often as the repetitions around it say.
pub const MAX_CHOICES: usize = 2500;

/// Characters, lists and the like, each as often as the repetitions around it say.
pub const MAX_LENGTH: usize = 50_000;

/// Bytes of a text that is matched; the headers of a message have no more (`header_size_limit`).
pub const MAX_TEXT: usize = 102_400;

/// Bytes of a text that is matched by an expression with back-references. The library tries all ways to match a group,
/// in time and memory that double with each byte; no address and no host name is longer.
pub const MAX_REFERRED_TEXT: usize = 512;

/// The greatest number in a repetition that the library takes (`RE_DUP_MAX`).
const REPEATED_AT_MOST: usize = 32_767;

/// What something costs: its length, and its choices.
#[derive(Clone, Copy, Default)]
struct Cost {
    length: usize,
    choices: usize,
    /// How deep it goes.
    nesting: usize,
}

impl Cost {
    const ONE: Self = Self { length: 1, choices: 0, nesting: 0 };

    fn and(self, other: Self) -> Self {
        Self {
            length: self.length.saturating_add(other.length),
            choices: self.choices.saturating_add(other.choices),
            nesting: self.nesting.max(other.nesting),
        }
    }

    /// The same so many times, some of which need not be there.
    fn repeated(self, least: usize, most: usize) -> Self {
        let times = most.max(1);
        let optional = if least == most && most > 0 { 0 } else { most.saturating_sub(least).max(1) };
        Self {
            length: self.length.saturating_mul(times),
            choices: self.choices.saturating_mul(times).saturating_add(optional),
            nesting: self.nesting + 1,
        }
    }
}

/// What stands in a group, or in none: what is behind its last element, and that element.
#[derive(Clone, Copy, Default)]
struct Level {
    before: Cost,
    last: Cost,
}

impl Level {
    fn push(&mut self, cost: Cost) {
        self.before = self.before.and(self.last);
        self.last = cost;
    }

    fn total(self) -> Cost {
        self.before.and(self.last)
    }
}

/// Refuses an expression that may take the library too deep or too much memory. Whether it is one at all is for the
/// library to say: what is wrongly written may count as more than it is.
///
/// # Errors
/// What there is too much of.
pub fn check_limits(expression: &[u8], extended: bool) -> Result<(), String> {
    let (mut outer, mut here): (Vec<Level>, Level) = (Vec::new(), Level::default());
    let mut deepest = 0;
    let mut rest = expression;
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        // In basic expressions operators have a backslash; in extended ones only characters have it.
        let (token, is_plain) = match (first, rest.split_first()) {
            (b'\\', Some((&escaped, behind))) => {
                rest = behind;
                (escaped, extended || escaped == b'[')
            }
            _ => (first, !extended && first != b'*' && first != b'['),
        };
        match token {
            _ if is_plain => here.push(Cost::ONE),
            b'(' => {
                outer.push(std::mem::take(&mut here));
                deepest = deepest.max(outer.len());
            }
            b')' if !outer.is_empty() => {
                let group = here.total();
                here = outer.pop().unwrap_or_default();
                here.push(Cost { length: group.length.saturating_add(2), nesting: group.nesting + 1, ..group });
            }
            b'|' => here.push(Cost { choices: 1, ..Cost::ONE }),
            b'*' | b'+' | b'?' => here.last = here.last.repeated(0, 1),
            b'{' => match bounds(rest, extended) {
                Some((least, most, behind)) => {
                    here.last = here.last.repeated(least, most);
                    rest = behind;
                }
                None => here.push(Cost::ONE),
            },
            b'[' => {
                rest = behind_list(rest);
                here.push(Cost::ONE);
            }
            _ => here.push(Cost::ONE),
        }
    }
    let all = outer.iter().fold(here.total(), |all, level| all.and(level.total()));
    let too = |what: &str, limit: usize| Err(format!("regular expression with more than {limit} {what}"));
    if deepest.max(all.nesting) > MAX_NESTING {
        return too("groups and repetitions inside each other", MAX_NESTING);
    }
    if all.choices > MAX_CHOICES {
        return too("alternatives and repetitions, repeated ones counted each time", MAX_CHOICES);
    }
    if all.length > MAX_LENGTH {
        return too("characters, repeated ones counted each time", MAX_LENGTH);
    }
    Ok(())
}

/// The bounds of a repetition, `3`, `3,` or `3,5`, and what stands behind its closing brace; `text` begins behind the
/// other.
fn bounds(text: &[u8], extended: bool) -> Option<(usize, usize, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit() && *byte != b',')?;
    let behind = text[end..].strip_prefix(if extended { &b"}"[..] } else { b"\\}" })?;
    let text = std::str::from_utf8(&text[..end]).ok()?;
    let number = |text: &str| if text.is_empty() { 0 } else { text.parse().unwrap_or(usize::MAX) };
    let (least, most) = match text.split_once(',') {
        Some((least, "")) => (number(least), number(least).saturating_add(1)),
        Some((least, most)) => (number(least), number(most)),
        None => (number(text), number(text)),
    };
    // The library refuses greater numbers itself, in its own words, and reads no further.
    let (least, most) = if least.max(most) > REPEATED_AT_MOST + 1 { (1, 1) } else { (least, most) };
    Some((least, most, behind))
}

/// Whether an expression refers back to a group: what may be one counts.
pub fn has_back_reference(expression: &[u8]) -> bool {
    let mut rest = expression;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        match rest.get(at + 1) {
            Some(b'1'..=b'9') => return true,
            Some(_) => rest = &rest[at + 2..],
            None => return false,
        }
    }
    false
}

/// Refuses a text that is too long to be matched.
///
/// # Errors
/// The limit.
pub fn check_text(text: &[u8], has_back_reference: bool) -> Result<(), String> {
    if has_back_reference && text.len() > MAX_REFERRED_TEXT {
        return Err(format!("text of more than {MAX_REFERRED_TEXT} bytes for an expression with back-references"));
    }
    if text.len() > MAX_TEXT {
        return Err(format!("text of more than {MAX_TEXT} bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEEP: &str = "regular expression with more than 250 groups and repetitions inside each other";
    const CHOICES: &str =
        "regular expression with more than 2500 alternatives and repetitions, repeated ones counted each time";
    const LONG: &str = "regular expression with more than 50000 characters, repeated ones counted each time";

    fn told(expression: &str, extended: bool) -> Result<(), String> {
        check_limits(expression.as_bytes(), extended)
    }

    /// Nothing here reaches the library.
    #[test]
    fn each_limit_is_where_it_says() {
        let nested =
            |open: &str, close: &str, times: usize| [open.repeat(times), "a".into(), close.repeat(times)].concat();
        let cases = [
            (nested("(", ")", MAX_NESTING), nested("(", ")", MAX_NESTING + 1), true, DEEP),
            (nested("\\(", "\\)", MAX_NESTING), nested("\\(", "\\)", MAX_NESTING + 1), false, DEEP),
            (nested("(", ")*", MAX_NESTING / 2), nested("(", ")*", MAX_NESTING / 2 + 1), true, DEEP),
            (nested("", "*", MAX_NESTING), nested("", "*", MAX_NESTING + 1), false, DEEP),
            // Never closed.
            ("(".repeat(MAX_NESTING), "(".repeat(MAX_NESTING + 1), true, DEEP),
            (nested("a|", "", MAX_CHOICES), nested("a|", "", MAX_CHOICES + 1), true, CHOICES),
            (nested("a\\|", "", MAX_CHOICES), nested("a\\|", "", MAX_CHOICES + 1), false, CHOICES),
            (nested("a?", "", MAX_CHOICES), nested("a?", "", MAX_CHOICES + 1), true, CHOICES),
            ("a{0,2500}".into(), "a{0,2501}".into(), true, CHOICES),
            ("(b?){2500}".into(), "(b?){2501}".into(), true, CHOICES),
            ("a".repeat(MAX_LENGTH), "a".repeat(MAX_LENGTH + 1), true, LONG),
            ("[]ab]{32767}".into(), "[]ab]{32767}{2}".into(), true, LONG),
            ("a\\{32767\\}".into(), "a\\{32767\\}a\\{32767\\}".into(), false, LONG),
            ("(a{9}x{99){9}".into(), "((a{90}b{90}){90}){90}".into(), true, LONG),
        ];
        for (fine, more, extended, expected) in cases {
            assert_eq!(told(&fine, extended), Ok(()), "{}", &fine[..fine.len().min(20)]);
            assert_eq!(told(&more, extended), Err(expected.to_string()), "{}", &more[..more.len().min(20)]);
        }
    }

    #[test]
    fn what_is_plain_does_not_count() {
        let list = format!("[{}]", "(*".repeat(MAX_CHOICES));
        for (expression, extended) in [
            (list, true),
            ("\\(".repeat(1000), true),
            ("(".repeat(1000), false),
            ("|".repeat(9000), false),
            ("a{99999999999999999999}".into(), true),
        ] {
            assert_eq!(told(&expression, extended), Ok(()), "{}", &expression[..8]);
        }
        // No list begins at an escaped bracket.
        let groups = format!("\\[{}", "\\(".repeat(MAX_NESTING + 1));
        assert_eq!(told(&groups, false), Err(DEEP.to_string()));
    }

    #[test]
    fn texts_have_limits() {
        assert!(
            has_back_reference(b"(a)\\\\\\1") && !has_back_reference(b"(a)\\\\1\\.") && !has_back_reference(b"a\\")
        );
        let text = vec![b'a'; MAX_TEXT + 1];
        assert_eq!(check_text(&text[1..], false), Ok(()));
        assert_eq!(check_text(&text, false), Err("text of more than 102400 bytes".into()));
        assert_eq!(check_text(&text[..MAX_REFERRED_TEXT], true), Ok(()));
        let expected = "text of more than 512 bytes for an expression with back-references";
        assert_eq!(check_text(&text[..=MAX_REFERRED_TEXT], true), Err(expected.into()));
    }
}
