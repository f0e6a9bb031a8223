//! Showing master.cf: whole services (`-M`), their fields (`-F`), or the parameters that they set (`-P`).

use super::expanded::expand;
use super::fields::FIELD_NAMES;
use super::main_cf::style;
use super::options::{ALL_PARAMETERS, Options};
use super::print::Printer;
use super::usage::{Usage, settings_of};
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::Configuration;
use crate::config::services::{Service, override_flag};
use crate::syntax::logical::is_space;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;

/// A request such as `smtp/inet/command`; `*` and what is left out match everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    parts: Vec<Vec<u8>>,
}

impl Request {
    /// Asks for everything.
    #[must_use]
    pub fn everything() -> Self {
        Self { parts: Vec::new() }
    }

    /// Parses a request of at most `parts` parts, with one or more `/` between them and none before; `*` stands alone.
    #[must_use]
    pub fn parse(text: &[u8], parts: usize) -> Option<Self> {
        let parsed: Vec<Vec<u8>> =
            text.split(|&byte| byte == b'/').filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect();
        let is_fine = |part: &Vec<u8>| part == b"*" || !part.contains(&b'*');
        let count = 1..=parts;
        (!text.starts_with(b"/") && count.contains(&parsed.len()) && parsed.iter().all(is_fine))
            .then_some(Self { parts: parsed })
    }

    /// Its parts; what is left out matches everything.
    #[must_use]
    pub fn parts(&self) -> &[Vec<u8>] {
        &self.parts
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

/// The arguments as postconf prints them: braces only where they are needed, and `-o {name=value}` without blanks
/// around `=`.
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
    braced_if_needed(text)
}

fn braced_if_needed(text: Vec<u8>) -> Vec<u8> {
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
    let mut requests: Vec<(Request, bool)> = Vec::new();
    for operand in &options.operands {
        let request = Request::parse(operand.as_bytes(), parts).ok_or_else(|| bad_request(mode))?;
        if let (Some(name), 'F') = (request.parts().get(2), mode)
            && !FIELD_NAMES.iter().any(|field| request.matches(2, field.as_bytes()))
        {
            return Err(Fatal::new([b"invalid service attribute name: \"", name.as_slice(), b"\""].concat()));
        }
        requests.push((request, false));
    }
    if requests.is_empty() {
        requests.push((Request::everything(), true));
    }
    for service in &configuration.files.services {
        for (request, matched) in requests.iter_mut().filter(|(request, _)| request.matches_service(service)) {
            *matched |= match mode {
                'M' => whole(service, options, configuration, printer, messages)?,
                'F' => fields(service, request, options, configuration, printer, messages)?,
                _ => parameters(service, usage, request, options, configuration, printer, messages)?,
            };
        }
    }
    for ((_, matched), operand) in requests.iter().zip(&options.operands) {
        if !matched {
            messages.warning([b"unmatched request: \"", operand.as_bytes(), b"\""].concat());
        }
    }
    Ok(())
}

/// A request that is none.
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
    let mut all: BTreeMap<&[u8], Cow<'_, [u8]>> = BTreeMap::new();
    // -PP: everything that the service goes by, whoever set it.
    if options.has(ALL_PARAMETERS) {
        let value = |name: &[u8]| configuration.value(name, Some(service)).map(|value| value.bytes).unwrap_or_default();
        let is_asked_for = !request.parts().is_empty();
        let known = usage.table.iter().filter(|(_, known)| known.is_listed || is_asked_for);
        all.extend(known.map(|(name, _)| (name, value(name))));
    }
    all.extend(settings_of(service, configuration.platform.target).map(|(name, value)| (name, Cow::Borrowed(value))));
    for (name, value) in &all {
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
            let text = expand(configuration, &argument, Some(service), messages)?;
            if argument.starts_with(b"{") { text } else { braced_if_needed(text) }
        } else {
            argument
        };
        expanded.push(text);
    }
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::Request;

    #[test]
    fn requests_and_what_is_none() {
        let cases: [(&str, Option<&[&str]>); 8] = [
            ("smtp", Some(&["smtp"])),
            ("smtp//", Some(&["smtp"])),
            ("*//inet", Some(&["*", "inet"])),
            ("smtp/inet/chroot", None),
            ("sm*", None),
            ("/inet", None),
            ("/", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let request = Request::parse(text.as_bytes(), 2);
            let parts = request.as_ref().map(|request| request.parts().to_vec());
            let expected = expected.map(|parts| parts.iter().map(|part| part.as_bytes().to_vec()).collect());
            assert_eq!(parts, expected, "{text:?}");
        }
    }
}
