//! Which of Postfix's daemons decides: each sees its own `-o` values, and opens its tables in its own way.
//!
//! The services are those that mail comes by in a stock master.cf: the SMTP server on port 25, the cleanup and rewrite
//! services that `cleanup_service_name` and `rewrite_service_name` name, and the delivery agent under the name of its
//! transport.
//!
//! Source: smtpd(8), cleanup(8), trivial-rewrite(8), local(8), virtual(8); experiments with 3.11.

use super::{Asking, AskingKind, Router};
use crate::config::services::Service;

/// A daemon that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Daemon {
    /// Takes or refuses addresses.
    SmtpServer,
    /// Maps them.
    Cleanup,
    /// Rewrites and resolves them.
    Rewrite,
    /// Delivers: local(8) or virtual(8), as this transport.
    Agent(Vec<u8>),
}

impl<'a> Router<'a> {
    /// Does work as a daemon does it.
    pub fn within<T>(&mut self, daemon: &Daemon, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.asking;
        self.asking = self.asked_by(daemon);
        let done = work(self);
        self.asking = before;
        done
    }

    /// The service whose `-o` hold at the moment.
    #[must_use]
    pub fn service(&self) -> Option<&'a Service> {
        self.site.configuration.files.services.get(self.asking.service?)
    }

    /// Whether a pattern's result may hold parts of the key, in the tables of a parameter: a stranger's address must
    /// not choose a transport, a file or a command.
    pub(in crate::routing) fn may_substitute(&self, parameter: &str) -> bool {
        match self.asking.kind {
            AskingKind::Other => true,
            AskingKind::Rewrite => parameter == "relocated_maps",
            AskingKind::Agent => false,
        }
    }

    /// Whether keys of texts that are read when they are opened are folded to small letters as those of indexes are:
    /// delivery agents do so for aliases only, and never find a key with capitals elsewhere.
    pub(in crate::routing) fn folds_keys(&self, parameter: &str) -> bool {
        self.asking.kind != AskingKind::Agent || parameter == "alias_maps"
    }

    /// From now on, decisions are those of this SMTP server; who asked before.
    pub(in crate::routing) fn ask_as_server(&mut self, server: Option<&Service>) -> Asking {
        let services = &self.site.configuration.files.services;
        let service = server.and_then(|server| services.iter().position(|service| std::ptr::eq(service, server)));
        std::mem::replace(&mut self.asking, Asking { service, kind: AskingKind::Other })
    }

    fn asked_by(&self, daemon: &Daemon) -> Asking {
        match daemon {
            Daemon::SmtpServer => Asking { service: self.smtp_server(), kind: AskingKind::Other },
            Daemon::Cleanup => {
                // Mail that nobody here sends on comes from the SMTP server.
                let asker = self.asking.service.or_else(|| self.smtp_server());
                let name = self.value_for(asker, "cleanup_service_name").text.clone().unwrap_or_default();
                Asking { service: self.services.named(&name), kind: AskingKind::Other }
            }
            Daemon::Rewrite => {
                let name = self.text("rewrite_service_name").unwrap_or_default();
                Asking { service: self.services.named(&name), kind: AskingKind::Rewrite }
            }
            Daemon::Agent(transport) => Asking { service: self.services.named(transport), kind: AskingKind::Agent },
        }
    }

    /// The service on port 25, else the first that is served by smtpd.
    #[must_use]
    pub fn smtp_server(&self) -> Option<usize> {
        self.services.smtp_server
    }
}
