//! Whose mail goes another way: every address and domain that a table or list of either side names, and what stands for all
//! others, followed on both sides. Grouped by what made the difference.
//!
//! Where only entries of tables differ, only those names are followed that a differing entry can reach; were it otherwise, a
//! table of a million entries could not be compared while a person waits.

mod affected;
mod cause;

use super::{Comparison, Side, TableChangeKind};
use crate::maps::NoCaller;
use crate::routing::Lookups;
use crate::routing::names::Subject;
use crate::routing::route::Route;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// So many names are followed by one thread, with tables that are open already.
const FEW: usize = 20_000;

/// The sender that mail is followed from: a stranger.
const SENDER: &[u8] = b"someone@sender.invalid";

/// Routes that differ.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    /// By cause.
    pub groups: Vec<Group>,
    /// Tables whose entries cannot be listed: what only they name is not among those that were followed.
    pub unlisted: Vec<String>,
}

/// Routes that differ for one reason.
#[derive(Clone, Debug)]
pub struct Group {
    /// A table, a list, or parameters.
    pub cause: String,
    /// Whose mail, in order.
    pub changes: Vec<RouteChange>,
}

/// Mail that goes another way.
#[derive(Clone, Debug)]
pub struct RouteChange {
    /// Whom it is for.
    pub subject: Subject,
    /// Where it goes on the first side: recipients and what becomes of them, or a rejection.
    pub a: Vec<String>,
    /// Where it goes on the second side.
    pub b: Vec<String>,
}

impl Routes {
    /// How many names are routed otherwise.
    #[must_use]
    pub fn count(&self) -> usize {
        self.groups.iter().map(|group| group.changes.len()).sum()
    }
}

/// Compares routes; `comparison` is what else differs.
#[must_use]
pub fn compare_routes(a: &Side<'_>, b: &Side<'_>, comparison: &Comparison) -> Routes {
    let mut pair = Pair::open(a, b);
    let short = if only_entries_differ(comparison) { affected::affected(&mut pair.a, &mut pair.b) } else { None };
    let (subjects, unlisted) = short.unwrap_or_else(|| all_subjects(&mut pair));
    let subjects: Vec<Subject> = subjects.into_iter().collect();
    let changed: Vec<&str> = comparison.parameters.iter().map(|change| change.name.as_str()).collect();
    let found: Vec<(String, RouteChange)> = if subjects.len() <= FEW {
        subjects.iter().filter_map(|subject| pair.compare(subject, &changed)).collect()
    } else {
        drop(pair);
        let parts = subjects.par_chunks(subjects.len().div_ceil(rayon::current_num_threads()).max(1));
        let compared = parts.map(|part| {
            let mut pair = Pair::open(a, b);
            part.iter().filter_map(|subject| pair.compare(subject, &changed)).collect::<Vec<_>>()
        });
        compared.flatten().collect()
    };
    let mut groups: Vec<Group> = Vec::new();
    for (cause, change) in found {
        match groups.iter_mut().find(|group| group.cause == cause) {
            Some(group) => group.changes.push(change),
            None => groups.push(Group { cause, changes: vec![change] }),
        }
    }
    Routes { groups, unlisted }
}

/// Whether tables with entries are all that differs.
fn only_entries_differ(comparison: &Comparison) -> bool {
    let is_entries = |kind: &TableChangeKind| matches!(kind, TableChangeKind::Entries(_));
    comparison.services.is_empty()
        && comparison.parameters.iter().all(|change| change.kind == super::ChangeKind::Reworded)
        // Files of lists have no type.
        && comparison.tables.iter().all(|change| is_entries(&change.kind) && !change.name.starts_with('/'))
}

/// Everything that either side names.
fn all_subjects(pair: &mut Pair<'_>) -> (BTreeSet<Subject>, Vec<String>) {
    let mut subjects = HashSet::from([Subject::Elsewhere]);
    let mut unlisted = BTreeSet::new();
    for lookups in [&mut pair.a, &mut pair.b] {
        unlisted.extend(lookups.each_entry(&mut |entry| subjects.extend(Subject::of_key(entry.keys, entry.key))));
    }
    (subjects.into_iter().collect(), unlisted.into_iter().collect())
}

/// Both sides, opened.
struct Pair<'s> {
    a: Lookups<'s>,
    b: Lookups<'s>,
    /// Local parts that stand for all others, and the domains of names without one.
    of_a: (Vec<u8>, Vec<u8>),
    of_b: (Vec<u8>, Vec<u8>),
}

impl<'s> Pair<'s> {
    fn open(a: &Side<'s>, b: &Side<'s>) -> Self {
        let open = |side: &Side<'s>| Lookups::new(side.configuration, side.paths, Arc::new(NoCaller)).without_places();
        let (mut a, mut b) = (open(a), open(b));
        let (of_a, of_b) = ((a.somebody(), a.home()), (b.somebody(), b.home()));
        Self { a, b, of_a, of_b }
    }

    /// Follows mail for a subject on both sides; the cause and the change, if it goes another way.
    fn compare(&mut self, subject: &Subject, changed: &[&str]) -> Option<(String, RouteChange)> {
        let example = |(somebody, home): &(Vec<u8>, Vec<u8>)| subject.example(somebody, home);
        let of_a = self.a.route(SENDER, &example(&self.of_a));
        let of_b = self.b.route(SENDER, &example(&self.of_b));
        let (a, b) = (outcome(&of_a), outcome(&of_b));
        if a == b {
            return None;
        }
        let cause = cause::cause(&of_a.steps, &of_b.steps, changed);
        Some((cause, RouteChange { subject: subject.clone(), a, b }))
    }
}

/// What becomes of mail, in an order that does not depend on that of lookups.
fn outcome(route: &Route) -> Vec<String> {
    if let Some(refusal) = &route.refusal {
        return vec![format!("rejected {} {} {}", refusal.code, refusal.status, refusal.reason)];
    }
    let mut ends: Vec<String> = route.ends.iter().map(ToString::to_string).collect();
    ends.sort();
    ends
}
