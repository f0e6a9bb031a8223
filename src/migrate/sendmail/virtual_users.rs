//! virtusertable: whose mail goes where, domain by domain, in the order in which Sendmail tries its keys.
//!
//! What is a plain address stays in an indexed table. A domain with a key that an index cannot have (`user+*@d`,
//! `++@d`), or with `%1` in what it says to all addresses, has patterns for what comes after such a key, too: they see
//! the whole address, before the index is asked for less of it. Source: virtual(5), cf/README.

use super::draft::{Draft, escaped, literal};
use super::old_site::OldSite;
use super::read::Row;
use super::reply::{Reply, Table};
use super::report::Verdict;
use super::resolve::{Sendmail, virtual_fault, with_arguments};
use super::settings::Role;
use std::collections::BTreeMap;

/// Where addresses go.
pub const VIRTUAL: &str = "virtual";
/// The same, by patterns.
pub const VIRTUAL_PATTERNS: &str = "virtual.pcre";
/// What the SMTP server says to addresses that are refused.
pub const REFUSED: &str = "refused_recipients";
/// The same, by patterns: for domains that refuse all but some.
pub const REFUSED_PATTERNS: &str = "refused_recipients.pcre";
/// Where mail goes, by domain and address.
pub const TRANSPORT: &str = "transport";

/// What a key stands for, in the order in which keys are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// `user++@d`: a detail that is not empty.
    SomeDetail,
    /// `user+*@d`: any detail.
    AnyDetail,
    /// `user@d`, with a detail or without.
    User,
    /// `++@d`
    EveryoneSomeDetail,
    /// `+*@d`
    EveryoneAnyDetail,
    /// `@d`
    Everyone,
}

struct Key<'r> {
    rank: Rank,
    /// The user, without what follows `+` in keys with a wildcard.
    user: &'r str,
    row: &'r Row,
}

impl<'r> Key<'r> {
    fn of(row: &'r Row) -> Option<(&'r str, Self)> {
        let (local, domain) = row.key.rsplit_once('@')?;
        let (rank, user) = match local {
            "" => (Rank::Everyone, ""),
            "++" => (Rank::EveryoneSomeDetail, ""),
            "+*" => (Rank::EveryoneAnyDetail, ""),
            _ => match (local.strip_suffix("++"), local.strip_suffix("+*")) {
                (Some(user), _) => (Rank::SomeDetail, user),
                (_, Some(user)) => (Rank::AnyDetail, user),
                _ => (Rank::User, local),
            },
        };
        Some((domain, Self { rank, user, row }))
    }

    fn value(&self) -> &'r str {
        self.row.value.strip_prefix("local:").unwrap_or(&self.row.value)
    }

    fn error(&self) -> Option<Reply> {
        self.row.value.strip_prefix("error:").map(|error| Reply::parse(error, Table::Virtuser))
    }

    /// Whether it can only be said by a pattern.
    fn needs_pattern(&self) -> bool {
        match self.rank {
            Rank::User => has_argument(self.value(), &['2', '3']),
            Rank::Everyone => {
                everyone_with_detail(self.value()).is_none() && has_argument(self.value(), &['0', '1', '2', '3'])
            }
            _ => true,
        }
    }
}

/// Carries the table over.
pub fn carry(site: &OldSite, draft: &mut Draft) {
    let sendmail = Sendmail::new(site);
    let mut domains: BTreeMap<&str, Vec<Key<'_>>> = BTreeMap::new();
    for row in site.rows(Role::Virtuser) {
        match Key::of(row) {
            Some((domain, key)) => domains.entry(domain).or_default().push(key),
            None => draft.told(row.line(Verdict::carried("nothing: Sendmail looks for keys with an @ only"))),
        }
    }
    for (domain, keys) in domains {
        if site.is_virtual(domain) {
            of_domain(&sendmail, domain, keys, draft);
        } else {
            keys.iter().for_each(|key| draft.told(key.row.line(dead(site, domain))));
        }
    }
}

/// A domain that Sendmail does not ask the table for.
fn dead(site: &OldSite, domain: &str) -> Verdict {
    let why = format!(
        "{domain} is neither in local-host-names nor a VIRTUSER_DOMAIN, so Sendmail never asks this table for it"
    );
    if site.has_configuration {
        return Verdict::carried(format!("nothing: {why}"));
    }
    Verdict::decide(why, &["add the domain to local-host-names and migrate again", "leave it out"])
}

fn of_domain(sendmail: &Sendmail<'_>, domain: &str, mut keys: Vec<Key<'_>>, draft: &mut Draft) {
    let site = sendmail.site;
    keys.retain(|key| match refused(sendmail, key) {
        Some(verdict) => {
            draft.told(key.row.line(verdict));
            false
        }
        None => true,
    });
    // By rank, and in the order of the file within each.
    keys.sort_by_key(|key| key.rank);
    // The last rank that needs a pattern: all with a detail that come before it need one, too.
    let last = keys.iter().filter(|key| key.needs_pattern()).map(|key| key.rank).max();
    let has_error = keys.iter().any(|key| key.error().is_some());
    let error_for_all = keys.iter().any(|key| key.rank == Rank::Everyone && key.error().is_some());
    let needs_patterns = |key: &Key<'_>| last.is_some_and(|last| key.rank <= last);
    let at = format!("@{}$", escaped(domain));
    let mut patterns = Vec::new();
    let mut refusals = Vec::new();
    for key in &keys {
        let verdict = match key.error() {
            Some(reply) => refuse(site, domain, key, &reply, draft),
            None => direct(site, key, needs_patterns(key), draft),
        };
        // A domain that refuses the rest needs no pattern that says so.
        if needs_patterns(key) && !(error_for_all && key.error().is_some()) {
            patterns.extend(pattern(key, domain, &at));
        }
        if error_for_all {
            refusals.extend(refusal_pattern(key, &at));
        } else if let (Some(reply), true) = (key.error(), has_error && key.rank == Rank::User) {
            draft.entry(REFUSED, &key.row.key, &reply.to_string());
        } else if has_error && key.user.contains('+') {
            draft.entry(REFUSED, &key.row.key, "DUNNO");
        }
        draft.told(key.row.line(verdict));
    }
    for (table, lines) in [(VIRTUAL_PATTERNS, patterns), (REFUSED_PATTERNS, refusals)] {
        if !lines.is_empty() {
            draft.pattern(table, format!("if /{at}/"));
            lines.into_iter().for_each(|line| draft.pattern(table, line));
            draft.pattern(table, "endif");
        }
    }
}

/// What Sendmail itself would refuse, or cannot be said in another table.
fn refused(sendmail: &Sendmail<'_>, key: &Key<'_>) -> Option<Verdict> {
    let row = key.row;
    if key.error().is_some() {
        return matches!(
            key.rank,
            Rank::SomeDetail | Rank::AnyDetail | Rank::EveryoneSomeDetail | Rank::EveryoneAnyDetail
        )
        .then(|| {
            Verdict::decide(
                "an error for details only has no place in a table of Postfix",
                &["write a line for it in refused_recipients.pcre", "leave it out"],
            )
        });
    }
    if let Some(fault) = virtual_fault(&row.value) {
        return Some(Verdict::decide(
            fault,
            &["write the address that was meant", "leave it out", "make an alias of it"],
        ));
    }
    if row.value.eq_ignore_ascii_case(&row.key) {
        return Some(Verdict::decide(
            "it leads to itself, which Sendmail answers with an error (excessive recursion)",
            &["leave it out: the address is then one of a local user", "write the address that was meant"],
        ));
    }
    if let Some(user) = row.value.strip_prefix('\\') {
        return sendmail.has_alias(user).then(|| {
            Verdict::decide(
                format!("it goes to {user} past the alias of that name, which no virtual table can"),
                &["an alias of another name with \\\\USER as its value, and that name here", "let the alias hold"],
            )
        });
    }
    let is_word = ["reject", "discard"].contains(&row.value.to_ascii_lowercase().trim_end_matches(':'));
    is_word.then(|| {
        let why = format!("for Sendmail {} is the name of a local user here, which was hardly meant", row.value);
        Verdict::decide(why, &["error:nouser 550 TEXT, and migrate again", "leave it out"])
    })
}

/// A key with an address.
fn direct(site: &OldSite, key: &Key<'_>, has_pattern: bool, draft: &mut Draft) -> Verdict {
    let target = |text: &str| local_target(site, text);
    match key.rank {
        Rank::User => {
            let value = with_arguments(key.value(), &[key.row.key.as_str(), key.user]);
            draft.entry(VIRTUAL, &key.row.key, &target(value.trim_start_matches('\\')));
            Verdict::carried(if has_pattern {
                "virtual, and virtual.pcre for addresses with a detail"
            } else {
                "virtual"
            })
        }
        Rank::Everyone if !has_pattern => {
            let value = match everyone_with_detail(key.value()) {
                Some("") => format!("@{}", own_domain(site)),
                Some(at) => at.to_string(),
                None => target(&with_arguments(key.value(), &[])),
            };
            draft.entry(VIRTUAL, &key.row.key, &value);
            Verdict::carried("virtual")
        }
        _ => Verdict::carried("virtual.pcre"),
    }
}

/// A key with an error.
fn refuse(site: &OldSite, domain: &str, key: &Key<'_>, reply: &Reply, draft: &mut Draft) -> Verdict {
    if key.rank == Rank::Everyone {
        return Verdict::carried(format!(
            "refused_recipients.pcre ({} {}), and virtual_alias_domains, by which nothing else is taken for {domain}",
            reply.code, reply.status
        ));
    }
    if super::lists::ends_in_error(site, domain) {
        return Verdict::carried("refused_recipients.pcre, and no entry in virtual");
    }
    // An entry of its own, or one for the whole domain would take it.
    draft.entry(VIRTUAL, &key.row.key, &key.row.key);
    if site.is_local(domain) || site.catch_all(domain).is_none() {
        draft.entry(TRANSPORT, &key.row.key, &reply.transport());
        return Verdict::carried(format!("{REFUSED} for SMTP clients, transport for mail from this host"));
    }
    Verdict::changed(format!("{REFUSED} for SMTP clients; mail from this host bounces with words of Postfix"))
}

/// The line of the pattern table for addresses with a detail, or for all that a key with a wildcard takes.
fn pattern(key: &Key<'_>, domain: &str, at: &str) -> Vec<String> {
    let user = escaped(key.user);
    // Of an address whose parts are needed, the user is $1 and the detail $2, unless the key says the user.
    let (left, parts): (String, [&str; 4]) = match key.rank {
        Rank::SomeDetail => (format!("{user}\\+([^@]+)"), [&key.row.key, key.user, "${1}", "+${1}"]),
        Rank::AnyDetail => (format!("{user}\\+([^@]{})", some(key)), [&key.row.key, key.user, "${1}", "+${1}"]),
        // Sendmail cuts an address at its first plus.
        Rank::User if key.user.contains('+') => return Vec::new(),
        Rank::User => (format!("{user}\\+([^@]*)"), [&key.row.key, key.user, "${1}", "+${1}"]),
        Rank::EveryoneSomeDetail => ("([^@+]*)\\+([^@]+)".into(), [&key.row.key, "${1}", "${2}", "+${2}"]),
        Rank::EveryoneAnyDetail => (format!("([^@+]*)\\+([^@]{})", some(key)), [&key.row.key, "${1}", "${2}", "+${2}"]),
        Rank::Everyone => {
            let with = result(key, domain, &[&key.row.key, "${1}", "${2}", "+${2}"]);
            let without = result(key, domain, &[&key.row.key, "${1}", "", ""]);
            return vec![format!("/^([^@+]*)\\+([^@]*){at}/ {with}"), format!("/^([^@]+){at}/ {without}")];
        }
    };
    vec![format!("/^{left}{at}/ {}", result(key, domain, &parts))]
}

/// How much of a detail there must be: one that becomes the whole name cannot be empty.
fn some(key: &Key<'_>) -> &'static str {
    if key.value().starts_with("%2@") || key.value() == "%2" { "+" } else { "*" }
}

/// What a pattern gives: the value with groups for its arguments; an address that is refused stays as it is.
fn result(key: &Key<'_>, domain: &str, arguments: &[&str]) -> String {
    if key.error().is_some() {
        return format!("{}@{domain}", literal(key.user));
    }
    with_arguments(&literal(key.value().trim_start_matches('\\')), arguments)
}

/// What the SMTP server says to what a key takes, in a domain that refuses all else.
fn refusal_pattern(key: &Key<'_>, at: &str) -> Vec<String> {
    let user = escaped(key.user);
    let left = match key.rank {
        Rank::SomeDetail => format!("^{user}\\+[^@]+"),
        Rank::AnyDetail => format!("^{user}\\+[^@]*"),
        Rank::User => format!("^{user}(\\+[^@]*)?"),
        Rank::EveryoneSomeDetail => "^[^@+]*\\+[^@]+".into(),
        Rank::EveryoneAnyDetail => "^[^@+]*\\+".into(),
        Rank::Everyone => String::new(),
    };
    let result = key.error().map_or_else(|| "DUNNO".to_string(), |reply| literal(&reply.to_string()));
    vec![format!("/{left}{at}/ {result}")]
}

/// `%1%3@x` for a whole domain, which is `@x` in an index; the part behind it.
fn everyone_with_detail(value: &str) -> Option<&str> {
    value.strip_prefix("%1%3").filter(|rest| (rest.is_empty() || rest.starts_with('@')) && !rest.contains('%'))
}

fn has_argument(value: &str, digits: &[char]) -> bool {
    let mut chars = value.chars();
    while let Some(char) = chars.next() {
        if char == '%' && chars.next().is_some_and(|next| digits.contains(&next)) {
            return true;
        }
    }
    false
}

/// A local user's name, or an address as it is. Names without a domain get that of this host; should virtusertable have
/// entries for that, which Sendmail does not ask for such names, `localhost` stands for it.
fn local_target(site: &OldSite, text: &str) -> String {
    let is_plain = text.contains('@') || site.host.is_none() || own_domain(site) != "localhost";
    if is_plain { text.to_string() } else { format!("{text}@localhost") }
}

/// A domain of this host that virtusertable has nothing for.
#[must_use]
pub fn own_domain(site: &OldSite) -> &str {
    let host = site.host.as_deref().unwrap_or("localhost");
    if site.has_virtual_keys(host) { "localhost" } else { host }
}
