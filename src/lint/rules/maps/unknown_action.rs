//! MAP014: a result of an access table or of header_checks that is no action.

use crate::base::{Source, Span, suggest};
use crate::config::catalogue::{self, Argument, Kind, restriction, restrictions};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::table_results::{TableResult, each_result};
use crate::lint::site::uses::written_uses;
use crate::lint::site::{LoadedSite, Table};
use memchr::memmem;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP014",
    name: "unknown-action",
    family: Family::Maps,
    severity: Severity::Error,
    summary: "a result of an access table or of header_checks that is no action, or that lacks what it needs",
    why: "The SMTP server answers `451 4.3.5 Server configuration error` where an access table says a word that it does not know; \
          header_checks only warn. An action without its address or text does nothing, and a number alone lets everybody in.",
    example: "bad.example DENY\n",
    remedy: "Write an action of access(5) or header_checks(5), such as REJECT, OK or DUNNO.",
    fix: None,
    link: "https://www.postfix.org/access.5.html",
};

/// The actions of access(5).
const ACCESS: [&str; 16] = [
    "BCC",
    "DEFER",
    "DEFER_IF_PERMIT",
    "DEFER_IF_REJECT",
    "DISCARD",
    "DUNNO",
    "FILTER",
    "HANGUP",
    "HOLD",
    "INFO",
    "OK",
    "PREPEND",
    "REDIRECT",
    "REJECT",
    "RELAY",
    "WARN",
];
/// The actions of header_checks(5).
const CHECKS: [&str; 15] = [
    "BCC", "DISCARD", "DUNNO", "FILTER", "HOLD", "IGNORE", "INFO", "OK", "PASS", "PREPEND", "REDIRECT", "REJECT",
    "REPLACE", "STRIP", "WARN",
];
/// Those among them that only the SMTP server's side of the queue knows: the client has the message already.
const BEFORE_QUEUE: [&str; 6] = ["BCC", "DISCARD", "FILTER", "HOLD", "REDIRECT", "REJECT"];
/// Lists of patterns for the headers of messages.
const HEADERS: [&str; 10] = [
    "header_checks",
    "lmtp_header_checks",
    "lmtp_mime_header_checks",
    "lmtp_nested_header_checks",
    "milter_header_checks",
    "mime_header_checks",
    "nested_header_checks",
    "smtp_header_checks",
    "smtp_mime_header_checks",
    "smtp_nested_header_checks",
];
/// The same for their bodies.
const BODIES: [&str; 3] = ["body_checks", "lmtp_body_checks", "smtp_body_checks"];
/// What others call an action, and what it is called here.
const OTHER_NAMES: [(&str, &str); 12] = [
    ("ACCEPT", "OK"),
    ("ALLOW", "OK"),
    ("BLACKLIST", "REJECT"),
    ("BLOCK", "REJECT"),
    ("DENY", "REJECT"),
    ("DROP", "DISCARD"),
    ("ERROR", "REJECT"),
    ("PASS", "DUNNO"),
    ("QUARANTINE", "HOLD"),
    ("SPAM", "REJECT"),
    ("WHITELIST", "OK"),
    ("YES", "OK"),
];

/// A result at fault: what is said, and what to do.
struct Wrong {
    severity: Severity,
    message: String,
    help: String,
}

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let is_class = |word: &[u8]| site.configuration.is_restriction_class(word, None);
    for table in &site.tables {
        let judge: &dyn Fn(&str) -> Option<Wrong> = match asked_by(table) {
            Some(Asked::Access) => &|result| access(result, &is_class),
            Some(Asked::Checks { of_headers, by_client: false }) => &move |result| checks(result, of_headers),
            Some(Asked::Checks { of_headers, by_client: true }) => &move |result| client_checks(result, of_headers),
            None => continue,
        };
        each_result(table, |result| {
            if let Some(finding) = finding(result, judge) {
                findings.push(finding);
            }
        });
    }
}

/// What a table's results are for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Access,
    /// Of headers or bodies, and whether by smtp(8) or lmtp(8), on the way out.
    Checks {
        of_headers: bool,
        by_client: bool,
    },
}

/// What all uses of a table agree on.
fn asked_by(table: &Table) -> Option<Asked> {
    // In a pipemap: what one table says is what the next is asked.
    let is_piped = |(source, span): &(Arc<Source>, Span)| memmem::find(source.slice(*span), b"pipemap:").is_some();
    if written_uses(table).any(|named| named.place.as_ref().is_some_and(is_piped)) {
        return None;
    }
    let mut uses = written_uses(table).map(|named| match catalogue::parameter(&named.parameter) {
        _ if HEADERS.contains(&named.parameter.as_str()) => Some(checks_of(&named.parameter, true)),
        Some(parameter) if BODIES.contains(&parameter.name) => Some(checks_of(parameter.name, false)),
        Some(parameter) => (parameter.kind == Kind::RestrictionList).then_some(Asked::Access),
        // A file by itself.
        None if named.parameter.is_empty() => None,
        // A restriction class.
        None => Some(Asked::Access),
    });
    let first = uses.next()??;
    uses.all(|other| other == Some(first)).then_some(first)
}

fn checks_of(parameter: &str, of_headers: bool) -> Asked {
    let by_client = parameter.starts_with("smtp_") || parameter.starts_with("lmtp_");
    Asked::Checks { of_headers, by_client }
}

fn finding(result: &TableResult, judge: &dyn Fn(&str) -> Option<Wrong>) -> Option<Finding> {
    let value = String::from_utf8_lossy(result.value());
    // What `$1` stands for is known when mail comes.
    if result.is_template() && value.split([' ', '\t']).next().is_some_and(|word| word.contains('$')) {
        return None;
    }
    let Wrong { severity, message, help } = judge(value.trim())?;
    let (source, span) = result.place()?;
    Some(Finding::new(&RULE, message).severity(severity).at(source, span, "here").help(help))
}

/// What an access table says.
fn access(text: &str, is_class: &dyn Fn(&[u8]) -> bool) -> Option<Wrong> {
    let (word, rest) = split(text);
    let action = word.to_ascii_uppercase();
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_digits {
        let is_code = text.len() == 3 && text.starts_with(['4', '5']);
        return is_code.then(|| Wrong {
            severity: Severity::Warning,
            message: format!("{text} alone lets the client in: it is a number, and so means OK"),
            help: format!("write REJECT, or {text} and a text behind it"),
        });
    }
    if let Some(wrong) = needs(&action, rest, true) {
        return Some(wrong);
    }
    let is_code = word.len() == 3 && word.starts_with(['4', '5']) && word.bytes().all(|byte| byte.is_ascii_digit());
    if text.is_empty() || is_code || ACCESS.contains(&&*action) {
        return None;
    }
    if text.contains(':') {
        return Some(Wrong {
            severity: Severity::Error,
            message: format!("a list of restrictions in a table must not name tables: {text}"),
            help: "name a restriction class here, and the table in its list".to_string(),
        });
    }
    let mut words = text.split([' ', '\t', ',']).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        match restriction(word) {
            Some(known) if known.argument != Argument::None => {
                if words.next().is_none_or(|argument| restriction(argument).is_some()) {
                    return Some(lacks_argument(word, known.argument));
                }
            }
            Some(_) => {}
            None if is_class(word.as_bytes()) => {}
            None => return Some(unknown(word, Severity::Error, &ACCESS, "451 4.3.5 Server configuration error")),
        }
    }
    None
}

/// A restriction that takes the next word for its argument.
fn lacks_argument(word: &str, argument: Argument) -> Wrong {
    let (severity, effect) = match argument {
        Argument::Domain => (Severity::Warning, "it refuses nobody"),
        _ => (Severity::Error, "451 4.3.5 Server configuration error"),
    };
    let what = match argument {
        Argument::Domain => "the domain of a DNS list",
        Argument::Service => "the address of a policy server",
        Argument::Seconds => "a number of seconds",
        Argument::Table | Argument::None => "a table, which only a restriction class can name",
    };
    Wrong { severity, message: format!("{word} lacks its argument: {effect}"), help: format!("it needs {what}") }
}

/// What header_checks and their kin say.
fn checks(text: &str, of_headers: bool) -> Option<Wrong> {
    let (word, rest) = split(text);
    let action = word.to_ascii_uppercase();
    if text.is_empty() || CHECKS.contains(&&*action) {
        return needs(&action, rest, of_headers);
    }
    Some(unknown(word, Severity::Warning, &CHECKS, "the message passes, with a warning in the log"))
}

/// What smtp_header_checks and their kin say.
fn client_checks(text: &str, of_headers: bool) -> Option<Wrong> {
    let (word, _) = split(text);
    if BEFORE_QUEUE.iter().any(|action| action.eq_ignore_ascii_case(word)) {
        return Some(Wrong {
            severity: Severity::Warning,
            message: format!("{word} does nothing here: the message is on its way out, and goes on"),
            help: format!("say {word} in header_checks or body_checks, which see the message when it comes in"),
        });
    }
    checks(text, of_headers)
}

fn unknown(word: &str, severity: Severity, actions: &[&str], effect: &str) -> Wrong {
    let upper = word.to_ascii_uppercase();
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == upper).map(|(_, name)| *name);
    let known = actions.iter().copied().chain(restrictions().iter().map(|known| known.name));
    let help = match other.or_else(|| suggest(&upper, known).first().copied()) {
        _ if word.contains('@') => format!("write REDIRECT {word} to send the mail there"),
        Some(similar) => format!("did you mean {similar}?"),
        None => RULE.remedy.to_string(),
    };
    Wrong { severity, message: format!("{word} is no action: {effect}"), help }
}

/// An action without what it needs does nothing.
fn needs(action: &str, rest: &str, of_headers: bool) -> Option<Wrong> {
    let is_header = rest.split_once(':').is_some_and(|(name, _)| !name.is_empty() && !name.contains([' ', '\t']));
    let (is_there, what) = match action {
        "BCC" | "REDIRECT" => (rest.contains('@'), "an address, user@domain,"),
        "FILTER" => (rest.contains(':'), "transport:nexthop"),
        "PREPEND" | "REPLACE" if of_headers => (is_header, "a header, Name: text,"),
        "PREPEND" | "REPLACE" => (!rest.is_empty(), "a text"),
        _ => return None,
    };
    (!is_there).then(|| Wrong {
        severity: Severity::Warning,
        message: format!("{action} does nothing here: it needs {what} behind it"),
        help: format!("write {what} behind {action}").replace(", behind", " behind"),
    })
}

/// The first word, and what stands behind it.
fn split(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    (word, rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As smtpd and cleanup of Postfix 3.11.7 take them.
    #[test]
    fn results_of_tables() {
        let is_class = |word: &[u8]| word == b"guarded";
        let shown = |wrong: Option<Wrong>| wrong.map_or_else(String::new, |wrong| wrong.message);
        let server = "451 4.3.5 Server configuration error";
        let cases = [
            ("OK", String::new()),
            ("reject", String::new()),
            ("554 5.7.1 no", String::new()),
            ("REJECT: no", "a list of restrictions in a table must not name tables: REJECT: no".to_string()),
            ("1234567", String::new()),
            ("550", "550 alone lets the client in: it is a number, and so means OK".to_string()),
            ("DENY", format!("DENY is no action: {server}")),
            ("boss@example.org", format!("boss@example.org is no action: {server}")),
            ("REDIRECT", "REDIRECT does nothing here: it needs an address, user@domain, behind it".to_string()),
            ("PREPEND", "PREPEND does nothing here: it needs a header, Name: text, behind it".to_string()),
            ("FILTER smtp", "FILTER does nothing here: it needs transport:nexthop behind it".to_string()),
            ("permit_mynetworks, reject", String::new()),
            ("check_sender_access", format!("check_sender_access lacks its argument: {server}")),
            ("check_policy_service", format!("check_policy_service lacks its argument: {server}")),
            ("warn_if_reject sleep", format!("sleep lacks its argument: {server}")),
            ("reject_rbl_client", "reject_rbl_client lacks its argument: it refuses nobody".to_string()),
            ("reject_rbl_client, reject", "reject_rbl_client lacks its argument: it refuses nobody".to_string()),
            ("reject_rbl_client list.example, reject", String::new()),
            ("sleep 1", String::new()),
            ("guarded", String::new()),
            ("reject_unverified_recipent", format!("reject_unverified_recipent is no action: {server}")),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(access(text, &is_class)), expected, "{text}");
        }
        let passes = "the message passes, with a warning in the log";
        let cases = [
            ("rejct", format!("rejct is no action: {passes}")),
            ("550 no", format!("550 is no action: {passes}")),
            ("DENY", format!("DENY is no action: {passes}")),
            ("OK", String::new()),
            ("reject Sorry", String::new()),
            ("REPLACE x", "REPLACE does nothing here: it needs a header, Name: text, behind it".to_string()),
            ("PASS", String::new()),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(checks(text, true)), expected, "{text}");
        }
        let out = "does nothing here: the message is on its way out, and goes on";
        let cases = [
            ("REJECT no", format!("REJECT {out}")),
            ("hold", format!("hold {out}")),
            ("FILTER a:b", format!("FILTER {out}")),
            ("IGNORE", String::new()),
            ("STRIP", String::new()),
            ("rejct no", format!("rejct is no action: {passes}")),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(client_checks(text, true)), expected, "{text}");
        }
    }
}
