//! `$name` in the message text of a template.
//!
//! Each line is expanded for itself. A name stands for the expanded value of a parameter, and then:
//! - `delay_warning_time_UNIT` and `maximal_queue_lifetime_UNIT` stand for those times in whole seconds, minutes,
//!   hours, days or weeks, rounded down; a result of 0, or of 1000 and more, is worth a [`Notice`].
//! - `mydomain` and `myhostname` are shown as people write them, if `smtputf8_enable`; internationalized labels stay,
//!   as in [`expand`](crate::config::expand).
//! - Of parameters that main.cf does not set, only those that the bounce daemon reads are known
//!   ([`is_read_by_bounce`](crate::config::catalogue::is_read_by_bounce)); a line that needs another cannot be
//!   expanded.

use super::Template;
use crate::config::Configuration;
use crate::config::catalogue::{TimeUnit, ValueType, is_read_by_bounce, parameter};
use crate::config::expand::{ExpandError, Function, Lookup, Observer, Purpose, Reason, Step, expand, expand_observed};
use std::borrow::Cow;

/// Times that can be asked for in a unit.
const TIMES: [&str; 2] = ["delay_warning_time", "maximal_queue_lifetime"];

/// The units, as suffixes name them.
const UNITS: [(&str, TimeUnit); 5] = [
    ("seconds", TimeUnit::Second),
    ("minutes", TimeUnit::Minute),
    ("hours", TimeUnit::Hour),
    ("days", TimeUnit::Day),
    ("weeks", TimeUnit::Week),
];

/// The lowest number that nobody wants to read.
const EXCESSIVE: i64 = 1000;

/// A time that is expressed in a unit that does not suit it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The name that was asked for, with its suffix.
    pub name: String,
    /// The suffix.
    pub unit: &'static str,
    /// What it came to: 0, or much.
    pub result: i64,
}

impl Notice {
    /// The warnings of Postfix: what it prints behind `warning: `.
    #[must_use]
    pub fn messages(&self, template: &Template) -> [String; 3] {
        let (origin, class) = (&template.origin, template.class.name());
        let Self { name, unit, result } = self;
        let (what, change) = if *result == 0 {
            ("zero result".into(), "reduce")
        } else {
            (format!("excessive result \"{result}\""), "increase")
        };
        [
            format!("{origin}: {what} in {class} template conversion of parameter \"{name}\""),
            format!("please {change} time unit \"{unit}\" of \"{name}\" in {class} template"),
            "for instructions see the bounce(5) manual".into(),
        ]
    }
}

/// Why a message text cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpansionError {
    /// A line with a name that nothing defines.
    Undefined(Vec<u8>),
    /// A line that is not understood.
    Line(Vec<u8>, ExpandError),
    /// A parameter whose value cannot be expanded.
    Value(ExpandError),
    /// A time in a unit that does not exist: the suffix, and the whole name.
    Suffix(Vec<u8>, Vec<u8>),
    /// A parameter that should be a time, and its value.
    Time(&'static str, Vec<u8>),
}

impl ExpansionError {
    /// What Postfix warns of before it ends.
    #[must_use]
    pub fn warnings(&self) -> Vec<&[u8]> {
        match self {
            Self::Line(_, error) | Self::Value(error) => {
                error.problems.iter().map(|problem| problem.message.as_slice()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The words with which Postfix ends: what it prints behind `fatal: `.
    #[must_use]
    pub fn fatal(&self, template: &Template) -> Vec<u8> {
        let (origin, class) = (&template.origin, template.class.name());
        match self {
            Self::Undefined(line) => {
                [format!("{origin}: undefined $name in {class} template: ").as_bytes(), line].concat()
            }
            Self::Line(_, error) if matches!(error.reason, Reason::Number(_)) => error.fatal(),
            Self::Line(line, _) => {
                [format!("{origin}: bad $name syntax in {class} template: ").as_bytes(), line].concat()
            }
            Self::Value(error) if matches!(error.reason, Reason::Number(_)) => error.fatal(),
            Self::Value(error) => [b"dictionary mail_dict: ".as_slice(), &error.fatal()].concat(),
            Self::Suffix(suffix, name) => {
                let head = format!("{origin}: unrecognized suffix \"");
                [head.as_bytes(), suffix, b"\" in parameter \"", name, b"\""].concat()
            }
            Self::Time(name, value) => {
                [format!("parameter {name}: bad time value or unit: ").as_bytes(), value].concat()
            }
        }
    }
}

impl Template {
    /// The lines of the message text, expanded under a configuration; `notices` gets what is odd about them.
    ///
    /// # Errors
    /// The first line that cannot be expanded.
    pub fn expand(
        &self,
        configuration: &Configuration,
        notices: &mut Vec<Notice>,
    ) -> Result<Vec<Vec<u8>>, ExpansionError> {
        self.body.iter().map(|line| expand_line(line, configuration, notices)).collect()
    }
}

fn expand_line(
    line: &[u8],
    configuration: &Configuration,
    notices: &mut Vec<Notice>,
) -> Result<Vec<u8>, ExpansionError> {
    let mut values = Values { configuration, notices, failed: None };
    let mut undefined = Undefined(false);
    let result = expand_observed(line, &mut values, &mut undefined);
    if let Some(error) = values.failed {
        return Err(error);
    }
    let expanded = result.map_err(|error| ExpansionError::Line(line.to_vec(), error))?;
    if undefined.0 { Err(ExpansionError::Undefined(line.to_vec())) } else { Ok(expanded) }
}

/// The values that names in a template stand for.
struct Values<'a> {
    configuration: &'a Configuration,
    notices: &'a mut Vec<Notice>,
    /// What went wrong first; nothing is looked up behind it.
    failed: Option<ExpansionError>,
}

impl Lookup<'static> for Values<'_> {
    fn raw(&mut self, name: &[u8]) -> Option<Cow<'static, [u8]>> {
        if self.failed.is_some() {
            return None;
        }
        match self.value(name) {
            // It is expanded already; each `$` in it is text.
            Ok(value) => value.map(|value| Cow::Owned(doubled(&value))),
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }
}

impl Values<'_> {
    fn value(&mut self, name: &[u8]) -> Result<Option<Vec<u8>>, ExpansionError> {
        for time in TIMES {
            if let Some(suffix) = name.strip_prefix(time.as_bytes()).and_then(|rest| rest.strip_prefix(b"_")) {
                return self.in_unit(time, suffix, name).map(Some);
            }
        }
        let Some(value) = evaluate(self.configuration, name).map_err(ExpansionError::Value)? else { return Ok(None) };
        let is_domain = matches!(name, b"mydomain" | b"myhostname");
        if is_domain && evaluate(self.configuration, b"smtputf8_enable") == Ok(Some(b"yes".to_vec())) {
            return Ok(Some(Function::DomainToUtf8.simple(&value).unwrap_or(value)));
        }
        Ok(Some(value))
    }

    fn in_unit(&mut self, time: &'static str, suffix: &[u8], name: &[u8]) -> Result<Vec<u8>, ExpansionError> {
        let unit = UNITS.into_iter().find(|(unit, _)| unit.as_bytes() == suffix);
        let Some((unit, length)) = unit else {
            return Err(ExpansionError::Suffix(suffix.to_vec(), name.to_vec()));
        };
        let value = evaluate(self.configuration, time.as_bytes()).map_err(ExpansionError::Value)?.unwrap_or_default();
        let default = parameter(time).map(|known| known.value_type);
        let default = if let Some(ValueType::Time { unit, .. }) = default { unit } else { TimeUnit::Second };
        let Some(seconds) = default.parse_time(&value) else { return Err(ExpansionError::Time(time, value)) };
        let result = seconds / length.seconds();
        if result >= EXCESSIVE || result == 0 && seconds > 0 {
            self.notices.push(Notice { name: format!("{time}_{unit}"), unit, result });
        }
        Ok(result.to_string().into_bytes())
    }
}

/// The expanded value of a parameter that the bounce daemon knows.
fn evaluate(configuration: &Configuration, name: &[u8]) -> Result<Option<Vec<u8>>, ExpandError> {
    let mut known = |name: &[u8]| {
        let is_set = configuration.files.entry(name).is_some()
            || configuration.overrides.iter().any(|(set, _)| set == name)
            || is_read_by_bounce(name);
        if is_set { configuration.value(name, None).map(|value| value.bytes) } else { None }
    };
    let Some(raw) = known(name) else { return Ok(None) };
    expand(&raw, &mut known).map(Some)
}

fn doubled(value: &[u8]) -> Vec<u8> {
    value.iter().flat_map(|&byte| std::iter::repeat_n(byte, if byte == b'$' { 2 } else { 1 })).collect()
}

/// Whether a name in the line itself stands for nothing.
struct Undefined(bool);

impl Observer for Undefined {
    fn looked_up(&mut self, step: &Step<'_>) {
        self.0 |= step.depth == 0 && step.purpose == Purpose::Substitute && step.raw.is_none();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::config::bounce_template::{TemplateClass, Templates};
    use crate::config::{ConfigFiles, Platform};
    use std::path::Path;
    use std::sync::Arc;

    const MAIN: &str = "compatibility_level = 3.11\nmyhostname = MAIL.example.com\nmydomain = example.com\n\
        delay_warning_time = 90m\nmaximal_queue_lifetime = 36h\nmoney = a$$b\nempty =\nlost = <$smtpd_banner>\n\
        bad = ${x\nnumber = ${{1} < {9999999999999999999} ? {a}}\n";

    /// The text of a verify template with these lines, or its last words; with all warnings.
    fn expanded(main: &str, lines: &str) -> (Result<String, String>, Vec<String>) {
        let main = Arc::new(Source::new("main.cf", main));
        let files = ConfigFiles::from_sources(Path::new("/etc/postfix"), &main, None);
        let platform = Platform::default();
        let configuration = Configuration::new(files, platform);
        let mut template = Templates::built_in().get(TemplateClass::Verify).clone();
        template.origin = "b.cf".into();
        template.body = lines.split('\n').map(|line| line.as_bytes().to_vec()).collect();
        let mut notices = Vec::new();
        let result = template.expand(&configuration, &mut notices);
        let mut warnings: Vec<String> = notices.iter().flat_map(|notice| notice.messages(&template)).collect();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if let Err(error) = &result {
            warnings.extend(error.warnings().into_iter().map(text));
        }
        (result.map(|lines| text(&lines.join(&b'\n'))).map_err(|error| text(&error.fatal(&template))), warnings)
    }

    #[test]
    fn names_stand_for_values() {
        let cases = [
            ("no names", "no names"),
            ("$myhostname ${mydomain} $(mydomain)\n$$5", "mail.example.com example.com example.com\n$5"),
            ("$maximal_queue_lifetime_days ${delay_warning_time_hours}|$delay_warning_time_minutes", "1 1|90"),
            ("${delay_warning_time_hours?{x}}|${empty:y}|${nowhere?z}", "x|y|"),
            ("$money ${money?{$money}} $money$$", "a$b a$b a$b$"),
            ("$lost|$mail_name|$notify_classes", "<>|Postfix|resource, software"),
            ("${{$maximal_queue_lifetime_hours} > {4} ? {long}}", "long"),
        ];
        for (text, expected) in cases {
            assert_eq!(expanded(MAIN, text), (Ok(expected.into()), vec![]), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_expanded_is_told() {
        let cases: [(&str, &str, &[&str]); 8] = [
            ("x\n $nowhere y", "b.cf: undefined $name in verify template:  $nowhere y", &[]),
            ("$smtpd_banner", "b.cf: undefined $name in verify template: $smtpd_banner", &[]),
            ("${empty:{$nowhere}}", "b.cf: undefined $name in verify template: ${empty:{$nowhere}}", &[]),
            (
                "$nowhere $",
                "b.cf: bad $name syntax in verify template: $nowhere $",
                &["empty macro name: \"$nowhere $\""],
            ),
            ("$bad $", "dictionary mail_dict: macro processing error", &["truncated macro reference: \"${x\""]),
            ("$number", "mac_exp_eval: bad conversion: 9999999999999999999", &[]),
            (
                "${delay_warning_time_years?x}",
                "b.cf: unrecognized suffix \"years\" in parameter \"delay_warning_time_years\"",
                &[],
            ),
            ("$delay_warning_time_", "b.cf: unrecognized suffix \"\" in parameter \"delay_warning_time_\"", &[]),
        ];
        for (text, fatal, warnings) in cases {
            let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
            assert_eq!(expanded(MAIN, text), (Err(fatal.into()), warnings), "{text}");
        }
        let (result, _) = expanded("delay_warning_time = later\n", "$delay_warning_time_hours");
        assert_eq!(result, Err("parameter delay_warning_time: bad time value or unit: later".into()));
    }

    #[test]
    fn odd_units_are_told() {
        let cases = [
            ("999m", "minutes", "999", None),
            ("1000m", "minutes", "1000", Some(("excessive result \"1000\"", "increase"))),
            ("6d", "weeks", "0", Some(("zero result", "reduce"))),
            ("0", "weeks", "0", None),
            ("7d", "weeks", "1", None),
        ];
        for (time, unit, result, notice) in cases {
            let main = format!("delay_warning_time = {time}\n");
            let warnings = notice.map_or(Vec::new(), |(what, change)| {
                vec![
                    format!("b.cf: {what} in verify template conversion of parameter \"delay_warning_time_{unit}\""),
                    format!("please {change} time unit \"{unit}\" of \"delay_warning_time_{unit}\" in verify template"),
                    "for instructions see the bounce(5) manual".into(),
                ]
            });
            let text = format!("$delay_warning_time_{unit}");
            assert_eq!(expanded(&main, &text), (Ok(result.into()), warnings), "{time} {unit}");
        }
    }

    #[test]
    fn internationalized_names_are_left_where_tables_are_needed() {
        let names = "smtputf8_enable = yes\nmyhostname = A.xn--bcher-kva.Example\nmydomain = B.example\n";
        let (text, _) = expanded(names, "$myhostname $mydomain");
        assert_eq!(text.as_deref(), Ok("A.xn--bcher-kva.Example b.example"));
        let (text, _) = expanded(&names.replace("yes", "no"), "$mydomain");
        assert_eq!(text.as_deref(), Ok("B.example"));
    }
}
