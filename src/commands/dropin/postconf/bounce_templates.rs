//! `-t` shows the templates of bounces, `-b` their message texts with `$name` expanded.
//!
//! Postfix has the bounce daemon do it, with the template file and `queue_directory = .` in its arguments: so the
//! daemon's name stands before messages, and only what it knows can be named in a template. The built-in texts are our
//! own.

use super::options::Options;
use super::print::Printer;
use super::startup;
use crate::base::Source;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::Configuration;
use crate::config::bounce_template::{Template, TemplateClass, TemplateFault, Templates};
use crate::config::catalogue::read_by_bounce;
use crate::syntax::bounce_template::parse_bounce_template;
use crate::syntax::{Fault, FaultKind};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

/// Shows the templates. All that goes wrong behind the start is told under the daemon's name.
///
/// # Errors
/// A main.cf that cannot be read or that Postfix would not run with.
pub fn show(options: &Options, directory: &Path, messages: &Messages) -> Result<ExitCode, Fatal> {
    let mut configuration = super::load::load_main(directory, messages)?;
    let syslog_name = startup::value("syslog_name", &configuration, messages)?;
    let expand = options.has('b');
    let arguments = [
        ("queue_directory", b".".as_slice()),
        ("process_name", b"bounce"),
        ("service_name", if expand { b"expand_templates" } else { b"dump_templates" }),
    ];
    configuration.overrides.push((b"config_directory".to_vec(), directory.as_os_str().as_bytes().to_vec()));
    configuration.overrides.extend(arguments.map(|(name, value)| (name.into(), value.into())));
    if let Some(file) = options.operands.first() {
        let file = crate::syntax::logical::trim(file.as_bytes());
        configuration.overrides.push((b"bounce_template_file".to_vec(), file.to_vec()));
    }
    let daemon = Messages::as_called(OsStr::from_bytes(&[syslog_name.as_slice(), b"/bounce"].concat()));
    Ok(daemon.end(run(&configuration, expand, &daemon)))
}

/// What the daemon does.
fn run(configuration: &Configuration, expand: bool, messages: &Messages) -> Result<ExitCode, Fatal> {
    let utf8 = startup::value("smtputf8_enable", configuration, messages)?;
    messages.show_utf8(utf8.eq_ignore_ascii_case(b"yes"));
    startup::check(&read_by_bounce(), configuration, messages)?;
    let file = startup::value("bounce_template_file", configuration, messages)?;
    let templates = if file.is_empty() { Templates::built_in() } else { read(&file, messages)? };
    let mut printer = Printer::default();
    for class in TemplateClass::ALL {
        if class != TemplateClass::ALL[0] {
            printer.text(b"\n");
        }
        let template = templates.get(class);
        if expand {
            let text = expanded(template, configuration, messages)?;
            print(&mut printer, &format!("expanded_{}_text", class.name()), &[], &text);
        } else {
            let headers = [
                ("Charset", Some(&template.charset)),
                ("From", Some(&template.from)),
                ("Subject", Some(&template.subject)),
                ("Postmaster-Subject", template.postmaster_subject.as_ref()),
            ];
            print(&mut printer, &format!("{}_template", class.name()), &headers, &template.body);
        }
    }
    printer.flush().map_err(|error| Fatal::output(&error))?;
    Ok(ExitCode::SUCCESS)
}

fn print(printer: &mut Printer, name: &str, headers: &[(&str, Option<&Vec<u8>>)], lines: &[Vec<u8>]) {
    printer.text(format!("{name} = <<EOF\n").as_bytes());
    for (label, value) in headers {
        if let Some(value) = value {
            printer.text(&[label.as_bytes(), b": ", value.as_slice(), b"\n"].concat());
        }
    }
    if !headers.is_empty() {
        printer.text(b"\n");
    }
    for line in lines {
        printer.text(line);
        printer.text(b"\n");
    }
    printer.text(b"EOF\n");
}

fn expanded(template: &Template, configuration: &Configuration, messages: &Messages) -> Result<Vec<Vec<u8>>, Fatal> {
    let mut notices = Vec::new();
    let result = template.expand(configuration, &mut notices);
    notices.iter().flat_map(|notice| notice.messages(template)).for_each(|text| messages.warning(text));
    result.map_err(|error| {
        error.warnings().iter().for_each(|text| messages.warning(text));
        Fatal::new(error.fatal(template))
    })
}

/// Reads a template file, and says what is wrong with it.
fn read(path: &[u8], messages: &Messages) -> Result<Templates, Fatal> {
    let os_path = Path::new(OsStr::from_bytes(path));
    let source = Source::read(os_path).map_err(|error| match error.kind() {
        // It could be opened.
        std::io::ErrorKind::IsADirectory => Fatal::new([b"read ", path, b": Is a directory"].concat()),
        _ => Fatal::open(os_path, &error),
    })?;
    let file = parse_bounce_template(&source);
    let (templates, faults) = Templates::read(&file);
    let name = source.name();
    let stop = file.faults.iter().find(|fault| fault.kind != FaultKind::UnclosedTemplate);
    let read_to = stop.map_or(source.bytes().len(), |fault| fault.span.start);
    // Postfix tells of unknown names while it reads, and of contents when it has read all.
    let seen = faults.iter().filter(|fault| fault.class.is_some() || fault.span.start < read_to);
    let (names, contents): (Vec<_>, Vec<_>) = seen.partition(|fault| fault.class.is_none());
    let warn = |faults: Vec<&TemplateFault>| {
        faults.iter().flat_map(|fault| fault.messages(name, &source)).for_each(|text| messages.warning(text));
    };
    warn(names);
    if let Some(stop) = stop {
        return Err(Fatal::new(last_words(stop, &source)));
    }
    if let Some(unclosed) = file.faults.first() {
        // All lines were read.
        let lines = file.templates.last().map_or(0, |template| template.last_line);
        let head = format!("{name}, line {}: missing \"", lines + 1);
        messages.warning([head.as_bytes(), source.slice(unclosed.span), b"\" end marker"].concat());
    }
    warn(contents);
    Ok(templates)
}

/// Why Postfix reads no further.
fn last_words(fault: &Fault, source: &Source) -> Vec<u8> {
    // It has read that line, and names the next.
    let head = format!("{}, line {}: ", source.name(), source.position(fault.span.start).line + 1);
    let line = source.slice(fault.span);
    match fault.kind {
        FaultKind::MissingMarker => [head.as_bytes(), b"missing end marker after <<"].concat(),
        FaultKind::MalformedMarker => [head.as_bytes(), b"malformed end marker after <<"].concat(),
        FaultKind::MissingName => [head.as_bytes(), b"missing attribute name: \"", line, b"\""].concat(),
        _ => [head.as_bytes(), b"missing '=' after attribute name: \"", line, b"\""].concat(),
    }
}
