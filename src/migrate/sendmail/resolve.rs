//! Where Sendmail sends mail: its rules for addresses, as far as tables decide.
//!
//! An address goes through domaintable, virtusertable (again and again), aliases, mailertable and the smart host.
//! Source: cf/README, and the rules that m4 makes of it, tried with 8.17.

use super::next_hop::{hosts, next_hop};
use super::old_site::OldSite;
use super::read::Row;
use super::reply::{Reply, Table};
use super::settings::{Flag, Role};
use std::collections::HashMap;
use std::fmt;

/// How often an address is looked up anew before Sendmail gives up.
const MOST_ROUNDS: usize = 50;

/// Addresses that are followed for one: aliases that lead to each other twice would make more of them than can be.
const MOST_STEPS: usize = 10_000;

/// Bytes of an alias that count as one of them, so that long ones are not read without end either.
const BYTES_A_STEP: usize = 1024;

/// What is said of an address that leads to more.
const TOO_MANY: &str = "more addresses than are followed here";

/// Where mail ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// A user of this host.
    User(String),
    /// A command's standard input.
    Command(String),
    /// A file that it is appended to.
    File(String),
    /// The addresses in a file.
    Include(String),
    /// Another host, and the address that is sent there.
    Host {
        /// In brackets, if its MX records are not asked for.
        host: String,
        /// The recipient.
        address: String,
    },
    /// Nowhere: thrown away.
    Discarded,
    /// Refused.
    Refused {
        /// The enhanced status code.
        status: String,
        /// Why.
        text: String,
    },
    /// Through a mailer of the site's own.
    Mailer(String),
    /// Sendmail turns in circles, or cannot make sense of it.
    Broken(String),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "local user {user}"),
            Self::Command(command) => write!(f, "command {command}"),
            Self::File(file) => write!(f, "file {file}"),
            Self::Include(file) => write!(f, "list {file}"),
            Self::Host { host, address } => write!(f, "{address} by {host}"),
            Self::Discarded => f.write_str("discarded"),
            Self::Refused { status, text } => write!(f, "refused {status} {text}"),
            Self::Mailer(mailer) => write!(f, "mailer {mailer}"),
            Self::Broken(why) => f.write_str(why),
        }
    }
}

/// The tables of the old site, by key.
pub struct Sendmail<'s> {
    /// The site.
    pub site: &'s OldSite,
    virtuser: HashMap<&'s str, &'s Row>,
    aliases: HashMap<String, &'s Row>,
    mailer: HashMap<&'s str, &'s Row>,
    domain: HashMap<&'s str, &'s Row>,
}

/// What the virtusertable says to an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualHit<'s> {
    /// The entry.
    pub row: &'s Row,
    /// Its value, with its arguments put in.
    pub value: String,
}

impl<'s> Sendmail<'s> {
    /// Takes the tables of a site.
    #[must_use]
    pub fn new(site: &'s OldSite) -> Self {
        let by_key = |role| site.rows(role).iter().map(|row| (row.key.as_str(), row)).collect();
        let aliases = site.rows(Role::Aliases).iter();
        Self {
            site,
            virtuser: by_key(Role::Virtuser),
            aliases: aliases.map(|row| (alias_name(&row.key, site), row)).collect(),
            mailer: by_key(Role::Mailer),
            domain: by_key(Role::Domain),
        }
    }

    /// What the virtusertable says to an address, if it is asked for the domain and has an entry.
    #[must_use]
    pub fn virtual_user(&self, local: &str, domain: &str) -> Option<VirtualHit<'s>> {
        let domain = domain.to_lowercase();
        if !self.site.is_virtual(&domain) {
            return None;
        }
        let plus = local.find('+');
        let (user, detail) = plus.map_or((local, None), |at| (&local[..at], Some(&local[at + 1..])));
        let some = detail.unwrap_or_default();
        let with_plus = if some.is_empty() { String::new() } else { format!("+{some}") };
        let mut tries: Vec<(String, bool)> = vec![(format!("{local}@{domain}"), true)];
        if detail.is_some() {
            if !some.is_empty() {
                tries.push((format!("{user}++@{domain}"), false));
            }
            tries.push((format!("{user}+*@{domain}"), false));
            tries.push((format!("{user}@{domain}"), false));
            if !some.is_empty() {
                tries.push((format!("++@{domain}"), false));
            }
            tries.push((format!("+*@{domain}"), false));
        }
        tries.push((format!("@{domain}"), detail.is_none()));
        tries.into_iter().find_map(|(key, is_whole)| {
            let row = *self.virtuser.get(key.to_lowercase().as_str())?;
            let arguments = match is_whole {
                true => [key.as_str(), local, "", ""],
                false => [key.as_str(), user, some, with_plus.as_str()],
            };
            Some(VirtualHit { row, value: with_arguments(&row.value, &arguments) })
        })
    }

    /// The entry of the mailertable for a domain.
    #[must_use]
    pub fn mailer(&self, domain: &str) -> Option<(&'s Row, String)> {
        let domain = domain.to_lowercase();
        if let Some(row) = self.mailer.get(domain.as_str()) {
            return Some((row, with_arguments(&row.value, &[domain.as_str()])));
        }
        let dots = domain.match_indices('.').map(|(at, _)| at);
        let found =
            dots.into_iter().find_map(|at| Some((self.mailer.get(&domain[at..])?, &domain[..at], &domain[at..])));
        if let Some((row, before, key)) = found {
            return Some((row, with_arguments(&row.value, &[key, before])));
        }
        self.mailer.get(".").map(|row| (*row, with_arguments(&row.value, &[".", domain.as_str()])))
    }

    /// Whether there is an alias of a name.
    #[must_use]
    pub fn has_alias(&self, name: &str) -> bool {
        self.aliases.contains_key(&name.to_lowercase())
    }

    /// All places where mail for an address ends, in order and each once.
    #[must_use]
    pub fn ends(&self, address: &str) -> Vec<End> {
        let mut walk = Walk::default();
        self.follow(address, MOST_ROUNDS, &mut walk);
        let mut ends = walk.ends;
        ends.sort();
        ends.dedup();
        ends
    }

    fn follow(&self, address: &str, rounds: usize, walk: &mut Walk<'s>) {
        if !walk.goes_on(1) {
            return;
        }
        if rounds == 0 {
            walk.ends.push(End::Broken("excessive recursion".into()));
            return;
        }
        let Some((local, domain)) = address.rsplit_once('@') else {
            self.local(address, rounds, walk);
            return;
        };
        let domain = domain.to_lowercase();
        if let Some(row) = self.domain.get(domain.as_str()) {
            return self.follow(&format!("{local}@{}", row.value), rounds - 1, walk);
        }
        if let Some(VirtualHit { value, .. }) = self.virtual_user(local, &domain) {
            return match value.strip_prefix("error:") {
                Some(error) => {
                    let reply = Reply::parse(error, Table::Virtuser);
                    walk.ends.push(End::Refused { status: reply.status, text: reply.text });
                }
                None => match virtual_fault(&value) {
                    Some(fault) => walk.ends.push(End::Broken(fault.to_string())),
                    None => self.follow(value.strip_prefix("local:").unwrap_or(&value), rounds - 1, walk),
                },
            };
        }
        if self.site.is_local(&domain) {
            let hub = self.site.settings.mail_hub.as_ref().filter(|_| domain != "localhost");
            if let Some(hub) = hub.filter(|hub| hub.what.mailer.as_deref() != Some("local")) {
                let at = if self.site.settings.has(Flag::StickyHost) { domain } else { hub.what.host.clone() };
                walk.ends.push(End::Host { host: next_hop(&hub.what), address: format!("{local}@{at}") });
                return;
            }
            return self.local(local, rounds, walk);
        }
        walk.ends.push(self.outside(local, &domain));
    }

    /// Mail for a domain elsewhere.
    fn outside(&self, local: &str, domain: &str) -> End {
        let address = format!("{local}@{domain}");
        let Some((_, value)) = self.mailer(domain) else {
            let host = match &self.site.settings.smart_host {
                Some(smart) => next_hop(&smart.what),
                None => domain.to_string(),
            };
            return End::Host { host, address };
        };
        let (mailer, rest) = value.split_once(':').unwrap_or(("", value.as_str()));
        match mailer.to_ascii_lowercase().as_str() {
            "error" => {
                let reply = Reply::parse(rest, Table::Mailer);
                End::Refused { status: reply.status, text: reply.text }
            }
            "discard" => End::Discarded,
            "local" if rest.is_empty() => End::User(local.to_lowercase()),
            "local" => End::User(rest.to_lowercase()),
            "" => End::Host { host: domain.to_string(), address },
            "smtp" | "esmtp" | "smtp8" | "dsmtp" | "relay" => match rest.rsplit_once('@') {
                Some((user, host)) => End::Host { host: host.to_string(), address: format!("{user}@{host}") },
                None => End::Host { host: hosts(rest).join(", "), address },
            },
            _ => End::Mailer(value),
        }
    }

    /// Mail for a name of this host.
    fn local(&self, name: &str, rounds: usize, walk: &mut Walk<'s>) {
        let stays = name.strip_prefix('\\');
        let name = stays.unwrap_or(name).to_lowercase();
        let plus = name.find('+');
        let user = plus.map_or(name.as_str(), |at| &name[..at]);
        let mut tries = vec![name.clone()];
        if plus.is_some() {
            tries.push(format!("{user}+*"));
            tries.push(user.to_string());
        }
        if self.site.settings.has(Flag::PreserveLocalPlusDetail) {
            tries.truncate(1);
        }
        let row = tries.iter().find_map(|name| self.aliases.get(name)).filter(|_| stays.is_none());
        let Some(row) = row.filter(|row| !walk.through.contains(&row.key.as_str())) else {
            walk.ends.push(End::User(user.to_string()));
            return;
        };
        // A value is read as often as something leads to it.
        if !walk.goes_on(row.value.len() / BYTES_A_STEP) {
            return;
        }
        walk.through.push(&row.key);
        for part in destinations(&row.value) {
            self.destination(&part, rounds, walk);
        }
        walk.through.pop();
    }

    fn destination(&self, part: &str, rounds: usize, walk: &mut Walk<'s>) {
        let inner = unquoted(part);
        if let Some(command) = inner.strip_prefix('|') {
            walk.ends.push(End::Command(unquoted(command.trim()).replace("\\\"", "\"")));
        } else if inner.starts_with('/') {
            walk.ends.push(End::File(inner.to_string()));
        } else if let Some(file) = included(inner) {
            walk.ends.push(End::Include(file.to_string()));
        } else {
            self.follow(inner, rounds - 1, walk);
        }
    }
}

/// Where an address has led so far.
#[derive(Default)]
struct Walk<'s> {
    /// The names of the aliases that it is within.
    through: Vec<&'s str>,
    ends: Vec<End>,
    steps: usize,
}

impl Walk<'_> {
    /// Counts steps; whether that many may be gone. What is not followed is said once.
    fn goes_on(&mut self, steps: usize) -> bool {
        let (before, now) = (self.steps, self.steps.saturating_add(steps));
        self.steps = now;
        if before <= MOST_STEPS && now > MOST_STEPS {
            self.ends.push(End::Broken(TOO_MANY.into()));
        }
        now <= MOST_STEPS
    }
}

/// What stands within quotes, if all of a text does.
#[must_use]
pub fn within_quotes(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

/// A text without the quotes around it.
#[must_use]
pub fn unquoted(text: &str) -> &str {
    within_quotes(text).unwrap_or(text)
}

/// The file of a destination `:include:FILE`, whatever the case of the word.
#[must_use]
pub fn included(destination: &str) -> Option<&str> {
    let (word, file) = destination.split_at_checked(":include:".len())?;
    word.eq_ignore_ascii_case(":include:").then(|| file.trim())
}

/// The name of an alias as Sendmail stores it: without a domain that is this host's, blanks as dots.
#[must_use]
pub fn alias_name(key: &str, site: &OldSite) -> String {
    let key = key.to_lowercase();
    let name = match key.rsplit_once('@') {
        Some((local, domain)) if site.is_local(domain) => local.to_string(),
        _ => key,
    };
    if name.starts_with('"') { name.trim_matches('"').to_string() } else { name.replace([' ', '\t'], ".") }
}

/// Why a value of the virtusertable is no address for Sendmail.
#[must_use]
pub fn virtual_fault(value: &str) -> Option<&'static str> {
    let inner = value.trim_start_matches('"');
    if inner.starts_with(['|', '/']) || inner.starts_with(":include:") {
        return Some("Sendmail refuses commands, files and lists here with 550 5.7.1");
    }
    if value.contains(',') {
        return Some("Sendmail takes one address only and answers 553 5.1.3 Invalid route address");
    }
    if value.starts_with('@') || value.is_empty() {
        return Some("Sendmail answers 5.1.3 User address required");
    }
    match value.split_once(':') {
        Some(("local", _)) | None => None,
        Some(_) => Some("Sendmail knows no mailers here and takes this for the name of a local user"),
    }
}

/// The destinations of an alias: commas outside quotes and parentheses divide them, and comments go.
#[must_use]
pub fn destinations(value: &str) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut is_quoted, mut is_escaped, mut depth) = (false, false, 0_usize);
    for char in value.chars() {
        if is_escaped {
            is_escaped = false;
        } else if char == '\\' {
            is_escaped = true;
        } else if char == '"' && depth == 0 {
            is_quoted = !is_quoted;
        } else if char == '(' && !is_quoted {
            depth += 1;
            continue;
        } else if char == ')' && !is_quoted && depth > 0 {
            depth -= 1;
            continue;
        } else if char == ',' && !is_quoted && depth == 0 {
            parts.push(std::mem::take(&mut part));
            continue;
        }
        if depth == 0 {
            part.push(char);
        }
    }
    parts.push(part);
    let parts = parts.into_iter().map(|part| part.trim().to_string());
    // `Name <address>` is the address.
    let parts = parts.map(|part| match (part.find('<'), part.ends_with('>'), part.starts_with(['"', '|'])) {
        (Some(at), true, is_command) if !is_command || part.contains("\" <") => {
            part[at + 1..part.len() - 1].to_string()
        }
        _ => part,
    });
    parts.filter(|part| !part.is_empty()).collect()
}

/// A value with `%0` to `%9` put in; `%%` is a percent sign.
#[must_use]
pub fn with_arguments(value: &str, arguments: &[&str]) -> String {
    let mut out = String::new();
    let mut chars = value.chars();
    while let Some(char) = chars.next() {
        if char != '%' {
            out.push(char);
            continue;
        }
        match chars.next() {
            Some('%') => out.push('%'),
            Some(digit) if digit.is_ascii_digit() => {
                out.push_str(arguments.get(digit as usize - '0' as usize).unwrap_or(&""));
            }
            Some(other) => out.extend(['%', other]),
            None => out.push('%'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::settings::Settings;
    use super::*;
    use std::fs;

    fn ends(aliases: &str, address: &str) -> Vec<End> {
        let scratch = tempfile::tempdir().expect("scratch directory");
        fs::write(scratch.path().join("aliases"), aliases).expect("written");
        let site = OldSite::read(scratch.path(), Settings::stock(), None, None).expect("read");
        Sendmail::new(&site).ends(address)
    }

    #[test]
    fn destinations_begin_with_any_bytes() {
        assert_eq!(included(":Include: /a"), Some("/a"));
        assert_eq!(included(":include:"), Some(""));
        // The ninth byte lies within a letter.
        assert_eq!(included("rootééééé"), None);
        assert_eq!(included("root"), None);
        assert_eq!(ends("a: rootééééé\n", "a"), [End::User("rootééééé".into())]);
    }

    #[test]
    fn aliases_that_lead_to_the_next_twice_have_an_end() {
        let all: String = (0..40).map(|n| format!("a{n}: a{m}+x, a{m}+y\n", m = n + 1)).collect();
        assert_eq!(ends(&all, "a38"), [End::User("a40".into())]);
        assert!(ends(&all, "a0").contains(&End::Broken("more addresses than are followed here".into())));
        let long = format!("a: {}\nb: {}\n", vec!["b"; 20].join(", "), "x".repeat(1 << 20));
        assert_eq!(ends(&long, "a").len(), 2);
    }
}
