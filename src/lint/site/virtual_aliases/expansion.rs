//! What virtual aliases lead to: which entries, how many addresses, through how many aliases.
//!
//! Postfix puts the first address of a value in the place of the one that it expands, and the others behind all that it
//! knows. It goes on with the first until nothing is found, at most virtual_alias_recursion_limit times, then takes the
//! next one, until it knows more than virtual_alias_expansion_limit. An alias that names itself ends there.
//!
//! Source: virtual(5), postconf(5); experiments with 3.11.

use super::VirtualAliases;
use crate::base::threads;
use crate::lint::site::Table;
use crate::maps::compile::{Entries, Entry};
use crate::syntax::alias_value::destinations;
use foldhash::fast::RandomState;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::HashMap;

/// Entries that one thread looks at in one go.
const AT_ONCE: usize = 1 << 12;

/// The entries of virtual_alias_maps, numbered over all tables.
pub struct Numbered<'a, 's> {
    aliases: &'a VirtualAliases<'s>,
    starts: Vec<usize>,
    /// How many there are.
    pub count: usize,
}

impl<'a, 's> Numbered<'a, 's> {
    /// Those of all tables.
    #[must_use]
    pub fn of(aliases: &'a VirtualAliases<'s>) -> Self {
        let mut starts = Vec::new();
        let mut count = 0;
        for table in &aliases.tables.tables {
            starts.push(count);
            count += table.entries.as_ref().map_or(0, |entries| entries.all().len());
        }
        Self { aliases, starts, count }
    }

    /// An entry by its number.
    pub fn entry(&self, number: usize) -> Option<(&'s Table, &'s Entries, &'s Entry)> {
        let at = self.starts.partition_point(|&start| start <= number).checked_sub(1)?;
        let table = *self.aliases.tables.tables.get(at)?;
        let entries = table.entries.as_ref()?;
        Some((table, entries, entries.all().get(number - self.starts[at])?))
    }

    fn number_of(&self, key: &[u8]) -> Option<usize> {
        let mut tables = self.aliases.tables.tables.iter().zip(&self.starts);
        tables.find_map(|(table, start)| Some(start + table.find(key)?.0))
    }

    fn is_itself(&self, key: &[u8], address: &[u8]) -> bool {
        let (name, domain) = self.aliases.split(address);
        address == key
            || (memchr::memchr(b'@', key).is_none() && name == key && self.aliases.is_local(domain))
            || (name.is_empty() && memchr::memrchr(b'@', key).is_some_and(|at| key[at + 1..] == *domain))
    }

    /// What an entry leads to, if that is another entry or several addresses; sizes and depths are still to be found.
    fn expansion(&self, number: usize) -> Option<Expansion> {
        let (_, entries, entry) = self.entry(number)?;
        let key = entries.key(entry);
        let addresses = destinations(entries.value(entry));
        let mut names_itself = false;
        let mut target = |address: &Cow<[u8]>| {
            if self.is_itself(key, address) {
                names_itself = true;
                return None;
            }
            self.target(key, address).filter(|&target| target != number)
        };
        let targets: Vec<Option<usize>> = addresses.iter().map(&mut target).collect();
        if targets.len() < 2 && targets.iter().all(Option::is_none) {
            return None;
        }
        let ends = |key: &[u8], first: Option<&Cow<[u8]>>| first.is_some_and(|address| self.is_itself(key, address));
        let first = targets.first().copied().flatten().and_then(|target| self.entry(target));
        let first_ends = first
            .is_some_and(|(_, entries, entry)| ends(entries.key(entry), destinations(entries.value(entry)).first()));
        let depth = usize::from(!ends(key, addresses.first()));
        let depth_of_first = usize::from(first.is_some() && !first_ends);
        Some(Expansion { targets, size: 0, depth, depth_of_first, names_itself, state: State::New })
    }

    /// The entry for an address that the entry of a key leads to.
    fn target(&self, key: &[u8], address: &[u8]) -> Option<usize> {
        let (name, domain) = self.aliases.split(address);
        if key.first() == Some(&b'@') {
            // Of catch-alls only chains are followed that keep the local part, so that no one address need break them.
            return if name.is_empty() { self.number_of(address) } else { None };
        }
        if name.is_empty() {
            let local = memchr::memrchr(b'@', key).map_or(key, |at| &key[..at]);
            return self.number_of(&[local, b"@", domain].concat());
        }
        let whole = self.number_of(&[name, b"@", domain].concat());
        whole.or_else(|| if self.aliases.is_local(domain) { self.number_of(name) } else { None })
    }
}

/// What an entry leads to, each with its entry, in order.
struct Expansion {
    targets: Vec<Option<usize>>,
    size: usize,
    /// How many aliases are gone through by the first addresses alone; one that names itself first is not counted.
    depth: usize,
    /// The same for the first target, if it leads nowhere else.
    depth_of_first: usize,
    /// Whether one of the addresses is the one that is expanded.
    names_itself: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// The entries that lead to other entries or to several addresses. Of circles, which another finding is about, the
/// sizes are too small.
pub struct Expansions {
    by_number: HashMap<usize, Expansion, RandomState>,
    numbers: Vec<usize>,
}

impl Expansions {
    /// What each entry leads to.
    #[must_use]
    pub fn of(numbered: &Numbered) -> Self {
        threads::share_out();
        let entries = (0..numbered.count).into_par_iter().with_min_len(AT_ONCE);
        let expansions: Vec<_> = entries.filter_map(|number| Some((number, numbered.expansion(number)?))).collect();
        let numbers: Vec<usize> = expansions.iter().map(|(number, _)| *number).collect();
        let mut found = Self { by_number: expansions.into_iter().collect(), numbers };
        for number in found.numbers.clone() {
            found.settle(number);
        }
        found
    }

    /// The entries that an entry leads to; none if it names itself.
    #[must_use]
    pub fn targets(&self, number: usize) -> Vec<usize> {
        let expansion = self.by_number.get(&number).filter(|expansion| !expansion.names_itself);
        expansion.map(|expansion| expansion.targets.iter().copied().flatten().collect()).unwrap_or_default()
    }

    /// Works out one entry, after those that it leads to.
    fn settle(&mut self, number: usize) {
        let mut path = vec![(number, 0)];
        while let Some((number, next)) = path.last_mut() {
            let number = *number;
            let Some(expansion) = self.by_number.get_mut(&number).filter(|expansion| expansion.state != State::Done)
            else {
                path.pop();
                continue;
            };
            expansion.state = State::Open;
            if let Some(target) = expansion.targets.get(*next).copied() {
                *next += 1;
                let is_new = |target: &usize| self.by_number.get(target).is_some_and(|inner| inner.state == State::New);
                path.extend(target.filter(is_new).map(|target| (target, 0)));
                continue;
            }
            let Some(expansion) = self.by_number.get(&number) else { continue };
            let size = |target: &Option<usize>| {
                target.and_then(|target| self.by_number.get(&target)).map_or(1, |inner| inner.size.max(1))
            };
            let total = expansion.targets.iter().map(size).fold(0, usize::saturating_add);
            let first = expansion.targets.first().copied().flatten().and_then(|first| self.by_number.get(&first));
            let depth = expansion.depth + first.map_or(expansion.depth_of_first, |first| first.depth);
            if let Some(expansion) = self.by_number.get_mut(&number) {
                (expansion.size, expansion.depth, expansion.state) = (total, depth, State::Done);
            }
            path.pop();
        }
    }

    /// The entries with more addresses than `most`, but not those that only lead to such, with how many they have.
    pub fn larger_than(&self, most: usize) -> Vec<(usize, usize)> {
        let size = |number: usize| self.by_number.get(&number).map_or(1, |expansion| expansion.size);
        self.culprits(|number| size(number) > most, false).map(|number| (number, size(number))).collect()
    }

    /// The entries through whose first addresses Postfix goes `deepest` times or more, but not those that only lead to
    /// such.
    pub fn deeper_than(&self, deepest: usize) -> Vec<usize> {
        let is_deep = |number: usize| self.by_number.get(&number).is_some_and(|expansion| expansion.depth >= deepest);
        self.culprits(is_deep, true).collect()
    }

    fn culprits(&self, is_bad: impl Fn(usize) -> bool, first_only: bool) -> impl Iterator<Item = usize> {
        self.numbers.iter().copied().filter(move |&number| {
            let targets = self.by_number.get(&number).map_or(&[][..], |expansion| &expansion.targets);
            let count = if first_only { 1 } else { targets.len() };
            is_bad(number) && !targets.iter().take(count).flatten().any(|&target| is_bad(target))
        })
    }
}
