//! SEC003: strangers who are let in before the word that keeps them from relaying.

use super::faces_strangers;
use super::permitting_entry::{Key, Place, entry_that_permits, permits};
use crate::base::{Source, Span};
use crate::config::catalogue::{Version, restriction_lists};
use crate::config::services::Service;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::restriction_lists::{Step, StepKind, holds_one_of, restriction_list, smtp_servers, walk};
use crate::syntax::match_list::split_list;
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

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let mut told = Vec::new();
    for service in smtp_servers(site).into_iter().filter(|service| faces_strangers(site, *service)) {
        let mut openings = Vec::new();
        let mut closed = false;
        for parameter in LISTS {
            let (keeps_out, found) = look_at(site, parameter, service);
            closed |= keeps_out;
            openings.extend(found);
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

/// Whether a list keeps strangers from relaying, and whom it lets in although it has a word that should.
fn look_at(site: &LoadedSite, parameter: &str, service: Option<&Service>) -> (bool, Vec<Opening>) {
    let list = restriction_list(site, parameter, service);
    let guards = restriction_lists().iter().find(|known| known.parameter == parameter).map_or(&[][..], |l| l.one_of);
    let has_guard = holds_one_of(site, &list, service, guards);
    let (mut guarded, mut openings) = (false, Vec::new());
    walk(site, &list, service, &mut |step, span| {
        guarded = !step.only_warns && guards.contains(&step.name());
        if let Some((source, _)) = &list.place
            && let Some((what, entry)) = lets_in(site, step, service)
        {
            let message = format!("strangers can relay mail: {what}");
            openings.push(Opening { message, label: what, source: Arc::clone(source), span, entry });
        }
        guarded
    });
    // A list without such a word is no help; if neither has one, Postfix does not start.
    if has_guard { (guarded && openings.is_empty(), openings) } else { (false, Vec::new()) }
}

/// Which strangers a step lets in, if it does, and the entry of its table that says so.
fn lets_in(site: &LoadedSite, step: &Step, service: Option<&Service>) -> Option<(String, Option<Place>)> {
    let word = &step.word;
    let key = match step.name() {
        // Only in a class: else Postfix would not start.
        "permit" => return Some(("the permit in this class lets everybody in".to_string(), None)),
        "permit_mx_backup" => {
            let networks = site.configuration.expanded(b"permit_mx_backup_networks", service).unwrap_or_default();
            let everywhere = split_list(&networks).is_empty();
            return everywhere
                .then(|| (format!("{word} takes mail for every domain that names this host in its MX records"), None));
        }
        "permit_naked_ip_address" => {
            // Postfix 3.9 took it away, and answers with an error.
            let works = site.configuration.platform.target < Version::new(3, 9);
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
    let place = entry_that_permits(site, argument, key)?;
    let who = match key {
        Key::Claimed(who) => format!("whoever {who}"),
        Key::Client => "every client".to_string(),
        Key::Recipient => "a recipient in any domain".to_string(),
    };
    Some((format!("{shown} permits {who}"), place))
}
