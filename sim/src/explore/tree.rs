//! The tree of causal histories: each history once, as the least of its linear extensions.
//!
//! A node is a history; its children add one operation. Of the orders in which a history can be
//! written down, only the lexicographic normal form (Anisimov & Knuth 1979; Cartier & Foata 1969)
//! is visited: an operation comes after one of a greater line only if it saw that one, or something
//! after it. Every prefix of a normal form is one, so nothing is visited twice and nothing is
//! missed.

use rejoin_crdts::{OpId, ReplicaId, Timestamp};

/// A set of operations of one history, by index.
pub(super) type Mask = u32;

/// How far apart the stamps of neighbours are where there is room between them.
const STRIDE: u64 = 1 << 40;

/// A life of a replica: what it performs without forgetting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Who it is.
    pub(super) name: ReplicaId,
    /// At most how many operations it performs.
    pub(super) operations: usize,
    /// The same replica before it crashed; it sees nothing of this one.
    pub(super) before: Option<usize>,
}

/// Which stamps operations get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clocks {
    /// Every clock stands still: an operation's stamp is one beyond the greatest that it had seen.
    Stopped,
    /// Every order of stamps in which an operation comes after all that it had seen, with every
    /// tie between operations of different replicas.
    Any,
}

/// The histories of some lines: what is explored, but for the operations themselves.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) lines: Vec<Line>,
    pub(super) clocks: Clocks,
}

/// An operation in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// Who performs it.
    pub(super) line: usize,
    /// What it had seen.
    pub(super) saw: Mask,
    /// Which of the alphabet it is.
    pub(super) op: usize,
    /// Its stamp's wall time and counter.
    pub(super) wall: u64,
    pub(super) counter: u32,
}

impl World {
    /// How many operations there are in a full history.
    pub(super) fn size(&self) -> usize {
        self.lines.iter().map(|line| line.operations).sum()
    }

    /// Calls `each` with every way to go on: who, having seen which of `sets` (all down-sets of the
    /// history), and when. The operation itself is left open.
    pub(super) fn extensions(&self, events: &[Event], sets: &[Mask], mut each: impl FnMut(Event)) {
        for (line, life) in self.lines.iter().enumerate() {
            let own = || events.iter().enumerate().filter(|(_, event)| event.line == line);
            if own().count() == life.operations {
                continue;
            }
            let known = own().next_back().map_or(0, |(at, event)| event.saw | 1 << at);
            let later: Mask = events
                .iter()
                .enumerate()
                .filter(|(_, event)| self.comes_later(event.line, line))
                .fold(0, |later, (at, _)| later | 1 << at);
            for &saw in sets {
                if known & !saw != 0 || saw & later != 0 {
                    continue;
                }
                let after = (Mask::BITS - saw.leading_zeros()) as usize;
                if events[after..].iter().any(|event| event.line > line) {
                    continue;
                }
                self.stamps(events, saw, |wall, counter| {
                    each(Event { line, saw, op: 0, wall, counter });
                });
            }
        }
    }

    /// Whether `line` is a later life of the replica that `of` is a life of.
    fn comes_later(&self, line: usize, of: usize) -> bool {
        std::iter::successors(self.lines[line].before, |&before| self.lines[before].before)
            .any(|before| before == of)
    }

    fn stamps(&self, events: &[Event], saw: Mask, mut each: impl FnMut(u64, u32)) {
        let past = members(saw).map(|at| (events[at].wall, events[at].counter)).max();
        if self.clocks == Clocks::Stopped {
            let (wall, counter) = past.map_or((1, 0), |(wall, counter)| (wall, counter + 1));
            return each(wall, counter);
        }
        let past = past.map_or(0, |(wall, _)| wall);
        let mut later: Vec<u64> =
            events.iter().map(|event| event.wall).filter(|&wall| wall > past).collect();
        later.sort_unstable();
        later.dedup();
        let mut floor = past;
        for wall in later {
            each(floor + (wall - floor) / 2, 0);
            each(wall, 0);
            floor = wall;
        }
        each(floor + STRIDE, 0);
    }

    /// The name that the last event gets, and its stamp.
    pub(super) fn at(&self, events: &[Event]) -> (OpId, Timestamp) {
        let Some((last, before)) = events.split_last() else { unreachable!("there is an event") };
        let name = self.lines[last.line].name;
        let earlier = before.iter().filter(|event| self.lines[event.line].name == name).count();
        (OpId::new(name, earlier as u64 + 1), Timestamp::new(last.wall, last.counter, name))
    }
}

/// Adds to `sets` the down-sets that hold the last of `events`: every one of the others that holds
/// what it saw, with it.
pub(super) fn grow(sets: &mut Vec<Mask>, events: &[Event]) {
    let Some(last) = events.last() else { return sets.push(0) };
    let bit = 1 << (events.len() - 1);
    for at in 0..sets.len() {
        if last.saw & !sets[at] == 0 {
            sets.push(sets[at] | bit);
        }
    }
}

/// The operations of a set, ascending.
pub(super) fn members(set: Mask) -> impl DoubleEndedIterator<Item = usize> + Clone {
    (0..(Mask::BITS - set.leading_zeros()) as usize).filter(move |at| set >> at & 1 == 1)
}

/// What there is to check at a scope, by the shapes of its full histories alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Shapes {
    /// Causal histories: who performs how much, and who had seen what.
    pub histories: u64,
    /// Sets of operations that a replica may have merged.
    pub down_sets: u64,
    /// Down-sets with two operations that can come next, in either order.
    pub diamonds: u64,
    /// Unordered pairs of distinct down-sets of one history.
    pub merge_pairs: u64,
    /// Pairs of nested down-sets, with a third that holds the smaller: joined deltas, and where
    /// they may arrive.
    pub intervals: u64,
    /// Orders of the stamps of a history in which there are no ties, where stamps matter.
    pub orders: u64,
    /// Orders of the stamps, with all ties.
    pub orders_with_ties: u64,
}

impl Shapes {
    /// Counts the shapes of a world whose clocks stand still, and orders of stamps if they matter.
    pub(super) fn add(&mut self, world: &World, stamps: bool) {
        self.visit(world, &mut Vec::new(), &mut vec![0], stamps);
    }

    fn visit(&mut self, world: &World, events: &mut Vec<Event>, sets: &mut Vec<Mask>, timed: bool) {
        if events.len() == world.size() {
            return self.count(events, sets, timed);
        }
        let mut next = Vec::new();
        world.extensions(events, sets, |event| next.push(event));
        for event in next {
            let before = sets.len();
            events.push(event);
            grow(sets, events);
            self.visit(world, events, sets, timed);
            sets.truncate(before);
            events.pop();
        }
    }

    fn count(&mut self, events: &[Event], sets: &[Mask], timed: bool) {
        let count = sets.len() as u64;
        self.histories += 1;
        self.down_sets += count;
        self.merge_pairs += count * (count - 1) / 2;
        for &set in sets {
            let enabled = events
                .iter()
                .enumerate()
                .filter(|(at, event)| set >> at & 1 == 0 && event.saw & !set == 0)
                .count() as u64;
            self.diamonds += enabled * enabled.saturating_sub(1) / 2;
            let above = sets.iter().filter(|&&other| set & !other == 0).count() as u64;
            self.intervals += above * (above - 1);
        }
        if timed {
            self.orders += paths(sets, |from, to| (to & !from).is_power_of_two());
            self.orders_with_ties +=
                paths(sets, |from, to| members(to & !from).all(|at| events[at].saw & !from == 0));
        }
    }
}

/// How many ways there are from the empty set to the full one by `step`s, each to a greater set.
fn paths(sets: &[Mask], step: impl Fn(Mask, Mask) -> bool) -> u64 {
    let mut sorted = sets.to_vec();
    sorted.sort_unstable_by_key(|set| set.count_ones());
    let mut ways = vec![0u64; sorted.len()];
    ways[0] = 1;
    for to in 1..sorted.len() {
        ways[to] = (0..to)
            .filter(|&from| {
                sorted[from] != sorted[to]
                    && sorted[from] & !sorted[to] == 0
                    && step(sorted[from], sorted[to])
            })
            .map(|from| ways[from])
            .sum();
    }
    ways[sorted.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(scope: &[usize]) -> Shapes {
        let lines = scope
            .iter()
            .enumerate()
            .map(|(at, &operations)| Line {
                name: ReplicaId::new(at as u64 + 1, 0),
                operations,
                before: None,
            })
            .collect();
        let mut shapes = Shapes::default();
        shapes.add(&World { lines, clocks: Clocks::Stopped }, true);
        shapes
    }

    #[test]
    fn the_counts_are_the_known_ones() {
        let known = |scope: &[usize]| {
            let Shapes { histories, down_sets, diamonds, .. } = shapes(scope);
            (histories, down_sets, diamonds)
        };
        assert_eq!(known(&[2, 1, 1]), (66, 460, 146));
        assert_eq!(known(&[2, 2, 1]), (355, 3_272, 1_330));
        assert_eq!(known(&[2, 2, 2]), (2_827, 33_975, 17_334));
        assert_eq!(known(&[4, 4]), (1_764, 24_310, 8_434));
        assert_eq!(shapes(&[2, 2, 2]).merge_pairs, 199_719);
        assert_eq!(shapes(&[2, 2, 2]).orders, 33_912);
    }
}
