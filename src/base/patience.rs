//! How long one command line waits for servers that do not answer: so much for each of them in all, and not for each
//! question.
//!
//! A server that hangs, or answers a byte at a time, would otherwise make a run over a thousand addresses last for
//! days. Answers that come within [`FREE`] cost nothing, so a sound server can be asked as often as anybody likes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The time that one server gets: two tries of five seconds, as resolv.conf(5) gives a name server, and as much as ten
/// tries of a `tcp:` server take that refuses calls, with some to spare on a busy machine. Whoever waits at a terminal
/// takes a program that is silent for longer for a dead one; Postfix's daemons, which nobody waits for, wait for
/// minutes.
pub const FOR_EACH_SERVER: Duration = Duration::from_secs(12);

/// An answer within this costs nothing.
pub const FREE: Duration = Duration::from_secs(1);

/// What is said of a server whose time is over.
pub const TIME_IS_OVER: &str = "the server did not answer in time before, so it is not asked again";

/// What is left of the time of each server.
#[derive(Debug)]
pub struct Patience {
    for_each: Duration,
    left: Mutex<HashMap<String, Duration>>,
}

impl Patience {
    /// So much time for each server.
    #[must_use]
    pub fn new(for_each: Duration) -> Self {
        Self { for_each, left: Mutex::default() }
    }

    /// That of this process, which runs one command line.
    #[must_use]
    pub fn of_this_process() -> Arc<Self> {
        static PATIENCE: OnceLock<Arc<Patience>> = OnceLock::new();
        Arc::clone(PATIENCE.get_or_init(|| Arc::new(Self::new(FOR_EACH_SERVER))))
    }

    /// Until when an answer of a server to a question that is asked now must be there; nothing if its time is over.
    #[must_use]
    pub fn deadline(&self, server: &str, now: Instant) -> Option<Instant> {
        let table = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let left = table.get(server).copied().unwrap_or(self.for_each);
        if left.is_zero() { None } else { now.checked_add(left) }
    }

    /// Takes the time from `begun` until now from that of a server, but for what is free.
    pub fn spend(&self, server: &str, begun: Instant, now: Instant) {
        let spent = now.saturating_duration_since(begun).saturating_sub(FREE);
        if spent.is_zero() {
            return;
        }
        let mut table = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let left = table.entry(server.to_string()).or_insert(self.for_each);
        *left = left.saturating_sub(spent);
    }

    /// A server let its deadline pass: its time is over.
    pub fn give_up(&self, server: &str) {
        let mut table = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        table.insert(server.to_string(), Duration::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_has_its_time_once() {
        let patience = Patience::new(Duration::from_secs(10));
        let start = Instant::now();
        let after = |seconds: u64| start + Duration::from_secs(seconds);
        assert_eq!(patience.deadline("a", start), Some(after(10)));
        // What sound servers do.
        for _ in 0..1000 {
            patience.spend("a", start, after(1));
        }
        assert_eq!(patience.deadline("a", after(5)), Some(after(15)));
        patience.spend("a", after(5), after(9));
        assert_eq!(patience.deadline("a", after(9)), Some(after(16)));
        patience.spend("a", after(9), after(19));
        assert_eq!((patience.deadline("a", after(19)), patience.deadline("b", after(19))), (None, Some(after(29))));
        patience.give_up("b");
        assert_eq!(patience.deadline("b", after(30)), None);
        // Time that goes back costs nothing.
        patience.spend("c", after(9), start);
        assert_eq!(patience.deadline("c", start), Some(after(10)));
    }
}
