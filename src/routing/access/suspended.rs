//! A session between two commands: it lets go of its router, which serves other sessions meanwhile.

use super::effect::Effect;
use super::restriction_list::Classes;
use super::session::{Command, Session};
use super::walk::{Access, tame};
use crate::config::services::Service;
use crate::maps::LookupError;
use crate::routing::rewrite::resolve::Resolved;
use crate::routing::router::Router;
use crate::routing::router::keys::Style;
use std::collections::HashMap;

/// A session while its router serves others.
#[derive(Clone, Debug)]
pub struct Suspended {
    session: Session,
    classes: Classes,
    command: Command,
    taken: Vec<Vec<u8>>,
    discards: bool,
    effects: Vec<Effect>,
    resolved: HashMap<Vec<u8>, (Resolved, bool)>,
}

impl<'l, 'a> Access<'l, 'a> {
    /// Lets go of the router between two commands.
    #[must_use]
    pub fn suspend(mut self) -> Suspended {
        let session = self.session.clone();
        Suspended {
            session,
            classes: std::mem::take(&mut self.classes),
            command: self.command,
            taken: std::mem::take(&mut self.taken),
            discards: self.discards,
            effects: std::mem::take(&mut self.effects),
            resolved: std::mem::take(&mut self.resolved),
        }
    }

    /// Goes on where a session let go, with any router of the same site.
    #[must_use]
    pub fn resume(router: &'l mut Router<'a>, service: Option<&'a Service>, suspended: Suspended) -> Self {
        let asked_before = router.ask_as_server(service);
        let Suspended { session, classes, command, taken, discards, effects, resolved } = suspended;
        let mut access = Self::fresh(router, classes, session, asked_before);
        (access.command, access.taken, access.discards) = (command, taken, discards);
        (access.effects, access.resolved) = (effects, resolved);
        access
    }

    /// The tables and values of the site, asked as this server.
    #[must_use]
    pub fn router(&self) -> &Router<'a> {
        self.router
    }

    /// The client has said this name; the server keeps it without what would be odd in a header.
    pub fn greeted(&mut self, name: &[u8]) {
        self.session.helo = Some(name.iter().copied().map(tame).collect());
    }

    /// Whether a word is in the list of words that a parameter of the server holds.
    ///
    /// # Errors
    /// A table that gives no answer.
    pub fn is_listed(&mut self, parameter: &str, word: &[u8]) -> Result<bool, LookupError> {
        self.router.is_listed(parameter, word, Style::Exact)
    }

    /// Whether the client is in the list of networks that a parameter of the server holds.
    ///
    /// # Errors
    /// The same.
    pub fn is_client_listed(&mut self, parameter: &str) -> Result<bool, LookupError> {
        let client = self.session.client.clone();
        self.router.is_in_networks(parameter, &client)
    }

    /// What tables said that happens to the message.
    #[must_use]
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }
}
