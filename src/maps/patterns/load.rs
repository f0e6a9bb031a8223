//! From the lines of a source to rules, with a warning for each line that Postfix would warn about, in its words.

use super::source::{for_each_line, read_source};
use super::template::{Template, TemplateFault};
use super::{Expression, Words};
use crate::maps::error::LookupError;
use crate::maps::table::{Caller, OpenOptions};
use crate::maps::text::file_values::encode_files;
use crate::syntax::pattern_line::{Dialect, LineFault, LinePattern, LineStatement, parse_pattern_line};

/// A rule, or an `if` with the rules behind it.
pub struct Rule<E> {
    /// The number of its line.
    pub line: usize,
    /// When it holds.
    pub test: Test<E>,
    /// What is then done.
    pub then: Then<E>,
}

/// An expression that must match, or must not.
pub struct Test<E> {
    /// The expression.
    pub expression: E,
    /// Whether it must not match.
    pub negated: bool,
}

/// What a rule is for.
pub enum Then<E> {
    /// The answer is this, if the second test holds too.
    Answer(Template, Option<Test<E>>),
    /// An `if`: the rules up to this one are tried only if its test holds.
    Until(usize),
}

/// Reads the rules of the table NAME.
///
/// # Errors
/// When there is no text to read rules from.
pub fn load_rules<E: Expression>(name: &[u8], options: &OpenOptions) -> Result<Vec<Rule<E>>, LookupError> {
    let text = read_source(E::WORDS.map_type, name)?;
    let place = Place { name, line: 0, words: E::WORDS, caller: &*options.caller };
    let mut loading = Loading {
        place,
        rules: Vec::new(),
        open: Vec::new(),
        file_values: options.file_values,
        substitution: options.substitution,
    };
    for_each_line(name, &text, &*options.caller, |line, text| {
        loading.place.line = line;
        loading.add(text);
    });
    let Loading { mut rules, open, mut place, .. } = loading;
    let end = rules.len();
    for at in open.into_iter().rev() {
        place.line = rules[at].line;
        place.warn(b"IF has no matching ENDIF");
        rules[at].then = Then::Until(end);
    }
    Ok(rules)
}

/// Where a warning is about.
struct Place<'a> {
    name: &'a [u8],
    line: usize,
    words: Words,
    caller: &'a dyn Caller,
}

impl Place<'_> {
    fn warn(&self, text: &[u8]) {
        warn_at(self.words, self.name, self.line, text, self.caller);
    }
}

/// Warns about a line of a table.
pub fn warn_at(words: Words, name: &[u8], line: usize, text: &[u8], caller: &dyn Caller) {
    let start = [words.map_type.as_bytes(), b" map ", name];
    caller.warning(&[&start.concat()[..], format!(", line {line}: ").as_bytes(), text].concat());
}

struct Loading<'a, E> {
    place: Place<'a>,
    rules: Vec<Rule<E>>,
    /// Indices of the `if` that have no `endif` yet.
    open: Vec<usize>,
    file_values: bool,
    substitution: bool,
}

impl<E: Expression> Loading<'_, E> {
    fn add(&mut self, text: &[u8]) {
        let line = parse_pattern_line(text, E::DIALECT);
        let ignored = &text[line.ignored];
        match line.statement {
            Err(fault) => self.warn_of(text, fault),
            Ok(LineStatement::Endif) => {
                let Some(at) = self.open.pop() else {
                    self.place.warn(b"ignoring ENDIF without matching IF");
                    return;
                };
                if !ignored.is_empty() {
                    self.place.warn(b"ignoring extra text after ENDIF");
                }
                self.rules[at].then = Then::Until(self.rules.len());
            }
            Ok(LineStatement::If(pattern)) => {
                self.warn_of_obsolete(&text[pattern.flags.clone()]);
                if !ignored.is_empty() {
                    self.place.warn(&[b"ignoring extra text after IF statement: \"", ignored, b"\""].concat());
                    self.place.warn(b"do not prepend whitespace to statements between IF and ENDIF");
                }
                let Some(test) = self.compile(text, &pattern, false) else { return };
                self.open.push(self.rules.len());
                self.rules.push(Rule { line: self.place.line, test, then: Then::Until(0) });
            }
            Ok(LineStatement::Rule { pattern, second, result }) => {
                self.warn_of_obsolete(&text[pattern.flags.clone()]);
                self.add_rule(text, &pattern, second.as_ref(), &text[result]);
            }
        }
    }

    fn add_rule(&mut self, text: &[u8], pattern: &LinePattern, second: Option<&LinePattern>, result: &[u8]) {
        if result.is_empty() {
            self.place.warn(b"no replacement text: using empty string");
        }
        let encoded;
        let result = if self.file_values {
            encoded = match encode_files(result) {
                Ok(encoded) => encoded,
                Err(fault) => return self.place.warn(&[&fault.message()[..], b": skipping this rule"].concat()),
            };
            &encoded
        } else {
            result
        };
        let template = match Template::parse(result) {
            Ok(template) => template,
            Err(fault) => return self.warn_of_result(result, fault),
        };
        let greatest = template.greatest_group();
        if pattern.negated && greatest > 0 {
            return self.place.warn(b"$number found in negative match replacement text: skipping this rule");
        }
        if greatest > 0 && !self.substitution {
            return self.place.warn(b"regular expression substitution is not allowed: skipping this rule");
        }
        let Some(test) = self.compile(text, pattern, greatest > 0) else { return };
        if u64::from(greatest) > test.expression.groups() as u64 {
            let shown = greatest.cast_signed();
            let words = format!("out of range replacement index \"{shown}\": skipping this rule");
            return self.place.warn(words.as_bytes());
        }
        let second = match second {
            Some(second) => match self.compile(text, second, false) {
                Some(test) => Some(test),
                None => return,
            },
            None => None,
        };
        self.rules.push(Rule { line: self.place.line, test, then: Then::Answer(template, second) });
    }

    fn compile(&self, text: &[u8], pattern: &LinePattern, wants_groups: bool) -> Option<Test<E>> {
        match E::compile(&text[pattern.expression.clone()], &text[pattern.flags.clone()], wants_groups) {
            Ok(expression) => Some(Test { expression, negated: pattern.negated }),
            Err(words) => {
                self.place.warn(words.as_bytes());
                None
            }
        }
    }

    fn warn_of(&self, text: &[u8], fault: LineFault) {
        match fault {
            LineFault::Unrecognized => self.place.warn(b"ignoring unrecognized request"),
            LineFault::NoExpression => self.place.warn(b"no regexp: skipping this rule"),
            LineFault::Unclosed(at) => {
                let (delimiter, done) = (&text[at..=at], self.place.words.unclosed.as_bytes());
                self.place.warn(&[b"no closing regexp delimiter \"", delimiter, b"\": ", done].concat());
            }
            LineFault::UnknownFlag(known) => {
                let flag = &text[known.end..=known.end];
                self.warn_of_obsolete(&text[known]);
                self.place.warn(&[b"unknown regexp option \"", flag, b"\": skipping this rule"].concat());
            }
        }
    }

    /// `X` asked the first PCRE library for what the second always does.
    fn warn_of_obsolete(&self, flags: &[u8]) {
        if E::DIALECT == Dialect::Pcre {
            let obsolete = flags.iter().filter(|&&flag| flag == b'X');
            obsolete.for_each(|_| self.place.warn(b"ignoring obsolete regexp option \"X\""));
        }
    }

    fn warn_of_result(&self, result: &[u8], fault: TemplateFault) {
        let quoted = |words: &str, text: &[u8]| [words.as_bytes(), b" \"", text, b"\""].concat();
        match fault {
            // These two come from a part of Postfix that does not know of tables.
            TemplateFault::NoName => self.place.caller.warning(&quoted("empty macro name:", result)),
            TemplateFault::Unclosed => self.place.caller.warning(&quoted("truncated macro reference:", result)),
            TemplateFault::NotNumeric(name) => self.place.warn(&quoted("non-numeric replacement index", &name)),
            TemplateFault::Zero(name) => {
                self.place.warn(&quoted(&format!("{} replacement index", self.place.words.zero_index), &name));
            }
        }
        self.place.warn(b"bad replacement syntax: skipping this rule");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::table::LookupTable;
    use crate::maps::text::source::tests::Told;
    use crate::maps::types::pcre::PcreTable;
    use std::sync::Arc;

    /// Messages as Postfix 3.11's trivial-rewrite has them.
    #[test]
    fn where_substitution_is_not_allowed_rules_with_it_are_skipped() {
        let scratch = tempfile::NamedTempFile::new().expect("scratch file");
        std::fs::write(scratch.path(), "# c\n/^(a)/ $1\n!/^(b)/ $1\n/^a/ $$1\n/^b/ ${2}\n").expect("written");
        let name = scratch.path().display().to_string();
        let told = Arc::new(Told::default());
        let options = OpenOptions { substitution: false, caller: told.clone(), ..OpenOptions::default() };
        let mut table = PcreTable::open(name.as_bytes(), &options).expect("readable");
        assert_eq!((table.lookup(b"a"), table.lookup(b"b")), (Ok(Some(b"$1".to_vec())), Ok(None)));
        let start = format!("pcre map {name}, line");
        let expected = [
            format!("{start} 2: regular expression substitution is not allowed: skipping this rule"),
            format!("{start} 3: $number found in negative match replacement text: skipping this rule"),
            format!("{start} 5: regular expression substitution is not allowed: skipping this rule"),
        ];
        assert_eq!(*told.0.lock().expect("no other thread"), expected);
    }
}
