//! Which of many networks hold an address: all of them, by one binary search.
//!
//! Two networks are either apart or one holds the other. So the addresses fall into ranges, at most two a network, and
//! all networks that hold a range are the innermost one and those around it.

/// A network as a range of numbers, with what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// The lowest address.
    pub first: u128,
    /// The highest address.
    pub last: u128,
    /// Its number among the statements.
    pub number: usize,
}

/// One network, and those around it.
#[derive(Clone, Copy, Debug)]
struct Node {
    number: usize,
    /// The lowest number of it and of those around it.
    lowest: usize,
    around: Option<usize>,
}

/// Networks of one family.
#[derive(Clone, Debug, Default)]
pub struct Ranges {
    nodes: Vec<Node>,
    /// Where ranges begin, ascending, and beside each its innermost network.
    starts: Vec<u128>,
    innermost: Vec<Option<usize>>,
}

impl Ranges {
    /// Sorts networks into ranges.
    #[must_use]
    pub fn new(mut items: Vec<Item>) -> Self {
        // Of two that begin together, the wider one is around the other.
        items.sort_unstable_by_key(|item| (item.first, std::cmp::Reverse(item.last), item.number));
        let mut ranges = Self::default();
        let mut around: Vec<(u128, usize)> = Vec::new();
        for item in items {
            ranges.leave(&mut around, Some(item.first));
            let outer = around.last().map(|&(_, node)| node);
            let lowest = outer.map_or(item.number, |outer| item.number.min(ranges.nodes[outer].lowest));
            ranges.nodes.push(Node { number: item.number, lowest, around: outer });
            let node = ranges.nodes.len() - 1;
            ranges.begin(item.first, Some(node));
            around.push((item.last, node));
        }
        ranges.leave(&mut around, None);
        ranges
    }

    /// Ends the networks that end before `next`.
    fn leave(&mut self, around: &mut Vec<(u128, usize)>, next: Option<u128>) {
        while let Some(&(last, _)) = around.last() {
            if next.is_some_and(|next| next <= last) {
                break;
            }
            around.pop();
            if let Some(behind) = last.checked_add(1) {
                self.begin(behind, around.last().map(|&(_, node)| node));
            }
        }
    }

    fn begin(&mut self, start: u128, node: Option<usize>) {
        match self.starts.last() {
            Some(&last) if last == start => {
                if let Some(innermost) = self.innermost.last_mut() {
                    *innermost = node;
                }
            }
            _ => {
                self.starts.push(start);
                self.innermost.push(node);
            }
        }
    }

    fn at(&self, address: u128) -> Option<usize> {
        let behind = self.starts.partition_point(|&start| start <= address);
        self.innermost[behind.checked_sub(1)?]
    }

    /// The lowest number of a network that holds the address.
    #[must_use]
    pub fn lowest(&self, address: u128) -> Option<usize> {
        Some(self.nodes[self.at(address)?].lowest)
    }

    /// The numbers of all networks that hold the address, ascending.
    #[must_use]
    pub fn all(&self, address: u128) -> Vec<usize> {
        let mut numbers = Vec::new();
        let mut next = self.at(address);
        while let Some(node) = next {
            numbers.push(self.nodes[node].number);
            next = self.nodes[node].around;
        }
        numbers.sort_unstable();
        numbers
    }

    /// Whether there is no network.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_end_where_the_next_one_begins() {
        let item = |first, last, number| Item { first, last, number };
        let items =
            [item(0, 15, 5), item(0, 7, 1), item(4, 7, 3), item(4, 7, 2), item(8, 8, 4), item(u128::MAX, u128::MAX, 0)];
        let ranges = Ranges::new(items.to_vec());
        let cases: [(u128, &[usize]); 8] = [
            (0, &[1, 5]),
            (3, &[1, 5]),
            (4, &[1, 2, 3, 5]),
            (7, &[1, 2, 3, 5]),
            (8, &[4, 5]),
            (9, &[5]),
            (16, &[]),
            (u128::MAX, &[0]),
        ];
        for (address, expected) in cases {
            assert_eq!(ranges.all(address), expected, "{address}");
            assert_eq!(ranges.lowest(address), expected.first().copied(), "{address}");
        }
        assert_eq!(Ranges::new(Vec::new()).lowest(0), None);
    }
}
