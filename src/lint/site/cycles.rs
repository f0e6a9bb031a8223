//! Circles of things that lead to things: aliases, in a table of a million of them too.

/// The circles among `count` things, each told once, by its least member first; `next` says what one leads to.
///
/// Of circles that share members at least one is told. Things that lead to themselves make no circle. The time is
/// linear.
pub fn cycles(count: usize, next: impl Fn(usize) -> Vec<usize>) -> Vec<Vec<usize>> {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    let mut state = vec![NEW; count];
    let mut found = Vec::new();
    let mut path: Vec<(usize, Vec<usize>)> = Vec::new();
    for start in 0..count {
        if state[start] != NEW {
            continue;
        }
        let targets = next(start);
        if targets.is_empty() {
            state[start] = DONE;
            continue;
        }
        state[start] = OPEN;
        path.push((start, targets));
        while let Some((node, targets)) = path.last_mut() {
            let node = *node;
            match targets.pop() {
                None => {
                    state[node] = DONE;
                    path.pop();
                }
                Some(target) if target == node || target >= count => {}
                Some(target) => match state[target] {
                    NEW => {
                        state[target] = OPEN;
                        let targets = next(target);
                        path.push((target, targets));
                    }
                    OPEN => {
                        let from = path.iter().rposition(|(open, _)| *open == target).unwrap_or(0);
                        let mut cycle: Vec<usize> = path[from..].iter().map(|(open, _)| *open).collect();
                        let least = (0..cycle.len()).min_by_key(|&at| cycle[at]).unwrap_or(0);
                        cycle.rotate_left(least);
                        found.push(cycle);
                    }
                    _ => {}
                },
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_circle_is_told_once() {
        let edges: &[&[usize]] = &[&[1], &[2, 3], &[0], &[3], &[5], &[6, 9], &[4], &[0]];
        assert_eq!(cycles(edges.len(), |node| edges[node].to_vec()), [vec![0, 1, 2], vec![4, 5, 6]]);
        assert!(cycles(0, |_| vec![0]).is_empty());
    }
}
