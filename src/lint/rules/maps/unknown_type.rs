//! MAP013: a table without its type, or of a type that nobody knows or that is not there.

use crate::config::catalogue::{self, Kind};
use crate::config::written_elements::ListElement;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::{SetValue, read_values};
use std::collections::HashSet;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP013",
    name: "unknown-type",
    family: Family::Maps,
    severity: Severity::Error,
    summary: "a table without its type, or of a type that nobody knows or that is not there",
    why: "Postfix cannot open the table: programs end with a fatal error (daemons of 3.12 and later go on, and get no answer), or mail is deferred. Which types the Postfix has that \
          will run the configuration, `map-types` in postwright.toml can tell (postconf -m lists them).",
    example: "virtual_alias_maps = /etc/postfix/virtual\n",
    remedy: "Write `type:name`, such as lmdb:/etc/postfix/virtual.",
    fix: None,
    link: "https://www.postfix.org/DATABASE_README.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let values = read_values(site);
    // What stands in one value and comes to another by `$name` is told where it stands.
    let mut told = HashSet::new();
    values.iter().for_each(|set| look_at(site, set, true, &mut told, findings));
    values.iter().for_each(|set| look_at(site, set, false, &mut told, findings));
}

fn look_at(
    site: &LoadedSite,
    set: &SetValue<'_>,
    as_written: bool,
    told: &mut HashSet<Vec<u8>>,
    findings: &mut Vec<Finding>,
) {
    let Some(parameter) = catalogue::parameter(&set.name.to_string_lossy()) else { return };
    let mut elements = set.elements(site).into_iter();
    while let Some(ListElement { bytes, span, literal }) = elements.next() {
        // Its operand is the name of a socket.
        if bytes.eq_ignore_ascii_case(b"check_policy_service") {
            elements.next();
            continue;
        }
        let marks = bytes.iter().take_while(|&&byte| byte == b'!').count();
        let Some((message, help)) = fault(site, &bytes[marks..], parameter.kind, parameter.name) else { continue };
        if literal != as_written || (!literal && told.contains(&bytes)) {
            continue;
        }
        told.insert(bytes);
        findings.push(Finding::new(&RULE, message).at(set.source, span, "here").help(help));
    }
}

/// What is wrong with an element of a list, and what to do.
fn fault(site: &LoadedSite, element: &[u8], kind: Kind, parameter: &str) -> Option<(String, String)> {
    let holds_tables_only = matches!(kind, Kind::Table | Kind::TableList);
    let may_be_table = matches!(
        kind,
        Kind::RestrictionList
            | Kind::StringMatchList
            | Kind::DomainMatchList
            | Kind::HostMatchList
            | Kind::AddressMatchList
    );
    if !holds_tables_only && !may_be_table {
        return None;
    }
    let shown = String::from_utf8_lossy(element).into_owned();
    let Some(colon) = memchr::memchr(b':', element) else {
        // newaliases gives it the default type; the proxies pass over what is no table, such as the networks of
        // $mynetworks.
        let is_lenient = matches!(parameter, "alias_database" | "proxy_read_maps" | "proxy_write_maps");
        let needs_type = holds_tables_only && !is_lenient && !element.starts_with(b"{");
        return needs_type.then(|| {
            let help = if element.starts_with(b"/") {
                format!("write type:name, such as lmdb:{shown}")
            } else {
                "write type:name, such as lmdb:/etc/postfix/virtual".to_string()
            };
            (format!("{parameter} needs tables as type:name, and {shown} has no type"), help)
        });
    };
    let map_type = &element[..colon];
    let is_half = map_type.is_empty() || colon + 1 == element.len();
    let is_proxys = matches!(parameter, "proxy_read_maps" | "proxy_write_maps");
    if holds_tables_only && is_half && !is_proxys && element.len() > 1 {
        let (lacks, help) = match map_type.is_empty() {
            true => ("type", format!("write type:name, such as lmdb{shown}")),
            false => ("name", format!("write type:name, such as {shown}/etc/postfix/virtual")),
        };
        return Some((format!("{parameter} needs tables as type:name, and {shown} has no {lacks}"), help));
    }
    // `[::1]` and `{ … }` are none, and nothing is a type without a name.
    let is_other = map_type.is_empty() || matches!(map_type[0], b'[' | b'{' | b'/' | b'$');
    // Another rule is about quotes around all of it.
    let is_quoted =
        matches!(map_type.first(), Some(b'"' | b'\'')) && element.len() > 1 && element.first() == element.last();
    if is_other || is_quoted {
        return None;
    }
    let map_type = String::from_utf8_lossy(map_type).into_owned();
    if let Some(known) = catalogue::map_type(&map_type) {
        // Another rule is about types that need Berkeley DB.
        let is_missing = site.has_map_type(&map_type) == Some(false) && !known.is_retired();
        return is_missing.then(|| {
            let message = format!("the Postfix that will run this has no map type {map_type}");
            let help =
                "install the package that has it, or use one of the types that map-types in postwright.toml lists";
            (message, help.to_string())
        });
    }
    let address = shown.split('/').next().unwrap_or_default();
    if address.parse::<std::net::Ipv6Addr>().is_ok() {
        // In lists of addresses another rule tells that.
        if matches!(kind, Kind::HostMatchList | Kind::AddressMatchList) {
            return None;
        }
        let message = format!("Postfix takes {shown} for a table of the type {map_type}");
        let help =
            format!("write an IPv6 address in brackets: {}", shown.replacen(address, &format!("[{address}]"), 1));
        return Some((message, help));
    }
    let services = &site.configuration.files.services;
    let is_transport = services.iter().any(|service| service.line.name().bytes() == map_type.as_bytes())
        || catalogue::is_stock_service(&map_type);
    let help = match catalogue::suggest_map_type(&map_type) {
        _ if is_transport => {
            format!("{map_type} is a transport, not a type of lookup tables: name a table whose results are such")
        }
        Some(similar) => format!("did you mean {similar}:{}?", &shown[map_type.len() + 1..]),
        None => RULE.remedy.to_string(),
    };
    Some((format!("no map type is called {map_type}"), help))
}
