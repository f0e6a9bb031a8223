//! What a router assumes of tables that nobody here can ask, while mail is followed through each answer in turn.

use super::Router;
use super::unknown::{Purpose, Question};

impl Router<'_> {
    /// Does work that asks tables for a purpose.
    pub(in crate::routing) fn asking_for<T>(&mut self, purpose: Purpose, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.questions.purpose, purpose);
        let done = work(self);
        self.questions.purpose = before;
        done
    }

    /// The questions that were met since this was last asked, but for those whose answers are assumed.
    pub(in crate::routing) fn open_questions(&mut self) -> Vec<Question> {
        std::mem::take(&mut self.questions.open)
    }

    /// How often such a question was met.
    pub(in crate::routing) fn unknown_answers(&self) -> usize {
        self.questions.met
    }

    /// Another decision rests on one that had such questions.
    pub(in crate::routing) fn rests_on_unknown(&mut self) {
        self.questions.met += 1;
    }

    /// From now on, an entry is there, or is not.
    pub(in crate::routing) fn assume(&mut self, question: &Question, is_there: bool) {
        self.forget(question);
        self.questions.assumed.push((question.clone(), is_there));
    }

    /// From now on, nothing is assumed about it.
    pub(in crate::routing) fn forget(&mut self, question: &Question) {
        self.questions.assumed.retain(|(known, _)| !known.is_same(question));
    }
}
