//! What was asked and found on the way to a decision: a tree of steps.

use super::decision::Decision;
use super::records::{NoRecords, Record, RecordType};
use crate::maps::LookupError;

/// How much of the way to a decision is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recording {
    /// Nothing: only what is decided counts.
    #[default]
    Nothing,
    /// The steps.
    Steps,
    /// The steps, and for each value that a table has the line of its source.
    Lines,
}

/// One step, and the steps that it consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// What happened inside it, in order.
    pub steps: Vec<Step>,
}

/// What a step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Work on an address or on the value of a parameter: the name of the stage, and what it works on.
    Stage {
        /// A term of Postfix's: `virtual_alias_maps`, `resolve`, `smtpd_relay_restrictions`.
        name: String,
        /// What it is applied to.
        subject: Vec<u8>,
    },
    /// A table was asked for a key.
    Lookup {
        /// `type:name`, as the configuration names it.
        table: String,
        /// The key.
        key: Vec<u8>,
        /// What it said.
        found: Found,
    },
    /// A value was compared with an element of a match list.
    Matched {
        /// The parameter whose value the list is.
        list: String,
        /// The value.
        value: Vec<u8>,
        /// The element that settled it, with its `!`; nothing: no element matches.
        element: Option<Vec<u8>>,
        /// The file that holds the element, if it is not in the parameter's value itself, and the line.
        place: Option<Place>,
    },
    /// Something became something else.
    Changed {
        /// The parameter or rule that did it.
        by: String,
        /// Before.
        from: Vec<u8>,
        /// After.
        to: Vec<u8>,
    },
    /// An access restriction of the SMTP server, and what it came to.
    Restriction {
        /// As the list has it, with its argument.
        name: String,
        /// What it came to.
        decision: Decision,
    },
    /// The DNS was asked.
    Dns {
        /// The name.
        name: Vec<u8>,
        /// The type of records.
        kind: RecordType,
        /// What it said.
        answer: Result<Vec<Record>, NoRecords>,
    },
    /// Worth knowing.
    Note(String),
}

/// What a table said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A value, and where it stands in the source, as far as that is known.
    Hit(Vec<u8>, Option<Place>),
    /// Nothing.
    Miss,
    /// No answer.
    Failed(LookupError),
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// Collects steps while decisions are made.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// Steps that have begun, the outermost first.
    open: Vec<Step>,
    steps: Vec<Step>,
}

impl Trail {
    /// Begins a stage; what follows until [`end`](Self::end) is inside it.
    pub fn begin(&mut self, name: impl Into<String>, subject: &[u8]) {
        let kind = StepKind::Stage { name: name.into(), subject: subject.to_vec() };
        self.open.push(Step { kind, steps: Vec::new() });
    }

    /// Ends the stage that began last.
    pub fn end(&mut self) {
        if let Some(step) = self.open.pop() {
            self.add(step);
        }
    }

    /// Ends the stage that began last, as something that is known only now.
    pub fn end_as(&mut self, kind: StepKind) {
        if let Some(step) = self.open.last_mut() {
            step.kind = kind;
        }
        self.end();
    }

    /// Adds a step.
    pub fn step(&mut self, kind: StepKind) {
        self.add(Step { kind, steps: Vec::new() });
    }

    /// Adds something worth knowing; once, if it is said again and again.
    pub fn note(&mut self, text: impl Into<String>) {
        let note = Step { kind: StepKind::Note(text.into()), steps: Vec::new() };
        let steps = self.open.last().map_or(&self.steps, |stage| &stage.steps);
        if steps.last() != Some(&note) {
            self.add(note);
        }
    }

    /// All steps; stages that have not ended end now.
    #[must_use]
    pub fn finish(mut self) -> Vec<Step> {
        while !self.open.is_empty() {
            self.end();
        }
        self.steps
    }

    fn add(&mut self, step: Step) {
        match self.open.last_mut() {
            Some(stage) => stage.steps.push(step),
            None => self.steps.push(step),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_lie_in_the_stage_that_is_open() {
        let mut trail = Trail::default();
        trail.note("a");
        trail.begin("outer", b"x");
        trail.note("b");
        trail.begin("inner", b"y");
        trail.note("c");
        trail.end();
        trail.note("d");
        let shown = |steps: &[Step]| -> Vec<String> {
            fn add(steps: &[Step], depth: usize, lines: &mut Vec<String>) {
                for step in steps {
                    let name = match &step.kind {
                        StepKind::Stage { name, .. } => name,
                        StepKind::Note(text) => text,
                        _ => "",
                    };
                    lines.push(format!("{depth}{name}"));
                    add(&step.steps, depth + 1, lines);
                }
            }
            let mut lines = Vec::new();
            add(steps, 0, &mut lines);
            lines
        };
        assert_eq!(shown(&trail.finish()), ["0a", "0outer", "1b", "1inner", "2c", "1d"]);
    }
}
