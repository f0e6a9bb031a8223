//! aliases, in the words of postalias: what Sendmail reads otherwise than Postfix is written so that it means the same.
//!
//! local(8) does not ask virtual tables for addresses of this host that an alias leads to; Sendmail asks virtusertable
//! for them. Such an address is written as what virtusertable makes of it.

use super::draft::Draft;
use super::old_site::OldSite;
use super::read::Row;
use super::report::Verdict;
use super::resolve::{Sendmail, alias_name, destinations, included, unquoted, virtual_fault, within_quotes};
use super::settings::{Flag, Role};

/// Aliases.
pub const ALIASES: &str = "aliases";
/// Addresses that have moved.
pub const RELOCATED: &str = "relocated";

/// What is made of a destination.
enum Made {
    /// It stands there like this; what differs.
    As(String, Option<String>),
    /// It cannot.
    Undecided(Verdict),
}

/// Carries the aliases over.
pub fn carry(site: &OldSite, draft: &mut Draft) {
    let sendmail = Sendmail::new(site);
    for row in site.rows(Role::Aliases) {
        let verdict = of_row(&sendmail, row, draft);
        draft.told(row.line(verdict));
    }
}

fn of_row(sendmail: &Sendmail<'_>, row: &Row, draft: &mut Draft) -> Verdict {
    let site = sendmail.site;
    let name = alias_name(&row.key, site);
    if name.contains('@') {
        return Verdict::carried("nothing: its domain is not this host's, and newaliases refuses such a name");
    }
    if name.ends_with("+*") {
        return Verdict::decide(
            "an alias for every detail of a user is none that Postfix looks for",
            &[
                "a line /^USER\\+.*@DOMAIN$/ in virtual.pcre",
                "an alias for each detail that is in use",
                "leave it out: mail with a detail goes to the user",
            ],
        );
    }
    let parts = destinations(&row.value);
    let redirected = parts.iter().find_map(|part| part.strip_suffix(".REDIRECT").or(part.strip_suffix(".redirect")));
    if let Some(new) = redirected {
        if !site.settings.has(Flag::Redirect) {
            return Verdict::decide(
                "without FEATURE(redirect) Sendmail has no idea of .REDIRECT",
                &["leave it out", "put it into relocated"],
            );
        }
        draft.entry(RELOCATED, &name, new);
        return Verdict::changed("relocated: the answer is 550 5.1.6 User has moved to …, and was 551");
    }
    let mut made = Vec::new();
    let mut changes = Vec::new();
    for part in &parts {
        match destination(sendmail, &name, part) {
            Made::As(text, change) => {
                made.push(text);
                changes.extend(change);
            }
            Made::Undecided(verdict) => return verdict,
        }
    }
    if made.is_empty() {
        return Verdict::decide("it has no destination", &["write one", "leave it out"]);
    }
    draft.entry(ALIASES, &quoted_name(&name), &made.join(", "));
    if changes.is_empty() {
        Verdict::carried(ALIASES)
    } else {
        Verdict::changed(format!("aliases: {}", changes.join("; ")))
    }
}

/// A name as an aliases file has it.
fn quoted_name(name: &str) -> String {
    let is_plain = name.chars().all(|char| char.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(char));
    if is_plain { name.to_string() } else { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) }
}

fn destination(sendmail: &Sendmail<'_>, name: &str, part: &str) -> Made {
    let inner = unquoted(part);
    if let Some(command) = inner.strip_prefix('|') {
        return command_line(part, inner, command.trim());
    }
    if inner.starts_with('/') {
        return Made::As(if inner.contains(' ') { format!("\"{inner}\"") } else { inner.to_string() }, None);
    }
    if let Some(file) = included(inner) {
        return match file {
            "" => Made::Undecided(Verdict::decide(
                "no file stands behind :include:",
                &["write one and migrate again", "leave it out"],
            )),
            file => Made::As(format!(":include:{file}"), None),
        };
    }
    if let Some(text) = part.split_once(" #").map(|(before, _)| before.trim()).filter(|before| !before.is_empty()) {
        return Made::Undecided(Verdict::decide(
            format!("for Sendmail the words behind # belong to the address, and mail for {text} never came"),
            &["write the comment in a line of its own and migrate again"],
        ));
    }
    if let Some(user) = inner.strip_prefix('\\') {
        return match user.contains('@') {
            true => Made::As(user.to_string(), None),
            // One backslash is eaten by postalias.
            false => {
                Made::As(if user.eq_ignore_ascii_case(name) { user.to_string() } else { format!("\\\\{user}") }, None)
            }
        };
    }
    let Some((local, domain)) = inner.rsplit_once('@') else {
        return Made::As(part.to_string(), None);
    };
    through_virtual(sendmail, part, local, domain)
}

/// An address of this host as virtusertable has it.
fn through_virtual(sendmail: &Sendmail<'_>, part: &str, local: &str, domain: &str) -> Made {
    if !sendmail.site.is_local(&domain.to_lowercase()) {
        return Made::As(part.to_string(), None);
    }
    let (mut local, mut domain) = (local.to_string(), domain.to_string());
    for _ in 0..50 {
        let Some(hit) = sendmail.virtual_user(&local, &domain) else {
            let now = format!("{local}@{domain}");
            let change = (now != part).then(|| asked_no_more(part, &now));
            return Made::As(now, change);
        };
        let value = hit.value.strip_prefix("local:").unwrap_or(&hit.value);
        if value.starts_with("error:") || virtual_fault(&hit.value).is_some() {
            return Made::Undecided(Verdict::decide(
                format!("it leads to {part}, which virtusertable refuses (line {})", hit.row.origin.line),
                &["leave it out", "write the address that was meant"],
            ));
        }
        match value.rsplit_once('@') {
            Some((next, at)) if sendmail.site.is_local(&at.to_lowercase()) => {
                (local, domain) = (next.to_string(), at.to_string());
            }
            _ => return Made::As(value.to_string(), Some(asked_no_more(part, value))),
        }
    }
    Made::Undecided(Verdict::decide(
        format!("{part} leads back to itself in virtusertable"),
        &["write the address that was meant"],
    ))
}

fn asked_no_more(part: &str, now: &str) -> String {
    format!("{part} is written as {now}, which virtusertable makes of it: local(8) asks no virtual table")
}

fn command_line(part: &str, inner: &str, command: &str) -> Made {
    // `|"cmd a"` and `"|cmd a"` are the same.
    let bare = within_quotes(command);
    let is_quoted = part.starts_with('"') || bare.is_some();
    let command = bare.unwrap_or(command);
    if !is_quoted && command.contains([' ', '\t']) {
        return Made::Undecided(Verdict::decide(
            format!(
                "without quotes Sendmail runs {} here, with dots for blanks",
                inner[1..].trim().replace([' ', '\t'], ".")
            ),
            &["write \"|COMMAND ARGUMENTS\" in quotes and migrate again", "leave it out"],
        ));
    }
    let escaped = if part.starts_with('"') { command.to_string() } else { command.replace('"', "\\\"") };
    Made::As(format!("\"|{escaped}\""), None)
}
