//! RT003: a transport that master.cf does not have.

use crate::base::{Source, Span, suggest};
use crate::config::catalogue;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::hops::{each_hop, transport_service};
use crate::lint::site::set_values::set_values;
use std::collections::HashMap;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "RT003",
    name: "missing-transport",
    family: Family::Routing,
    severity: Severity::Error,
    summary: "a transport that master.cf does not have",
    why: "Mail for it waits in the queue (`mail transport unavailable`) and is returned when it is too old.",
    example: "content_filter = scan:[127.0.0.1]:10024\n",
    remedy: "Add the service to master.cf, of type unix and private, or name one that is there.",
    fix: None,
    link: "https://www.postfix.org/transport.5.html",
};

/// Lists of domains, and the transport that mail for them takes.
const CLASSES: [(&str, &str); 2] =
    [("virtual_mailbox_domains", "virtual_transport"), ("relay_domains", "relay_transport")];

/// A transport and the first places that name it.
type Named = (Vec<u8>, Vec<(Arc<Source>, Span)>);

/// Where transports that are not there are named, in order.
#[derive(Default)]
struct Missing {
    transports: Vec<Named>,
    /// Where each stands in the list; nothing for those that are there.
    known: HashMap<Vec<u8>, Option<usize>>,
}

impl Missing {
    fn add<'p>(
        &mut self,
        site: &LoadedSite,
        transport: &[u8],
        place: impl FnOnce() -> Option<(&'p Arc<Source>, Span)>,
    ) {
        let at = *self.known.entry(transport.to_vec()).or_insert_with(|| {
            let is_there =
                transport_service(site, transport).is_some_and(|service| service.line.fields[2].bytes() != b"n");
            (!is_there).then(|| {
                self.transports.push((transport.to_vec(), Vec::new()));
                self.transports.len() - 1
            })
        });
        // Many entries of a table may name it.
        if let Some((_, places)) = at.and_then(|at| self.transports.get_mut(at)).filter(|(_, places)| places.len() < 3)
        {
            places.extend(place().map(|(source, span)| (Arc::clone(source), span)));
        }
    }
}

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let files = &site.configuration.files;
    let mut missing = Missing::default();
    each_hop(site, |hop| {
        if !hop.transport().is_empty() {
            missing.add(site, hop.transport(), || hop.transport_place());
        }
    });
    for set in set_values(site).iter().filter(|set| set.service.is_none()) {
        let Some((_, parameter)) = CLASSES.iter().find(|(list, _)| list.as_bytes() == set.name.bytes()) else {
            continue;
        };
        let hop = site.expanded(parameter);
        let transport = &hop[..memchr::memchr(b':', &hop).unwrap_or(hop.len())];
        let is_empty = set.expanded(site).is_none_or(|list| list.is_empty());
        if !is_empty && files.entry(parameter.as_bytes()).is_none() {
            missing.add(site, transport, || Some((set.source, set.value.span())));
        }
    }
    let names: Vec<String> = files.services.iter().map(|service| service.line.name().to_string_lossy()).collect();
    for (transport, places) in missing.transports {
        let name = String::from_utf8_lossy(&transport).into_owned();
        // Of a main.cf alone it is told what no service is ever called.
        let is_table = catalogue::map_type(&name).is_some();
        if files.master.is_none() && !is_table && !name.contains([' ', '\t']) {
            continue;
        }
        let service = transport_service(site, &transport);
        let mut finding = Finding::new(
            &RULE,
            match service {
                Some(service) => {
                    format!("the service {} is not private: no transport of this name is found", service.label())
                }
                None if files.master.is_none() => format!("{name} is no transport"),
                None => format!("master.cf has no transport {name}"),
            },
        );
        for (at, (source, span)) in places.iter().enumerate() {
            finding = finding.at(source, *span, if at == 0 { "mail that goes here waits" } else { "here too" });
        }
        if let (Some(service), Some(master)) = (service, &files.master) {
            finding = finding.at(master.tree.source(), service.line.fields[2].span(), "n: not private");
        }
        let similar = suggest(&name, names.iter().map(String::as_str));
        let help = match (service, similar.first()) {
            (Some(_), _) => "write - or y in the third field".to_string(),
            (None, _) if is_table => {
                format!(
                    "{name} is a type of lookup tables, not a transport; a table of transports belongs in transport_maps"
                )
            }
            (None, _) if name.contains([' ', '\t']) => {
                let (first, rest) = name.split_once([' ', '\t']).unwrap_or((&name, ""));
                let first = first.trim_end_matches(':');
                let is_there = files.master.is_none() || names.iter().any(|known| known == first);
                let (first, rest) = if is_there { (first, rest.trim()) } else { ("transport", "nexthop") };
                format!("a colon stands between transport and nexthop, and no white space: write {first}:{rest}")
            }
            (None, _) if name.starts_with(['/', '|']) => {
                "a command belongs in mailbox_command, a file in home_mailbox; a transport is a service of master.cf"
                    .to_string()
            }
            (None, _) if catalogue::is_stock_service(&name) => {
                format!("add the line of {name} that Postfix comes with to master.cf")
            }
            (None, _) if name.starts_with('[') || name.contains('.') => {
                format!("write transport:nexthop, such as smtp:{name}")
            }
            (None, Some(similar)) => format!("did you mean {similar}?"),
            (None, None) => RULE.remedy.to_string(),
        };
        findings.push(finding.help(help));
    }
}
