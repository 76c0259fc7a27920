//! Which histories are the same but for names.
//!
//! Of histories that a renaming turns into each other, one is looked at: the least, comparing first
//! who had seen what, then the operations. A renaming of the alphabet leaves the former alone, so a
//! prefix of a least script is least, and what is not least can be left with all that follows.

use super::tree::{Event, Mask, World, members};

/// At most so many renamings are tried for each history. Fewer are as right, only slower.
const MOST: usize = 720;

/// The renamings of operations and of replicas that are believed.
#[derive(Clone, Debug, Default)]
pub(super) struct Renamings {
    /// Of the chosen alphabet, without the one that changes nothing.
    pub(super) ops: Vec<Vec<usize>>,
    /// Of the lines, without the one that changes nothing.
    pub(super) lines: Vec<Vec<usize>>,
}

impl Renamings {
    /// All products of the generators that lead from `alphabet` into itself.
    pub(super) fn of_ops(
        generators: &[Vec<usize>],
        whole: usize,
        alphabet: &[usize],
    ) -> Vec<Vec<usize>> {
        let nothing: Vec<usize> = (0..whole).collect();
        let sound = |map: &Vec<usize>| {
            let mut sorted = map.clone();
            sorted.sort_unstable();
            sorted == nothing
        };
        let generators: Vec<&Vec<usize>> = generators.iter().filter(|map| sound(map)).collect();
        let mut group = vec![nothing.clone()];
        let mut at = 0;
        while at < group.len() && group.len() < MOST {
            for generator in &generators {
                let next: Vec<usize> = group[at].iter().map(|&op| generator[op]).collect();
                if !group.contains(&next) {
                    group.push(next);
                }
            }
            at += 1;
        }
        let place = |op: usize| alphabet.iter().position(|&chosen| chosen == op);
        let within = |map: &Vec<usize>| alphabet.iter().map(|&op| place(map[op])).collect();
        let mut within: Vec<Vec<usize>> = group.iter().filter_map(within).collect();
        within.sort();
        within.dedup();
        within.retain(|map| map.iter().enumerate().any(|(at, &to)| at != to));
        within
    }

    /// All permutations of lines that perform equally much.
    pub(super) fn of_lines(world: &World) -> Vec<Vec<usize>> {
        let lines = &world.lines;
        if lines.iter().any(|line| line.before.is_some()) {
            return Vec::new();
        }
        let mut all = vec![Vec::new()];
        for line in 0..lines.len() {
            let mut longer: Vec<Vec<usize>> = Vec::new();
            for start in &all {
                longer.extend(
                    (0..lines.len())
                        .filter(|to| {
                            !start.contains(to) && lines[*to].operations == lines[line].operations
                        })
                        .map(|to| start.iter().copied().chain([to]).collect()),
                );
            }
            all = longer;
            all.truncate(MOST);
        }
        all.retain(|map| map.iter().enumerate().any(|(at, &to)| at != to));
        all
    }

    /// Whether no renaming of operations makes the script less.
    pub(super) fn least_script(&self, script: &[Event]) -> bool {
        self.ops.iter().all(|map| {
            let renamed = script.iter().map(|event| map[event.op]);
            renamed.ge(script.iter().map(|event| event.op))
        })
    }

    /// Whether no renaming makes the history less.
    pub(super) fn least(&self, events: &[Event]) -> bool {
        self.lines.iter().all(|map| {
            let order = normal(events, map);
            let mut renamed = Vec::with_capacity(events.len());
            for &at in &order {
                let place = |seen: usize| order.iter().position(|&other| other == seen);
                let saw = members(events[at].saw).filter_map(place);
                let saw = saw.fold(0, |set: Mask, at| set | 1 << at);
                renamed.push((map[events[at].line], saw));
            }
            let shape = events.iter().map(|event| (event.line, event.saw));
            match renamed.iter().copied().cmp(shape) {
                std::cmp::Ordering::Less => false,
                std::cmp::Ordering::Greater => true,
                std::cmp::Ordering::Equal => {
                    let script = || events.iter().map(|event| event.op);
                    let renamed = || order.iter().map(|&at| events[at].op);
                    renamed().ge(script())
                        && self.ops.iter().all(|map| renamed().map(|op| map[op]).ge(script()))
                }
            }
        })
    }
}

/// The normal form of a history whose lines are renamed: which of its events comes first, and so on.
fn normal(events: &[Event], map: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(events.len());
    let mut emitted: Mask = 0;
    while order.len() < events.len() {
        let next = events
            .iter()
            .enumerate()
            .filter(|(at, event)| emitted >> at & 1 == 0 && event.saw & !emitted == 0)
            .min_by_key(|(_, event)| map[event.line]);
        let Some((at, _)) = next else { unreachable!("who saw whom has no circle") };
        emitted |= 1 << at;
        order.push(at);
    }
    order
}
