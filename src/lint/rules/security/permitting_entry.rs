//! Which strangers an access table lets in, as far as its text tells.

use crate::base::{Source, Span};
use crate::config::catalogue::{self, Argument, Class};
use crate::lint::rules::maps::hidden_rules::EVERYTHING;
use crate::lint::site::{LoadedSite, Table};
use crate::maps::patterns::source::read_source;
use crate::syntax::pattern_table::{Pattern, PatternForm, PatternTable, StatementKind, parse_pattern_table};
use std::sync::Arc;

/// An entry's text and its place.
pub type Place = (Arc<Source>, Span);

/// What a table is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Key {
    /// What the client says of itself, and so can be whatever an entry wants.
    Claimed(&'static str),
    /// The client's address and verified name.
    Client,
    /// The recipient.
    Recipient,
}

impl Key {
    /// Whether strangers can be what the key of an entry says.
    fn opens(self, entry: &[u8]) -> bool {
        match self {
            Self::Claimed(_) => true,
            Self::Client => false,
            // `name@` stands for that name in every domain.
            Self::Recipient => entry.ends_with(b"@"),
        }
    }
}

/// The entry of a table that lets strangers in; no place for one in a name that is not written as it comes out.
#[must_use]
pub fn entry_that_permits(site: &LoadedSite, table: &str, key: Key) -> Option<Option<Place>> {
    let table = site.table_named(table.as_bytes())?;
    if let Some(entries) = &table.entries {
        let mut all = entries.all().iter();
        let entry = all.find(|entry| key.opens(entries.key(entry)) && permits(entries.value(entry)))?;
        return Some(table.text_of(entry).map(|(source, text)| (Arc::clone(source), text.key_span())));
    }
    let form = table.named.reference.pattern_form()?;
    match table.patterns() {
        Some((source, rules)) => rule_that_permits(rules, form, key).map(|span| Some((Arc::clone(source), span))),
        None => rule_that_permits(&parse_pattern_table(&rules_in_name(table)?, form), form, key).map(|_| None),
    }
}

/// The rules of a table such as `cidr:{ { 0.0.0.0/0 OK } }`.
fn rules_in_name(table: &Table) -> Option<Arc<Source>> {
    let (map_type, name) = (&table.named.reference.map_type, &table.named.reference.name);
    let text = name.starts_with(b"{").then(|| read_source(map_type, name))?.ok()?;
    Some(Arc::new(Source::new(map_type, text)))
}

/// The place of the pattern of a rule that lets strangers in.
fn rule_that_permits(rules: &PatternTable, form: PatternForm, key: Key) -> Option<Span> {
    let opens = |pattern: &Pattern| match form {
        PatternForm::Network => matches!(pattern.text.bytes(), b"0.0.0.0/0" | b"::/0" | b"[::]/0") && !pattern.negated,
        PatternForm::Expression(_) => {
            let everything = !pattern.negated && pattern.second.is_none() && EVERYTHING.contains(&pattern.text.bytes());
            everything || matches!(key, Key::Claimed(_))
        }
    };
    let mut depth = 0_usize;
    rules.statements.iter().find_map(|statement| match &statement.kind {
        StatementKind::If { .. } => {
            depth += 1;
            None
        }
        StatementKind::Endif => {
            depth = depth.saturating_sub(1);
            None
        }
        // Inside `if` even a pattern for everything stands for less.
        StatementKind::Rule { pattern, result } => {
            let reached = depth == 0 || matches!(key, Key::Claimed(_));
            (reached && opens(pattern) && permits(result.bytes())).then(|| pattern.text.span())
        }
    })
}

/// Whether a result permits a client that no other restriction in it knows.
pub fn permits(result: &[u8]) -> bool {
    let text = String::from_utf8_lossy(result);
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    for word in text.split([' ', '\t', ',', '\r', '\n']).filter(|word| !word.is_empty()) {
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        if is("ok") || is("relay") || is("permit") {
            return true;
        }
        // Other permits are for those who are known; what else there is takes the rest as its text, or refuses.
        let goes_on = catalogue::restriction(word)
            .is_some_and(|known| known.class == Class::Permit && known.argument == Argument::None);
        if !goes_on {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As smtpd of Postfix 3.11 decides.
    #[test]
    fn results_that_permit() {
        let cases = [
            ("OK", true),
            ("ok", true),
            ("relay", true),
            ("1234", true),
            ("permit", true),
            ("permit_mynetworks, permit", true),
            ("permit_mynetworks permit_sasl_authenticated", false),
            ("DUNNO permit", false),
            ("REJECT ok", false),
            ("550 ok", false),
            ("PREPEND X-Was: ok", false),
            ("reject_unauth_destination, permit", false),
            ("", false),
        ];
        for (result, expected) in cases {
            assert_eq!(permits(result.as_bytes()), expected, "{result}");
        }
    }
}
