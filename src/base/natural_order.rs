//! The order in which people count: `mx2` before `mx10`.

use std::cmp::Ordering;

/// Compares two texts byte by byte, runs of digits as the numbers that they are.
///
/// Numbers of one value are ordered by how they are written, so that only equal texts are equal.
#[must_use]
pub fn natural_order(a: &[u8], b: &[u8]) -> Ordering {
    let (mut left, mut right) = (a, b);
    while let (Some(x), Some(y)) = (left.first(), right.first()) {
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (one, other) = (take_number(&mut left), take_number(&mut right));
            match one.len().cmp(&other.len()).then_with(|| one.cmp(other)) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
        } else if x == y {
            (left, right) = (&left[1..], &right[1..]);
        } else {
            return x.cmp(y);
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// The digits at the start, without zeros before them.
fn take_number<'t>(text: &mut &'t [u8]) -> &'t [u8] {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    *text = rest;
    let zeros = number.iter().take_while(|&&byte| byte == b'0').count();
    &number[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numbers() {
        let mut texts = ["b1", "ab", "a10b", "a10", "a2", "a02", "a1.b10", "a1.b2", "a", "10", "2", "1", "01", ""];
        texts.sort_by(|a, b| natural_order(a.as_bytes(), b.as_bytes()));
        assert_eq!(texts, ["", "01", "1", "2", "10", "a", "a1.b2", "a1.b10", "a02", "a2", "a10", "a10b", "ab", "b1"]);
        assert_eq!(natural_order(b"x99999999999999999999999", b"x100000000000000000000000"), Ordering::Less);
    }
}
