//! The trail as a scope of the router: what decisions tell on their way, if anybody wants to hear it.
//!
//! A router that records nothing formats nothing and keeps nothing.

use super::Router;
use super::trail::{Recording, Step, StepKind, Trail};
use std::fmt;

impl Router<'_> {
    /// Does work and gives the steps on its way; none if nothing is recorded. What is under way already does not get
    /// them.
    pub fn recorded<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, Vec<Step>) {
        let before = self.start_trail();
        let done = work(self);
        (done, self.finish_trail(before))
    }

    /// Begins a trail of its own; gives the one that was under way, for [`finish_trail`](Self::finish_trail).
    pub(in crate::routing) fn start_trail(&mut self) -> Option<Trail> {
        let own = (self.recording != Recording::Nothing).then(Trail::default);
        std::mem::replace(&mut self.trail, own)
    }

    /// Ends a trail, and goes on with the one that was under way before.
    pub(in crate::routing) fn finish_trail(&mut self, before: Option<Trail>) -> Vec<Step> {
        std::mem::replace(&mut self.trail, before).map_or_else(Vec::new, Trail::finish)
    }

    /// Does work inside a stage.
    pub fn stage<T>(&mut self, name: &str, subject: &[u8], work: impl FnOnce(&mut Self) -> T) -> T {
        self.begin(name, subject);
        let done = work(self);
        self.end();
        done
    }

    /// Begins a stage, for work on something that holds the router.
    pub(in crate::routing) fn begin(&mut self, name: &str, subject: &[u8]) {
        if let Some(trail) = &mut self.trail {
            trail.begin(name, subject);
        }
    }

    /// Ends the stage that began last.
    pub(in crate::routing) fn end(&mut self) {
        if let Some(trail) = &mut self.trail {
            trail.end();
        }
    }

    /// Ends the stage that began last, as something that is known only now.
    pub(in crate::routing) fn end_as(&mut self, kind: impl FnOnce() -> StepKind) {
        if let Some(trail) = &mut self.trail {
            trail.end_as(kind());
        }
    }

    /// Whether anybody hears what is told.
    pub(in crate::routing) fn is_recording(&self) -> bool {
        self.trail.is_some()
    }

    /// Adds a step.
    pub(in crate::routing) fn step(&mut self, kind: impl FnOnce() -> StepKind) {
        if let Some(trail) = &mut self.trail {
            trail.step(kind());
        }
    }

    /// Adds something worth knowing; once, if it is said again and again.
    pub(in crate::routing) fn note(&mut self, text: impl fmt::Display) {
        if let Some(trail) = &mut self.trail {
            trail.note(text.to_string());
        }
    }
}
