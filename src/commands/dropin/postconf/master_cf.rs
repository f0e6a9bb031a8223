//! Showing master.cf: whole services (`-M`), their fields (`-F`), or the parameters that they set (`-P`).

use super::fields::FIELD_NAMES;
use super::main_cf::{expand, style};
use super::options::{ALL_PARAMETERS, Options};
use super::print::Printer;
use super::usage::{Usage, settings_of};
use crate::commands::dropin::messages::{Fatal, Messages};
use crate::config::Configuration;
use crate::config::catalogue;
use crate::config::services::{Service, override_flag};
use crate::syntax::logical::is_space;
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;

/// A request such as `smtp/inet/command`; `*` and what is left out match everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    parts: Vec<Vec<u8>>,
}

impl Request {
    /// Parses a request of at most `parts` parts.
    #[must_use]
    pub fn parse(text: &[u8], parts: usize) -> Option<Self> {
        let parsed: Vec<Vec<u8>> = text.split(|&byte| byte == b'/').map(<[u8]>::to_vec).collect();
        (parsed.len() <= parts).then_some(Self { parts: parsed })
    }

    /// Whether the part with this number asks for `text`.
    #[must_use]
    pub fn matches(&self, part: usize, text: &[u8]) -> bool {
        self.parts.get(part).is_none_or(|wanted| wanted == b"*" || wanted == text)
    }

    /// Whether the request asks for this service.
    #[must_use]
    pub fn matches_service(&self, service: &Service) -> bool {
        self.matches(0, service.line.name().bytes()) && self.matches(1, service.line.service_type().bytes())
    }
}

/// The arguments as postconf prints them: braces only where they are needed, and `-o {name=value}` without blanks around `=`.
#[must_use]
pub fn arguments(service: &Service) -> Vec<Vec<u8>> {
    let mut options = true;
    let mut after_o = false;
    let mut words = Vec::with_capacity(service.line.arguments.len());
    for argument in &service.line.arguments {
        let text = argument.text.bytes();
        let is_option = options && !argument.braced && text.first() == Some(&b'-') && text != b"--";
        let ends_options = options && !after_o && !is_option;
        options &= after_o || is_option;
        if ends_options {
            // Postfix prints this one without the braces that it may have had.
            words.push(text.to_vec());
            continue;
        }
        match override_flag(text) {
            Some((flags, joined)) if is_option && !after_o => {
                if flags.len() > 1 {
                    words.push(flags.to_vec());
                }
                words.push(b"-o".to_vec());
                if !joined.is_empty() {
                    let inside = joined.strip_prefix(b"{").and_then(|text| text.strip_suffix(b"}"));
                    words.push(shown(inside.unwrap_or(joined), true));
                }
                after_o = joined.is_empty();
            }
            _ => {
                words.push(shown(text, after_o && options));
                after_o = false;
            }
        }
    }
    words
}

fn shown(text: &[u8], is_override: bool) -> Vec<u8> {
    let mut text = text.to_vec();
    if is_override && let Ok((name, _, value)) = crate::syntax::main_cf::split_assignment(&text) {
        text = [&text[name], b"=", &text[value]].concat();
    }
    if text.iter().any(|&byte| is_space(byte)) { [b"{", text.as_slice(), b"}"].concat() } else { text }
}

/// Shows what the operands ask for, or everything.
///
/// # Errors
/// A request that makes no sense, or a value that cannot be expanded (`-x`).
pub fn show(
    options: &Options,
    mode: char,
    usage: &Usage,
    configuration: &Configuration,
    printer: &mut Printer,
    messages: &Messages,
) -> Result<(), Fatal> {
    let parts = if mode == 'M' { 2 } else { 3 };
    let everything = vec![b"*".to_vec()];
    let requests: Vec<Vec<u8>> = if options.operands.is_empty() {
        everything
    } else {
        options.operands.iter().map(|operand| operand.as_bytes().to_vec()).collect()
    };
    for text in &requests {
        let request = Request::parse(text, parts).ok_or_else(|| bad_request(mode))?;
        let is_field = |name: &&str| request.matches(2, name.as_bytes());
        if mode == 'F' && !FIELD_NAMES.iter().any(is_field) {
            let name = text.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
            return Err(Fatal::new([b"invalid service attribute name: \"", name, b"\""].concat()));
        }
        let mut matched = options.operands.is_empty();
        for service in &configuration.files.services {
            if request.matches_service(service) {
                matched |= match mode {
                    'M' => whole(service, options, configuration, printer, messages)?,
                    'F' => fields(service, &request, options, configuration, printer, messages)?,
                    _ => parameters(service, usage, &request, options, configuration, printer, messages)?,
                };
            }
        }
        if !matched {
            messages.warning([b"unmatched request: \"", text.as_slice(), b"\""].concat());
        }
    }
    Ok(())
}

/// A request with too many parts.
#[must_use]
pub fn bad_request(mode: char) -> Fatal {
    let form = match mode {
        'M' => "service_name[/type]",
        'F' => "service_name[/type[/field]]",
        _ => "service_name[/type[/parameter]]",
    };
    Fatal::new(format!("-{mode} option requires {form}"))
}

fn label(service: &Service) -> Vec<u8> {
    [service.line.name().bytes(), b"/", service.line.service_type().bytes()].concat()
}

fn whole(
    service: &Service,
    options: &Options,
    configuration: &Configuration,
    printer: &mut Printer,
    messages: &Messages,
) -> Result<bool, Fatal> {
    let fields: Vec<&[u8]> = service.line.fields.iter().map(crate::syntax::Text::bytes).collect();
    let arguments = expanded_arguments(service, options, configuration, messages)?;
    if options.has('j') {
        let mut value = fields.join(&b' ');
        for argument in &arguments {
            value.push(b' ');
            value.extend_from_slice(argument);
        }
        printer.setting(&label(service), &value, style(options));
    } else {
        printer.service(&fields, &arguments, options.has('f'));
    }
    Ok(true)
}

fn fields(
    service: &Service,
    request: &Request,
    options: &Options,
    configuration: &Configuration,
    printer: &mut Printer,
    messages: &Messages,
) -> Result<bool, Fatal> {
    let mut any = false;
    for (name, field) in FIELD_NAMES.iter().zip(&service.line.fields) {
        if !request.matches(2, name.as_bytes()) {
            continue;
        }
        any = true;
        let full = [label(service).as_slice(), b"/", name.as_bytes()].concat();
        if *name == "command" {
            let arguments = expanded_arguments(service, options, configuration, messages)?;
            printer.command(&full, field.bytes(), &arguments, style(options));
        } else {
            printer.setting(&full, field.bytes(), style(options));
        }
    }
    Ok(any)
}

fn parameters(
    service: &Service,
    usage: &Usage,
    request: &Request,
    options: &Options,
    configuration: &Configuration,
    printer: &mut Printer,
    messages: &Messages,
) -> Result<bool, Fatal> {
    let mut any = false;
    let own = settings_of(service, &configuration.files.services);
    // -PP: everything that the service goes by, whoever set it.
    let all: BTreeMap<&[u8], &[u8]> = if options.has(ALL_PARAMETERS) {
        let known = usage.table.iter().filter_map(|(name, known)| {
            let explicit = usage.explicit.get(name).map(Vec::as_slice);
            Some((name, explicit.or(known.default.as_deref())?))
        });
        // Old names that are still read count as empty.
        let target = configuration.settings.target;
        let old = catalogue::parameters().iter().filter(|old| old.exists_in(target) && !old.listed_in(target));
        let old = old.map(|old| (old.name.as_bytes(), &b""[..]));
        old.chain(known).chain(own).collect()
    } else {
        own
    };
    for (name, value) in all {
        if !request.matches(2, name) {
            continue;
        }
        any = true;
        let full = [label(service).as_slice(), b"/", name].concat();
        if options.has('x') {
            let value = expand(configuration, value, Some(service), messages)?;
            printer.setting(&full, &value, style(options));
        } else {
            printer.setting(&full, value, style(options));
        }
    }
    Ok(any)
}

/// The arguments, with `-x` the values of `-o` expanded.
fn expanded_arguments(
    service: &Service,
    options: &Options,
    configuration: &Configuration,
    messages: &Messages,
) -> Result<Vec<Vec<u8>>, Fatal> {
    let plain = arguments(service);
    if !options.has('x') {
        return Ok(plain);
    }
    // Only what -o sets is expanded: other arguments have names of their own (`${recipient}`).
    let mut expanded = Vec::with_capacity(plain.len());
    let mut options = true;
    let mut value = false;
    for argument in plain {
        let is_value = options && value;
        options &= is_value || (argument.first() == Some(&b'-') && argument != b"--");
        value = argument == b"-o" && !is_value;
        let text = if is_value && memchr::memchr(b'$', &argument).is_some() {
            expand(configuration, &argument, Some(service), messages)?
        } else {
            argument
        };
        expanded.push(text);
    }
    Ok(expanded)
}
