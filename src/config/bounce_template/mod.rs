//! The templates of bounces: what is told to a sender, with the headers that a template sets.
//!
//! [`Templates::built_in`] is what holds without a file; [`Templates::read`] puts those of a file in the place of the
//! built-in ones, except where a template is at fault: then the built-in one stays. [`Template::expand`] makes the
//! message text. Source: bounce(5), and Postfix 3.11 as observed.
//!
//! | file | what |
//! |---|---|
//! | `built_in.rs` | the built-in templates |
//! | `fault.rs` | what is wrong with a template |
//! | `expansion.rs` | `$name` in message texts |

mod built_in;
mod expansion;
mod fault;

pub use expansion::{ExpansionError, Notice};
pub use fault::{TemplateFault, TemplateFaultKind};

use crate::base::{Source, Span};
use crate::syntax::bounce_template::{BounceTemplateFile, TemplateText};

/// What a template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TemplateClass {
    /// Mail that cannot be delivered.
    Failure,
    /// Mail that is late.
    Delay,
    /// A delivery that was asked to be told of.
    Success,
    /// The report of `sendmail -bv` and `-v`.
    Verify,
}

impl TemplateClass {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Failure, Self::Delay, Self::Success, Self::Verify];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Delay => "delay",
            Self::Success => "success",
            Self::Verify => "verify",
        }
    }

    /// The class of a template that is called so in a file (`failure_template`).
    #[must_use]
    pub fn of_template(name: &[u8]) -> Option<Self> {
        let name = name.strip_suffix(b"_template")?;
        Self::ALL.into_iter().find(|class| class.name().as_bytes() == name)
    }

    /// Whether copies of such a report go to the postmaster.
    const fn has_postmaster_copy(self) -> bool {
        matches!(self, Self::Failure | Self::Delay)
    }
}

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What it is for.
    pub class: TemplateClass,
    /// Where it comes from: the file, or `[built-in]`.
    pub origin: String,
    /// The character set of the message text.
    pub charset: Vec<u8>,
    /// The header `From`; its `$name`s stay.
    pub from: Vec<u8>,
    /// The header `Subject`.
    pub subject: Vec<u8>,
    /// The header `Subject` of the copy for the postmaster, for the classes that have one.
    pub postmaster_subject: Option<Vec<u8>>,
    /// The lines of the message text, without newlines.
    pub body: Vec<Vec<u8>>,
}

/// One template of each class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Templates {
    failure: Template,
    delay: Template,
    success: Template,
    verify: Template,
}

impl Templates {
    /// The template of a class.
    #[must_use]
    pub const fn get(&self, class: TemplateClass) -> &Template {
        match class {
            TemplateClass::Failure => &self.failure,
            TemplateClass::Delay => &self.delay,
            TemplateClass::Success => &self.success,
            TemplateClass::Verify => &self.verify,
        }
    }

    /// The templates that hold where a file has none.
    #[must_use]
    pub fn built_in() -> Self {
        Self::from_each(built_in::template)
    }

    /// The templates of a file. Of two with the same name the later one counts.
    ///
    /// Faults come in the order of the classes, those of names that mean nothing first.
    #[must_use]
    pub fn read(file: &BounceTemplateFile) -> (Self, Vec<TemplateFault>) {
        let source = file.tree.source();
        let class_of = |text: &TemplateText| TemplateClass::of_template(source.slice(text.name));
        let unknown = file.templates.iter().filter(|text| class_of(text).is_none());
        let mut faults: Vec<TemplateFault> = unknown
            .map(|text| {
                let kind = TemplateFaultKind::UnknownName { last_line: text.last_line };
                TemplateFault { class: None, span: text.name, kind }
            })
            .collect();
        let templates = Self::from_each(|class| {
            let built_in = built_in::template(class);
            let Some(text) = file.templates.iter().rev().find(|text| class_of(text) == Some(class)) else {
                return built_in;
            };
            built_in.overridden(text, source).unwrap_or_else(|(span, kind)| {
                faults.push(TemplateFault { class: Some(class), span, kind });
                built_in::template(class)
            })
        });
        (templates, faults)
    }

    fn from_each(mut template: impl FnMut(TemplateClass) -> Template) -> Self {
        Self {
            failure: template(TemplateClass::Failure),
            delay: template(TemplateClass::Delay),
            success: template(TemplateClass::Success),
            verify: template(TemplateClass::Verify),
        }
    }
}

impl Template {
    /// This template with what a file says instead, or the first thing that is wrong with that.
    fn overridden(mut self, text: &TemplateText, source: &Source) -> Result<Self, (Span, TemplateFaultKind)> {
        for header in &text.headers {
            let (label, value) = (source.slice(header.label), source.slice(header.value));
            let fault = |kind: fn(Vec<u8>) -> TemplateFaultKind| Err((header.label, kind(label.to_vec())));
            if value.is_empty() {
                return fault(TemplateFaultKind::EmptyHeader);
            }
            if !value.is_ascii() {
                return fault(TemplateFaultKind::NonAsciiHeader);
            }
            let place = match label.to_ascii_lowercase().as_slice() {
                b"charset" => &mut self.charset,
                b"from" => &mut self.from,
                b"subject" => &mut self.subject,
                b"postmaster-subject" if self.class.has_postmaster_copy() => {
                    self.postmaster_subject.get_or_insert_default()
                }
                b"postmaster-subject" => return fault(TemplateFaultKind::InapplicableHeader),
                _ => return fault(TemplateFaultKind::UnknownHeader),
            };
            *place = value.to_vec();
        }
        if text.body.is_empty() {
            return Err((text.name, TemplateFaultKind::MissingText));
        }
        let is_plain = |line: &&Span| source.slice(**line).is_ascii();
        if self.charset.eq_ignore_ascii_case(b"us-ascii")
            && let Some(line) = text.body.iter().find(|line| !is_plain(line))
        {
            return Err((*line, TemplateFaultKind::EightBitText));
        }
        self.body = text.body.iter().map(|line| source.slice(*line).to_vec()).collect();
        self.origin = source.name().to_string();
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::bounce_template::parse_bounce_template;
    use std::sync::Arc;

    fn read(text: &str) -> (Templates, Vec<String>) {
        let file = parse_bounce_template(&Arc::new(Source::new("b.cf", text)));
        let (templates, faults) = Templates::read(&file);
        let messages = faults.iter().flat_map(|fault| fault.messages("b.cf", file.tree.source()));
        (templates, messages.map(|message| String::from_utf8_lossy(&message).into_owned()).collect())
    }

    #[test]
    fn a_file_changes_what_it_names() {
        let (templates, faults) = read("delay_template = <<E\nSUBJECT: late  \ncharset: UTF-8\n\n\u{e9}\nE\n");
        let built_in = Templates::built_in();
        let delay = templates.get(TemplateClass::Delay);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!((delay.subject.as_slice(), delay.charset.as_slice()), (b"late  ".as_slice(), b"UTF-8".as_slice()));
        assert_eq!(delay.from, built_in.get(TemplateClass::Delay).from);
        assert_eq!(delay.postmaster_subject, built_in.get(TemplateClass::Delay).postmaster_subject);
        assert_eq!(delay.body, ["\u{e9}".as_bytes()]);
        assert_eq!(delay.origin, "b.cf");
        for class in [TemplateClass::Failure, TemplateClass::Success, TemplateClass::Verify] {
            assert_eq!(templates.get(class), built_in.get(class));
        }
    }

    #[test]
    fn a_faulty_template_is_left_out() {
        let cases = [
            ("", "missing message text in verify template -- ignoring this template"),
            ("\n \n", "missing message text in verify template -- ignoring this template"),
            ("X: \u{e9}\n\nz\n", r#"non-ASCII "X" header value in verify template -- ignoring this template"#),
            ("X:\nSubject:\n\nz\n", r#"empty "X" header value in verify template -- ignoring this template"#),
            ("X: y\nSubject:\n\nz\n", r#"unknown "X" header label in verify template -- ignoring this template"#),
            (
                "Postmaster-Subject: x\n",
                r#"inapplicable "Postmaster-Subject" header label in verify template -- ignoring this template"#,
            ),
        ];
        for (text, expected) in cases {
            let (templates, faults) = read(&format!("verify_template = <<E\nSubject: mine\n{text}E\n"));
            assert_eq!(faults, [format!("b.cf: {expected}")], "{text:?}");
            assert_eq!(templates, Templates::built_in(), "{text:?}");
        }
        let (templates, faults) = read("verify_template = <<E\ncharset: US-Ascii\n\n\u{e9}\nE\n");
        let expected = [
            "b.cf: 8-bit message text in verify template",
            "please specify a charset value other than us-ascii",
            "-- ignoring this template for now",
        ];
        assert_eq!(faults, expected);
        assert_eq!(templates, Templates::built_in());
    }

    #[test]
    fn the_last_of_a_name_counts_and_others_are_named() {
        let text = "verify_template = <<E\n\nz\nE\nother = x\nverify_template = X: y\ndelay_templates = z\n";
        let (templates, faults) = read(text);
        let expected = [
            "b.cf, line 6: unknown template name: other -- ignoring this template",
            "b.cf, line 8: unknown template name: delay_templates -- ignoring this template",
            r#"b.cf: unknown "X" header label in verify template -- ignoring this template"#,
        ];
        assert_eq!(faults, expected);
        assert_eq!(templates, Templates::built_in());
    }
}
