//! `postwright expand`: what parameters and texts come to, and how.

use super::site_options::SiteOptions;
use super::terminal::format::Format;
use super::terminal::output::Output;
use crate::config::Configuration;
use crate::config::catalogue::{Version, suggest_parameter};
use crate::config::expand::{ExpandError, Purpose};
use crate::config::find_service::find_service;
use crate::config::services::Service;
use crate::config::trace::{Supplier, TraceStep, Use};
use crate::diagnostic::render::{clean, json};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Expand parameters, or any text with $names in it
///
/// Without operands: all parameters that main.cf sets (or that the service overrides).
#[derive(Args, Clone, Debug)]
pub struct Expand {
    /// Names of parameters; with a $ in it, a text
    #[arg(value_name = "NAME|STRING", value_parser = NonEmptyStringValueParser::new())]
    operands: Vec<String>,
    /// Expand as this service does, with its -o
    #[arg(long, value_name = "NAME/TYPE")]
    service: Option<String>,
    /// Show each substitution, and who supplied it
    #[arg(long)]
    trace: bool,
    /// Format of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
    #[command(flatten)]
    site: SiteOptions,
}

/// An operand that was expanded.
struct Expanded {
    operand: String,
    /// As a use of the name, or of the text itself.
    used: Use,
    is_text: bool,
    error: Option<ExpandError>,
    /// How many steps there were more than are shown.
    left_out: usize,
}

/// Runs the command.
///
/// # Errors
/// What kept it from its job, in words for the terminal.
pub fn run(options: &Expand, output: &Output) -> Result<ExitCode, String> {
    let site = options.site.open(None)?;
    let configuration = &site.configuration;
    if let Some(fault) = configuration.written_name_fault(|name| site.paths.read(name)) {
        output.warning(&format!("postwright: no program of Postfix would run: {}", clean(&fault.to_string())));
    }
    let files = &configuration.files;
    let master = files.master.as_ref().map_or("master.cf", |master| master.tree.source().name());
    let service = options.service.as_ref().map(|wanted| find_service(&files.services, wanted, master)).transpose()?;
    let operands = if options.operands.is_empty() { names(configuration, service) } else { options.operands.clone() };
    let mut failed = false;
    let target = configuration.platform.target;
    let is_json = options.format == Format::Json;
    let is_traced = options.trace || is_json;
    if is_json {
        output.text("{\"version\":1,\"values\":[");
    }
    let mut separator = "";
    // Each is shown as soon as it is known: all of them may be more than memory holds.
    for operand in operands {
        match expand(configuration, service, operand, is_traced) {
            Ok(expanded) => {
                failed |= expanded.error.is_some();
                if is_json {
                    output.text(&format!("{separator}{}", as_json(&expanded, target)));
                    separator = ",";
                } else {
                    show(&expanded, options.trace, target, output);
                }
            }
            Err(message) => {
                failed = true;
                output.warning(&format!("postwright: {}", clean(&message)));
            }
        }
    }
    if is_json {
        output.line("]}");
    }
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// The names that main.cf sets, or that a service overrides, each once.
fn names(configuration: &Configuration, service: Option<&Service>) -> Vec<String> {
    let names: Vec<String> = match service {
        Some(service) => service.overrides.iter().map(|set| set.name.to_string_lossy()).collect(),
        None => configuration.files.main.entries.iter().map(|entry| entry.name.to_string_lossy()).collect(),
    };
    let mut seen = std::collections::HashSet::new();
    names.into_iter().filter(|name| seen.insert(name.clone())).collect()
}

fn expand(
    configuration: &Configuration,
    service: Option<&Service>,
    operand: String,
    is_traced: bool,
) -> Result<Expanded, String> {
    if operand.contains('$') {
        let (result, steps, left_out) = if is_traced {
            let trace = configuration.trace(operand.as_bytes(), service);
            (trace.result, trace.steps, trace.left_out)
        } else {
            (configuration.expand(operand.as_bytes(), service), Vec::new(), 0)
        };
        let (result, error) = split(result);
        let used = Use {
            name: Vec::new(),
            written: Vec::new(),
            purpose: Purpose::Substitute,
            raw: Some(operand.clone().into_bytes()),
            supplier: Supplier::CommandLine,
            result,
            steps,
        };
        return Ok(Expanded { operand, used, is_text: true, error, left_out });
    }
    let name = operand.as_bytes();
    if is_traced && let Some((used, error, left_out)) = configuration.trace_parameter(name, service) {
        return Ok(Expanded { operand, used, is_text: false, error, left_out });
    }
    if let Some(value) = configuration.value(name, service) {
        let (result, error) = split(configuration.expand(&value.bytes, service));
        let (name, written, purpose) = (name.to_vec(), name.to_vec(), Purpose::Substitute);
        // Who supplied it is shown with the steps only.
        let used = Use { name, written, purpose, raw: None, supplier: Supplier::Nobody, result, steps: Vec::new() };
        return Ok(Expanded { operand, used, is_text: false, error, left_out: 0 });
    }
    let similar = suggest_parameter(&operand).similar;
    let hint = similar.first().map_or_else(String::new, |similar| format!("; did you mean {similar}?"));
    Err(format!("{operand}: no such parameter in Postfix {}{hint}", configuration.platform.target))
}

fn split(result: Result<Vec<u8>, ExpandError>) -> (Option<Vec<u8>>, Option<ExpandError>) {
    match result {
        Ok(result) => (Some(result), None),
        Err(error) => (None, Some(error)),
    }
}

fn show(expanded: &Expanded, trace: bool, target: Version, output: &Output) {
    let used = &expanded.used;
    if let Some(result) = &used.result {
        let result = text(result);
        match expanded.is_text {
            true => output.line(&result),
            false => output.line(&format!("{} = {result}", clean(&expanded.operand))),
        }
    }
    if let Some(error) = &expanded.error {
        output.warning(&format!("postwright: {}: {}", clean(&expanded.operand), clean(&error.to_string())));
    }
    if trace {
        if !expanded.is_text {
            output.line(&format!("  {}", supplied(used, target)));
        }
        show_steps(&used.steps, "  ", target, output);
        if expanded.left_out > 0 {
            output.line(&format!("  … and {} more steps", expanded.left_out));
        }
    }
}

/// A step a branch: what it is, and below it who supplied the value and the steps inside.
fn show_steps(steps: &[TraceStep], indent: &str, target: Version, output: &Output) {
    for (number, step) in steps.iter().enumerate() {
        let is_last = number + 1 == steps.len();
        let (branch, below) = if is_last { ("└ ", "  ") } else { ("├ ", "│ ") };
        match step {
            TraceStep::Comparison { written, left, right, holds } => {
                let (left, right) = (text(left), text(right));
                let outcome = if *holds { "holds" } else { "does not hold" };
                output.line(&format!("{indent}{branch}{}: {outcome} for \"{left}\" and \"{right}\"", text(written)));
            }
            TraceStep::Use(used) => {
                let outcome = match (&used.result, used.purpose) {
                    (Some(result), _) => format!(" = {}", text(result)),
                    (None, _) if used.raw.is_none() => ": not defined, so empty".to_string(),
                    (None, Purpose::Test) if used.raw.as_ref().is_some_and(Vec::is_empty) => ": empty".to_string(),
                    (None, Purpose::Test) => ": not empty".to_string(),
                    (None, Purpose::Substitute) => ": failed".to_string(),
                };
                output.line(&format!("{indent}{branch}{}{outcome}", text(&used.written)));
                let indent = format!("{indent}{below}");
                if used.raw.is_some() {
                    output.line(&format!("{indent}{}", supplied(used, target)));
                }
                show_steps(&used.steps, &indent, target, output);
            }
        }
    }
}

/// `main.cf:3: mail.$mydomain`: who supplied a value, and the value if that is not what it came to.
fn supplied(used: &Use, target: Version) -> String {
    let supplier = supplier(&used.supplier, target);
    let raw = used.raw.as_deref().unwrap_or_default();
    if used.result.as_deref() == Some(raw) { supplier } else { format!("{supplier}: {}", text(raw)) }
}

fn supplier(supplier: &Supplier, target: Version) -> String {
    match supplier {
        Supplier::Main(source, span) => format!("{}:{}", clean(source.name()), source.position(span.start).line),
        Supplier::Service(label, source, span) => {
            format!("-o of {}, {}:{}", clean(label), clean(source.name()), source.position(span.start).line)
        }
        Supplier::CommandLine => "command line".into(),
        Supplier::Default(since) if *since == Version::OLDEST => format!("default of Postfix {target}"),
        Supplier::Default(since) => format!("default of Postfix {target}, since {since}"),
        Supplier::Computed => "default, computed from the machine or other parameters".into(),
        Supplier::Master => "name of the service".into(),
        Supplier::Nobody => "nobody".into(),
    }
}

fn text(bytes: &[u8]) -> String {
    clean(&String::from_utf8_lossy(bytes))
}

fn as_json(expanded: &Expanded, target: Version) -> Value {
    let mut value = use_as_json(&expanded.used, target);
    if let Value::Object(fields) = &mut value {
        if expanded.is_text {
            fields.shift_remove("name");
            fields.shift_remove("from");
        }
        fields.shift_remove("written");
        fields.shift_remove("purpose");
        if expanded.left_out > 0 {
            fields.insert("steps_left_out".into(), expanded.left_out.into());
        }
        if let Some(error) = &expanded.error {
            fields.insert("error".into(), error.to_string().into());
        }
    }
    value
}

fn use_as_json(used: &Use, target: Version) -> Value {
    let from = match &used.supplier {
        Supplier::Main(source, span) => json!({ "kind": "main.cf", "span": json::span(source, *span) }),
        Supplier::Service(label, source, span) => {
            json!({ "kind": "service", "service": label, "span": json::span(source, *span) })
        }
        Supplier::CommandLine => json!({ "kind": "command-line" }),
        Supplier::Default(since) => {
            json!({ "kind": "default", "target": target.to_string(), "since": since.to_string() })
        }
        Supplier::Computed => json!({ "kind": "computed" }),
        Supplier::Master => json!({ "kind": "service-name" }),
        Supplier::Nobody => Value::Null,
    };
    let purpose = match used.purpose {
        Purpose::Substitute => "substitute",
        Purpose::Test => "test",
    };
    let steps: Vec<Value> = used.steps.iter().map(|step| step_as_json(step, target)).collect();
    json!({
        "name": lossy(&used.name),
        "written": lossy(&used.written),
        "purpose": purpose,
        "raw": used.raw.as_deref().map(lossy),
        "value": used.result.as_deref().map(lossy),
        "from": from,
        "steps": steps,
    })
}

fn step_as_json(step: &TraceStep, target: Version) -> Value {
    match step {
        TraceStep::Use(used) => use_as_json(used, target),
        TraceStep::Comparison { written, left, right, holds } => {
            json!({ "comparison": lossy(written), "left": lossy(left), "right": lossy(right), "holds": holds })
        }
    }
}

/// JSON holds text: what is not UTF-8 is replaced.
fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
