//! Which names an entry that differs can reach: those whose own keys it is among, and those that lead to such a name.

use crate::mail::local_part::{split_domain, split_extension};
use crate::routing::Router;
use crate::routing::names::{Keys, NamedEntry, Subject};
use crate::syntax::alias_value::destinations;
use foldhash::fast::FixedState;
use foldhash::quality::RandomState;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher;

/// The names, and the tables that cannot be listed; nothing if all names may be meant.
pub fn affected(a: &mut Router<'_>, b: &mut Router<'_>) -> Option<(BTreeSet<Subject>, Vec<String>)> {
    let (mut reached, unlisted) = changed_keys(a, b)?;
    // A table that is its own name and cannot be read is no table at all.
    let is_broken = |name: &String| name.starts_with("inline:");
    if reached.keys.contains_key(b"*".as_slice()) || unlisted.iter().any(is_broken) {
        return None;
    }
    // What did not change is the same on both sides, so that one of them is enough. Each turn finds what leads to the
    // names that the one before found.
    loop {
        let mut found: Vec<(Keys, Vec<u8>)> = Vec::new();
        a.each_entry(&mut |NamedEntry { keys, key, value, .. }| {
            if !reached.holds(keys, key) && (reached.touches(key) || keys.lead_on() && reached.is_led_to(value)) {
                found.push((keys, key.to_vec()));
            }
        });
        if found.is_empty() {
            break;
        }
        found.into_iter().for_each(|(keys, key)| reached.add(keys, &key));
    }
    let subjects = reached.keys.iter().flat_map(|(key, uses)| uses.iter().flat_map(|&keys| Subject::of_key(keys, key)));
    Some((subjects.collect(), unlisted))
}

/// The keys that one side lacks or has another value for.
fn changed_keys(a: &mut Router<'_>, b: &mut Router<'_>) -> Option<(Reached, Vec<String>)> {
    let mut reached = Reached {
        keys: HashMap::default(),
        domains: HashSet::default(),
        locals: HashSet::default(),
        home: a.home().to_ascii_lowercase(),
        delimiters: a.text("recipient_delimiter").ok()?.to_vec(),
        special: a.is_yes("owner_request_special").ok()?,
        masquerades: !a.text("masquerade_domains").ok()?.is_empty(),
    };
    // Digests first: nearly all entries are the same, and need not be kept to know it.
    let seed = RandomState::default();
    let digests = || {
        let mut place = None;
        let seed = &seed;
        move |entry: &NamedEntry<'_>| {
            let (_, place) = match place {
                Some(known @ (number, _)) if number == entry.number => known,
                _ => *place.insert((entry.number, seed.hash_one(entry.place))),
            };
            seed.hash_one((place, entry.key, entry.value))
        }
    };
    let mut common: HashMap<u64, bool, FixedState> = HashMap::default();
    let mut digest = digests();
    a.each_entry(&mut |entry| {
        common.insert(digest(&entry), false);
    });
    let mut new: Vec<(Keys, Vec<u8>)> = Vec::new();
    let mut digest = digests();
    let mut unlisted = b.each_entry(&mut |entry| match common.get_mut(&digest(&entry)) {
        Some(is_common) => *is_common = true,
        None => new.push((entry.keys, entry.key.to_vec())),
    });
    let mut old: Vec<(Keys, Vec<u8>)> = Vec::new();
    let mut digest = digests();
    unlisted.extend(a.each_entry(&mut |entry| {
        if common.get(&digest(&entry)) == Some(&false) {
            old.push((entry.keys, entry.key.to_vec()));
        }
    }));
    unlisted.sort();
    unlisted.dedup();
    for (keys, key) in old.into_iter().chain(new) {
        reached.add(keys, &key);
    }
    Some((reached, unlisted))
}

/// Keys that lead to a difference.
struct Reached {
    keys: HashMap<Vec<u8>, Vec<Keys>, FixedState>,
    /// The domains in them, and the names without one: what most others are told from at once.
    domains: HashSet<Vec<u8>, FixedState>,
    locals: HashSet<Vec<u8>, FixedState>,
    home: Vec<u8>,
    delimiters: Vec<u8>,
    special: bool,
    masquerades: bool,
}

impl Reached {
    fn add(&mut self, keys: Keys, key: &[u8]) {
        let key = key.to_ascii_lowercase();
        match split_domain(&key) {
            (_, Some(domain)) => self.domains.insert(domain.to_vec()),
            (name, None) => {
                self.domains.insert(name.strip_prefix(b".").unwrap_or(name).to_vec());
                self.locals.insert(name.to_vec())
            }
        };
        let uses = self.keys.entry(key).or_default();
        if !uses.contains(&keys) {
            uses.push(keys);
        }
    }

    /// Whether a key was added, whatever its case: an index of aliases has `YP_LAST_MODIFIED`.
    fn holds(&self, keys: Keys, key: &[u8]) -> bool {
        self.keys.get(&key.to_ascii_lowercase()).is_some_and(|uses| uses.contains(&keys))
    }

    /// Whether a value names an address that leads to a difference, or what is not in a table.
    fn is_led_to(&self, value: &[u8]) -> bool {
        destinations(value).iter().any(|address| self.touches(address) || address.starts_with(b":include:"))
    }

    /// Whether one of the keys that an address is looked up by leads to a difference.
    fn touches(&self, address: &[u8]) -> bool {
        let address = address.to_ascii_lowercase();
        let (local, domain) = split_domain(&address);
        let domain = domain.unwrap_or(&self.home);
        let plain = split_extension(local, &self.delimiters, self.special).map_or(local, |(user, _)| user);
        if self.locals.contains(local) || self.locals.contains(plain) {
            return true;
        }
        let parents = memchr::memchr_iter(b'.', domain).map(|at| &domain[at + 1..]);
        // A dot in front, or not: transport(5) and lists of domains have both.
        parents.clone().any(|parent| {
            self.locals.contains(parent)
                || self.locals.contains(&[b".", parent].concat())
                || self.masquerades && self.has(local, plain, parent)
        }) || self.has(local, plain, domain)
    }

    fn has(&self, local: &[u8], plain: &[u8], domain: &[u8]) -> bool {
        if !self.domains.contains(domain) {
            return false;
        }
        let mut key = Vec::with_capacity(local.len() + 1 + domain.len());
        [local, plain, b""].into_iter().any(|name| {
            key.clear();
            [name, b"@", domain].into_iter().for_each(|part| key.extend_from_slice(part));
            self.keys.contains_key(&key)
        }) || self.keys.contains_key(domain)
    }
}
