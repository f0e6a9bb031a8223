//! RT004: a key of a transport table, or an element of a list of domains, that no lookup asks for.

use crate::base::{Source, Span};
use crate::config::catalogue;
use crate::config::listed::listed;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::domains::WrittenElements;
use crate::lint::site::key_advice::Asked;
use crate::lint::site::set_values::set_values;
use crate::lint::site::{LoadedSite, Table};
use crate::routing::router::keys::Style;
use crate::syntax::Text;
use crate::syntax::match_list::{ElementKind, parse_elements};
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "RT004",
    name: "useless-key",
    family: Family::Routing,
    severity: Severity::Warning,
    summary: "a key of a transport table, or an element of a list of domains, that no lookup asks for",
    why: "transport_maps is asked for user@domain, for the domain and for those above it, and for *: never for @domain or *.domain. \
          Whether .domain or domain stands for what is below it depends on parent_domain_matches_subdomains. What has no key that \
          is asked for takes another way.",
    example: "@example.com relay:[192.0.2.25]\n",
    remedy: "Write the domain alone; for those below it write .example.com too, unless parent_domain_matches_subdomains names the \
             list.",
    fix: None,
    link: "https://www.postfix.org/transport.5.html",
};

/// Tables that are asked as transport_maps is.
const TRANSPORTS: [&str; 2] = ["transport_maps", "address_verify_transport_maps"];
/// Lists of domains that are searched for the whole name only.
const WHOLE: [&str; 3] = ["mydestination", "virtual_alias_domains", "virtual_mailbox_domains"];

/// Why a key is never asked for, and what to write.
type Useless = (String, String);

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let mut tell = |source: &Arc<Source>, span: Span, key: &[u8], (why, help): Useless| {
        let message = format!("nothing is looked up as {}", String::from_utf8_lossy(key));
        findings.push(Finding::new(&RULE, message).at(source, span, why).help(help));
    };
    for table in &site.tables {
        in_table(site, table, &mut tell);
    }
    // Elements of main.cf that no setting would make useful are told by another rule.
    let domains =
        set_values(site).into_iter().filter(|set| set.service.is_none() && set.name.bytes() == b"relay_domains");
    for set in domains {
        let Some(value) = set.expanded(site) else { continue };
        let elements = parse_elements(&Text::whole(&value));
        let places = WrittenElements::of(set.value);
        for one in listed(&elements, |name| site.overlay.read(&site.paths.resolve(name))) {
            let text = one.element.text.bytes();
            let is_told_here = one.source.is_some() || text.starts_with(b".");
            if one.element.kind != ElementKind::Pattern || !is_told_here {
                continue;
            }
            if let Some(useless) = why_useless(site, "relay_domains", text) {
                match &one.source {
                    Some(file) => tell(file, one.element.span, text, useless),
                    None => tell(set.source, places.place_of(&one.element.shown()), text, useless),
                }
            }
        }
    }
}

fn in_table(site: &LoadedSite, table: &Table, tell: &mut impl FnMut(&Arc<Source>, Span, &[u8], Useless)) {
    let uses: Vec<&str> = table.named.uses.iter().map(|used| used.parameter.as_str()).collect();
    let is_known =
        |parameter: &&str| TRANSPORTS.contains(parameter) || WHOLE.contains(parameter) || *parameter == "relay_domains";
    // Others may ask for what these do not. All domains of mydestination and relay_domains are also those of other
    // lists.
    let Some(first) = uses.iter().find(|parameter| is_known(parameter)) else { return };
    let derived = |parameter: &&str| matches!(*parameter, "fast_flush_domains" | "permit_mx_backup_networks");
    if !uses.iter().all(|parameter| is_known(parameter) || derived(parameter)) {
        return;
    }
    let Some(entries) = &table.entries else { return };
    let is_transport = TRANSPORTS.contains(first) && uses.iter().all(|parameter| TRANSPORTS.contains(parameter));
    for entry in entries.all() {
        let key = entries.key(entry);
        // Many write both forms, to be safe.
        let bare = key.strip_prefix(b".").and_then(|bare| table.find(bare));
        if is_transport && bare.is_some_and(|(_, same)| entries.value(same) == entries.value(entry)) {
            continue;
        }
        let useless = uses.iter().filter(|parameter| is_known(parameter)).try_fold(None, |_, parameter| {
            // `?` ends at the first use that asks for it.
            why_useless(site, parameter, key).map(Some)
        });
        let useless = match useless.flatten() {
            // An entry that changes nothing may as well stand here.
            None if is_transport && entries.value(entry) != b":" => of_virtual_aliases(site, key),
            useless => useless,
        };
        if let (Some(useless), Some((source, text))) = (useless, table.text_of(entry)) {
            tell(source, text.key_span(), key, useless);
        }
    }
}

/// Why a parameter's lookups never ask for a key; nothing if they do.
fn why_useless(site: &LoadedSite, parameter: &str, key: &[u8]) -> Option<Useless> {
    let asked = Asked::by(site, catalogue::parameter(parameter)?.name)?;
    let below = key.strip_prefix(b".").filter(|_| asked.style == Style::Parent);
    // Many write both forms, to be safe.
    let is_listed = |domain: &[u8]| site.domains().list(parameter).is_some_and(|list| list.find(domain).is_some());
    asked.why_unused(key).filter(|_| !below.is_some_and(is_listed))
}

/// Mail for a virtual alias domain never comes to transport_maps: an address without an alias is an unknown user.
fn of_virtual_aliases(site: &LoadedSite, key: &[u8]) -> Option<Useless> {
    let domain = memchr::memrchr(b'@', key).map_or(key, |at| &key[at + 1..]);
    let domains = site.domains();
    let is_listed = |list: &str| domains.list(list).is_some_and(|list| list.find(domain).is_some());
    (is_listed("virtual_alias_domains") && !is_listed("mydestination")).then(|| {
        let shown = String::from_utf8_lossy(domain);
        let why = format!("{shown} is in virtual_alias_domains, whose mail takes no transport");
        (why, format!("take {shown} out of virtual_alias_domains, or remove this entry"))
    })
}
