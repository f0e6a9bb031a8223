//! Every `transport:nexthop` that a site names, with its place: in parameters, in tables, and behind FILTER.
//!
//! Source: transport(5), postconf(5), access(5), header_checks(5).

use super::set_values::{SetValue, set_values};
use super::{LoadedSite, Table};
use crate::base::{Source, Span};
use crate::config::catalogue::{self, Kind};
use crate::config::services::Service;
use crate::maps::compile::{Entries, Entry};
use crate::syntax::Text;
use crate::syntax::pattern_table::StatementKind;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// What a text holds of a hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `transport:nexthop`; without a colon it is a transport.
    Hop,
    /// A nexthop alone.
    Nexthop,
}

/// Parameters that name tables whose values are hops.
const TABLES: [(&str, Form); 8] = [
    ("transport_maps", Form::Hop),
    ("address_verify_transport_maps", Form::Hop),
    ("sender_dependent_default_transport_maps", Form::Hop),
    ("address_verify_sender_dependent_default_transport_maps", Form::Hop),
    ("mailbox_transport_maps", Form::Hop),
    ("fallback_transport_maps", Form::Hop),
    ("sender_dependent_relayhost_maps", Form::Nexthop),
    ("address_verify_sender_dependent_relayhost_maps", Form::Nexthop),
];

/// Lists of tables whose results may say FILTER, besides those of access restrictions.
const CHECKS: [&str; 4] = ["header_checks", "mime_header_checks", "nested_header_checks", "body_checks"];

/// A hop as it is written somewhere.
#[derive(Debug)]
pub struct NamedHop<'a> {
    /// The parameter that holds it, or that names the table which does.
    pub parameter: &'a str,
    /// The service whose `-o` it is.
    pub service: Option<&'a Service>,
    /// What the text is.
    pub form: Form,
    text: Cow<'a, [u8]>,
    /// Where the hop stands in the text.
    range: Range<usize>,
    place: Place<'a>,
}

#[derive(Debug)]
enum Place<'a> {
    /// A value; literal if it stands there as it is.
    Value {
        value: &'a Text,
        source: &'a Arc<Source>,
        literal: bool,
    },
    Entry {
        table: &'a Table,
        entry: &'a Entry,
    },
    Rule {
        result: &'a Text,
        source: &'a Arc<Source>,
    },
}

impl NamedHop<'_> {
    /// The transport; empty where the text names none.
    #[must_use]
    pub fn transport(&self) -> &[u8] {
        match self.form {
            Form::Hop => &self.text[self.range.start..self.colon().unwrap_or(self.range.end)],
            Form::Nexthop => b"",
        }
    }

    /// The nexthop; empty where the text names none.
    #[must_use]
    pub fn nexthop(&self) -> &[u8] {
        &self.text[self.nexthop_range()]
    }

    /// All of it.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text[self.range.clone()]
    }

    /// Whether a table holds it.
    #[must_use]
    pub fn is_in_table(&self) -> bool {
        !matches!(self.place, Place::Value { .. })
    }

    /// Whether it stands behind FILTER.
    #[must_use]
    pub fn is_filter(&self) -> bool {
        self.range.start > 0 || matches!(self.place, Place::Rule { .. })
    }

    /// The place of the transport.
    #[must_use]
    pub fn transport_place(&self) -> Option<(&Arc<Source>, Span)> {
        self.place_of(self.range.start..self.colon().unwrap_or(self.range.end))
    }

    /// The place of a part of the nexthop.
    #[must_use]
    pub fn nexthop_place(&self, part: Range<usize>) -> Option<(&Arc<Source>, Span)> {
        let start = self.nexthop_range().start;
        self.place_of(start + part.start..start + part.end)
    }

    fn colon(&self) -> Option<usize> {
        memchr::memchr(b':', self.text()).map(|at| self.range.start + at)
    }

    fn nexthop_range(&self) -> Range<usize> {
        match (self.form, self.colon()) {
            (Form::Nexthop, _) => self.range.clone(),
            (Form::Hop, Some(colon)) => colon + 1..self.range.end,
            (Form::Hop, None) => self.range.end..self.range.end,
        }
    }

    fn place_of(&self, range: Range<usize>) -> Option<(&Arc<Source>, Span)> {
        match &self.place {
            Place::Value { value, source, literal: true } => Some((*source, value.source_span(range))),
            Place::Value { value, source, .. } => Some((*source, value.span())),
            Place::Rule { result, source } => Some((*source, result.source_span(range))),
            Place::Entry { table, entry } => {
                let (source, text) = table.text_of(entry)?;
                Some((source, text.part_of_value(Span::new(range.start, range.end))))
            }
        }
    }
}

/// Shows every hop of a site: parameters in force, then entries of tables, then results that say FILTER.
pub fn each_hop<'a>(site: &'a LoadedSite, mut show: impl FnMut(&NamedHop<'a>)) {
    for set in set_values(site) {
        let Some(parameter) = catalogue::parameter(&set.parameter_name()) else { continue };
        if set.service.is_some_and(|service| !is_read_by(parameter.name, service.line.command().bytes())) {
            continue;
        }
        match parameter.kind {
            Kind::Transport => in_value(site, &set, parameter.name, Form::Hop, &mut show),
            Kind::Nexthop | Kind::NexthopList => in_value(site, &set, parameter.name, Form::Nexthop, &mut show),
            _ => {}
        }
    }
    // Some parameters name the tables of others by default.
    let mut seen: Vec<*const Table> = Vec::new();
    for (parameter, form) in TABLES {
        for table in site.tables_of(parameter).tables {
            if seen.contains(&std::ptr::from_ref(table)) {
                continue;
            }
            seen.push(table);
            let Some(entries) = &table.entries else { continue };
            for entry in entries.all() {
                let value = entries.value(entry);
                if !value.eq_ignore_ascii_case(b"dunno") {
                    show(&in_entry(parameter, form, table, entries, entry, 0));
                }
            }
        }
    }
    for table in &site.tables {
        let may_filter = |parameter: &str| match catalogue::parameter(parameter) {
            Some(known) => known.kind == Kind::RestrictionList || CHECKS.contains(&parameter),
            // A restriction class.
            None => true,
        };
        let Some(used) = table.named.uses.iter().find(|used| may_filter(&used.parameter)) else { continue };
        filters(table, &used.parameter, &mut show);
    }
}

/// Whether a daemon reads a parameter that holds a hop; in a `-o` for others it is of no effect.
fn is_read_by(parameter: &str, command: &[u8]) -> bool {
    match parameter {
        "content_filter" => matches!(command, b"smtpd" | b"qmqpd" | b"pickup"),
        "smtp_fallback_relay" | "fallback_relay" => command == b"smtp",
        "lmtp_fallback_relay" => command == b"lmtp",
        "mailbox_transport" | "fallback_transport" => command == b"local",
        _ => command == b"trivial-rewrite",
    }
}

fn in_value<'a>(
    site: &LoadedSite,
    set: &SetValue<'a>,
    parameter: &'static str,
    form: Form,
    show: &mut impl FnMut(&NamedHop<'a>),
) {
    let Some(expanded) = set.expanded(site) else { return };
    let literal = *expanded == *set.value.bytes();
    let range = 0..expanded.len();
    let place = Place::Value { value: set.value, source: set.source, literal };
    if !range.is_empty() {
        show(&NamedHop { parameter, service: set.service, form, text: Cow::Owned(expanded), range, place });
    }
}

fn in_entry<'a>(
    parameter: &'a str,
    form: Form,
    table: &'a Table,
    entries: &'a Entries,
    entry: &'a Entry,
    start: usize,
) -> NamedHop<'a> {
    let text = Cow::Borrowed(entries.value(entry));
    let range = start..text.len();
    NamedHop { parameter, service: None, form, text, range, place: Place::Entry { table, entry } }
}

fn filters<'a>(table: &'a Table, parameter: &'a str, show: &mut impl FnMut(&NamedHop<'a>)) {
    if let Some(entries) = &table.entries {
        for entry in entries.all() {
            if let Some(start) = behind_filter(entries.value(entry)) {
                show(&in_entry(parameter, Form::Hop, table, entries, entry, start));
            }
        }
    }
    let Some((source, rules)) = table.patterns() else { return };
    for statement in &rules.statements {
        let StatementKind::Rule { result, .. } = &statement.kind else { continue };
        // What `$1` stands for is known when mail comes.
        if result.bytes().contains(&b'$') {
            continue;
        }
        let Some(start) = behind_filter(result.bytes()) else { continue };
        let (text, range) = (Cow::Borrowed(result.bytes()), start..result.bytes().len());
        let place = Place::Rule { result, source };
        show(&NamedHop { parameter, service: None, form: Form::Hop, text, range, place });
    }
}

/// Where the hop begins in a result that says FILTER.
fn behind_filter(result: &[u8]) -> Option<usize> {
    let word = result.get(..6).filter(|word| word.eq_ignore_ascii_case(b"filter"))?;
    let rest = &result[word.len()..];
    let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    (blanks > 0 && blanks < rest.len()).then_some(word.len() + blanks)
}

/// The service of master.cf that a transport is: one of type unix that no other directory holds.
#[must_use]
pub fn transport_service<'s>(site: &'s LoadedSite, transport: &[u8]) -> Option<&'s Service> {
    let is_it = |service: &&Service| {
        service.line.name().bytes() == transport && matches!(service.line.service_type().bytes(), b"unix" | b"fifo")
    };
    site.configuration.files.services.iter().find(is_it)
}

/// How a transport reads its nexthop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// As a host: an SMTP client.
    Smtp,
    /// As a host or a socket: an LMTP client.
    Lmtp,
    /// In a way of its own, or nobody knows.
    Other,
}

/// Who reads the nexthop of a hop.
#[must_use]
pub fn client_of(site: &LoadedSite, hop: &NamedHop) -> Client {
    let named = match hop.form {
        Form::Hop => hop.transport().to_vec(),
        Form::Nexthop if hop.parameter.starts_with("lmtp") => return Client::Lmtp,
        Form::Nexthop if hop.parameter.ends_with("fallback_relay") => return Client::Smtp,
        Form::Nexthop if hop.parameter == "default_filter_nexthop" => return Client::Other,
        Form::Nexthop => {
            let text = site.expanded("default_transport");
            text[..memchr::memchr(b':', &text).unwrap_or(text.len())].to_vec()
        }
    };
    // A table's nexthop alone goes with a transport that depends on the address.
    let command = match transport_service(site, &named) {
        Some(service) => service.line.command().bytes(),
        None if site.configuration.files.master.is_none() => &named,
        None => return Client::Other,
    };
    match command {
        b"smtp" | b"relay" => Client::Smtp,
        b"lmtp" => Client::Lmtp,
        _ => Client::Other,
    }
}
