//! Which step waits for which: an index of the definition's steps, without anything else that they are.

use std::collections::{BTreeSet, VecDeque};

/// The steps by their place in the definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Graph {
    dependencies: Vec<Vec<usize>>,
    dependents: Vec<Vec<usize>>,
}

impl Graph {
    /// The graph of these dependencies. Places that are none are left out.
    pub(crate) fn new(dependencies: Vec<Vec<usize>>) -> Self {
        let mut dependents = vec![Vec::new(); dependencies.len()];
        for (step, before) in dependencies.iter().enumerate() {
            for dependency in before {
                if let Some(after) = dependents.get_mut(*dependency) {
                    after.push(step);
                }
            }
        }
        Self { dependencies, dependents }
    }

    pub(crate) fn dependencies(&self, step: usize) -> &[usize] {
        self.dependencies.get(step).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn dependents(&self, step: usize) -> &[usize] {
        self.dependents.get(step).map_or(&[], Vec::as_slice)
    }

    /// Everything that comes after a step, directly or not.
    pub(crate) fn descendants(&self, step: usize) -> BTreeSet<usize> {
        reached(step, |step| self.dependents(step))
    }

    /// Everything that a step waits for, directly or not.
    pub(crate) fn ancestors(&self, step: usize) -> BTreeSet<usize> {
        reached(step, |step| self.dependencies(step))
    }

    /// The circles, each once and beginning with its first step: every step of one depends on the next, the last on the
    /// first. Of circles that share steps at least one is found.
    pub(crate) fn cycles(&self) -> Vec<Vec<usize>> {
        let mut left = self.in_circles_or_after();
        let mut cycles = Vec::new();
        while let Some(&start) = left.first() {
            let walk = self.walk(start, &left);
            for step in &walk.passed {
                left.remove(step);
            }
            cycles.extend(walk.cycle);
        }
        cycles
    }

    /// What remains when steps without open dependencies are taken away again and again.
    fn in_circles_or_after(&self) -> BTreeSet<usize> {
        let mut open: Vec<usize> = self.dependencies.iter().map(Vec::len).collect();
        let free = open.iter().enumerate().filter(|(_, count)| **count == 0);
        let mut free: VecDeque<usize> = free.map(|(step, _)| step).collect();
        let mut left: BTreeSet<usize> = (0..self.dependencies.len()).collect();
        while let Some(step) = free.pop_front() {
            left.remove(&step);
            for &after in self.dependents(step) {
                if let Some(count) = open.get_mut(after) {
                    *count -= 1;
                    if *count == 0 {
                        free.push_back(after);
                    }
                }
            }
        }
        left
    }

    /// Goes from dependency to dependency within `left`, until a step comes back or nothing is left of them.
    fn walk(&self, start: usize, left: &BTreeSet<usize>) -> Walk {
        let mut passed = vec![start];
        let mut at = start;
        loop {
            let Some(&next) = self.dependencies(at).iter().find(|step| left.contains(step)) else {
                return Walk { passed, cycle: None };
            };
            if let Some(first) = passed.iter().position(|step| *step == next) {
                let mut cycle: Vec<usize> = passed.iter().skip(first).copied().collect();
                let smallest = cycle.iter().enumerate().min_by_key(|(_, step)| **step).map_or(0, |(place, _)| place);
                cycle.rotate_left(smallest);
                return Walk { passed, cycle: Some(cycle) };
            }
            passed.push(next);
            at = next;
        }
    }
}

struct Walk {
    passed: Vec<usize>,
    cycle: Option<Vec<usize>>,
}

fn reached<'g>(from: usize, next: impl Fn(usize) -> &'g [usize]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(step) = open.pop() {
        open.extend(next(step).iter().filter(|step| found.insert(**step)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(dependencies: &[&[usize]], expect: &[&[usize]]) {
        let graph = Graph::new(dependencies.iter().map(|before| before.to_vec()).collect());
        assert_eq!(graph.cycles(), expect);
    }

    #[test]
    fn circles_are_found_and_named_in_order() {
        check(&[&[], &[0], &[0, 1]], &[]);
        check(&[&[1], &[2], &[0]], &[&[0, 1, 2]]);
        check(&[&[], &[3, 0], &[1], &[2], &[3]], &[&[1, 3, 2]]);
        check(&[&[1], &[0], &[3], &[2], &[0]], &[&[0, 1], &[2, 3]]);
        check(&[&[0]], &[&[0]]);
    }

    #[test]
    fn a_chain_of_a_thousand_is_no_circle_and_ends_in_one() {
        let mut chain: Vec<Vec<usize>> =
            (0..1_000).map(|step: usize| step.checked_sub(1).into_iter().collect()).collect();
        assert_eq!(Graph::new(chain.clone()).cycles(), Vec::<Vec<usize>>::new());
        assert_eq!(Graph::new(chain.clone()).ancestors(999).len(), 999);
        assert_eq!(Graph::new(chain.clone()).descendants(0).len(), 999);
        chain[0].push(999);
        assert_eq!(Graph::new(chain).cycles().len(), 1);
    }
}
