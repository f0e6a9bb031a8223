//! What a sendmail.mc says in order: branches of `ifdef` taken, files included, macros of the site's own replaced.

use super::super::report::{Origin, Verdict};
use super::m4::Definitions;
use crate::base::{Source, Span};
use crate::syntax::sendmail_mc::{McArgument, McCall, McFault, McFaultKind, McItem, items_within};
use std::sync::Arc;

/// Branches and files within each other at most.
const DEEPEST: usize = 12;

/// Bytes that are gone through at most, in all branches and files: files that include each other twice have no end.
const MOST_TEXT: usize = 16 * 1024 * 1024;

/// A statement and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) origin: Origin,
    /// As it is written, on one line.
    pub(super) text: String,
    /// Whether it looks like a comment and is none.
    pub(super) behind_hash: bool,
    pub(super) what: What,
}

/// What a statement says.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// `define`: a name and its value.
    Define(String, String),
    /// `undefine`: names, and whether any was defined.
    Undefine(Vec<String>, bool),
    /// A macro of Sendmail's with its arguments, as they are at that place.
    Call(String, Vec<String>),
    /// A line for sendmail.cf; the section that it stands in.
    Cf(String, String),
    /// What needs no more than to be told.
    Told(Verdict),
}

/// What was read, what is defined at its end, and the first quote or call that never closes.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) statements: Vec<Statement>,
    pub(super) defined: Definitions,
    pub(super) fault: Option<(Origin, McFaultKind, String)>,
}

/// Gives the text of an included file, or nothing if it is not to be had.
pub(super) type Include<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads a sendmail.mc.
pub(super) fn read(file: &str, text: &str, include: Include<'_>) -> Reading {
    let reading = Reading::default();
    let mut walker = Walker { include, reading, is_dropped: false, section: String::new(), left: MOST_TEXT };
    walker.reading.defined.define("MAIL_SETTINGS_DIR", "/etc/mail/");
    walker.file(file, text, DEEPEST);
    walker.reading
}

struct Walker<'a> {
    include: Include<'a>,
    reading: Reading,
    /// Whether text is diverted away.
    is_dropped: bool,
    /// The part of sendmail.cf that text belongs to.
    section: String,
    /// What of [`MOST_TEXT`] is left.
    left: usize,
}

/// A file that is being walked through.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a str,
    source: &'a Source,
    depth: usize,
}

impl Walker<'_> {
    fn file(&mut self, file: &str, text: &str, depth: usize) {
        let source = Arc::new(Source::new(file, text));
        self.within(Place { file, source: &source, depth }, Span::new(0, text.len()));
    }

    fn within(&mut self, place: Place<'_>, span: Span) {
        let Some(left) = self.left.checked_sub(span.end - span.start) else {
            self.left = 0;
            let what = Verdict::decide("more branches and files than are followed here", &["write out what counts"]);
            return self.push(place, Span::at(span.start), What::Told(what));
        };
        self.left = left;
        let mut faults: Vec<McFault> = Vec::new();
        let items = items_within(place.source, span, &mut faults);
        if let (Some(fault), None) = (faults.first(), &self.reading.fault) {
            let position = place.source.position(fault.span.start);
            let origin = Origin::new(place.file, position.line);
            self.reading.fault = Some((origin, fault.kind, position.to_string()));
        }
        for item in &items {
            match item {
                McItem::Comment(_) => {}
                McItem::Section(name) => {
                    self.section = show(place.source, *name);
                    let told = match self.section.as_str() {
                        "MAILER_DEFINITIONS" => Verdict::carried("nothing: what follows are mailers"),
                        _ => Verdict::carried("nothing: what follows is said line by line"),
                    };
                    self.push(place, *name, What::Told(told));
                }
                McItem::Text(span) => self.text(place, *span),
                McItem::Call(call) => self.call(place, call),
            }
        }
    }

    fn text(&mut self, place: Place<'_>, span: Span) {
        let text = show(place.source, span);
        if self.is_dropped || text.trim_matches(['`', '\'', ' ']).is_empty() {
            return;
        }
        let section = self.section.clone();
        self.push(place, span, What::Cf(section, text));
    }

    fn call(&mut self, place: Place<'_>, call: &McCall) {
        let name = show(place.source, call.name);
        let values = |walker: &Self| -> Vec<String> {
            let value = |argument| walker.reading.defined.argument(argument, place.source);
            call.arguments.iter().map(value).collect()
        };
        let what = match name.as_str() {
            "define" | "pushdef" => {
                let given = values(self);
                let (name, value) = (given.first().cloned().unwrap_or_default(), given.get(1).cloned());
                let value = value.unwrap_or_default();
                self.reading.defined.define(&name, &value);
                What::Define(name, self.reading.defined.expand(&value))
            }
            "undefine" | "popdef" => {
                let names = values(self);
                let was = names.iter().filter(|name| self.reading.defined.undefine(name)).count();
                What::Undefine(names, was > 0)
            }
            "divert" => {
                self.is_dropped = values(self).first().is_some_and(|to| to.starts_with('-'));
                self.section.clear();
                return;
            }
            "ifdef" => return self.ifdef(place, call, &values(self)),
            "ifelse" => return self.ifelse(place, call, &values(self)),
            "include" | "sinclude" => {
                let path = values(self).first().cloned().unwrap_or_default();
                return self.include(place, call, &path, name == "sinclude");
            }
            "changecom" | "undivert" | "errprint" | "dumpdef" => {
                What::Told(Verdict::carried("nothing: it only says how m4 reads this file"))
            }
            _ if !call.is_known => What::Told(Verdict::decide(
                format!("no macro of Sendmail's is called {name}"),
                &["correct the name, if it is misspelled", "leave the line out"],
            )),
            _ if name.starts_with(|first: char| first.is_ascii_lowercase()) => What::Told(Verdict::decide(
                format!("what {name} does is up to m4, which is not run here"),
                &["write out what it yields, and migrate again", "leave the line out"],
            )),
            _ => {
                // A macro of Sendmail's own ends a part of sendmail.cf.
                self.section.clear();
                let given = call.arguments.iter().map(|argument| {
                    let text = self.reading.defined.argument(argument, place.source);
                    self.reading.defined.expand(&text).trim().to_string()
                });
                What::Call(name.clone(), given.collect())
            }
        };
        self.push(place, call.span, what);
        if let Some(statement) = self.reading.statements.last_mut() {
            statement.behind_hash = call.behind_hash;
        }
    }

    /// `ifdef`: the branch that is taken.
    fn ifdef(&mut self, place: Place<'_>, call: &McCall, values: &[String]) {
        let name = values.first().map_or("", String::as_str);
        let is_defined = self.reading.defined.has(name);
        let told = match is_defined {
            true => Verdict::carried(format!("nothing: {name} is defined, and the first branch counts")),
            false => Verdict::carried(format!("nothing: {name} is not defined here, and the second branch counts")),
        };
        self.push(place, call.span, What::Told(told));
        if let Some(argument) = call.arguments.get(if is_defined { 1 } else { 2 }) {
            self.branch(place, argument);
        }
    }

    /// `ifelse(A, B, SAME, A2, B2, SAME2, OTHERWISE)`
    fn ifelse(&mut self, place: Place<'_>, call: &McCall, values: &[String]) {
        let expanded: Vec<String> = values.iter().map(|value| self.reading.defined.expand(value)).collect();
        let mut at = 0;
        while at + 2 < expanded.len() {
            // What m4 would compute is not known.
            if expanded[at].contains('(') || expanded[at + 1].contains('(') {
                let why = "what m4 compares here is not computed";
                let choices = ["write out the branch that counts, and migrate again", "leave the line out"];
                return self.push(place, call.span, What::Told(Verdict::decide(why, &choices)));
            }
            if expanded[at] == expanded[at + 1] {
                break;
            }
            at += 3;
        }
        let taken = if at + 2 < expanded.len() { at + 2 } else { at };
        self.push(place, call.span, What::Told(Verdict::carried("nothing: the branch that counts is said below")));
        if let Some(argument) = call.arguments.get(taken) {
            self.branch(place, argument);
        }
    }

    fn branch(&mut self, place: Place<'_>, argument: &McArgument) {
        if place.depth == 0 {
            let deep = Verdict::decide("branches within branches, too deep to follow", &["write out what counts"]);
            return self.push(place, argument.span, What::Told(deep));
        }
        for piece in &argument.pieces {
            self.within(Place { depth: place.depth - 1, ..place }, piece.span);
        }
    }

    fn include(&mut self, place: Place<'_>, call: &McCall, path: &str, may_be_gone: bool) {
        let path = self.reading.defined.expand(path);
        if path.ends_with("cf.m4") {
            let told = Verdict::carried("nothing: these are Sendmail's own macros");
            return self.push(place, call.span, What::Told(told));
        }
        let text = if place.depth > 0 && self.left > 0 { (self.include)(&path) } else { None };
        let told = match (&text, may_be_gone) {
            (Some(_), _) => Verdict::carried(format!("nothing: {path} is said line by line")),
            (None, true) => Verdict::carried(format!("nothing: {path} is not there, as it need not be")),
            (None, false) => Verdict::decide(
                format!("{path} cannot be read here"),
                &["put it beside sendmail.mc, and migrate again", "leave it out, if it says nothing about mail"],
            ),
        };
        self.push(place, call.span, What::Told(told));
        if let Some(text) = text {
            self.file(&path, &text, place.depth - 1);
        }
    }

    fn push(&mut self, place: Place<'_>, span: Span, what: What) {
        let line = place.source.position(span.start).line;
        let text = show(place.source, span).split_whitespace().collect::<Vec<_>>().join(" ");
        self.reading.statements.push(Statement {
            origin: Origin::new(place.file, line),
            text,
            behind_hash: false,
            what,
        });
    }
}

fn show(source: &Source, span: Span) -> String {
    String::from_utf8_lossy(source.slice(span)).into_owned()
}
