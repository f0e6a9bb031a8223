//! A table of networks that answers without going through its rules.
//!
//! Each block (the table, and what stands between an `if` and its `endif`) has, for each family, its plain rules in one
//! [`Ranges`] and its plain `if`s in another; what is negated is kept in order. An answer is the lowest plain rule that
//! holds, unless something before it gives one: a negated rule, or the inside of an `if`. Few of those are looked at:
//! of two negated rules of different networks one holds almost always.

use super::network::{Address, Family};
use super::ranges::{Item, Ranges};
use super::rules::{Statement, holds};

/// An indexed table.
#[derive(Clone, Debug)]
pub struct NetworkIndex {
    statements: Vec<Statement>,
    blocks: Vec<Block>,
    /// The block inside each `if`, by the number of its statement.
    inside: Vec<usize>,
}

/// The statements of one block, those in its inner blocks left out.
#[derive(Clone, Debug, Default)]
struct Block {
    v4: Part,
    v6: Part,
}

impl Block {
    fn part(&self, family: Family) -> &Part {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }
}

/// What a block has for one family.
#[derive(Clone, Debug, Default)]
struct Part {
    rules: Ranges,
    ifs: Ranges,
    /// Negated rules and `if`s, and an `if` without `endif`, in order.
    others: Vec<usize>,
    /// An `if` of the other family without `endif`: nothing behind it is for this one.
    wall: Option<usize>,
}

/// What a block holds while it is collected.
#[derive(Default)]
struct Collected {
    rules: [Vec<Item>; 2],
    ifs: [Vec<Item>; 2],
    others: [Vec<usize>; 2],
    wall: [Option<usize>; 2],
}

impl Collected {
    fn index(self) -> Block {
        let [rules_v4, rules_v6] = self.rules;
        let [ifs_v4, ifs_v6] = self.ifs;
        let [others_v4, others_v6] = self.others;
        let [wall_v4, wall_v6] = self.wall;
        let part = |rules, ifs, others, wall| Part { rules: Ranges::new(rules), ifs: Ranges::new(ifs), others, wall };
        Block { v4: part(rules_v4, ifs_v4, others_v4, wall_v4), v6: part(rules_v6, ifs_v6, others_v6, wall_v6) }
    }
}

/// Where a search stands in one block.
struct Frame<'a> {
    others: &'a [usize],
    ifs: Vec<usize>,
    /// How many of `ifs` were looked at.
    ifs_done: usize,
    lowest: Option<usize>,
    wall: Option<usize>,
}

impl Frame<'_> {
    /// The next statement that may give an answer; those from the lowest plain rule on do not come.
    fn next(&mut self) -> Option<usize> {
        let (an_if, other) = (self.ifs.get(self.ifs_done).copied(), self.others.first().copied());
        let number = match (an_if, other) {
            (Some(an_if), Some(other)) => an_if.min(other),
            (Some(number), None) | (None, Some(number)) => number,
            (None, None) => return None,
        };
        if self.lowest.is_some_and(|lowest| lowest < number) || self.wall.is_some_and(|wall| wall < number) {
            return None;
        }
        if an_if == Some(number) {
            self.ifs_done += 1;
        } else {
            self.others = &self.others[1..];
        }
        Some(number)
    }
}

impl NetworkIndex {
    /// Indexes the statements of a table.
    #[must_use]
    pub fn new(statements: Vec<Statement>) -> Self {
        let mut blocks: Vec<Collected> = vec![Collected::default()];
        let mut inside = vec![0; statements.len()];
        let mut around = Vec::new();
        let mut current = 0;
        for (number, statement) in statements.iter().enumerate() {
            let block = &mut blocks[current];
            match statement {
                Statement::Rule { negated: true, network, .. } => {
                    block.others[side(network.address.family)].push(number);
                }
                Statement::Rule { negated: false, network, .. } => {
                    let item = Item { first: network.address.bits, last: network.last(), number };
                    block.rules[side(network.address.family)].push(item);
                }
                Statement::If { negated, network, end } => {
                    let own = side(network.address.family);
                    if *negated || end.is_none() {
                        block.others[own].push(number);
                    } else {
                        let item = Item { first: network.address.bits, last: network.last(), number };
                        block.ifs[own].push(item);
                    }
                    if end.is_none() {
                        block.wall[1 - own].get_or_insert(number);
                    }
                    around.push(current);
                    blocks.push(Collected::default());
                    current = blocks.len() - 1;
                    inside[number] = current;
                }
                Statement::Endif => current = around.pop().unwrap_or(0),
            }
        }
        Self { blocks: blocks.into_iter().map(Collected::index).collect(), statements, inside }
    }

    /// The result of the first rule that holds for an address.
    #[must_use]
    pub fn lookup(&self, address: Address) -> Option<&[u8]> {
        let top = self.blocks.first()?.part(address.family);
        if top.others.is_empty() && top.ifs.is_empty() {
            let lowest = top.rules.lowest(address.bits)?;
            return if top.wall.is_some_and(|wall| wall < lowest) { None } else { self.result(lowest) };
        }
        // A stack of our own: a table may nest deeper than the program's stack goes.
        let mut frames = vec![self.enter(0, address)];
        while let Some(frame) = frames.last_mut() {
            let Some(number) = frame.next() else {
                if let Some(lowest) = frame.lowest
                    && frame.wall.is_none_or(|wall| lowest < wall)
                {
                    return self.result(lowest);
                }
                if frame.wall.is_some() {
                    return None;
                }
                frames.pop();
                continue;
            };
            match self.statements.get(number)? {
                Statement::Rule { negated, network, result } => {
                    if holds(*negated, network, address) {
                        return Some(result);
                    }
                }
                Statement::If { negated, network, end } => {
                    if holds(*negated, network, address) {
                        frames.push(self.enter(self.inside[number], address));
                    } else if end.is_none() {
                        return None;
                    }
                }
                Statement::Endif => {}
            }
        }
        None
    }

    fn enter(&self, block: usize, address: Address) -> Frame<'_> {
        let part = self.blocks[block].part(address.family);
        Frame {
            others: &part.others,
            ifs: part.ifs.all(address.bits),
            ifs_done: 0,
            lowest: part.rules.lowest(address.bits),
            wall: part.wall,
        }
    }

    fn result(&self, number: usize) -> Option<&[u8]> {
        match self.statements.get(number)? {
            Statement::Rule { result, .. } => Some(result),
            _ => None,
        }
    }
}

fn side(family: Family) -> usize {
    match family {
        Family::V4 => 0,
        Family::V6 => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::networks::Rules;
    use proptest::prelude::*;

    /// Line by line, as Postfix does it.
    fn scan(statements: &[Statement], address: Address) -> Option<&[u8]> {
        let mut at = 0;
        while let Some(statement) = statements.get(at) {
            match statement {
                Statement::Rule { negated, network, result } if holds(*negated, network, address) => {
                    return Some(result);
                }
                Statement::If { negated, network, end } if !holds(*negated, network, address) => at = (*end)?,
                _ => {}
            }
            at += 1;
        }
        None
    }

    fn statements(lines: &[String]) -> Vec<Statement> {
        let mut rules = Rules::default();
        for (number, line) in lines.iter().enumerate() {
            let _ = rules.add_line(number, line.as_bytes(), |value| Ok(value.to_vec()));
        }
        rules.into_statements()
    }

    /// Networks from so small a space that many hold each other.
    fn network() -> impl Strategy<Value = String> {
        let bits = |bits: u32, width: u32| {
            (0..1_u32 << bits).prop_map(move |top| u128::from(top).checked_shl(width - bits).unwrap_or(0))
        };
        prop_oneof![
            (0..=5_u32).prop_flat_map(move |length| bits(length, 32).prop_map(move |address| {
                format!("{}/{length}", std::net::Ipv4Addr::from(u32::try_from(address).unwrap_or(0)))
            })),
            (0..=4_u32).prop_flat_map(move |length| bits(length, 128)
                .prop_map(move |address| { format!("{}/{length}", std::net::Ipv6Addr::from(address)) })),
            Just("255.255.255.255".to_string()),
            Just("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff".to_string()),
        ]
    }

    fn line() -> impl Strategy<Value = String> {
        let mark = prop_oneof![4 => Just(""), 1 => Just("!")];
        prop_oneof![
            6 => (mark.clone(), network()).prop_map(|(mark, network)| format!("{mark}{network} result")),
            3 => (mark, network()).prop_map(|(mark, network)| format!("if {mark}{network}")),
            3 => Just("endif".to_string()),
        ]
    }

    fn assert_same(lines: &[String]) {
        // Every result is told from the others by its line.
        let lines: Vec<String> =
            lines.iter().enumerate().map(|(at, line)| line.replace("result", &at.to_string())).collect();
        let statements = statements(&lines);
        let index = NetworkIndex::new(statements.clone());
        let mut addresses: Vec<Address> = Vec::new();
        for top in 0..32_u128 {
            for low in [0, 1, u128::from(u32::MAX >> 5)] {
                addresses.push(Address { family: Family::V4, bits: top << 27 | low });
            }
            for low in [0, 1, u128::MAX >> 5] {
                addresses.push(Address { family: Family::V6, bits: top << 123 | low });
            }
        }
        for address in addresses {
            assert_eq!(index.lookup(address), scan(&statements, address), "{address:?} in {lines:#?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn the_index_answers_as_a_scan_does(lines in proptest::collection::vec(line(), 0..40)) {
            assert_same(&lines);
        }
    }

    #[test]
    fn an_if_without_end_stops_addresses_outside_it() {
        let own = |lines: &[&str]| assert_same(&lines.iter().map(|line| (*line).to_string()).collect::<Vec<_>>());
        own(&["if ::/0", "0.0.0.0/0 result"]);
        own(&["if ::/0", "if 0.0.0.0/0", "endif", "!128.0.0.0/1 result", "::/0 result"]);
        own(&["if 128.0.0.0/1", "0.0.0.0/0 result", "if !::/1", "::/0 result"]);
        own(&["if 0.0.0.0/0", "if ::/0", "0.0.0.0/0 result"]);
    }

    #[test]
    fn nesting_has_no_bound() {
        let depth = 100_000;
        let mut lines = vec!["if 0.0.0.0/0".to_string(); depth];
        lines.push("10.0.0.0/8 deep".to_string());
        lines.extend(vec!["endif".to_string(); depth]);
        let index = NetworkIndex::new(statements(&lines));
        let ten = Address { family: Family::V4, bits: 10 << 24 };
        assert_eq!(index.lookup(ten), Some(&b"deep"[..]));
    }
}
