//! Asks a configuration where mail for all that it names goes.
//!
//! Names are the domains of the four lists, the keys of `transport_maps` and everything else; each is resolved as an
//! address of it would be that no table has.

use super::model::{Class, Lane, Model, NOT_LOOKED_AT, Names, Table, Tables, thousands};
use crate::base::natural_order;
use crate::config::catalogue::MapContent;
use crate::config::table_reference::TableReference;
use crate::diagnostic::render::clean;
use crate::mail::local_part::split_domain;
use crate::maps::LookupError;
use crate::routing::Router;
use crate::routing::names::{DOMAIN_LISTS, ELSEWHERE};
use crate::routing::rewrite::resolve::{AddressClass, Resolved};
use crate::routing::rewrite::transport::Hop;
use crate::routing::router::listing::Listed;
use crate::routing::router::trail::{Found, Step, StepKind};
use crate::syntax::alias_value::parse_alias_value;
use crate::syntax::table_line::TableForm;
use std::collections::{HashMap, HashSet};

/// Most names of a list or table that are resolved.
const MOST_RESOLVED: usize = 2000;
/// The local part of the addresses that are resolved.
const SOMEONE: &[u8] = b"someone@";
/// The routing of a site, by a router that records its steps.
#[must_use]
pub fn collect(router: &mut Router<'_>) -> Model {
    let mut collector = Collector { router, sizes: HashMap::new(), ways: Vec::new(), faults: Vec::new() };
    collector.lists();
    let name = String::from_utf8_lossy(&collector.text("myhostname")).into_owned();
    let filter = collector.router.server_filter();
    let filter = collector.or_fault(filter).flatten();
    let filter = filter.map(|filter| [filter.by.to_string(), clean(&lossy(&filter.value))]);
    let first = ["recipient_canonical_maps", "canonical_maps", "virtual_alias_maps", "relocated_maps"];
    let first = collector.tables(&first);
    let classes = collector.classes();
    let mut seen = HashSet::new();
    collector.faults.retain(|fault| seen.insert(fault.clone()));
    Model { name, filter, first, classes, faults: collector.faults }
}

/// The way of one name.
struct Way {
    class: AddressClass,
    name: Vec<u8>,
    by: String,
    hop: Hop,
    /// Where it ends, if that is not to be told from the hop.
    end: Option<String>,
}

struct Collector<'l, 'a> {
    router: &'l mut Router<'a>,
    sizes: HashMap<String, String>,
    ways: Vec<Way>,
    faults: Vec<String>,
}

impl Collector<'_, '_> {
    fn text(&mut self, parameter: &str) -> Vec<u8> {
        let text = self.router.text(parameter);
        self.or_fault(text).unwrap_or_default().to_vec()
    }

    fn or_fault<T>(&mut self, result: Result<T, LookupError>) -> Option<T> {
        result.map_err(|error| self.faults.push(error.to_string())).ok()
    }

    /// All names, resolved.
    fn lists(&mut self) {
        let mut seen: HashSet<Vec<u8>> = HashSet::new();
        for (parameter, class) in DOMAIN_LISTS {
            let listed = self.router.listed(parameter);
            let mut listed = self.or_fault(listed).unwrap_or_default();
            // First what stands for many, lest it be among those that are not shown.
            listed.sort_by_key(|one| matches!(one, Listed::Domain(_)));
            let mut left_out = 0;
            for (at, one) in listed.into_iter().enumerate() {
                match one {
                    Listed::Domain(domain) if seen.contains(&domain) => {}
                    Listed::Domain(_) if at >= MOST_RESOLVED => left_out += 1,
                    Listed::Domain(domain) => {
                        self.resolve(&domain, class);
                        seen.insert(domain);
                    }
                    Listed::Table(table) => {
                        let hop = self.usual_hop(class);
                        let by = usual_parameter(class).to_string();
                        self.ways.push(Way { class, name: format!("domains of {table}").into(), by, hop, end: None });
                    }
                }
            }
            self.left_out(left_out, class);
        }
        let mut keys = Vec::new();
        let tables = self.router.tables("transport_maps");
        for table in self.or_fault(tables).unwrap_or_default().iter() {
            // What cannot be listed is told by the size of the table.
            let from = keys.len();
            let _ = self.router.walk(table, TableForm::KeyValue, &mut |key, _| keys.push(key.to_ascii_lowercase()));
            keys[from..].sort_by(|a: &Vec<u8>, b| natural_order(a, b));
        }
        keys.retain(|key| key != b"*" && seen.insert(key.clone()));
        let left_out = keys.len().saturating_sub(MOST_RESOLVED);
        for key in keys.into_iter().take(MOST_RESOLVED) {
            self.resolve(&key, AddressClass::Default);
        }
        self.left_out(left_out, AddressClass::Default);
        self.resolve(ELSEWHERE, AddressClass::Default);
    }

    fn left_out(&mut self, count: usize, class: AddressClass) {
        if count > 0 {
            let name = format!("… and {} more", thousands(count)).into();
            let end = Some(NOT_LOOKED_AT.to_string());
            self.ways.push(Way { class, name, by: String::new(), hop: Hop::default(), end });
        }
    }

    /// Where mail for a name goes; `class` is that of the list which names it.
    fn resolve(&mut self, name: &[u8], class: AddressClass) {
        let address = match name {
            name if name.contains(&b'@') => name.to_vec(),
            [b'.', ..] => [SOMEONE, b"anything", name].concat(),
            name => [SOMEONE, name].concat(),
        };
        let (resolved, steps) = self.router.recorded(|router| router.resolve(b"", &address));
        let shown = if name == ELSEWHERE { b"everything else".to_vec() } else { name.to_vec() };
        let way = match resolved {
            Err(error) => {
                self.faults.push(error.to_string());
                let end = Some("deferred: a table gives no answer".to_string());
                Way { class, name: shown, by: String::new(), hop: Hop::default(), end }
            }
            Ok(resolved) if resolved.malformed => {
                let end = Some("bounced: no mail address".to_string());
                Way { class, name: shown, by: String::new(), hop: Hop::default(), end }
            }
            Ok(resolved) => {
                let by = self.settled_by(&resolved, &steps);
                Way { class: resolved.class, name: shown, by, hop: resolved.hop, end: None }
            }
        };
        self.ways.push(way);
    }

    /// The parameter that settled a hop.
    fn settled_by(&mut self, resolved: &Resolved, steps: &[Step]) -> String {
        if resolved.hop.nexthop.starts_with(b"5.1.6 ") && !self.text("relocated_maps").is_empty() {
            return "relocated_maps".into();
        }
        let tables = self.router.tables("transport_maps").unwrap_or_default();
        let tables: Vec<String> = tables.iter().map(ToString::to_string).collect();
        let is_hit = |step: &Step| matches!(&step.kind, StepKind::Lookup { table, found: Found::Hit(..), .. } if tables.contains(table));
        if resolved.class != AddressClass::VirtualAlias && steps.iter().any(is_hit) {
            return "transport_maps".into();
        }
        let relayhost = self.text("relayhost");
        let may_relay = matches!(resolved.class, AddressClass::Relay | AddressClass::Default);
        if may_relay && !relayhost.is_empty() && resolved.hop.nexthop == relayhost {
            return "relayhost".into();
        }
        match resolved.class {
            // There is no other way.
            AddressClass::VirtualAlias => String::new(),
            class => usual_parameter(class).to_string(),
        }
    }

    /// The hop of a class for domains that cannot be listed: a nexthop is left empty where it would be the domain.
    fn usual_hop(&mut self, class: AddressClass) -> Hop {
        let mut hop = Hop::parse(&self.text(usual_parameter(class)));
        if hop.nexthop.is_empty() && matches!(class, AddressClass::Relay | AddressClass::Default) {
            hop.nexthop = self.text("relayhost");
        }
        hop
    }

    /// Ways that are the same become lanes.
    fn classes(&mut self) -> Vec<Class> {
        let ways = std::mem::take(&mut self.ways);
        let mut targets = self.alias_targets(&ways);
        let all = DOMAIN_LISTS.iter().map(|(_, class)| *class).chain([AddressClass::Default]);
        let mut classes = Vec::new();
        for class in all {
            let mut lanes: Vec<(Lane, Vec<String>)> = Vec::new();
            let mut index: HashMap<(String, String, Names), usize> = HashMap::new();
            for way in ways.iter().filter(|way| way.class == class) {
                let end = match (&way.end, class) {
                    (Some(end), _) => vec![end.clone()],
                    (None, AddressClass::VirtualAlias) => targets.remove(&way.name).unwrap_or_default(),
                    (None, _) => self.end(way),
                };
                let end = Names::of(end);
                let aliased = class == AddressClass::VirtualAlias;
                let transport = if aliased { String::new() } else { lossy(&way.hop.transport) };
                let key = (way.by.clone(), transport.clone(), end.clone());
                let at = *index.entry(key).or_insert_with(|| {
                    let program = if aliased { String::new() } else { self.program(&way.hop.transport) };
                    let lane = Lane { names: Names::default(), by: way.by.clone(), transport, program, end };
                    lanes.push((lane, Vec::new()));
                    lanes.len() - 1
                });
                lanes[at].1.push(lossy(&way.name));
            }
            if lanes.is_empty() {
                continue;
            }
            let lanes = lanes.into_iter().map(|(lane, names)| Lane { names: Names::of(names), ..lane }).collect();
            let mut found = Class { class, tables: self.tables(tables_of(class)), lanes };
            found.arrange();
            classes.push(found);
        }
        classes
    }

    /// To which domains the aliases of each virtual alias domain lead, with their class.
    fn alias_targets(&mut self, ways: &[Way]) -> HashMap<Vec<u8>, Vec<String>> {
        let wanted = ways.iter().filter(|way| way.class == AddressClass::VirtualAlias && way.end.is_none());
        let mut found: HashMap<Vec<u8>, Vec<Vec<u8>>> = wanted.map(|way| (way.name.clone(), Vec::new())).collect();
        if found.is_empty() {
            return HashMap::new();
        }
        let origin = self.text("myorigin");
        let mut unlisted = Vec::new();
        let tables = self.router.tables("virtual_alias_maps");
        for table in self.or_fault(tables).unwrap_or_default().iter() {
            let walked = self.router.walk(table, TableForm::KeyValue, &mut |key, value| {
                let key = key.to_ascii_lowercase();
                let Some(targets) = split_domain(&key).1.and_then(|domain| found.get_mut(domain)) else { return };
                for destination in parse_alias_value(value).destinations {
                    let domain = split_domain(&destination.text).1.unwrap_or(&origin).to_ascii_lowercase();
                    if !targets.contains(&domain) {
                        targets.push(domain);
                    }
                }
            });
            if walked.is_err() {
                let name = table.name_lossy();
                unlisted.push(format!("more by {}", name.rsplit('/').next().unwrap_or(&name)));
            }
        }
        let mut classes: HashMap<Vec<u8>, String> = HashMap::new();
        let mut shown = HashMap::new();
        for (domain, targets) in found {
            let mut lines: Vec<String> = Vec::new();
            for target in targets {
                let class = classes.entry(target.clone()).or_insert_with(|| {
                    let address = [SOMEONE, &target].concat();
                    let resolved = self.router.resolve(b"", &address);
                    resolved.map_or_else(|_| String::new(), |resolved| format!(" ({})", resolved.class))
                });
                lines.push(format!("{}{class}", lossy(&target)));
            }
            lines.extend(unlisted.iter().cloned());
            if lines.is_empty() {
                lines.push("bounced: there are no aliases".into());
            }
            shown.insert(domain, lines);
        }
        shown
    }

    /// Where a transport takes mail.
    fn end(&mut self, way: &Way) -> Vec<String> {
        let nexthop = lossy(&way.hop.nexthop);
        let domain = split_domain(&way.name).1.unwrap_or(&way.name);
        let is_own = way.hop.nexthop.is_empty()
            || way.hop.nexthop.eq_ignore_ascii_case(domain)
            || way.hop.nexthop == ELSEWHERE
            || domain.starts_with(b".") && way.hop.nexthop == [b"anything", domain].concat();
        match self.router.program(&way.hop.transport).as_slice() {
            b"local" => self.mailboxes(),
            b"virtual" => {
                let base = lossy(&self.text("virtual_mailbox_base"));
                vec![if base.is_empty() { "virtual_mailbox_maps".into() } else { format!("below {base}") }]
            }
            b"discard" => vec!["thrown away".into()],
            b"error" if way.hop.transport == b"retry" => vec![format!("deferred: {nexthop}")],
            b"error" => vec![format!("bounced: {nexthop}")],
            b"smtp" if is_own => vec!["MX hosts of the domain".into()],
            _ if is_own => vec!["the recipient's domain".into()],
            b"smtp" if !nexthop.starts_with('[') && !nexthop.starts_with("unix:") => {
                vec![nexthop, "or its MX hosts".into()]
            }
            _ => vec![nexthop],
        }
    }

    /// Where local(8) delivers to, as its parameters take precedence.
    fn mailboxes(&mut self) -> Vec<String> {
        let parameters = ["mailbox_transport_maps", "mailbox_transport", "mailbox_command_maps", "mailbox_command"];
        let mut lines = Vec::new();
        for parameter in parameters {
            let text = lossy(&self.text(parameter));
            if !text.is_empty() {
                lines.push(format!("{parameter} {text}"));
                if !parameter.ends_with("_maps") {
                    return lines;
                }
            }
        }
        let (home, spool) = (lossy(&self.text("home_mailbox")), lossy(&self.text("mail_spool_directory")));
        lines.push(match (home.as_str(), spool.as_str()) {
            ("", "") => "/var/mail/USER".into(),
            ("", spool) => format!("{}/USER", spool.trim_end_matches('/')),
            (home, _) => format!("~USER/{home}"),
        });
        for parameter in ["fallback_transport", "luser_relay"] {
            let value =
                self.router.site.configuration.value(parameter.as_bytes(), None).map(|value| lossy(&value.bytes));
            if let Some(text) = value.filter(|text| !text.is_empty()) {
                lines.push(format!("{parameter} {text}"));
            }
        }
        lines
    }

    /// What serves a transport, if that is not what its name says.
    fn program(&mut self, transport: &[u8]) -> String {
        let files = &self.router.site.configuration.files;
        let is_here = files.services.iter().any(|service| service.line.name().bytes() == transport);
        if files.master.is_some() && !is_here && !transport.is_empty() && transport != b"various" {
            return "not in master.cf".into();
        }
        let program = self.router.program(transport);
        if program == transport { String::new() } else { lossy(&program) }
    }

    /// Those of the parameters that name tables.
    fn tables(&mut self, parameters: &[&'static str]) -> Vec<Tables> {
        let mut found = Vec::new();
        for &parameter in parameters {
            let references = self.router.tables(parameter);
            let references = self.or_fault(references).unwrap_or_default();
            let form = if parameter == "alias_maps" {
                self.router.site.configuration.platform.alias_form()
            } else {
                TableForm::KeyValue
            };
            let mut tables = Vec::new();
            for reference in references.iter() {
                let name = reference.to_string();
                let size = match self.sizes.get(&name) {
                    Some(size) => size.clone(),
                    None => {
                        let mut count = 0;
                        let walked = self.router.walk(reference, form, &mut |key, _| {
                            // What postalias adds is no entry of the site's.
                            count += usize::from(!key.starts_with(b"YP_") && key != b"@");
                        });
                        size(reference, count, walked.is_ok())
                    }
                };
                self.sizes.insert(name.clone(), size.clone());
                tables.push(Table { name: clean(&name), size });
            }
            if !tables.is_empty() {
                found.push(Tables { parameter, tables });
            }
        }
        found
    }
}

fn size(table: &TableReference, count: usize, listed: bool) -> String {
    let content = table.known_type().map_or(MapContent::Other, |known| known.content);
    match (content, listed, count) {
        (MapContent::Regexp | MapContent::Pcre, ..) => "patterns".into(),
        (MapContent::Networks, ..) => "networks".into(),
        _ if table.map_type == "unix" => "accounts".into(),
        (_, true, 1) => "1 entry".into(),
        (_, true, count) => format!("{} entries", thousands(count)),
        (MapContent::Entries, false, _) => "cannot be read".into(),
        (_, false, _) => String::new(),
    }
}

/// The parameter that settles the transport of a class.
fn usual_parameter(class: AddressClass) -> &'static str {
    match class {
        AddressClass::Local => "local_transport",
        AddressClass::VirtualAlias => "virtual_alias_maps",
        AddressClass::VirtualMailbox => "virtual_transport",
        AddressClass::Relay => "relay_transport",
        AddressClass::Default => "default_transport",
    }
}

/// The parameters whose tables decide about recipients of a class.
fn tables_of(class: AddressClass) -> &'static [&'static str] {
    match class {
        AddressClass::Local => &["local_recipient_maps", "transport_maps", "alias_maps"],
        AddressClass::VirtualAlias => &["virtual_alias_maps"],
        AddressClass::VirtualMailbox => &["virtual_mailbox_maps", "transport_maps"],
        AddressClass::Relay => &["relay_recipient_maps", "sender_dependent_relayhost_maps", "transport_maps"],
        AddressClass::Default => {
            &["sender_dependent_default_transport_maps", "sender_dependent_relayhost_maps", "transport_maps"]
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
