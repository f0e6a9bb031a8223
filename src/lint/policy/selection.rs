//! Which rules are looked for: selectors, and the layers of choices that settings and command line make.
//!
//! A selector is a code (`MC003`), a rule's name (`unknown-parameter`), the start of codes (`MC`, `MAP00`) or `ALL`.
//! Within a layer the longer selector wins, and of two equal ones the one that ignores; a later layer wins over an
//! earlier one.

use crate::base::suggest;
use crate::diagnostic::{Family, Rule};
use crate::lint::registry::declarations;
use std::collections::BTreeSet;
use std::fmt;

/// Names one rule or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The start of the codes that it names; the whole code where a name was given.
    prefix: String,
}

/// A selector that names no rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRule {
    /// What was asked for.
    pub text: String,
    /// What may have been meant.
    pub similar: Option<String>,
}

impl fmt::Display for UnknownRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no rule is called {}", crate::diagnostic::render::clean(&self.text))?;
        self.similar.as_ref().map_or(Ok(()), |similar| write!(f, "; did you mean {similar}?"))
    }
}

impl std::error::Error for UnknownRule {}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// When no rule is meant by it.
    pub fn parse(text: &str) -> Result<Self, UnknownRule> {
        if text == "ALL" {
            return Ok(Self { prefix: String::new() });
        }
        if let Some(rule) = declarations().find(|rule| rule.name == text) {
            return Ok(Self { prefix: rule.code.to_string() });
        }
        let is_family = Family::ALL.iter().any(|family| family.letters() == text);
        let is_start = !text.is_empty() && declarations().any(|rule| rule.code.starts_with(text));
        if is_family || is_start { Ok(Self { prefix: text.to_string() }) } else { Err(unknown(text)) }
    }

    /// How closely it names a rule; nothing if it does not.
    fn closeness(&self, rule: &Rule) -> Option<usize> {
        rule.code.starts_with(&self.prefix).then_some(self.prefix.len())
    }
}

/// The rule with this code or name.
///
/// # Errors
/// When there is none.
pub fn rule_called(text: &str) -> Result<&'static Rule, UnknownRule> {
    declarations().find(|rule| rule.code == text || rule.name == text).ok_or_else(|| unknown(text))
}

fn unknown(text: &str) -> UnknownRule {
    let names = declarations().flat_map(|rule| [rule.code, rule.name]).chain(Family::ALL.map(Family::letters));
    // Codes are short, and a wrong case is the most common slip; of codes that differ by a digit each is as good a
    // guess.
    let upper = text.to_uppercase();
    let same = names.clone().find(|name| *name == upper || *name == text.to_lowercase());
    let similar = same.or_else(|| suggest(text, names).first().copied());
    UnknownRule { text: text.to_string(), similar: similar.map(str::to_string) }
}

/// The rules that are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    off: BTreeSet<&'static str>,
}

impl Default for Selection {
    /// Every rule.
    fn default() -> Self {
        Self { off: BTreeSet::new() }
    }
}

impl Selection {
    /// Applies a layer: with `select` only what it names (and `ignore` does not name more closely), else what was
    /// chosen before without what `ignore` names.
    #[must_use]
    pub fn layer(mut self, select: Option<&[Selector]>, ignore: &[Selector]) -> Self {
        let closest = |selectors: &[Selector], rule| selectors.iter().filter_map(|one| one.closeness(rule)).max();
        for rule in declarations() {
            let ignored = closest(ignore, rule);
            let on = match select.map(|select| closest(select, rule)) {
                // `None` is less than every closeness.
                Some(selected) => selected > ignored,
                None => self.holds(rule) && ignored.is_none(),
            };
            if on {
                self.off.remove(rule.code)
            } else {
                self.off.insert(rule.code)
            };
        }
        self
    }

    /// Whether a rule is looked for.
    #[must_use]
    pub fn holds(&self, rule: &Rule) -> bool {
        !self.off.contains(rule.code)
    }
}

/// Whether one of the selectors names the rule.
#[must_use]
pub fn any_names(selectors: &[Selector], rule: &Rule) -> bool {
    selectors.iter().any(|selector| selector.closeness(rule).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selectors(text: &str) -> Vec<Selector> {
        text.split_whitespace().map(|text| Selector::parse(text).unwrap()).collect()
    }

    #[test]
    fn layers() {
        // select and ignore of two layers, then what becomes of MC003, MC004 and MAP005.
        type Layer<'a> = (Option<&'a str>, &'a str);
        let cases: &[(Layer, Layer, [bool; 3])] = &[
            ((None, ""), (None, ""), [true, true, true]),
            ((Some("MC"), ""), (None, ""), [true, true, false]),
            ((Some("ALL"), "MC"), (None, ""), [false, false, true]),
            ((Some("MC003"), "MC"), (None, ""), [true, false, false]),
            ((Some("unknown-parameter"), "MC"), (None, ""), [true, false, false]),
            ((Some("MC"), "MC"), (None, ""), [false, false, false]),
            ((None, "MC"), (Some("MC003"), ""), [true, false, false]),
            ((None, "MC003"), (None, "MAP00"), [false, true, false]),
            ((Some("MAP"), ""), (Some("MC"), "undefined-name"), [true, false, false]),
        ];
        for (first, second, expected) in cases {
            let apply = |selection: Selection, layer: &Layer| {
                let select = layer.0.map(selectors);
                selection.layer(select.as_deref(), &selectors(layer.1))
            };
            let selection = apply(apply(Selection::default(), first), second);
            let got = ["MC003", "MC004", "MAP005"].map(|code| selection.holds(rule_called(code).unwrap()));
            assert_eq!(got, *expected, "{first:?} {second:?}");
        }
    }

    #[test]
    fn what_names_nothing_is_told() {
        let cases = [
            ("mc003", "no rule is called mc003; did you mean MC003?"),
            ("MAPP", "no rule is called MAPP; did you mean MAP?"),
            ("unknown_parameter", "no rule is called unknown_parameter; did you mean unknown-parameter?"),
            ("wrong", "no rule is called wrong"),
            ("", "no rule is called "),
        ];
        for (text, expected) in cases {
            assert_eq!(Selector::parse(text).unwrap_err().to_string(), expected);
        }
        assert!(Selector::parse("SEC").is_ok(), "a family without a rule yet");
    }
}
