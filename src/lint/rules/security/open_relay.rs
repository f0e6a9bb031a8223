//! SEC003: strangers who are let in before the word that keeps them from relaying.

use super::faces_strangers;
use crate::base::{Source, Span};
use crate::config::catalogue::{self, Argument, Class, Version, restriction_lists};
use crate::config::services::Service;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::restriction_lists::{Step, StepKind, restriction_list, smtp_servers, walk};
use crate::lint::rules::maps::hidden_rules::EVERYTHING;
use crate::lint::rules::maps::pattern_form;
use crate::lint::site::{Site, Table};
use crate::syntax::match_list::split_list;
use crate::syntax::pattern_table::{Pattern, PatternForm, StatementKind, parse_pattern_table};
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "SEC003",
    name: "open-relay",
    family: Family::Security,
    severity: Severity::Warning,
    summary: "strangers are let in before reject_unauth_destination",
    why: "What permits a client ends the list: the words that keep strangers from relaying, which stand behind it, are not \
          looked at. Names of senders and HELO names are whatever a client says.",
    example: "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions =\n    check_helo_access static:OK, reject_unauth_destination\n",
    remedy: "Move it behind reject_unauth_destination, or put reject_unauth_destination into smtpd_relay_restrictions.",
    fix: None,
    link: "https://www.postfix.org/SMTPD_ACCESS_README.html#danger",
};

/// The lists that decide about a recipient: mail for elsewhere is taken only if neither refuses it.
const LISTS: [&str; 2] = ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"];

/// A way in.
struct Opening {
    message: String,
    label: String,
    source: Arc<Source>,
    span: Span,
    /// The entry of a table that does it.
    entry: Option<Place>,
}

/// An entry's text and its place.
type Place = (Arc<Source>, Span);

/// Looks for it.
pub fn check(site: &Site, findings: &mut Vec<Finding>) {
    let mut told = Vec::new();
    for service in smtp_servers(site).into_iter().filter(|service| faces_strangers(site, *service)) {
        let mut openings = Vec::new();
        let mut closed = false;
        for parameter in LISTS {
            let (guarded, found) = look_at(site, parameter, service);
            closed |= guarded && found.is_empty();
            // A list that never comes to such a word is no help; if neither does, Postfix does not start.
            openings.extend(found.into_iter().filter(|_| guarded));
        }
        let Some(first) = openings.first().filter(|_| !closed) else { continue };
        let places: Vec<_> = openings.iter().map(|one| (one.source.name().to_string(), one.span.start)).collect();
        if told.contains(&places) {
            continue;
        }
        told.push(places);
        let mut finding = Finding::new(&RULE, first.message.clone());
        for opening in &openings {
            finding = finding.at(&opening.source, opening.span, opening.label.as_str());
            if let Some((source, span)) = &opening.entry {
                finding = finding.at(source, *span, "by this entry");
            }
        }
        findings.push(finding.help(RULE.remedy));
    }
}

/// Whether a list comes to a word that keeps strangers from relaying, and whom it lets in before.
fn look_at(site: &Site, parameter: &str, service: Option<&Service>) -> (bool, Vec<Opening>) {
    let list = restriction_list(site, parameter, service);
    let guards = restriction_lists().iter().find(|known| known.parameter == parameter).map_or(&[][..], |l| l.one_of);
    let (mut guarded, mut openings) = (false, Vec::new());
    walk(site, &list, service, &mut |step, span| {
        guarded = !step.only_warns && guards.contains(&step.name());
        if let Some((source, _)) = &list.place
            && let Some((what, entry)) = lets_in(site, step, service)
        {
            let label = if step.name() == "permit" { "everybody is let in here".to_string() } else { what.clone() };
            let message = format!("strangers can relay mail: {what}");
            openings.push(Opening { message, label, source: Arc::clone(source), span, entry });
        }
        guarded
    });
    (guarded, openings)
}

/// Which strangers a step lets in, if it does, and the entry of its table that says so.
fn lets_in(site: &Site, step: &Step, service: Option<&Service>) -> Option<(String, Option<Place>)> {
    let word = &step.word;
    let key = match step.name() {
        "permit_mx_backup" => {
            let networks = site.configuration.expanded(b"permit_mx_backup_networks", service).unwrap_or_default();
            let everywhere = split_list(&networks).is_empty();
            return everywhere
                .then(|| (format!("{word} takes mail for every domain that names this host in its MX records"), None));
        }
        "permit_naked_ip_address" => {
            // Postfix 3.9 took it away, and answers with an error.
            let works = site.configuration.settings.target < Version::new(3, 9);
            return works.then(|| (format!("{word} permits whoever says an address in HELO"), None));
        }
        "check_helo_access" => Key::Claimed("says a certain name in HELO"),
        "check_sender_access" => Key::Claimed("gives a certain sender"),
        "check_client_access" => Key::Client,
        "check_recipient_access" => Key::Recipient,
        _ if matches!(step.kind, StepKind::Table) => Key::Recipient,
        _ => return None,
    };
    let argument = step.argument.as_deref().unwrap_or(word);
    let argument = argument.strip_prefix("proxy:").unwrap_or(argument);
    let shown = if step.argument.is_some() { format!("{word} {argument}") } else { argument.to_string() };
    if let Some(value) = argument.strip_prefix("static:") {
        let inside = value.strip_prefix('{').and_then(|value| value.strip_suffix('}')).unwrap_or(value);
        return permits(inside.as_bytes()).then(|| (format!("{shown} permits everybody"), None));
    }
    let table = site.table_named(argument.as_bytes())?;
    let place = entry_that_permits(table, key)?;
    let who = match key {
        Key::Claimed(who) => format!("whoever {who}"),
        Key::Client => "every client".to_string(),
        Key::Recipient => "a recipient in any domain".to_string(),
    };
    Some((format!("{shown} permits {who}"), Some(place)))
}

/// What a table is asked for.
#[derive(Clone, Copy, Debug)]
enum Key {
    /// What the client says of itself, and so can be whatever an entry wants.
    Claimed(&'static str),
    /// The client's address and verified name.
    Client,
    /// The recipient.
    Recipient,
}

/// An entry that lets strangers in.
fn entry_that_permits(table: &Table, key: Key) -> Option<Place> {
    if let Some(entries) = &table.entries {
        let opens = |text: &[u8]| match key {
            Key::Claimed(_) => true,
            Key::Client => false,
            // `name@` stands for that name in every domain.
            Key::Recipient => text.ends_with(b"@"),
        };
        let entry = entries.all().iter().find(|entry| opens(entries.key(entry)) && permits(entries.value(entry)))?;
        let (source, text) = table.text_of(entry)?;
        return Some((Arc::clone(source), text.key_span()));
    }
    let (Some(Ok(source)), Some(form)) = (&table.source, pattern_form(table)) else { return None };
    let opens = |pattern: &Pattern| match form {
        PatternForm::Network => matches!(pattern.text.bytes(), b"0.0.0.0/0" | b"::/0" | b"[::]/0") && !pattern.negated,
        PatternForm::Expression(_) => {
            let everything = !pattern.negated && pattern.second.is_none() && EVERYTHING.contains(&pattern.text.bytes());
            everything || matches!(key, Key::Claimed(_))
        }
    };
    let mut depth = 0_usize;
    parse_pattern_table(source, form).statements.into_iter().find_map(|statement| match statement.kind {
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
            (reached && opens(&pattern) && permits(result.bytes())).then(|| (Arc::clone(source), pattern.text.span()))
        }
    })
}

/// Whether a result permits a client that no other restriction in it knows.
fn permits(result: &[u8]) -> bool {
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
