//! `postwright route --expect FILE`: a list of addresses with the outcomes that they are meant to have, as a test
//! suite.

use super::access::verdicts;
use super::{Format, Route};
use crate::base::{FileError, Source};
use crate::commands::terminal::output::Output;
use crate::diagnostic::render::json::span;
use crate::diagnostic::render::{clean, xml};
use crate::expect::client_keys::{CLIENT_KEYS, ClientKeys};
use crate::expect::{Difference, Expectation, Form, KEYS, Key, Outcome, read};
use crate::mail::local_part::internal;
use crate::routing::Router;
use crate::routing::access::{Client, ClientName};
use crate::routing::route::{Alternative, Route as Routed};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

/// What `--help` says of the file.
pub(super) fn help() -> String {
    let mut text = String::from(
        "A file for --expect holds one or more of\n\n  [[expect]]\n  address = \"info@example.com\"\n  \
         from = \"someone@example.net\"    # else as --from says\n  transport = \"smtp\"\n  \
         nexthop = \"[mail.example.com]\"\n\nEach key is optional, and only what is given is asserted, of all ends that \
         the mail has: a string, or a list of strings in any order. Keys of ends also assert that the address is not \
         rejected.\n\n",
    );
    let line = |text: &mut String, key: &Key| {
        let list = if matches!(key.form, Form::Words(_)) { "one of " } else { "" };
        // Writing to a string does not fail, here and below.
        let _ = writeln!(text, "  {:<11} {list}{}", key.name, key.about);
    };
    KEYS.iter().filter(|key| !key.of_session).for_each(|key| line(&mut text, key));
    text.push_str(
        "\nFor a client, the access restrictions of the SMTP server are walked, with the address as the only recipient. These \
         keys tell of it; where they do not, the options of the same names do. An empty text tells that there is nothing.\n\n",
    );
    for (name, about) in &CLIENT_KEYS {
        let _ = writeln!(text, "  {name:<11} {about}");
    }
    text.push_str("\nThen rejected is the reply to this client, and these can be asserted, too.\n\n");
    KEYS.iter().filter(|key| key.of_session).for_each(|key| line(&mut text, key));
    text
}

/// An expectation and what came of it.
struct Judged {
    expectation: Expectation,
    differences: Vec<Difference>,
}

/// Judges all that a file expects.
///
/// # Errors
/// A file that cannot be read or that is none of this kind, and sessions that cannot be.
pub(super) fn run(file: &Path, options: &Route, router: &mut Router<'_>, output: &Output) -> Result<ExitCode, String> {
    let source = Source::read(file).map_err(FileError::at(file))?;
    let defaults = options.session.keys();
    let expectations = read::parse(&source, defaults.client.is_some()).map_err(|error| error.to_string())?;
    let mut judged = Vec::new();
    for expectation in expectations {
        let sender = super::sender(expectation.from.as_deref().unwrap_or(&options.from));
        let recipient = internal(expectation.address.as_bytes());
        let recipients = std::slice::from_ref(&recipient);
        let verdicts = verdicts(&expectation.client.or(&defaults), router, &sender, recipients).map_err(|error| {
            let position = source.position(expectation.span.start);
            format!("{}:{position}: {error}", source.name())
        })?;
        let mut route = router.route(&sender, &recipient);
        verdicts.iter().for_each(|verdict| route.settle(verdict));
        let verdict = verdicts.first();
        let mut differences = expectation.judge(Outcome { verdict, route: &route });
        // What nobody here can tell may be as it is expected.
        let may_be = |other: &Alternative| {
            let route = Routed { refusal: other.refusal.clone(), ends: other.ends.clone(), ..route.clone() };
            expectation.judge(Outcome { verdict, route: &route }).is_empty()
        };
        if route.alternatives.iter().any(may_be) {
            differences.clear();
        }
        judged.push(Judged { expectation, differences });
    }
    match options.format {
        Format::Human => show(&source, &judged, options.verbose, output),
        Format::Json => output.line(&as_json(&source, &judged).to_string()),
        Format::Junit => output.text(&as_junit(&source, &judged)),
    }
    Ok(if judged.iter().all(|one| one.differences.is_empty()) { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// `routes.toml:3: info@example.com: transport: expected smtp, got relay`
fn show(source: &Source, judged: &[Judged], verbose: bool, output: &Output) {
    for one in judged {
        let said = match one.differences.is_empty() {
            true if verbose => "as expected".to_string(),
            true => continue,
            false => one.differences.iter().map(words).collect::<Vec<_>>().join("; "),
        };
        let line = source.position(one.expectation.span.start).line;
        output.line(&clean(&format!("{}:{line}: {}: {said}", source.name(), subject(&one.expectation))));
    }
    if !output.quiet {
        let (count, differ) = (judged.len(), different(judged));
        let noun = if count == 1 { "expectation" } else { "expectations" };
        let verb = if differ == 1 { "differs" } else { "differ" };
        output.line(&format!("{count} {noun}: {} as expected, {differ} {verb}", count - differ));
    }
}

fn different(judged: &[Judged]) -> usize {
    judged.iter().filter(|one| !one.differences.is_empty()).count()
}

/// `info@example.com from someone@example.net, client 192.0.2.1, helo mail.example.net`, with what the entry tells.
fn subject(expectation: &Expectation) -> String {
    let ClientKeys { client, helo, sasl, tls, service } = &expectation.client;
    let from = expectation.from.as_deref().map(|from| format!("{} from {}", expectation.address, said(from)));
    let parts = [
        Some(from.unwrap_or_else(|| expectation.address.clone())),
        client.as_ref().map(|client| format!("client {}", shown(client))),
        helo.as_ref().map(|helo| format!("helo {}", said(helo))),
        sasl.as_ref().map(|sasl| format!("sasl {}", said(sasl))),
        tls.map(|tls| if tls { "tls".into() } else { "no tls".into() }),
        service.as_ref().map(|service| format!("service {service}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn said(text: &str) -> &str {
    if text.is_empty() { "<>" } else { text }
}

/// A client as options and files name it.
fn shown(client: &Client) -> String {
    if client.name == ClientName::NotAsked { client.address.to_string() } else { client.to_string() }
}

fn words(difference: &Difference) -> String {
    let Difference { key, expected, got, .. } = difference;
    format!("{key}: expected {}, got {}", listed(expected), listed(got))
}

/// `a`, `a and b`, `a, b and c`; what is empty is told from what is not there.
fn listed(values: &[String]) -> String {
    let quoted = |value: &String| if value.is_empty() { "\"\"".to_string() } else { value.clone() };
    match values {
        [] => "nothing".to_string(),
        [one] => quoted(one),
        [most @ .., last] => format!("{} and {}", most.iter().map(quoted).collect::<Vec<_>>().join(", "), quoted(last)),
    }
}

fn as_json(source: &Source, judged: &[Judged]) -> Value {
    let difference = |one: &Difference| json!({ "key": one.key, "expected": one.expected, "got": one.got, "span": span(source, one.span) });
    let entry = |one: &Judged| {
        let Expectation { address, from, client, span: place, .. } = &one.expectation;
        let differences: Vec<Value> = one.differences.iter().map(difference).collect();
        json!({
            "address": address,
            "from": from,
            "client": client.client.as_ref().map(shown),
            "helo": client.helo,
            "sasl": client.sasl,
            "tls": client.tls,
            "service": client.service,
            "as_expected": differences.is_empty(),
            "differences": differences,
            "span": span(source, *place),
        })
    };
    let entries: Vec<Value> = judged.iter().map(entry).collect();
    json!({ "version": 1, "expectations": entries, "differ": different(judged) })
}

/// A suite with a test for each expectation. Source: the schema of Jenkins' xUnit plug-in, `junit-10.xsd`.
fn as_junit(source: &Source, judged: &[Judged]) -> String {
    let (file, tests, failures) = (xml::escape(source.name()), judged.len(), different(judged));
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ =
        writeln!(out, "<testsuites name=\"postwright route\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">");
    let _ = writeln!(
        out,
        "  <testsuite name=\"{file}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
    );
    for one in judged {
        let line = source.position(one.expectation.span.start).line;
        let name = xml::escape(&format!("{} at line {line}", subject(&one.expectation)));
        let _ = write!(out, "    <testcase classname=\"{file}\" name=\"{name}\"");
        if one.differences.is_empty() {
            out.push_str("/>\n");
            continue;
        }
        let lines: Vec<String> = one.differences.iter().map(|one| xml::escape(&words(one))).collect();
        let (message, body) = (lines.join("; "), lines.join("\n"));
        let _ = writeln!(
            out,
            ">\n      <failure type=\"difference\" message=\"{message}\">{body}</failure>\n    </testcase>"
        );
    }
    out + "  </testsuite>\n</testsuites>\n"
}
