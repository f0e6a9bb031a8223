//! A comparison as JSON, version 1 of the format.

use super::Comparison;
use super::parameters::{ChangeKind, ParameterChange, Setting};
use super::routes::{Mail, RouteChange, Routes};
use super::services::{ServiceChange, ServiceChangeKind};
use super::tables::{EntryChange, TableChange, TableChangeKind};
use crate::config::trace::Supplier;
use crate::diagnostic::render::json::span;
use crate::routing::names::Subject;
use serde_json::{Value, json};

/// The whole document.
#[must_use]
pub fn document(comparison: &Comparison) -> Value {
    let mut document = json!({
        "version": 1,
        "same": comparison.is_same(),
        "parameters": comparison.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "services": comparison.services.iter().map(service).collect::<Vec<_>>(),
        "tables": comparison.tables.iter().map(table).collect::<Vec<_>>(),
    });
    if let (Some(found), Value::Object(fields)) = (&comparison.routes, &mut document) {
        fields.insert("routes".into(), routes(found));
    }
    document
}

fn routes(routes: &Routes) -> Value {
    let change = |change: &RouteChange| {
        let (kind, name) = match &change.mail {
            Mail::For(subject) | Mail::From(subject) => match subject {
                Subject::Address(address) => ("address", text(address)),
                Subject::Domain(domain) => ("domain", text(domain)),
                Subject::Below(domain) => ("below", text(domain)),
                Subject::Elsewhere => ("elsewhere", String::new()),
            },
            Mail::Any => ("any", String::new()),
        };
        json!({ "kind": kind, "name": name, "copies_by": change.copies_by, "a": change.a, "b": change.b })
    };
    let groups = routes
        .groups
        .iter()
        .map(|group| json!({ "cause": group.cause, "changes": group.changes.iter().map(change).collect::<Vec<_>>() }));
    json!({ "groups": groups.collect::<Vec<_>>(), "unlisted": routes.unlisted })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn texts(list: &[Vec<u8>]) -> Vec<String> {
    list.iter().map(|bytes| text(bytes)).collect()
}

fn setting(setting: &Option<Setting>) -> Value {
    let Some(setting) = setting else { return Value::Null };
    let place = match &setting.supplier {
        Supplier::Main(source, at) | Supplier::Service(_, source, at) => span(source, *at),
        _ => Value::Null,
    };
    json!({
        "raw": text(&setting.raw),
        "value": setting.value.as_ref().ok().map(|value| text(value)),
        "error": setting.value.as_ref().err(),
        "span": place,
    })
}

fn parameter(change: &ParameterChange) -> Value {
    let (kind, through) = match &change.kind {
        ChangeKind::Added => ("added", None),
        ChangeKind::Removed => ("removed", None),
        ChangeKind::Changed => ("changed", None),
        ChangeKind::InEffect(names) => ("in-effect", Some(names)),
        ChangeKind::Reworded => ("reworded", None),
        ChangeKind::OtherRelease => ("other-release", None),
    };
    json!({
        "name": change.name,
        "change": kind,
        "through": through,
        "a": setting(&change.a),
        "b": setting(&change.b),
        "removed": change.elements.as_ref().map(|(removed, _)| texts(removed)),
        "added": change.elements.as_ref().map(|(_, added)| texts(added)),
    })
}

fn service(change: &ServiceChange) -> Value {
    let label = &change.label;
    match &change.kind {
        ServiceChangeKind::Added(line) => json!({ "service": label, "change": "added", "line": line }),
        ServiceChangeKind::Removed(line) => json!({ "service": label, "change": "removed", "line": line }),
        ServiceChangeKind::Changed { fields, arguments, parameters } => {
            let fields: Vec<Value> =
                fields.iter().map(|(name, old, new)| json!({ "field": name, "a": old, "b": new })).collect();
            json!({
                "service": label,
                "change": "changed",
                "fields": fields,
                "arguments": arguments.as_ref().map(|(old, new)| json!({ "a": old, "b": new })),
                "parameters": parameters.iter().map(parameter).collect::<Vec<_>>(),
            })
        }
    }
}

fn table(change: &TableChange) -> Value {
    match &change.kind {
        TableChangeKind::Entries(entries) => {
            json!({ "table": change.name, "entries": entries.iter().map(entry).collect::<Vec<_>>() })
        }
        TableChangeKind::Lines(lines) => {
            let lines: Vec<Value> = lines
                .iter()
                .map(
                    |(is_new, line)| json!({ "change": if *is_new { "added" } else { "removed" }, "line": text(line) }),
                )
                .collect();
            json!({ "table": change.name, "lines": lines })
        }
        TableChangeKind::Unreadable(words) => json!({ "table": change.name, "error": words }),
    }
}

fn entry(change: &EntryChange) -> Value {
    json!({
        "key": text(&change.key),
        "a": change.a.as_ref().map(|value| text(value)),
        "b": change.b.as_ref().map(|value| text(value)),
    })
}
