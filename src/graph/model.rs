//! What a picture of a site's routing shows: classes, and in each of them lanes.
//!
//! A *lane* is the way of some domains from left to right: class, tables, transport, nexthop. Domains with the same way
//! share a lane, and lanes are in an order in which those with the same transport, and of these those with the same
//! end, are neighbours: so nothing needs to cross in a picture.

use crate::diagnostic::render::clean;
use crate::routing::names::DOMAIN_LISTS;
use crate::routing::rewrite::resolve::AddressClass;
use std::fmt;

/// Most names that are shown of a list.
const MOST_NAMES: usize = 6;
/// Most lanes of a class.
const MOST_LANES: usize = 24;
/// Where names end that were not resolved.
pub const NOT_LOOKED_AT: &str = "not looked at";

/// Said of a filter.
pub const COMES_BACK: &str = "what comes back goes on";

/// The whole picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The site's name, `myhostname`.
    pub name: String,
    /// What all mail goes through before anything else: the parameter, and its value.
    pub filter: Option<[String; 2]>,
    /// The tables that every recipient passes before its class is settled; those that no table is named for are left
    /// out.
    pub first: Vec<Tables>,
    /// The classes that anything belongs to, in the order in which Postfix asks for them.
    pub classes: Vec<Class>,
    /// What could not be read or expanded; the picture shows the rest.
    pub faults: Vec<String>,
}

/// A parameter that names tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// The parameter.
    pub parameter: &'static str,
    /// Its tables, in order.
    pub tables: Vec<Table>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// `type:name`.
    pub name: String,
    /// `12 entries`, `patterns`, …
    pub size: String,
}

/// `lmdb:/etc/postfix/transport · 12 entries`
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.size.is_empty() { Ok(()) } else { write!(f, " · {}", self.size) }
    }
}

/// An address class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Which.
    pub class: AddressClass,
    /// The tables that decide about its recipients, in the order in which they are asked.
    pub tables: Vec<Tables>,
    /// The ways of its mail.
    pub lanes: Vec<Lane>,
}

/// The way of some domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The domains, or keys of `transport_maps`.
    pub names: Names,
    /// The parameter that settled transport or nexthop.
    pub by: String,
    /// The transport; empty for aliases, whose mail goes to other addresses.
    pub transport: String,
    /// What serves the transport, if its name does not say that.
    pub program: String,
    /// The nexthop, or where mail ends; lines.
    pub end: Names,
}

/// Names of which only the first are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Names {
    /// Those that are shown.
    pub shown: Vec<String>,
    /// How many more there are.
    pub more: usize,
}

impl Names {
    /// Shortens a list. Nothing in it can command a terminal.
    #[must_use]
    pub fn of(mut names: Vec<String>) -> Self {
        let more = if names.len() > MOST_NAMES { names.len() - (MOST_NAMES - 1) } else { 0 };
        names.truncate(names.len() - more);
        Self { shown: names.iter().map(|name| clean(name)).collect(), more }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shown.len() + self.more
    }

    /// A line for each that is shown, and `… and 994 more`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.shown.clone();
        if self.more > 0 {
            lines.push(format!("… and {} more", thousands(self.more)));
        }
        lines
    }
}

impl Class {
    /// The parameter that lists its domains.
    #[must_use]
    pub fn parameter(&self) -> &'static str {
        let list = DOMAIN_LISTS.iter().find(|(_, class)| *class == self.class);
        list.map_or("all others", |(parameter, _)| parameter)
    }

    /// Brings lanes into an order in which what they share is together: by transport, then end, each where it comes
    /// first; and makes one of those that would be too many.
    pub fn arrange(&mut self) {
        let mut lanes: Vec<Lane> = Vec::new();
        for lane in std::mem::take(&mut self.lanes) {
            let shares_end = |other: &Lane| other.shares_transport(&lane) && other.end == lane.end;
            let after = lanes.iter().rposition(shares_end);
            let after = after.or_else(|| lanes.iter().rposition(|other| other.shares_transport(&lane)));
            lanes.insert(after.map_or(lanes.len(), |at| at + 1), lane);
        }
        // What nobody looked at is never among what goes other ways.
        let (left_out, mut lanes): (Vec<Lane>, Vec<Lane>) = lanes.into_iter().partition(Lane::is_left_out);
        let most = MOST_LANES - left_out.len().min(1);
        if lanes.len() > most {
            // The ways of many domains are the ones to show.
            let mut counts: Vec<usize> = lanes.iter().map(|lane| lane.names.count()).collect();
            counts.sort_unstable_by(|a, b| b.cmp(a));
            let (least, mut room) = (counts[most - 1], most - 1);
            room -= counts.iter().filter(|count| **count > least).count();
            let (kept, rest): (Vec<Lane>, Vec<Lane>) = lanes.into_iter().partition(|lane| {
                let (is_big, is_next) = (lane.names.count() > least, lane.names.count() == least && room > 0);
                room -= usize::from(is_next);
                is_big || is_next
            });
            lanes = kept;
            let count = rest.iter().map(|lane| lane.names.count()).sum();
            lanes.push(Lane {
                names: Names { shown: Vec::new(), more: count },
                by: String::new(),
                transport: "various".into(),
                program: String::new(),
                end: Names { shown: vec![format!("{} other ways", rest.len())], more: 0 },
            });
        }
        lanes.extend(left_out);
        self.lanes = lanes;
    }
}

impl Lane {
    /// Whether it stands for names that were not resolved, since there are too many.
    #[must_use]
    pub fn is_left_out(&self) -> bool {
        self.end.shown == [NOT_LOOKED_AT]
    }

    /// Whether both go to the same transport.
    #[must_use]
    pub fn shares_transport(&self, other: &Self) -> bool {
        self.transport == other.transport && self.program == other.program
    }
}

/// A number with its thousands apart: `12 345`.
#[must_use]
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        // Four digits are read at a glance.
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digits.len() > 4 {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Names {
        Names::of((0..count).map(|number| format!("n{number}")).collect())
    }

    #[test]
    fn long_lists_are_shortened() {
        assert_eq!(names(6).lines(), ["n0", "n1", "n2", "n3", "n4", "n5"]);
        assert_eq!(names(1000).lines(), ["n0", "n1", "n2", "n3", "n4", "… and 995 more"]);
        assert_eq!((names(0).count(), names(6).count(), names(7).count()), (0, 6, 7));
        let numbers = [1, 999, 1000, 12345, 1_234_567].map(thousands);
        assert_eq!(numbers, ["1", "999", "1000", "12\u{202f}345", "1\u{202f}234\u{202f}567"]);
    }

    #[test]
    fn what_is_shared_is_together() {
        let lane = |transport: &str, end: &str| Lane {
            names: names(1),
            by: String::new(),
            transport: transport.into(),
            program: String::new(),
            end: Names::of(vec![end.into()]),
        };
        let ways = [("smtp", "a"), ("relay", "b"), ("smtp", "c"), ("smtp", "a"), ("relay", "b")];
        let lanes = ways.iter().map(|(transport, end)| lane(transport, end)).collect();
        let mut class = Class { class: AddressClass::Relay, tables: Vec::new(), lanes };
        class.arrange();
        let shown = |class: &Class| -> Vec<String> {
            class.lanes.iter().map(|lane| format!("{} {}", lane.transport, lane.end.lines().join(" "))).collect()
        };
        assert_eq!(shown(&class), ["smtp a", "smtp a", "smtp c", "relay b", "relay b"]);
        class.lanes = (0..30).map(|number| lane("smtp", &number.to_string())).collect();
        class.lanes[29].names = names(9);
        class.arrange();
        assert_eq!((class.lanes.len(), class.lanes[23].names.more), (24, 7));
        assert_eq!(shown(&class)[21..], ["smtp 21", "smtp 29", "various 7 other ways"]);
    }
}
