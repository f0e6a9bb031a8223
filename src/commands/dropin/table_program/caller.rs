//! What a lookup table that a drop-in program opens may turn to: the program's messages and its main.cf.

use crate::commands::dropin::program::context::Context;
use crate::commands::dropin::program::messages::Messages;
use crate::maps::Caller;
use std::sync::Arc;

/// A drop-in program, as its tables see it.
pub struct ProgramCaller {
    messages: Arc<Messages>,
    context: Context,
}

impl ProgramCaller {
    /// The caller with these messages and this configuration.
    #[must_use]
    pub fn new(messages: &Arc<Messages>, context: Context) -> Self {
        Self { messages: Arc::clone(messages), context }
    }
}

impl Caller for ProgramCaller {
    fn warning(&self, text: &[u8]) {
        self.messages.warning(text);
    }

    fn info(&self, text: &[u8]) {
        self.messages.say(text);
    }

    fn parameter(&self, name: &str) -> Option<Vec<u8>> {
        if self.context.reads(name) { self.context.value(name, &self.messages).ok() } else { None }
    }
}
