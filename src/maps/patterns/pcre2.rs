//! Expressions of the PCRE2 library, safe to call.
//!
//! An expression that is used often, or takes many steps, is turned into machine code; one that is used a few times is
//! not worth that. Where machine code gives up for want of stack, the library's interpreter decides, as Postfix has
//! only that. Where it gives up for want of time so would the interpreter, which counts more steps for the same work.
//! Expressions that set a limit of their own never become machine code. The limits are the library's own, as in
//! Postfix, but for memory.
//!
//! The unsafe calls here are those of the library; no crate wraps the flags `A`, `E` and `U` safely.

use pcre2_sys as sys;
use std::ops::Range;
use std::ptr::{NonNull, null_mut};

/// Matches by interpretation before an expression becomes machine code: about what making that costs.
const INTERPRETED: u32 = 100;

/// Steps, from one place of the text on, after which a match begins again as machine code, which takes a fraction of
/// the time to the same end: so no expression that runs into the limits costs more than it costs Postfix.
const STEPS: u32 = 2_000;

/// KiB that the library may take for one match. Its own limit is 20 GB, and is never what ends a match: the count of
/// steps comes first, after up to 2.5 GB. Measured, a text of 100000 bytes takes 50 MB, and twice as much with eight
/// more groups.
const HEAP: u32 = 256 << 10;

/// How an expression is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags {
    bits: u32,
}

impl Flags {
    /// What Postfix has unless flags say otherwise: case does not matter, and `.` matches a newline.
    pub const DEFAULT: Self = Self { bits: sys::PCRE2_CASELESS | sys::PCRE2_DOTALL };

    /// Turns what a letter of pcre_table(5) stands for over; an unknown letter and `X` stand for nothing.
    pub const fn toggle(&mut self, letter: u8) {
        self.bits ^= match letter {
            b'i' => sys::PCRE2_CASELESS,
            b'm' => sys::PCRE2_MULTILINE,
            b's' => sys::PCRE2_DOTALL,
            b'x' => sys::PCRE2_EXTENDED,
            b'A' => sys::PCRE2_ANCHORED,
            b'E' => sys::PCRE2_DOLLAR_ENDONLY,
            b'U' => sys::PCRE2_UNGREEDY,
            _ => 0,
        };
    }
}

/// A compiled expression.
#[derive(Debug)]
pub struct Pcre2Regex {
    code: NonNull<sys::pcre2_code_8>,
    groups: u32,
    /// Matches until it becomes machine code; nothing if it does not, or has.
    until_native: Option<u32>,
}

/// Where groups matched; the whole match is group 0.
#[derive(Debug, Default)]
pub struct Matches {
    /// The library's own record; nothing before the first match.
    data: Option<NonNull<sys::pcre2_match_data_8>>,
    /// The limits; nothing before the first match.
    context: Option<NonNull<sys::pcre2_match_context_8>>,
    /// Groups, and the whole match, for which there is room.
    room: u32,
    /// How many of them the last match set.
    set: usize,
}

impl Pcre2Regex {
    /// Compiles an expression.
    ///
    /// # Errors
    /// The offset and the library's words for what is wrong.
    pub fn new(expression: &[u8], flags: Flags) -> Result<Self, (usize, String)> {
        let (mut error, mut offset) = (0, 0);
        // SAFETY: the expression is as long as is said, and the library writes to the two variables only.
        let code = unsafe {
            sys::pcre2_compile_8(
                expression.as_ptr(),
                expression.len(),
                flags.bits,
                &raw mut error,
                &raw mut offset,
                null_mut(),
            )
        };
        let code = NonNull::new(code).ok_or_else(|| (offset, words(error)))?;
        let mut regex = Self { code, groups: 0, until_native: Some(INTERPRETED) };
        regex.groups = regex.number(sys::PCRE2_INFO_CAPTURECOUNT).unwrap_or(0);
        let limits = [sys::PCRE2_INFO_MATCHLIMIT, sys::PCRE2_INFO_DEPTHLIMIT, sys::PCRE2_INFO_HEAPLIMIT];
        if limits.iter().any(|&limit| regex.number(limit).is_some()) {
            regex.until_native = None;
        }
        Ok(regex)
    }

    /// How many groups it has.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups as usize
    }

    /// What the library knows of the expression, for the questions that are answered by a 32-bit number; limits that
    /// the expression does not set are unknown.
    fn number(&self, what: u32) -> Option<u32> {
        let mut number = 0_u32;
        // SAFETY: the code is compiled, and what is asked for fits the variable.
        let code = unsafe { sys::pcre2_pattern_info_8(self.code.as_ptr(), what, (&raw mut number).cast()) };
        (code == 0).then_some(number)
    }

    /// Makes machine code of it.
    fn make_native(&mut self) {
        self.until_native = None;
        // SAFETY: the code is compiled. If it cannot become machine code it stays as it is.
        let _ = unsafe { sys::pcre2_jit_compile_8(self.code.as_ptr(), sys::PCRE2_JIT_COMPLETE) };
    }

    /// Whether it matches somewhere in a text. `matches` then tells where its groups did, if `wants_groups`.
    ///
    /// # Errors
    /// The library's words for why that cannot be told.
    pub fn is_match(&mut self, text: &[u8], wants_groups: bool, matches: &mut Matches) -> Result<bool, String> {
        let is_interpreted = self.until_native.is_some_and(|left| left > 0);
        match self.until_native {
            Some(0) => self.make_native(),
            Some(left) => self.until_native = Some(left - 1),
            None => {}
        }
        let data = matches.with_room_for(if wants_groups { self.groups + 1 } else { 1 })?;
        let context = matches.limits()?;
        let code = self.code;
        let run = |steps: u32, options: u32| {
            // SAFETY: code, context and match data are the library's own, and the text is as long as is said.
            unsafe {
                sys::pcre2_set_match_limit_8(context.as_ptr(), steps);
                sys::pcre2_match_8(
                    code.as_ptr(),
                    text.as_ptr(),
                    text.len(),
                    0,
                    options,
                    data.as_ptr(),
                    context.as_ptr(),
                )
            }
        };
        let all = all_steps();
        let mut code = run(if is_interpreted { STEPS.min(all) } else { all }, 0);
        if is_interpreted && code == sys::PCRE2_ERROR_MATCHLIMIT {
            self.make_native();
            code = run(all, 0);
        }
        if code == sys::PCRE2_ERROR_JIT_STACKLIMIT {
            code = run(all, sys::PCRE2_NO_JIT);
        }
        match code {
            sys::PCRE2_ERROR_NOMATCH => Ok(false),
            ..0 => {
                // With it goes the memory that the library keeps for the next match.
                matches.free();
                Err(words(code))
            }
            _ => {
                matches.set = usize::try_from(code).unwrap_or(0);
                Ok(true)
            }
        }
    }
}

impl Drop for Pcre2Regex {
    fn drop(&mut self) {
        // SAFETY: nobody uses the code any more.
        unsafe { sys::pcre2_code_free_8(self.code.as_ptr()) }
    }
}

impl Matches {
    fn with_room_for(&mut self, room: u32) -> Result<NonNull<sys::pcre2_match_data_8>, String> {
        if let Some(data) = self.data.filter(|_| self.room >= room) {
            return Ok(data);
        }
        // SAFETY: without a context of ours the library takes memory where it always does.
        let data = unsafe { sys::pcre2_match_data_create_8(room, null_mut()) };
        let data = NonNull::new(data).ok_or_else(|| words(sys::PCRE2_ERROR_NOMEMORY))?;
        self.free();
        (self.data, self.room) = (Some(data), room);
        Ok(data)
    }

    fn limits(&mut self) -> Result<NonNull<sys::pcre2_match_context_8>, String> {
        if let Some(context) = self.context {
            return Ok(context);
        }
        // SAFETY: the library takes memory where it always does, and writes to a context that it has made.
        unsafe {
            let context = NonNull::new(sys::pcre2_match_context_create_8(null_mut()));
            let context = context.ok_or_else(|| words(sys::PCRE2_ERROR_NOMEMORY))?;
            sys::pcre2_set_heap_limit_8(context.as_ptr(), HEAP);
            self.context = Some(context);
            Ok(context)
        }
    }

    fn free(&mut self) {
        self.set = 0;
        if let Some(data) = self.data.take() {
            // SAFETY: it is the library's own, and nobody uses it any more.
            unsafe { sys::pcre2_match_data_free_8(data.as_ptr()) }
        }
    }

    /// The part of the text that a group caught in the last match.
    #[must_use]
    pub fn group(&self, number: usize) -> Option<Range<usize>> {
        let data = self.data.filter(|_| number < self.set)?;
        // SAFETY: `set` pairs were written there by the last match, for which there was room.
        let (start, end) = unsafe {
            let places = sys::pcre2_get_ovector_pointer_8(data.as_ptr());
            (places.add(2 * number).read(), places.add(2 * number + 1).read())
        };
        (start <= end && end != usize::MAX).then_some(start..end)
    }
}

impl Drop for Matches {
    fn drop(&mut self) {
        self.free();
        if let Some(context) = self.context.take() {
            // SAFETY: it is the library's own, and nobody uses it any more.
            unsafe { sys::pcre2_match_context_free_8(context.as_ptr()) }
        }
    }
}

/// The steps that the library takes for one match unless it is told otherwise, which nobody tells it in Postfix.
fn all_steps() -> u32 {
    let mut steps = 0_u32;
    // SAFETY: what is asked for fits the variable.
    let code = unsafe { sys::pcre2_config_8(sys::PCRE2_CONFIG_MATCHLIMIT, (&raw mut steps).cast()) };
    if code == 0 { steps } else { 10_000_000 }
}

/// The library's words for an error.
fn words(code: i32) -> String {
    let mut buffer = [0_u8; 256];
    // SAFETY: no more is written than the buffer takes.
    let length = unsafe { sys::pcre2_get_error_message_8(code, buffer.as_mut_ptr(), buffer.len()) };
    let length = usize::try_from(length).unwrap_or(0).min(buffer.len());
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(expression: &str, letters: &[u8]) -> Pcre2Regex {
        let mut flags = Flags::DEFAULT;
        letters.iter().for_each(|&letter| flags.toggle(letter));
        Pcre2Regex::new(expression.as_bytes(), flags).expect("an expression")
    }

    #[test]
    fn letters_reach_the_library() {
        let cases: &[(&str, &[u8], &str, bool)] = &[
            ("A", b"", "a", true),
            ("A", b"i", "a", false),
            ("A", b"ii", "a", true),
            ("a.b", b"", "a\nb", true),
            ("a.b", b"s", "a\nb", false),
            ("^b", b"", "a\nb", false),
            ("^b", b"m", "a\nb", true),
            ("a b", b"x", "ab", true),
            ("b", b"A", "ab", false),
            ("a$", b"", "a\n", true),
            ("a$", b"E", "a\n", false),
            ("^.$", b"", "ä", false),
        ];
        for (expression, letters, text, expected) in cases {
            let found = compiled(expression, letters).is_match(text.as_bytes(), false, &mut Matches::default());
            assert_eq!(found, Ok(*expected), "{expression} {text:?}");
        }
    }

    /// Before and after the machine code is made.
    #[test]
    fn groups_stay_the_same_however_often_they_are_asked_for() {
        let (mut greedy, mut other) = (compiled("(a+)(b)?(c)?(d)?", b"U"), compiled("x", b""));
        let mut matches = Matches::default();
        for round in 0..3 * INTERPRETED {
            assert_eq!(other.is_match(b"-x", false, &mut matches), Ok(true));
            assert_eq!(greedy.is_match(b"-aabc", true, &mut matches), Ok(true));
            let groups = [1, 2, 3, 4, 5].map(|number| matches.group(number));
            assert_eq!(groups, [Some(1..2), None, None, None, None], "{round}");
        }
    }

    /// The stack of machine code is small, and its count of steps another.
    #[test]
    fn limits_are_the_interpreters() {
        let mut nested = compiled("^((a|b)*)*$", b"");
        let mut matches = Matches::default();
        let long = vec![b'a'; 100_000];
        for _ in 0..2 * INTERPRETED {
            let _ = nested.is_match(b"c", true, &mut matches);
        }
        assert_eq!(nested.is_match(&long, true, &mut matches), Ok(true));
        assert_eq!(matches.group(2), Some(99_999..100_000));
        let mut limited = compiled("(*LIMIT_MATCH=1)a.*b.*c", b"");
        for _ in 0..2 * INTERPRETED {
            let found = limited.is_match(b"abc", false, &mut matches);
            assert_eq!(found, Err("match limit exceeded".to_string()));
        }
    }

    /// Machine code at once, not after a hundred such texts.
    #[test]
    fn a_match_of_many_steps_is_not_interpreted_to_its_end() {
        let mut matches = Matches::default();
        let mut few = compiled("^(?:a|b)*[cd]", b"");
        assert_eq!(few.is_match(&[b'a'; 50], false, &mut matches), Ok(false));
        assert_eq!(few.until_native, Some(INTERPRETED - 1));
        assert_eq!(few.is_match(&[b'a'; 5000], false, &mut matches), Ok(false));
        assert_eq!(few.until_native, None);
        assert_eq!(all_steps(), 10_000_000, "as Debian builds the library for Postfix 3.11.7");
    }

    /// Afterwards the table goes on.
    #[test]
    fn memory_has_a_limit() {
        let mut nested = compiled("^(?:(a)|b)*c", b"");
        let mut matches = Matches::default();
        let long = vec![b'a'; 3_000_000];
        assert_eq!(nested.is_match(&long, true, &mut matches), Err("heap limit exceeded".to_string()));
        assert_eq!(matches.group(0), None);
        assert_eq!(nested.is_match(b"abc", true, &mut matches), Ok(true));
        assert_eq!(matches.group(1), Some(0..1));
    }
}
