//! What is wrong with a template, and how Postfix words it.

use super::TemplateClass;
use crate::base::{Source, Span};

/// A template that is left out, or a name that means none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFault {
    /// Which template; none for a name that means none.
    pub class: Option<TemplateClass>,
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub kind: TemplateFaultKind,
}

/// What is wrong with a template; headers by their label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateFaultKind {
    /// No template is called so.
    UnknownName {
        /// The line on which it ends, counted from 1.
        last_line: usize,
    },
    /// Nothing behind the headers.
    MissingText,
    /// A header without a value.
    EmptyHeader(Vec<u8>),
    /// A header with characters beyond ASCII.
    NonAsciiHeader(Vec<u8>),
    /// A header that no template has.
    UnknownHeader(Vec<u8>),
    /// A header that only templates with a copy for the postmaster have.
    InapplicableHeader(Vec<u8>),
    /// Characters beyond ASCII in a text that is said to be ASCII.
    EightBitText,
}

impl TemplateFault {
    /// The warnings of Postfix: what it prints behind `warning: `.
    ///
    /// `name` is that of the file as it was asked for.
    #[must_use]
    pub fn messages(&self, name: &str, source: &Source) -> Vec<Vec<u8>> {
        let class = self.class.map_or("", TemplateClass::name);
        let about_header = |fault: &str, label: &[u8], part: &str| {
            let head = format!("{name}: {fault} \"");
            let tail = format!("\" header {part} in {class} template -- ignoring this template");
            vec![[head.as_bytes(), label, tail.as_bytes()].concat()]
        };
        match &self.kind {
            TemplateFaultKind::UnknownName { last_line } => {
                // Postfix names the line behind what it has read.
                let head = format!("{name}, line {}: unknown template name: ", last_line + 1);
                vec![[head.as_bytes(), source.slice(self.span), b" -- ignoring this template"].concat()]
            }
            TemplateFaultKind::MissingText => {
                vec![format!("{name}: missing message text in {class} template -- ignoring this template").into_bytes()]
            }
            TemplateFaultKind::EmptyHeader(label) => about_header("empty", label, "value"),
            TemplateFaultKind::NonAsciiHeader(label) => about_header("non-ASCII", label, "value"),
            TemplateFaultKind::UnknownHeader(label) => about_header("unknown", label, "label"),
            TemplateFaultKind::InapplicableHeader(label) => about_header("inapplicable", label, "label"),
            TemplateFaultKind::EightBitText => vec![
                format!("{name}: 8-bit message text in {class} template").into_bytes(),
                b"please specify a charset value other than us-ascii".to_vec(),
                b"-- ignoring this template for now".to_vec(),
            ],
        }
    }
}
