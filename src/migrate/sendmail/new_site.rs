//! The files of the new site, as texts.

use super::draft::{Draft, Table};
use super::main_cf::MainCf;
use super::old_site::OldSite;
use super::settings::{Flag, Listener};
use super::{access, aliases, lists, rewriting, virtual_users};
use crate::config::catalogue::{Version, stock_services};
use std::fmt::Write;

/// A file of the new site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// What each table is, for its first line.
const ABOUT: [(&str, &str); 19] = [
    (aliases::ALIASES, "aliases(5): where mail for local names goes"),
    (aliases::RELOCATED, "relocated(5): users who have moved"),
    (virtual_users::VIRTUAL, "virtual(5): where mail for addresses goes"),
    (virtual_users::VIRTUAL_PATTERNS, "pcre_table(5): where mail for addresses goes, what no index can say"),
    (virtual_users::REFUSED, "access(5): recipients that are refused"),
    (virtual_users::REFUSED_PATTERNS, "pcre_table(5): domains that refuse all recipients but some"),
    (virtual_users::TRANSPORT, "transport(5): which way mail goes"),
    (access::CLIENTS, "access(5): clients"),
    (access::CLIENT_NETWORKS, "cidr_table(5): clients, by networks"),
    (access::SENDERS, "access(5): senders"),
    (access::SENDER_DOMAINS, "access(5): domains of senders"),
    (access::RECIPIENTS, "access(5): recipients"),
    (access::FRIENDS, "access(5): recipients who take everything"),
    (access::RELAY_RECIPIENTS, "access(5): recipients that mail is relayed to"),
    (lists::RELAY_CLIENTS, "access(5): clients that may relay, and their subdomains"),
    (lists::RELAY_CLIENT_NAMES, "pcre_table(5): clients that may relay, by the names of this host"),
    (rewriting::SENDER_CANONICAL, "canonical(5): how senders are written"),
    (rewriting::SENDER_PATTERNS, "pcre_table(5): how senders are written, what no index can say"),
    (rewriting::CANONICAL, "canonical(5): domains that have another name"),
];

/// All files, tables as sources.
#[must_use]
pub fn files(site: &OldSite, draft: &Draft, map_type: &str, target: Version) -> Vec<NewFile> {
    let mut files = vec![
        NewFile { name: "main.cf".into(), text: MainCf::print(site, draft, map_type, target) },
        NewFile { name: "master.cf".into(), text: master_cf(site) },
    ];
    for (name, table) in draft.tables.iter().filter(|(_, table)| !table.entries.is_empty()) {
        files.push(NewFile { name: (*name).into(), text: table_text(name, table) });
    }
    for (name, lines) in draft.patterns.iter().filter(|(_, lines)| !lines.is_empty()) {
        let text = lines.iter().fold(head(name), |text, line| text + line + "\n");
        files.push(NewFile { name: (*name).into(), text });
    }
    for (name, names) in &draft.lists {
        let text = names.all().iter().fold(String::new(), |text, name| text + name + "\n");
        files.push(NewFile { name: (*name).into(), text });
    }
    files
}

fn head(name: &str) -> String {
    let about = ABOUT.iter().find(|(known, _)| *known == name).map_or("a table", |(_, about)| about);
    format!("# {about}. Made from Sendmail's tables by `postwright migrate sendmail`.\n")
}

fn table_text(name: &str, table: &Table) -> String {
    let mut text = head(name);
    let divider = if name == aliases::ALIASES { ": " } else { " " };
    for (key, value) in &table.entries {
        let _ = writeln!(text, "{key}{divider}{value}");
    }
    text
}

/// Sendmail's listeners, and the services of Postfix that it cannot be without.
fn master_cf(site: &OldSite) -> String {
    let settings = &site.settings;
    let mut text = "# Made from Sendmail's configuration by `postwright migrate sendmail`.\n\
                    # service type  private unpriv  chroot  wakeup  maxproc command + args\n"
        .to_string();
    let mut row = |fields: [&str; 8]| {
        let [name, kind, private, unpriv, chroot, wakeup, limit, command] = fields;
        let line = format!("{name:<9} {kind:<5} {private:<7} {unpriv:<7} {chroot:<7} {wakeup:<7} {limit:<7} {command}");
        text.push_str(line.trim_end());
        text.push('\n');
    };
    if settings.listeners.is_empty() {
        row(["smtp", "inet", "n", "-", "n", "-", "-", "smtpd"]);
    }
    for listener in &settings.listeners {
        let limit = listener.limit.map_or("-".to_string(), |limit| limit.to_string());
        let options: String =
            listener.options.iter().map(|(name, value)| format!("\n  -o {{ {name} = {value} }}")).collect();
        row([&listener.service, "inet", "n", "-", "n", "-", &limit, &format!("smtpd{options}")]);
    }
    let submits =
        |listener: &Listener| ["submission", "587"].contains(&listener.service.rsplit(':').next().unwrap_or(""));
    // Sendmail adds it to whatever DAEMON_OPTIONS name.
    if settings.null_client.is_none() && !settings.has(Flag::NoDefaultMsa) && !settings.listeners.iter().any(submits) {
        row(["submission", "inet", "n", "-", "n", "-", "-", "smtpd"]);
    }
    for service in stock_services().iter().filter(|service| service.enabled && service.service_type.name() != "inet") {
        let kind = service.service_type.name();
        let fields =
            [service.private, service.unpriv, service.chroot, service.wakeup, service.maxproc, service.command];
        let [private, unpriv, chroot, wakeup, limit, command] = fields;
        row([service.name, kind, private, unpriv, chroot, wakeup, limit, command]);
    }
    for service in &settings.services {
        text.push_str(&service.line);
        text.push('\n');
    }
    text
}
