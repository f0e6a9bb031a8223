//! The access restrictions in a list of the SMTP server, as smtpd goes through them: words with their arguments and
//! places.

use super::LoadedSite;
use crate::base::{Source, Span};
use crate::config::Origin;
use crate::config::catalogue::{self, Argument, Restriction};
use crate::config::services::Service;
use crate::config::written_elements::{ListElement, list_elements};
use crate::syntax::Text;
use crate::syntax::match_list::split_list;
use std::collections::HashSet;
use std::sync::Arc;

/// No deeper than this into classes.
const MOST_CLASSES: usize = 100;

/// One step of a list.
#[derive(Clone, Debug)]
pub struct Step {
    /// The word as it is written.
    pub word: String,
    /// What it is.
    pub kind: StepKind,
    /// What stands behind it, for restrictions that take something.
    pub argument: Option<String>,
    /// Its place in the text of the list, unless that is a default.
    pub span: Span,
    /// Whether the word stands in the text as it is.
    pub literal: bool,
    /// `warn_if_reject` stands before it.
    pub only_warns: bool,
}

/// What a step is.
#[derive(Clone, Copy, Debug)]
pub enum StepKind {
    /// A restriction that Postfix knows.
    Restriction(&'static Restriction),
    /// A bare `type:table`.
    Table,
    /// A restriction class of the site.
    Class,
    /// Neither.
    Unknown,
}

/// A list of one service, or of main.cf.
#[derive(Clone, Debug)]
pub struct List {
    /// Its steps.
    pub steps: Vec<Step>,
    /// The text that it stands in and its place; nothing for a default.
    pub place: Option<(Arc<Source>, Span)>,
}

impl Step {
    /// The name of the restriction, in small letters; empty for others.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.kind {
            StepKind::Restriction(restriction) => restriction.name,
            _ => "",
        }
    }

    /// Whether nothing behind it is looked at.
    #[must_use]
    pub fn ends(&self) -> bool {
        let rejects = matches!(self.name(), "reject" | "defer");
        self.name() == "permit" || (rejects && !self.only_warns)
    }
}

/// The services that are SMTP servers; `None` stands for main.cf where there is no master.cf.
#[must_use]
pub fn smtp_servers(site: &LoadedSite) -> Vec<Option<&Service>> {
    let files = &site.configuration.files;
    if files.master.is_none() {
        return vec![None];
    }
    files.services.iter().filter(|service| service.line.command().bytes() == b"smtpd").map(Some).collect()
}

/// Reads a list of the SMTP server.
#[must_use]
pub fn restriction_list(site: &LoadedSite, parameter: &str, service: Option<&Service>) -> List {
    let configuration = &site.configuration;
    let Some(value) = configuration.value(parameter.as_bytes(), service) else {
        return List { steps: Vec::new(), place: None };
    };
    let main = configuration.files.main.tree.source();
    let (elements, place) = match value.origin {
        Origin::Main(text) => {
            (list_elements(&site.configuration, text, service), Some((Arc::clone(main), place_of(text, main))))
        }
        Origin::Service(text) => {
            let source = configuration.files.master.as_ref().map(|master| master.tree.source());
            let place = source.map(|source| (Arc::clone(source), text.span()));
            (list_elements(&site.configuration, text, service), place)
        }
        Origin::Default | Origin::CommandLine => {
            let text = configuration.expand(&value.bytes, service).unwrap_or_default();
            let element = |range: std::ops::Range<usize>| ListElement {
                bytes: text[range].to_vec(),
                span: Span::at(0),
                literal: false,
            };
            (split_list(&text).into_iter().map(element).collect(), None)
        }
    };
    List { steps: steps(&elements, &|word| site.configuration.is_restriction_class(word, service)), place }
}

/// Where a value stands; an empty one is shown by its whole line.
fn place_of(text: &Text, source: &Source) -> Span {
    let span = text.span();
    if text.bytes().is_empty() { source.line_span(source.position(span.start).line) } else { span }
}

fn steps(elements: &[ListElement], is_class: &dyn Fn(&[u8]) -> bool) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut warns = false;
    let mut rest = elements.iter();
    while let Some(element) = rest.next() {
        let word = String::from_utf8_lossy(&element.bytes).into_owned();
        let kind = match catalogue::restriction(&word) {
            Some(restriction) => StepKind::Restriction(restriction),
            None if is_class(&element.bytes) => StepKind::Class,
            None if word.contains(':') => StepKind::Table,
            None => StepKind::Unknown,
        };
        let takes = matches!(kind, StepKind::Restriction(restriction) if restriction.argument != Argument::None);
        let argument =
            if takes { rest.next().map(|next| String::from_utf8_lossy(&next.bytes).into_owned()) } else { None };
        let step = Step { word, kind, argument, span: element.span, literal: element.literal, only_warns: warns };
        warns = step.name() == "warn_if_reject";
        steps.push(step);
    }
    steps
}

/// Whether a list holds one of the words without which the SMTP server does not start, as it looks for them: what
/// stands behind a `permit` does not count, but a `permit` in a class ends only the class.
#[must_use]
pub fn holds_one_of(site: &LoadedSite, list: &List, service: Option<&Service>, words: &[&str]) -> bool {
    holds_inside(site, list, service, words, &mut HashSet::new(), 0)
}

/// `without` are the classes that were looked into already: each is once, or classes that name each other would never
/// end.
fn holds_inside(
    site: &LoadedSite,
    list: &List,
    service: Option<&Service>,
    words: &[&str],
    without: &mut HashSet<String>,
    depth: usize,
) -> bool {
    for step in &list.steps {
        let mut is_in_class = || {
            matches!(step.kind, StepKind::Class)
                && depth < MOST_CLASSES
                && without.insert(step.word.clone())
                && holds_inside(site, &restriction_list(site, &step.word, service), service, words, without, depth + 1)
        };
        if (!step.only_warns && words.contains(&step.name())) || is_in_class() {
            return true;
        }
        if step.ends() {
            return false;
        }
    }
    false
}

/// Goes through a list and the classes that it names, until `visit` says true or nothing behind a step is looked at.
pub fn walk(site: &LoadedSite, list: &List, service: Option<&Service>, visit: &mut dyn FnMut(&Step, Span) -> bool) {
    walk_inside(site, list, service, None, &mut Within::default(), visit);
}

/// Where a walk is.
#[derive(Default)]
struct Within {
    /// How many classes are being walked.
    depth: usize,
    /// The classes that were entered, by the place in the list that led there: each is once, or classes that name each
    /// other would never end.
    entered: HashSet<(Span, String)>,
}

fn walk_inside(
    site: &LoadedSite,
    list: &List,
    service: Option<&Service>,
    shown: Option<Span>,
    within: &mut Within,
    visit: &mut dyn FnMut(&Step, Span) -> bool,
) -> bool {
    for step in &list.steps {
        // A class is shown where the list names it.
        let span = shown.unwrap_or(step.span);
        if visit(step, span) {
            return true;
        }
        if matches!(step.kind, StepKind::Class)
            && within.depth < MOST_CLASSES
            && within.entered.insert((span, step.word.clone()))
        {
            let class = restriction_list(site, &step.word, service);
            within.depth += 1;
            let is_over = walk_inside(site, &class, service, Some(span), within, visit);
            within.depth -= 1;
            if is_over {
                return true;
            }
        }
        if step.ends() {
            return true;
        }
    }
    false
}
