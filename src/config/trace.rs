//! How a value came about: every name that was substituted or tested on the way, with its own value and who supplied
//! that.

use super::catalogue::{self, Version};
use super::effective::{Configuration, Origin};
use super::expand::{ExpandError, Observer, Purpose, Step, expand_observed};
use super::services::Service;
use crate::base::{Source, Span};
use std::borrow::Cow;
use std::sync::Arc;

/// An expansion and its steps.
#[derive(Clone, Debug)]
pub struct Trace {
    /// What the value comes to.
    pub result: Result<Vec<u8>, ExpandError>,
    /// The steps, as far as it came.
    pub steps: Vec<TraceStep>,
    /// How many more there were than anybody can read.
    pub left_out: usize,
}

/// Most steps of one trace.
const MOST_STEPS: usize = 20_000;

/// Most bytes in the results of the steps of one trace.
const MOST_BYTES: usize = 16 << 20;

/// A step of an expansion.
#[derive(Clone, Debug)]
pub enum TraceStep {
    /// A name was used.
    Use(Use),
    /// Two expanded operands were compared.
    Comparison {
        /// The whole reference, as written.
        written: Vec<u8>,
        /// The left operand.
        left: Vec<u8>,
        /// The right operand.
        right: Vec<u8>,
        /// Whether the relation holds.
        holds: bool,
    },
}

/// One use of a name.
#[derive(Clone, Debug)]
pub struct Use {
    /// The name.
    pub name: Vec<u8>,
    /// The whole reference as written: `$name`, `${name?…}`.
    pub written: Vec<u8>,
    /// Whether its value was substituted or only tested.
    pub purpose: Purpose,
    /// Its value before expansion; `None` if nothing defines the name, which counts as empty.
    pub raw: Option<Vec<u8>>,
    /// Who supplied that value.
    pub supplier: Supplier,
    /// What the value came to; `None` if it was only tested, or the expansion failed inside it.
    pub result: Option<Vec<u8>>,
    /// The steps inside its value.
    pub steps: Vec<TraceStep>,
}

/// Who supplied a value.
#[derive(Clone, Debug)]
pub enum Supplier {
    /// A place in main.cf.
    Main(Arc<Source>, Span),
    /// `-o` of the service with this label (`smtp/inet`), at a place in master.cf.
    Service(String, Arc<Source>, Span),
    /// `-o` on the command line.
    CommandLine,
    /// The default of the target; it has been the same from this series on.
    Default(Version),
    /// A default that is computed from the machine or from other parameters.
    Computed,
    /// The master daemon, which tells a service its name.
    Master,
    /// Nobody.
    Nobody,
}

impl Configuration {
    /// Who supplies the value of a parameter, for one service if one is given.
    #[must_use]
    pub fn supplier(&self, name: &[u8], service: Option<&Service>) -> Supplier {
        if service.is_some() && name == b"service_name" {
            return Supplier::Master;
        }
        let Some(value) = self.value(name, service) else { return Supplier::Nobody };
        match (value.origin, service, &self.files.master) {
            (Origin::Main(text), ..) => Supplier::Main(Arc::clone(self.files.main.tree.source()), text.span()),
            (Origin::Service(text), Some(service), Some(master)) => {
                Supplier::Service(service.label(), Arc::clone(master.tree.source()), text.span())
            }
            (Origin::CommandLine, ..) => Supplier::CommandLine,
            _ => self.default_supplier(name),
        }
    }

    /// Since when the default of the target holds.
    fn default_supplier(&self, name: &[u8]) -> Supplier {
        let target = self.platform.target;
        let name = std::str::from_utf8(name).unwrap_or_default();
        let Some(parameter) = catalogue::parameter(name) else {
            return match catalogue::service_parameter(name) {
                Some((_, family)) => Supplier::Default(family.introduced),
                None => Supplier::Computed,
            };
        };
        let default = |version| catalogue::default_value(parameter, version, self.platform.profile);
        let Some(now) = default(target) else { return Supplier::Computed };
        let same = |version: &Version| parameter.listed_in(*version) && default(*version) == Some(now);
        let earlier = Version::supported().rev().skip_while(|version| *version > target);
        Supplier::Default(earlier.take_while(same).last().unwrap_or(target))
    }

    /// Expands a text and says how.
    #[must_use]
    pub fn trace(&self, text: &[u8], service: Option<&Service>) -> Trace {
        let mut observer = Tracer {
            configuration: self,
            service,
            text,
            open: Vec::new(),
            hidden: 0,
            steps: Vec::new(),
            count: 0,
            bytes: 0,
            left_out: 0,
        };
        let mut lookup = |name: &[u8]| match service {
            Some(service) if name == b"service_name" => Some(Cow::Borrowed(service.line.name().bytes())),
            _ => self.value(name, service).map(|value| value.bytes),
        };
        let result = expand_observed(text, &mut lookup, &mut observer);
        while let Some(cut) = observer.open.pop() {
            observer.step(TraceStep::Use(cut));
        }
        Trace { result, steps: observer.steps, left_out: observer.left_out }
    }

    /// Expands a parameter and says how, and how many steps are left out; `None` if nothing defines it.
    #[must_use]
    pub fn trace_parameter(&self, name: &[u8], service: Option<&Service>) -> Option<(Use, Option<ExpandError>, usize)> {
        let raw = self.value(name, service)?.bytes.into_owned();
        let Trace { result, steps, left_out } = self.trace(&raw, service);
        let (result, error) = match result {
            Ok(result) => (Some(result), None),
            Err(error) => (None, Some(error)),
        };
        let supplier = self.supplier(name, service);
        let (name, written) = (name.to_vec(), name.to_vec());
        Some((
            Use { name, written, purpose: Purpose::Substitute, raw: Some(raw), supplier, result, steps },
            error,
            left_out,
        ))
    }
}

/// Turns what an observer sees into a tree.
struct Tracer<'a> {
    configuration: &'a Configuration,
    service: Option<&'a Service>,
    /// The value that is expanded.
    text: &'a [u8],
    /// Names whose values are being expanded, the outermost first.
    open: Vec<Use>,
    /// Names that are being expanded inside a name that refers to itself: Postfix goes round a hundred times, we show
    /// it once.
    hidden: usize,
    steps: Vec<TraceStep>,
    count: usize,
    bytes: usize,
    left_out: usize,
}

impl Tracer<'_> {
    fn step(&mut self, step: TraceStep) {
        match self.open.last_mut() {
            Some(within) => within.steps.push(step),
            None => self.steps.push(step),
        }
    }

    /// A part of the value that is expanded now.
    fn written(&self, span: Span) -> Vec<u8> {
        let within = match self.open.last() {
            Some(within) => within.raw.as_deref().unwrap_or_default(),
            None => self.text,
        };
        within.get(span.range()).unwrap_or_default().to_vec()
    }
}

impl Observer for Tracer<'_> {
    fn looked_up(&mut self, step: &Step<'_>) {
        let opens = step.purpose == Purpose::Substitute && step.raw.is_some();
        if self.hidden > 0 {
            self.left_out += usize::from(self.count > MOST_STEPS || self.bytes > MOST_BYTES);
            self.hidden += usize::from(opens);
            return;
        }
        self.count += 1;
        if self.count > MOST_STEPS || self.bytes > MOST_BYTES {
            self.left_out += 1;
            self.hidden = usize::from(opens);
            return;
        }
        let is_round = opens && self.open.iter().any(|open| open.name == step.name);
        let used = Use {
            name: step.name.to_vec(),
            written: self.written(step.span),
            purpose: step.purpose,
            raw: step.raw.map(<[u8]>::to_vec),
            supplier: self.configuration.supplier(step.name, self.service),
            result: None,
            steps: Vec::new(),
        };
        if is_round {
            self.hidden = 1;
        }
        if opens && !is_round {
            self.open.push(used);
        } else {
            self.step(TraceStep::Use(used));
        }
    }

    fn substituted(&mut self, _: &Step<'_>, result: &[u8]) {
        if self.hidden > 0 {
            self.hidden -= 1;
        } else if let Some(mut used) = self.open.pop() {
            self.bytes = self.bytes.saturating_add(result.len());
            if self.bytes > MOST_BYTES {
                self.left_out += 1;
                return;
            }
            used.result = Some(result.to_vec());
            self.step(TraceStep::Use(used));
        }
    }

    fn compared(&mut self, span: Span, left: &[u8], right: &[u8], holds: bool) {
        if self.hidden > 0 {
            return;
        }
        let written = self.written(span);
        self.step(TraceStep::Comparison { written, left: left.to_vec(), right: right.to_vec(), holds });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigFiles, Platform};
    use std::path::Path;

    /// `indent written = result (supplier)`, a line for each step.
    fn shown(steps: &[TraceStep], indent: &str, lines: &mut Vec<String>) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for step in steps {
            match step {
                TraceStep::Use(used) => {
                    let supplier = match &used.supplier {
                        Supplier::Main(source, span) => {
                            format!("{}:{}", source.name(), source.position(span.start).line)
                        }
                        Supplier::Service(label, source, span) => {
                            format!("{label} {}:{}", source.name(), source.position(span.start).line)
                        }
                        Supplier::Default(since) => format!("default since {since}"),
                        other => format!("{other:?}"),
                    };
                    let result = used.result.as_deref().map_or("-".into(), text);
                    lines.push(format!("{indent}{} = {result} ({supplier})", text(&used.written)));
                    shown(&used.steps, &format!("{indent}  "), lines);
                }
                TraceStep::Comparison { written, left, right, holds } => {
                    let (written, left, right) = (text(written), text(left), text(right));
                    lines.push(format!("{indent}{written}: {left} {right} {holds}"));
                }
            }
        }
    }

    #[test]
    fn every_step_knows_its_supplier() {
        let main = "mydomain = example.com\nmyhostname = mail.$mydomain\na = $a\nb = ${c?{x}:{$none}}\n";
        let master = "smtp inet n - n - - smtpd\n  -o mydomain=example.org\n";
        let main = Arc::new(Source::new("main.cf", main));
        let master = Arc::new(Source::new("master.cf", master));
        let files = ConfigFiles::from_sources(Path::new("/etc/postfix"), &main, Some(&master));
        let platform = Platform { target: Version::new(3, 5), ..Platform::default() };
        let configuration = Configuration::new(files, platform);
        let service = &configuration.files.services[0];
        let cases: &[(&str, Option<&Service>, &[&str])] = &[
            ("plain", None, &[]),
            (
                "$smtpd_banner.",
                None,
                &[
                    "$smtpd_banner = mail.example.com ESMTP Postfix (default since 2.11)",
                    "  $myhostname = mail.example.com (main.cf:2)",
                    "    $mydomain = example.com (main.cf:1)",
                    "  $mail_name = Postfix (default since 2.11)",
                ],
            ),
            ("$mydomain", Some(service), &["$mydomain = example.org (smtp/inet master.cf:2)"]),
            ("$service_name", Some(service), &["$service_name = smtp (Master)"]),
            ("$b", None, &["$b =  (main.cf:4)", "  ${c?{x}:{$none}} = - (Nobody)", "  $none = - (Nobody)"]),
            ("$a", None, &["$a =  (main.cf:3)", "  $a = - (main.cf:3)"]),
            (
                "${{$mydomain} == {x}}",
                None,
                &["$mydomain = example.com (main.cf:1)", "${{$mydomain} == {x}}: example.com x false"],
            ),
        ];
        for (text, service, expected) in cases {
            let mut lines = Vec::new();
            shown(&configuration.trace(text.as_bytes(), *service).steps, "", &mut lines);
            assert_eq!(lines, *expected, "{text}");
        }
    }

    #[test]
    fn steps_beyond_the_limits_are_counted() {
        let mut main = "a0 = x\n".to_string();
        (1..20).for_each(|at| main.push_str(&format!("a{at} = $a{0}$a{0}\n", at - 1)));
        let source = Arc::new(Source::new("main.cf", main));
        let files = ConfigFiles::from_sources(Path::new("/etc/postfix"), &source, None);
        let configuration = Configuration::new(files, Platform::default());
        let trace = configuration.trace(b"$a10", None);
        assert_eq!((trace.result.map(|text| text.len()).ok(), trace.left_out), (Some(1024), 0));
        let trace = configuration.trace(b"$a14", None);
        // 32,767 names are looked up.
        assert_eq!(trace.result.map(|text| text.len()).ok(), Some(16_384));
        assert_eq!(trace.left_out, 32_767 - MOST_STEPS);
        let error = configuration.trace(b"$a19", None).result.map_err(|error| error.to_string());
        let error = error.expect_err("half a million names are more than the work for one value");
        assert!(error.starts_with("value is too large when expanded: a19 -> a18 -> a17 -> a16 -> … -> "), "{error}");
    }

    #[test]
    fn a_default_is_as_old_as_its_text() {
        let since = |name: &str, target: Version| {
            let main = Arc::new(Source::new("main.cf", ""));
            let files = ConfigFiles::from_sources(Path::new("/etc/postfix"), &main, None);
            let platform = Platform { target, ..Platform::default() };
            match Configuration::new(files, platform).supplier(name.as_bytes(), None) {
                Supplier::Default(since) => since.to_string(),
                other => format!("{other:?}"),
            }
        };
        let cases = [
            ("append_dot_mydomain", Version::new(2, 11), "2.11"),
            ("append_dot_mydomain", Version::NEWEST, "3.6"),
            ("compatibility_level", Version::NEWEST, "3.0"),
            ("relay_destination_rate_delay", Version::NEWEST, "2.11"),
            ("myhostname", Version::NEWEST, "Computed"),
            ("no_such_name", Version::NEWEST, "Nobody"),
        ];
        for (name, target, expected) in cases {
            assert_eq!(since(name, target), expected, "{name} in {target}");
        }
    }
}
