//! Services of two configurations: which are there, and which run otherwise.

use super::parameters::{ChangeKind, ParameterChange, compare_parameter};
use crate::config::Site;
use crate::config::catalogue::{default_chroot, master_fields};
use crate::config::services::Service;
use std::collections::{BTreeSet, HashMap};

/// A service that differs.
#[derive(Clone, Debug)]
pub struct ServiceChange {
    /// `name/type`
    pub label: String,
    /// How.
    pub kind: ServiceChangeKind,
}

/// How a service differs.
#[derive(Clone, Debug)]
pub enum ServiceChangeKind {
    /// Only the second side has it; its line.
    Added(String),
    /// Only the first side has it; its line.
    Removed(String),
    /// Both have it.
    Changed {
        /// Fields that mean something else: name, before, after.
        fields: Vec<(&'static str, String, String)>,
        /// Arguments other than `-o`, if they differ: before, after.
        arguments: Option<(String, String)>,
        /// Parameters that either side overrides and that come to something else.
        parameters: Vec<ParameterChange>,
    },
}

/// The services that differ: those of the first side in its order, then what only the second has.
#[must_use]
pub fn compare_services(a: &Site, b: &Site) -> Vec<ServiceChange> {
    let (of_a, of_b) = (numbered(a), numbered(b));
    let mut changes = Vec::new();
    let by_label = |services: &[(String, &'_ Service)]| -> HashMap<String, usize> {
        services.iter().enumerate().map(|(at, (label, _))| (label.clone(), at)).collect()
    };
    let (in_a, in_b) = (by_label(&of_a), by_label(&of_b));
    for (label, service) in &of_a {
        match in_b.get(label).map(|&at| &of_b[at]) {
            None => {
                changes.push(ServiceChange { label: label.clone(), kind: ServiceChangeKind::Removed(line(service)) })
            }
            Some((_, other)) => changes.extend(compare(label, service, other, a, b)),
        }
    }
    for (label, service) in &of_b {
        if !in_a.contains_key(label) {
            changes.push(ServiceChange { label: label.clone(), kind: ServiceChangeKind::Added(line(service)) });
        }
    }
    changes
}

/// Services by label; the second of a label is `label (2)`.
fn numbered(side: &Site) -> Vec<(String, &Service)> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let numbered = side.configuration.files.services.iter().map(|service| {
        let label = service.label();
        let count = counts.entry(label.clone()).or_default();
        *count += 1;
        (if *count == 1 { label } else { format!("{label} ({count})") }, service)
    });
    numbered.collect()
}

fn compare(label: &str, service: &Service, other: &Service, a: &Site, b: &Site) -> Option<ServiceChange> {
    let mut fields = Vec::new();
    for (at, field) in master_fields().iter().enumerate().skip(2) {
        let (old, new) = (field_value(at, service, a), field_value(at, other, b));
        if old != new {
            fields.push((field.name, old, new));
        }
    }
    let (old, new) = (plain_arguments(service), plain_arguments(other));
    let arguments = (old != new).then_some((old, new));
    let overridden = |service: &Service| service.overrides.iter().map(|set| set.name.to_string_lossy()).collect();
    let names: BTreeSet<String> = {
        let mut names: BTreeSet<String> = overridden(service);
        let more: BTreeSet<String> = overridden(other);
        names.extend(more);
        names
    };
    let parameters: Vec<ParameterChange> = names
        .into_iter()
        .filter_map(|name| compare_parameter(&name, a, b, Some((service, other))))
        .filter(|change| change.kind != ChangeKind::Reworded)
        .collect();
    if fields.is_empty() && arguments.is_none() && parameters.is_empty() {
        return None;
    }
    Some(ServiceChange { label: label.to_string(), kind: ServiceChangeKind::Changed { fields, arguments, parameters } })
}

/// A field, with what `-` stands for.
fn field_value(at: usize, service: &Service, side: &Site) -> String {
    let value = service.line.fields[at].to_string_lossy();
    if value != "-" {
        return value;
    }
    let field = &master_fields()[at];
    if field.name == "chroot" {
        let level = side.configuration.expanded(b"compatibility_level", None).unwrap_or_default();
        let chroot = default_chroot(side.configuration.platform.target, level == b"0");
        return if chroot { "y" } else { "n" }.into();
    }
    match field.default {
        Some(default) => {
            let default = side.configuration.expand(default.as_bytes(), None).unwrap_or_else(|_| default.into());
            String::from_utf8_lossy(&default).into_owned()
        }
        None => value,
    }
}

/// The arguments that override no parameter, separated by blanks.
fn plain_arguments(service: &Service) -> String {
    let is_override = |span: crate::base::Span| {
        // They stand in the order of the line.
        let before = service.overrides.partition_point(|set| set.span.start <= span.start);
        before.checked_sub(1).is_some_and(|at| span.end <= service.overrides[at].span.end)
    };
    let arguments = service.line.arguments.iter().filter(|argument| !is_override(argument.span));
    arguments.map(|argument| argument.text.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// A service on one line.
fn line(service: &Service) -> String {
    let fields = service.line.fields.iter().map(|field| field.to_string_lossy());
    let arguments = service.line.arguments.iter().map(|argument| match argument.braced {
        true => format!("{{ {} }}", argument.text.to_string_lossy()),
        false => argument.text.to_string_lossy(),
    });
    fields.chain(arguments).collect::<Vec<_>>().join(" ")
}
