//! Whose mail goes another way: every address and domain that a table or list of either side names, and what stands for
//! all others, followed on both sides. Grouped by what made the difference.
//!
//! Blind copies are compared by themselves: those of all mail once, those by sender for each sender that is named,
//! those by recipient with the recipient's mail.
//!
//! Where only entries of tables differ, only those names are followed that a differing entry can reach; were it
//! otherwise, a table of a million entries could not be compared while a person waits.

mod affected;
mod cause;

use super::{Comparison, ParameterChange, TableChangeKind};
use crate::base::threads;
use crate::config::Site;
use crate::maps::NoCaller;
use crate::routing::cleanup::copies::{PARAMETERS, is_about_copies};
use crate::routing::fate::CopyEnding;
use crate::routing::names::{Subject, is_own_name, is_visited};
use crate::routing::route::{Alternative, Route};
use crate::routing::router::opening::OddIndex;
use crate::routing::{Recording, Router, Step};
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
    /// The indexes of either side that are not what their sources say.
    pub odd_indexes: [Vec<OddIndex>; 2],
}

/// Routes that differ for one reason.
#[derive(Clone, Debug)]
pub struct Group {
    /// A table, a list, or parameters.
    pub cause: String,
    /// Whose mail, in order.
    pub changes: Vec<RouteChange>,
}

/// Mail that goes another way, or whose copies do.
#[derive(Clone, Debug)]
pub struct RouteChange {
    /// Whose.
    pub mail: Mail,
    /// The parameter that asks for the copies, if it is they that go another way.
    pub copies_by: Option<&'static str>,
    /// Where it goes on the first side: recipients and what becomes of them, or a rejection.
    pub a: Vec<String>,
    /// Where it goes on the second side.
    pub b: Vec<String>,
}

/// Mail that is followed on both sides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mail {
    /// For somebody.
    For(Subject),
    /// From somebody, for its copies by sender.
    From(Subject),
    /// Any, for the copies of all mail.
    Any,
}

/// For people: `info@example.com`, `mail from ann@example.org`, `all mail`.
impl std::fmt::Display for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::For(subject) => subject.fmt(f),
            Self::From(subject) => write!(f, "mail from {subject}"),
            Self::Any => f.write_str("all mail"),
        }
    }
}

impl Routes {
    /// How many names are routed otherwise.
    #[must_use]
    pub fn count(&self) -> usize {
        self.groups.iter().map(|group| group.changes.len()).sum()
    }
}

/// Compares routes; `comparison` is what else differs. `asks`: servers of tables are asked, too.
#[must_use]
pub fn compare_routes(a: &Site, b: &Site, comparison: &Comparison, asks: bool) -> Routes {
    let mut pair = Pair::open(a, b, asks);
    let short =
        if only_entries_differ(comparison, &pair) { affected::affected(&mut pair.a, &mut pair.b) } else { None };
    let (subjects, mut unlisted) = short.unwrap_or_else(|| all_subjects(&mut pair));
    let mut senders = BTreeSet::new();
    for (named, tables) in [pair.a.senders_with_copies(), pair.b.senders_with_copies()] {
        senders.extend(named);
        unlisted.extend(tables);
    }
    unlisted.sort();
    unlisted.dedup();
    let subjects = subjects.into_iter().map(Mail::For).chain(senders.into_iter().map(Mail::From)).chain([Mail::Any]);
    let subjects: Vec<Mail> = subjects.collect();
    let changed: Vec<&str> = comparison.parameters.iter().map(|change| change.name.as_str()).collect();
    let mut odd_indexes = pair.odd_indexes();
    let found: Vec<(String, RouteChange)> = if subjects.len() <= FEW {
        let found = subjects.iter().flat_map(|mail| pair.compare(mail, &changed)).collect();
        odd_indexes = pair.odd_indexes();
        found
    } else {
        drop(pair);
        threads::share_out();
        let parts = subjects.par_chunks(subjects.len().div_ceil(rayon::current_num_threads()).max(1));
        let compared = parts.map(|part| {
            let mut pair = Pair::open(a, b, asks);
            part.iter().flat_map(|mail| pair.compare(mail, &changed)).collect::<Vec<_>>()
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
    Routes { groups, unlisted, odd_indexes }
}

/// Whether tables with entries are all that differs.
fn only_entries_differ(comparison: &Comparison, pair: &Pair<'_>) -> bool {
    let is_entries = |kind: &TableChangeKind| matches!(kind, TableChangeKind::Entries(_));
    let is_harmless = |change: &ParameterChange| {
        change.kind == super::ChangeKind::Reworded || pair.differs_inside_tables(&change.name)
    };
    comparison.services.is_empty()
        && comparison.parameters.iter().all(is_harmless)
        // Files of lists have no type.
        && comparison.tables.iter().all(|change| is_entries(&change.kind) && !change.name.starts_with('/'))
}

/// Everything that either side names.
fn all_subjects(pair: &mut Pair<'_>) -> (BTreeSet<Subject>, Vec<String>) {
    let mut subjects = HashSet::from([Subject::Elsewhere]);
    let mut unlisted = BTreeSet::new();
    for router in [&mut pair.a, &mut pair.b] {
        unlisted.extend(router.each_entry(&mut |entry| subjects.extend(Subject::of_key(entry.keys, entry.key))));
    }
    (subjects.into_iter().collect(), unlisted.into_iter().collect())
}

/// Both sides, opened.
struct Pair<'s> {
    a: Router<'s>,
    b: Router<'s>,
    /// Local parts that stand for all others, and the domains of names without one.
    of_a: (Vec<u8>, Vec<u8>),
    of_b: (Vec<u8>, Vec<u8>),
}

impl<'s> Pair<'s> {
    fn open(a: &'s Site, b: &'s Site, asks: bool) -> Self {
        let open = |side: &'s Site| {
            let router = Router::new(side, Arc::new(NoCaller));
            if asks { router.with_servers() } else { router }
        };
        let (mut a, mut b) = (open(a), open(b));
        let (of_a, of_b) = ((a.somebody(), a.home()), (b.somebody(), b.home()));
        Self { a, b, of_a, of_b }
    }

    /// Whether a parameter names the same tables on both sides, but for the entries of tables that are their own names.
    fn differs_inside_tables(&self, parameter: &str) -> bool {
        let (Ok(a), Ok(b)) = (self.a.tables(parameter), self.b.tables(parameter)) else { return false };
        let is_alike = |(a, b): (&_, &_)| a == b || is_own_name(a) && is_own_name(b);
        is_visited(parameter) && a.len() == b.len() && a.iter().zip(b.iter()).all(is_alike)
    }

    fn odd_indexes(&self) -> [Vec<OddIndex>; 2] {
        [self.a.odd_indexes(), self.b.odd_indexes()]
    }

    /// Follows mail on both sides; what goes another way, and the cause.
    fn compare(&mut self, mail: &Mail, changed: &[&str]) -> Vec<(String, RouteChange)> {
        let copies = match mail {
            Mail::For(_) => "recipient_bcc_maps",
            Mail::From(_) => "sender_bcc_maps",
            Mail::Any => "always_bcc",
        };
        let mut follow = |recording| {
            let [a, b] = [(&mut self.a, &self.of_a), (&mut self.b, &self.of_b)].map(|(router, names)| {
                router.set_recording(recording);
                followed(router, mail, copies, names)
            });
            (a, b)
        };
        let (of_a, of_b) = follow(Recording::Nothing);
        let is_same = |copies_by| outcome(&of_a, copies_by) == outcome(&of_b, copies_by);
        if is_same(None) && is_same(Some(copies)) {
            return Vec::new();
        }
        // Only the few that differ are worth the steps.
        let (of_a, of_b) = follow(Recording::Steps);
        let change = |copies_by: Option<&'static str>| {
            let (a, b) = (outcome(&of_a, copies_by), outcome(&of_b, copies_by));
            let cause = || cause::cause(&steps(&of_a, copies_by), &steps(&of_b, copies_by), changed);
            (a != b).then(|| (cause(), RouteChange { mail: mail.clone(), copies_by, a, b }))
        };
        let of_mail = if matches!(mail, Mail::For(_)) { change(None) } else { None };
        of_mail.into_iter().chain(change(Some(copies))).collect()
    }
}

/// Follows mail and the copies that a parameter asks for, with the local part that stands for all others and the domain
/// of names without one.
fn followed(router: &mut Router<'_>, mail: &Mail, copies: &str, (somebody, home): &(Vec<u8>, Vec<u8>)) -> Route {
    let example = |subject: &Subject| subject.example(somebody, home);
    let (sender, recipient) = match mail {
        Mail::For(subject) => (SENDER.to_vec(), example(subject)),
        Mail::From(subject) => (example(subject), example(&Subject::Elsewhere)),
        Mail::Any => (SENDER.to_vec(), example(&Subject::Elsewhere)),
    };
    router.route_with(&sender, &recipient, &[copies])
}

/// The steps that lead to the mail itself, or to the copies that a parameter asks for.
fn steps(route: &Route, copies_by: Option<&str>) -> Vec<Step> {
    let is_wanted = |step: &&Step| match copies_by {
        Some(parameter) => is_about_copies(step, parameter),
        None => !PARAMETERS.iter().any(|parameter| is_about_copies(step, parameter)),
    };
    route.steps.iter().filter(is_wanted).cloned().collect()
}

/// What becomes of the mail itself, or of those copies, in an order that does not depend on that of lookups.
fn outcome(route: &Route, copies_by: Option<&str>) -> Vec<String> {
    let mut ends: Vec<String> = match copies_by {
        None => match &route.refusal {
            Some(refusal) => {
                let rejected = format!("rejected {} {} {}", refusal.code, refusal.status, refusal.reason);
                return [vec![rejected], alternatives(route)].concat();
            }
            None => route.ends.iter().map(ToString::to_string).chain(alternatives(route)).collect(),
        },
        // Mail for one who is refused has no copies; but for others it has, whatever becomes of the example.
        Some("recipient_bcc_maps") if route.refusal.is_some() => Vec::new(),
        Some(parameter) => {
            let copies = route.copies.iter().filter(|copy| copy.by == parameter).flat_map(|copy| &copy.ends);
            copies.map(|end| CopyEnding(end).to_string()).collect()
        }
    };
    if ends.is_empty() && copies_by.is_some() {
        ends.push("no copy".into());
    }
    ends.sort();
    ends
}

/// What else would become of it, by what nobody here can tell.
fn alternatives(route: &Route) -> Vec<String> {
    let one = |other: &Alternative| {
        let outcome = match &other.refusal {
            Some(refusal) => format!("rejected {} {} {}", refusal.code, refusal.status, refusal.reason),
            None => other.ends.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        };
        format!("if {}: {outcome}", other.condition())
    };
    route.alternatives.iter().map(one).collect()
}
