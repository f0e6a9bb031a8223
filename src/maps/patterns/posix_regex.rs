//! The regular expressions of the C library, safe to call.
//!
//! The unsafe calls here are `regcomp`, `regexec`, `regerror` and `regfree`: which strings POSIX leaves to the library
//! match is what Postfix's users have, so no other library will do.

use super::bracket_list::behind_list;
use super::posix_limits::{check_limits, check_text, has_back_reference};
use std::ffi::{CStr, CString};
use std::fmt;
use std::ops::Range;

/// How an expression is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// Extended expressions, not basic ones.
    pub extended: bool,
    /// Upper and lower case are the same.
    pub caseless: bool,
    /// `^` and `$` match at newlines, and `.` does not match them.
    pub multiline: bool,
    /// Where groups matched is asked for later.
    pub groups: bool,
}

/// A compiled expression.
pub struct PosixRegex {
    /// At one place for good: POSIX does not say that it may be moved.
    compiled: Box<libc::regex_t>,
    groups: usize,
    has_back_reference: bool,
}

/// Where groups matched; the whole match is group 0.
#[derive(Default)]
pub struct Matches(Vec<libc::regmatch_t>);

impl fmt::Debug for PosixRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PosixRegex({} groups)", self.groups())
    }
}

impl PosixRegex {
    /// Compiles an expression, which ends at its first zero byte.
    ///
    /// # Errors
    /// The library's words for what is wrong, or ours if the expression is too much for the library.
    pub fn new(expression: &[u8], syntax: Syntax) -> Result<Self, String> {
        let end = memchr::memchr(0, expression).unwrap_or(expression.len());
        check_limits(&expression[..end], syntax.extended)?;
        let expression = CString::new(&expression[..end]).map_err(|error| error.to_string())?;
        let mut flags = 0;
        for (is_set, flag) in [
            (syntax.extended, libc::REG_EXTENDED),
            (syntax.caseless, libc::REG_ICASE),
            (syntax.multiline, libc::REG_NEWLINE),
            (!syntax.groups, libc::REG_NOSUB),
        ] {
            flags |= if is_set { flag } else { 0 };
        }
        let mut compiled = Box::<libc::regex_t>::new_uninit();
        // SAFETY: the memory is that of a regex_t, which regcomp fills; the expression ends with a zero byte.
        let code = unsafe { libc::regcomp(compiled.as_mut_ptr(), expression.as_ptr(), flags) };
        if code != 0 {
            // SAFETY: POSIX lets regerror have the regex_t of a regcomp that failed.
            return Err(unsafe { words(code, compiled.as_ptr()) });
        }
        // SAFETY: regcomp succeeded, so it has filled it.
        let compiled = unsafe { compiled.assume_init() };
        let expression = expression.as_bytes();
        let groups = count_groups(expression, syntax.extended);
        Ok(Self { compiled, groups, has_back_reference: has_back_reference(expression) })
    }

    /// How many groups it has.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Whether it matches somewhere in a text; `matches` then tells where `count` groups did, if it was compiled for
    /// that.
    ///
    /// # Errors
    /// The library's words for why that cannot be told, or that the text is too long.
    pub fn is_match(&self, text: &CStr, count: usize, matches: &mut Matches) -> Result<bool, String> {
        check_text(text.to_bytes(), self.has_back_reference)?;
        matches.0.resize(count, libc::regmatch_t { rm_so: -1, rm_eo: -1 });
        // SAFETY: the expression is compiled, the text ends with a zero byte, and there is room for `count` places.
        let code = unsafe { libc::regexec(&raw const *self.compiled, text.as_ptr(), count, matches.0.as_mut_ptr(), 0) };
        match code {
            0 => Ok(true),
            libc::REG_NOMATCH => Ok(false),
            // SAFETY: the expression is compiled.
            _ => Err(unsafe { words(code, &raw const *self.compiled) }),
        }
    }
}

impl Drop for PosixRegex {
    fn drop(&mut self) {
        // SAFETY: it was compiled, and nobody uses it any more.
        unsafe { libc::regfree(&raw mut *self.compiled) }
    }
}

impl Matches {
    /// The part of the text that a group caught.
    #[must_use]
    pub fn group(&self, number: usize) -> Option<Range<usize>> {
        let place = self.0.get(number)?;
        Some(usize::try_from(place.rm_so).ok()?..usize::try_from(place.rm_eo).ok()?)
    }
}

/// How many groups a valid expression has. The library knows it too, in a field that the libc crate keeps to itself.
fn count_groups(expression: &[u8], extended: bool) -> usize {
    let mut groups = 0;
    let mut rest = expression;
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            b'\\' => {
                groups += usize::from(!extended && rest.first() == Some(&b'('));
                rest = rest.get(1..).unwrap_or_default();
            }
            b'(' => groups += usize::from(extended),
            b'[' => rest = behind_list(rest),
            _ => {}
        }
    }
    groups
}

/// The library's words for an error.
///
/// # Safety
/// `compiled` must have been given to `regcomp`.
unsafe fn words(code: libc::c_int, compiled: *const libc::regex_t) -> String {
    let mut buffer = [0_u8; 256];
    // SAFETY: no more is written than the buffer takes, with a zero byte at the end.
    unsafe { libc::regerror(code, compiled, buffer.as_mut_ptr().cast(), buffer.len()) };
    CStr::from_bytes_until_nul(&buffer).map(CStr::to_string_lossy).unwrap_or_default().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXTENDED: Syntax = Syntax { extended: true, caseless: true, multiline: false, groups: true };

    #[test]
    fn groups_are_those_of_the_longest_match() {
        let regex = PosixRegex::new(b"(a|ab)(c|bcd)?(x)?", EXTENDED).expect("an expression");
        let mut matches = Matches::default();
        assert_eq!((regex.groups(), regex.is_match(c"-ABcd", 4, &mut matches)), (3, Ok(true)));
        assert_eq!([1, 2, 3, 4].map(|number| matches.group(number)), [Some(1..2), Some(2..5), None, None]);
    }

    #[test]
    fn groups_are_counted_as_the_library_counts_them() {
        let cases: &[(&[u8], bool, usize)] = &[
            (b"(a)(b(c))", true, 3),
            (b"\\(a)[(](b)[^]()](c)[[:alpha:](](d)[[.(.]([=(=]](e)", true, 4),
            (b"()|[\\](x)", true, 2),
            (b"\\(a\\)(b)[\\(]", false, 1),
            (b"a", true, 0),
        ];
        for &(expression, extended, expected) in cases {
            let regex = PosixRegex::new(expression, Syntax { extended, ..EXTENDED }).expect("an expression");
            assert_eq!(regex.groups(), expected, "{expression:?}");
            // The library itself, by a back-reference: to one more it has none.
            let referred = [(expected, true), (expected + 1, false)];
            for (number, is_there) in referred.into_iter().filter(|&(number, _)| number > 0) {
                let referring = [expression, format!("\\{number}").as_bytes()].concat();
                let found = PosixRegex::new(&referring, Syntax { extended, ..EXTENDED });
                assert_eq!(found.is_ok(), is_there, "{referring:?}");
            }
        }
    }

    #[test]
    fn flags_reach_the_library() {
        let cases: &[(&[u8], &CStr, Syntax, bool)] = &[
            (b"A", c"a", EXTENDED, true),
            (b"A", c"a", Syntax { caseless: false, ..EXTENDED }, false),
            (b"a|b", c"b", Syntax { extended: false, ..EXTENDED }, false),
            (b"^b", c"a\nb", EXTENDED, false),
            (b"^b", c"a\nb", Syntax { multiline: true, groups: false, ..EXTENDED }, true),
            (b"a\0(", c"a", EXTENDED, true),
            (b"^.$", c"\xc3\xa4", EXTENDED, false),
        ];
        for &(expression, text, syntax, expected) in cases {
            let regex = PosixRegex::new(expression, syntax).expect("an expression");
            assert_eq!(regex.is_match(text, 0, &mut Matches::default()), Ok(expected), "{expression:?}");
        }
        assert!(PosixRegex::new(b"(", EXTENDED).is_err_and(|words| words.starts_with("Unmatched (")));
    }
}
