//! MAP018: a result that its parameter cannot use.

use crate::config::catalogue;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::rules::main_cf::bad_postscreen_list::is_action;
use crate::lint::site::no_address::{fault as no_address_fault, may_be_wrong};
use crate::lint::site::table_results::each_result;
use crate::lint::site::uses::written_uses;
use crate::lint::site::{LoadedSite, Table};
use crate::routing::delivery::tls_policy::policy_fault;
use crate::syntax::alias_value::destinations;
use crate::syntax::match_list::split_list;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP018",
    name: "bad-result",
    family: Family::Maps,
    severity: Severity::Error,
    summary: "a result of a table that its parameter cannot use",
    why: "A TLS policy that the client does not know and an owner that is no number keep the mail in the queue (`client TLS configuration \
          problem`, `mail system configuration error`); two addresses of a copy become one, with blanks and an `@` in its local part. A feature that \
          the server does not know stays offered.",
    example: "[mail.example.com]:587 encrypted\n",
    remedy: "Write what the documentation of the parameter allows.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// What to do about several addresses where one is used.
const ONE_ADDRESS: &str = "name one address, and give that an alias for the others";

/// What the results of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// A level of TLS and its attributes; whether a parameter names fingerprints.
    Policy { has_prints: bool },
    /// One address.
    Address,
    /// The address that takes another's place.
    Canonical,
    /// The number of a user or group.
    Number,
    /// Words of EHLO.
    Keywords,
    /// A user and a password.
    Password,
    /// What postscreen does with a client.
    Screening,
}

/// A result at fault: how bad it is, what is said, and what to do.
type Wrong = (Severity, String, String);

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let Some(expected) = expected_of(site, table) else { continue };
        each_result(table, |result| {
            let value = String::from_utf8_lossy(result.value());
            if result.is_template() {
                return;
            }
            let Some((severity, message, help)) = fault(expected, value.trim()) else { return };
            let Some((source, span)) = result.place() else { return };
            findings.push(Finding::new(&RULE, message).severity(severity).at(source, span, "here").help(help));
        });
    }
}

/// What all uses of a table agree on.
fn expected_of(site: &LoadedSite, table: &Table) -> Option<Expected> {
    let mut uses = written_uses(table).map(|named| match named.parameter.as_str() {
        parameter @ ("smtp_tls_policy_maps" | "lmtp_tls_policy_maps") => {
            let prints = parameter.replace("policy_maps", "fingerprint_cert_match");
            Some(Expected::Policy { has_prints: !site.expanded(&prints).is_empty() })
        }
        "sender_bcc_maps" | "recipient_bcc_maps" => Some(Expected::Address),
        "canonical_maps"
        | "lmtp_generic_maps"
        | "recipient_canonical_maps"
        | "sender_canonical_maps"
        | "smtp_generic_maps" => Some(Expected::Canonical),
        "virtual_uid_maps" | "virtual_gid_maps" => Some(Expected::Number),
        "lmtp_discard_lhlo_keyword_address_maps"
        | "postscreen_discard_ehlo_keyword_maps"
        | "smtp_discard_ehlo_keyword_address_maps"
        | "smtpd_discard_ehlo_keyword_address_maps" => Some(Expected::Keywords),
        "postscreen_access_list" => Some(Expected::Screening),
        "smtp_sasl_password_maps" | "lmtp_sasl_password_maps" => Some(Expected::Password),
        _ => None,
    });
    let first = uses.next()??;
    uses.all(|other| other == Some(first)).then_some(first)
}

fn fault(expected: Expected, text: &str) -> Option<Wrong> {
    // A comment behind the result has a finding of its own.
    if text.is_empty() || text.contains(" #") {
        return None;
    }
    match expected {
        Expected::Policy { has_prints } => policy_fault(text, has_prints).map(|words| {
            let levels =
                "write a level: none, may, encrypt, dane, dane-only, fingerprint, verify or secure; then name=value";
            (Severity::Error, format!("mail for this destination is put off: {words}"), levels.to_string())
        }),
        Expected::Address => has_more_than_one(text).then(|| {
            (
                Severity::Warning,
                format!("{text} is taken for one address with a long local part"),
                ONE_ADDRESS.to_string(),
            )
        }),
        Expected::Canonical => no_address(text),
        Expected::Number => text.parse::<u32>().is_err().then(|| {
            let message = format!("{text} is no number of a user or group: mail for this address is put off");
            (Severity::Error, message, "write the number, as `id` prints it".to_string())
        }),
        Expected::Screening => {
            // What ends the list, or goes on to the next word.
            let mut words = split_list(text.as_bytes()).into_iter().map(|range| &text[range]);
            let odd = words.find(|word| !word.eq_ignore_ascii_case("permit_mynetworks"))?;
            (!is_action(odd)).then(|| {
                let message = format!("postscreen has no {odd}: the rest of the list counts for nothing");
                (Severity::Warning, message, "write permit, reject or dunno".to_string())
            })
        }
        Expected::Keywords => {
            let known = catalogue::parameter("smtpd_discard_ehlo_keywords")?.allowed;
            let mut words = split_list(text.as_bytes()).into_iter().map(|range| &text[range]);
            let odd = words.find(|word| !known.iter().any(|known| known.eq_ignore_ascii_case(word)))?;
            let help = format!("the words are {}", known.join(", "));
            Some((Severity::Warning, format!("{odd} is no feature that could be left out"), help))
        }
        Expected::Password => (!text.contains(':')).then(|| {
            let message = "a user without a password: the two have a colon between them".to_string();
            (Severity::Warning, message, "write user:password".to_string())
        }),
    }
}

/// What is wrong with what shall take an address's place.
fn no_address(text: &str) -> Option<Wrong> {
    let targets = destinations(text.as_bytes());
    let Some(first) = targets.first() else {
        let message = format!("{text} is no address: mail of this address is put off");
        return Some((Severity::Error, message, "write one address".to_string()));
    };
    if may_be_wrong(first)
        && let Some((what, help)) = no_address_fault(first)
    {
        let message = format!("{} is {what}, and taken for an address", String::from_utf8_lossy(first));
        return Some((Severity::Error, message, help));
    }
    if first.ends_with(b"@") {
        let message = format!("{text} has no domain: mail of this address bounces");
        return Some((Severity::Error, message, "write user@domain".to_string()));
    }
    (targets.len() > 1).then(|| {
        let message = format!("only {} is used of this", String::from_utf8_lossy(first));
        (Severity::Warning, message, ONE_ADDRESS.to_string())
    })
}

/// Whether commas or blanks stand between addresses, outside quotes.
fn has_more_than_one(text: &str) -> bool {
    let mut quoted = false;
    let parts = text.split(|char: char| {
        quoted ^= char == '"';
        !quoted && (char == ',' || char.is_ascii_whitespace())
    });
    parts.filter(|part| part.contains('@')).count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Postfix 3.11.7 made of them.
    #[test]
    fn results_that_cannot_be_used() {
        let policy = Expected::Policy { has_prints: false };
        let cases = [
            (policy, "encrypt ciphers=high", ""),
            (policy, "MAY", ""),
            (policy, "encrypted", "mail for this destination is put off: invalid security level \"encrypted\""),
            (policy, "encrypt cipher=high", "mail for this destination is put off: invalid attribute name: \"cipher\""),
            (Expected::Address, "a@example.com", ""),
            (Expected::Address, "\"a, b\"@example.com", ""),
            (
                Expected::Address,
                "a@example.com, b@example.com",
                "a@example.com, b@example.com is taken for one address with a long local part",
            ),
            (Expected::Canonical, "a@example.com", ""),
            (Expected::Canonical, "Joe Doe <a@example.com>", ""),
            (Expected::Canonical, "@example.com", ""),
            (Expected::Canonical, "a@example.com, b@example.com", "only a@example.com is used of this"),
            (Expected::Canonical, "joe doe@example.com", "only joe is used of this"),
            (Expected::Canonical, "|/bin/true", "|/bin/true is a command, and taken for an address"),
            (Expected::Canonical, "/var/mail/x", "/var/mail/x is a file, and taken for an address"),
            (
                Expected::Canonical,
                "'a@example.com'",
                "'a@example.com' is an address in quotes that mean nothing, and taken for an address",
            ),
            (Expected::Canonical, "b@", "b@ has no domain: mail of this address bounces"),
            (Expected::Canonical, ",", ", is no address: mail of this address is put off"),
            (Expected::Number, "5000", ""),
            (Expected::Number, "vmail", "vmail is no number of a user or group: mail for this address is put off"),
            (Expected::Keywords, "starttls, silent-discard", ""),
            (Expected::Keywords, "pipelning", "pipelning is no feature that could be left out"),
            (Expected::Screening, "REJECT", ""),
            (Expected::Screening, "reject go away", ""),
            (Expected::Screening, "permit_mynetworks, dunno", ""),
            (Expected::Screening, "OK", "postscreen has no OK: the rest of the list counts for nothing"),
            (Expected::Screening, "DENY", "postscreen has no DENY: the rest of the list counts for nothing"),
            (
                Expected::Screening,
                "permit_mynetworks static:foo",
                "postscreen has no static:foo: the rest of the list counts for nothing",
            ),
            (Expected::Password, "joe:secret", ""),
            (Expected::Password, "joe secret", "a user without a password: the two have a colon between them"),
        ];
        for (expected, text, message) in cases {
            assert_eq!(fault(expected, text).map_or_else(String::new, |(_, message, _)| message), message, "{text}");
        }
    }
}
