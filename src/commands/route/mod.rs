//! `postwright route`: where mail for an address would go, and each lookup on the way.

mod access;
mod dns;
mod expect;

use super::site_options::SiteOptions;
use super::table_options::TableOptions;
use super::terminal::output::Output;
use crate::config::Configuration;
use crate::diagnostic::render::clean;
use crate::mail::local_part::internal;
use crate::mail::rfc822::{TokenKind, tokens};
use crate::maps::{Caller, LookupError};
use crate::routing::access::Verdict;
use crate::routing::access::unknown::Refusal;
use crate::routing::fate::{CopyEnding, Ending, Fate};
use crate::routing::route::Route as Routed;
use crate::routing::router::trail::{Found, Place};
use crate::routing::{Recording, Router, Step, StepKind};
use crate::syntax::alias_value::destinations;
use clap::{ArgGroup, Args, ValueEnum};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Trace where mail would go, and each lookup on the way
///
/// No daemon is asked, nor is the DNS without --dns. With --client, the access restrictions of the SMTP server are
/// walked first, from the connection to the end of one message for all addresses; those of ETRN are not, and one that
/// would ask a policy server, or the DNS without --dns, says so and decides nothing. Status 1: an address would be
/// rejected, bounce or loop; with --expect: an outcome differs.
///
/// What tables say whose servers are not asked (mysql and its kin; tcp and socketmap without --ask), or whose files are
/// not here, is not known: each answer is followed, `if TABLE has …`, and status 1 tells that none of them lets the
/// mail arrive.
///
/// Blind copies (always_bcc, sender_bcc_maps, recipient_bcc_maps) are followed too, and told apart: `copy to …`. Nobody
/// is told when one cannot be delivered, so that a copy that would bounce or loop is status 1 as well.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = expect::help())]
#[command(group = ArgGroup::new("session").args(["client", "expect"]).multiple(true))]
pub struct Route {
    /// Addresses of recipients
    #[arg(value_name = "ADDRESS", required_unless_present = "expect", value_parser = parse_address)]
    addresses: Vec<String>,
    /// Assert the outcomes that a TOML file lists for addresses; --help tells of its keys
    #[arg(long, value_name = "FILE", conflicts_with = "addresses")]
    expect: Option<PathBuf>,
    /// With --expect: show also what is as expected
    #[arg(short, long)]
    verbose: bool,
    /// Envelope sender; empty: the null sender of bounces
    #[arg(long, value_name = "SENDER", default_value = "")]
    from: String,
    /// Ask the DNS: the server at SERVER, an address that may have a port behind it [without one: those of
    /// /etc/resolv.conf]
    #[arg(
        long,
        value_name = "SERVER",
        value_parser = dns::parse,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    dns: Option<dns::Servers>,
    /// Format of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
    #[command(flatten)]
    session: access::SessionOptions,
    #[command(flatten)]
    tables: TableOptions,
    #[command(flatten)]
    site: SiteOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A tree of steps, and where each ends
    Human,
    /// One document
    Json,
    /// Test report of JUnit, XML (for --expect)
    Junit,
}

/// An address that somebody may be behind: there is none without a single character, quotes left out. What headers
/// write around one, and several at once, are refused: they would be looked for as they stand.
fn parse_address(text: &str) -> Result<String, String> {
    let has = |special| tokens(text.as_bytes()).any(|token| token.kind == TokenKind::Special(special));
    let found = destinations(text.as_bytes());
    match (internal(text.as_bytes()).trim_ascii(), found.as_slice()) {
        ([], _) => Err("an address is needed, such as info@example.com".into()),
        (_, [one]) if has(b'<') => Err(format!("expected the address alone: {}", String::from_utf8_lossy(one))),
        (_, [_, _, ..]) if has(b',') || has(b';') => Err("expected one address in each argument".into()),
        _ => Ok(text.to_string()),
    }
}

/// Tables that ask for parameters, or warn.
struct Tables {
    configuration: Configuration,
    output: Output,
}

impl Caller for Tables {
    fn warning(&self, text: &[u8]) {
        self.output.warning(&format!("postwright: {}", shown(text)));
    }

    fn info(&self, text: &[u8]) {
        self.output.warning(&format!("postwright: {}", shown(text)));
    }

    fn parameter(&self, name: &str) -> Option<Vec<u8>> {
        self.configuration.value(name.as_bytes(), None).filter(|_| self.configuration.may_read(name))?;
        self.configuration.expanded(name.as_bytes(), None).ok()
    }
}

/// Runs the command.
///
/// # Errors
/// What kept it from its job, in words for the terminal.
pub fn run(options: &Route, output: &Output) -> Result<ExitCode, String> {
    if options.format == Format::Junit && options.expect.is_none() {
        return Err("--format junit is for --expect".into());
    }
    let site = options.tables.apply(options.site.open(None)?);
    if let Some(fault) = site.configuration.written_name_fault(|name| site.paths.read(name)) {
        return Err(format!("no program of Postfix would run: {}", clean(&fault.to_string())));
    }
    let caller = Arc::new(Tables { configuration: site.configuration.clone(), output: *output });
    let mut router = options.tables.router(Router::new(&site, caller)).with_recording(Recording::Lines);
    if let Some(servers) = &options.dns {
        router = router.with_dns(servers.resolver().map_err(|message| format!("--dns: {message}"))?);
    }
    if let Some(file) = &options.expect {
        let done = expect::run(file, options, &mut router, output);
        options.tables.tell(site.tables_from, &router.odd_indexes(), output);
        return done;
    }
    let sender = sender(&options.from);
    let recipients: Vec<Vec<u8>> = options.addresses.iter().map(|address| internal(address.as_bytes())).collect();
    let verdicts = access::verdicts(&options.session.keys(), &mut router, &sender, &recipients)?;
    let mut routes: Vec<Routed> = recipients.iter().map(|recipient| router.route(&sender, recipient)).collect();
    routes.iter_mut().zip(&verdicts).for_each(|(route, verdict)| route.settle(verdict));
    options.tables.tell(site.tables_from, &router.odd_indexes(), output);
    let both = || routes.iter().enumerate().map(|(number, route)| (route, verdicts.get(number)));
    match options.format {
        Format::Json => {
            let routes: Vec<Value> = both().map(|(route, verdict)| as_json(route, verdict)).collect();
            output.line(&json!({ "version": 1, "routes": routes }).to_string());
        }
        Format::Human | Format::Junit => both().for_each(|(route, verdict)| show(route, verdict, output)),
    }
    let is_good = |(route, verdict): (&Routed, Option<&Verdict>)| match verdict {
        Some(verdict) => verdict.reply.is_none() && route.ends_well(),
        None => route.is_good(),
    };
    Ok(if both().all(is_good) { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// A sender in internal form; angle brackets are not part of it.
fn sender(text: &str) -> Vec<u8> {
    internal(text.trim_start_matches('<').trim_end_matches('>').as_bytes())
}

fn show(route: &Routed, verdict: Option<&Verdict>, output: &Output) {
    output.line(&shown(&route.address));
    if !output.quiet {
        show_steps(&access::all_steps(route, verdict), "  ", output);
    }
    let base = if route.alternatives.is_empty() { "" } else { "if no table that was not asked has an entry: " };
    if let Some(verdict) = verdict {
        for line in access::lines(verdict) {
            output.line(&format!("  → {}", clean(&line)));
        }
        if verdict.reply.is_some() {
            return;
        }
    } else if let Some(refusal) = &route.refusal {
        output.line(&format!("  → {base}rejected {}", clean(&refusal.reply(&route.address))));
        show_alternatives(route, output);
        return;
    }
    if let Some(filter) = &route.filter {
        output.line(&format!(
            "  → first through {}; should it send the mail back unchanged:",
            clean(&filter.to_string())
        ));
    }
    for end in &route.ends {
        output.line(&format!("  → {base}{}{}", clean(&end.to_string()), clean(&end.by_dns())));
    }
    show_alternatives(route, output);
    for end in route.copies.iter().flat_map(|copy| &copy.ends) {
        output.line(&format!("  → {}{}", clean(&CopyEnding(end).to_string()), clean(&end.by_dns())));
    }
}

/// What else would become of it, by what nobody here can tell.
fn show_alternatives(route: &Routed, output: &Output) {
    for other in &route.alternatives {
        let condition = clean(&other.condition());
        if let Some(refusal) = &other.refusal {
            output.line(&format!("  → if {condition}: rejected {}", clean(&refusal.reply(&route.address))));
            continue;
        }
        for end in &other.ends {
            output.line(&format!("  → if {condition}: {}{}", clean(&end.to_string()), clean(&end.by_dns())));
        }
    }
}

/// A step a branch, with what happened inside it below.
fn show_steps(steps: &[Step], indent: &str, output: &Output) {
    for (number, step) in steps.iter().enumerate() {
        let is_last = number + 1 == steps.len();
        let (branch, below) = if is_last { ("└ ", "  ") } else { ("├ ", "│ ") };
        output.line(&format!("{indent}{branch}{}", words(&step.kind)));
        show_steps(&step.steps, &format!("{indent}{below}"), output);
    }
}

fn words(kind: &StepKind) -> String {
    match kind {
        StepKind::Stage { name, subject } if subject.is_empty() => clean(name),
        StepKind::Stage { name, subject } => format!("{} {}", clean(name), shown(subject)),
        StepKind::Lookup { table, key, found } => {
            let found = match found {
                Found::Hit(value, place) => format!("= {}{}", shown(value), at(place.as_ref())),
                Found::Miss => "not found".to_string(),
                Found::Failed(LookupError::Unknown(why)) => format!("not asked: {}", clean(why)),
                Found::Failed(LookupError::Retry(why) | LookupError::Config(why)) => format!("failed: {}", clean(why)),
            };
            format!("{} {} {found}", clean(table), shown(key))
        }
        StepKind::Matched { list, value, element: Some(element), place } => {
            format!("{} is in {list}, as {}{}", shown(value), shown(element), at(place.as_ref()))
        }
        StepKind::Matched { list, value, element: None, .. } => format!("{} is not in {list}", shown(value)),
        StepKind::Changed { by, from, to } => format!("{}: {} becomes {}", clean(by), shown(from), shown(to)),
        StepKind::Restriction { name, decision } => clean(&format!("{name} → {}", access::words(decision))),
        StepKind::Dns { name, kind, answer: Ok(records) } => {
            let records: Vec<String> = records.iter().map(ToString::to_string).collect();
            clean(&format!("DNS {kind} {} = {}", String::from_utf8_lossy(name), records.join(", ")))
        }
        StepKind::Dns { name, kind, answer: Err(none) } => {
            clean(&format!("DNS {kind} {}: {none}", String::from_utf8_lossy(name)))
        }
        StepKind::Note(text) => clean(text),
    }
}

fn at(place: Option<&Place>) -> String {
    place.map_or_else(String::new, |place| format!(" ({}:{})", clean(&place.file), place.line))
}

fn as_json(route: &Routed, verdict: Option<&Verdict>) -> Value {
    let copies: Vec<Value> = route
        .copies
        .iter()
        .map(|copy| json!({ "by": copy.by, "address": lossy(&copy.address), "recipients": ends_as_json(&copy.ends) }))
        .collect();
    let refusal = |refusal: &Option<Refusal>| {
        refusal
            .as_ref()
            .map(|refusal| json!({ "code": refusal.code, "status": refusal.status, "text": refusal.reason }))
    };
    let alternatives: Vec<Value> = route
        .alternatives
        .iter()
        .map(|other| {
            let there: Vec<Value> = other
                .there
                .iter()
                .map(|one| json!({ "table": one.table, "key": one.listed.as_deref().map(lossy), "why": one.why }))
                .collect();
            json!({ "if": there, "rejected": refusal(&other.refusal), "recipients": ends_as_json(&other.ends) })
        })
        .collect();
    let mut document = json!({
        "address": lossy(&route.address),
        "rewritten": lossy(&route.rewritten),
        "rejected": refusal(&route.refusal),
        "recipients": ends_as_json(&route.ends),
        "copies": copies,
        "steps": steps_as_json(&route.steps),
    });
    if let (Value::Object(fields), false) = (&mut document, alternatives.is_empty()) {
        fields.insert("alternatives".into(), alternatives.into());
    }
    if let (Value::Object(fields), Some(filter)) = (&mut document, &route.filter) {
        fields.insert("filter".into(), json!({ "by": filter.by, "value": lossy(&filter.value) }));
    }
    if let (Value::Object(fields), Some(verdict)) = (&mut document, verdict) {
        fields.insert("access".into(), access::as_json(verdict, steps_as_json(&verdict.steps)));
    }
    document
}

fn ends_as_json(ends: &[Ending]) -> Vec<Value> {
    let one = |end: &Ending| {
        let (status, text) = match &end.fate {
            Fate::Relayed { .. } | Fate::Discarded => (None, None),
            Fate::Bounced { status, reason } => (Some(status), Some(reason.clone())),
            Fate::Delivered(action) => (None, Some(action.to_string())),
            Fate::Deferred(text) | Fate::Loop(text) | Fate::Unknown(text) => (None, Some(text.clone())),
        };
        json!({
            "recipient": lossy(&end.recipient),
            "class": end.class.map(|class| class.to_string()),
            "transport": lossy(&end.hop.transport),
            "nexthop": lossy(&end.hop.nexthop),
            "hosts": end.hosts().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "outcome": end.fate.word(),
            "status": status,
            "text": text,
        })
    };
    ends.iter().map(one).collect()
}

fn steps_as_json(steps: &[Step]) -> Vec<Value> {
    steps
        .iter()
        .map(|step| {
            let place = |place: &Option<Place>| {
                place.as_ref().map(|place| json!({ "file": place.file, "line": place.line }))
            };
            let mut value = match &step.kind {
                StepKind::Stage { name, subject } => json!({ "kind": "stage", "name": name, "subject": lossy(subject) }),
                StepKind::Lookup { table, key, found } => {
                    let (value, from, error) = match found {
                        Found::Hit(value, from) => (Some(lossy(value)), place(from), None),
                        Found::Miss => (None, None, None),
                        Found::Failed(error) => (None, None, Some(error.to_string())),
                    };
                    json!({
                        "kind": "lookup", "table": table, "key": lossy(key), "value": value, "from": from, "error": error
                    })
                }
                StepKind::Matched { list, value, element, place: from } => json!({
                    "kind": "list", "list": list, "value": lossy(value), "element": element.as_deref().map(lossy),
                    "from": place(from)
                }),
                StepKind::Changed { by, from, to } => {
                    json!({ "kind": "changed", "by": by, "from": lossy(from), "to": lossy(to) })
                }
                StepKind::Restriction { name, decision } => access::decision_as_json(name, decision),
                StepKind::Dns { name, kind, answer } => json!({
                    "kind": "dns", "name": lossy(name), "type": kind.to_string(),
                    "records": answer.iter().flatten().map(ToString::to_string).collect::<Vec<_>>(),
                    "error": answer.as_ref().err().map(ToString::to_string)
                }),
                StepKind::Note(text) => json!({ "kind": "note", "text": text }),
            };
            if let (Value::Object(fields), false) = (&mut value, step.steps.is_empty()) {
                fields.insert("steps".into(), steps_as_json(&step.steps).into());
            }
            value
        })
        .collect()
}

fn shown(bytes: &[u8]) -> String {
    clean(&lossy(bytes))
}

/// What is not UTF-8 is replaced.
fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
