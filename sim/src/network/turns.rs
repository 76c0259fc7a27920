//! Whose message is next, where links have priorities instead of latencies.

use std::collections::{BTreeMap, VecDeque};

use rejoin_crdts::Draw;

use crate::Time;
use crate::rng::{EventId, Kind, Seed, Stream};
use crate::scenario::Scenario;

/// A scheduler of messages: at each turn one arrives, of the link that has the highest priority of
/// those on which something waits. Priorities are a random permutation of the links, and at random
/// turns, one fewer than the depth, the link whose turn it would be falls behind all that have not
/// (Burckhardt, Kothari, Musuvathi & Nagarakatte, "A randomized scheduler with probabilistic
/// guarantees of finding bugs", ASPLOS 2010, with links for threads).
#[derive(Debug)]
pub(super) struct Turns {
    /// When it begins: what was sent before does not wait.
    pub(super) begin: Time,
    every_us: u64,
    /// Of each link; the lowest goes first.
    ranks: Vec<u32>,
    /// The turns at which a link is demoted, and to which rank, the first of them last.
    changes: Vec<(u64, u32)>,
    /// By rank the link, and what waits there in the order in which it was sent.
    waiting: BTreeMap<u32, (u32, VecDeque<Waiting>)>,
}

/// A copy of a message that waits for its turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    /// Since when: it has left the sender.
    pub(super) since: Time,
    /// As which event it arrives.
    pub(super) id: EventId,
    /// The number of its message's fate among those that are recorded, and its own among the copies.
    pub(super) fate: (usize, usize),
}

impl Turns {
    /// Turns come so often that messages for all replicas take about their typical latency, or up to
    /// eight times as seldom: how much they pile up is for the seed to say, too.
    pub(super) fn new(
        (seed, begin): (&Seed, Time),
        scenario: &Scenario,
        depth: u64,
        links: usize,
    ) -> Self {
        let mut draws = seed.draws(Stream::Schedule, EventId::root(Kind::Start, 0));
        let typical_us = scenario.latency.typical_us();
        let every_us = ((typical_us / scenario.replicas) << draws.below(4)).max(2);
        let first = begin.as_us() / every_us + 1;
        let turns =
            (Time::from_ms(scenario.duration_ms).as_us() / every_us).saturating_sub(first - 1);
        let mut ranks: Vec<u32> = (0..links as u32).collect();
        draws.shuffle(&mut ranks);
        let mut changes: Vec<(u64, u32)> = (1..depth)
            .map(|n| (first + draws.below(turns.max(1)), (links as u64 + n) as u32))
            .collect();
        changes.sort_unstable_by(|a, b| b.cmp(a));
        Self { begin, every_us, ranks, changes, waiting: BTreeMap::new() }
    }

    /// When the next turn is at which somebody may go; `None` if nobody waits.
    pub(super) fn next_at(&self, now: Time) -> Option<Time> {
        let since = self.waiting.values().filter_map(|(_, queue)| Some(queue.front()?.since));
        let first = since.clone().find(|since| *since <= now).or_else(|| since.min())?;
        let turn = first.max(now.plus_us(1)).as_us().div_ceil(self.every_us);
        Some(Time::from_us(turn.saturating_mul(self.every_us)))
    }

    pub(super) fn wait(&mut self, link: usize, waiting: Waiting) {
        let (_, queue) =
            self.waiting.entry(self.ranks[link]).or_insert((link as u32, VecDeque::new()));
        queue.push_back(waiting);
    }

    /// Whose turn it is.
    pub(super) fn next(&mut self, now: Time) -> Option<(usize, Waiting)> {
        loop {
            let ready = |queue: &VecDeque<Waiting>| queue.front().is_some_and(|it| it.since <= now);
            let rank = *self.waiting.iter().find(|(_, (_, queue))| ready(queue))?.0;
            let (link, mut queue) = self.waiting.remove(&rank)?;
            let turn = now.as_us() / self.every_us;
            if let Some((_, last)) = self.changes.pop_if(|(change, _)| *change <= turn) {
                self.ranks[link as usize] = last;
                self.waiting.insert(last, (link, queue));
                continue;
            }
            let first = queue.pop_front()?;
            if !queue.is_empty() {
                self.waiting.insert(rank, (link, queue));
            }
            return Some((link as usize, first));
        }
    }

    /// Everything that waits, that of each link in its order.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (usize, Waiting)> + use<> {
        std::mem::take(&mut self.waiting).into_values().flat_map(|(link, queue)| {
            queue.into_iter().map(move |waiting| (link as usize, waiting))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use crate::scenario::Latency;

    const LINKS: usize = 6;

    fn turns(seed: u64, depth: u64) -> Turns {
        let scenario = Scenario {
            replicas: 3,
            duration_ms: 100,
            latency: Latency::Constant { ms: 3.0 },
            ..Scenario::of("any")
        };
        Turns::new((&Seed::new(seed), Time::ZERO), &scenario, depth, LINKS)
    }

    /// The links in the order in which they go, if on each so many messages wait from the start.
    fn order(mut turns: Turns, messages: u64) -> Vec<usize> {
        for n in 0..messages * LINKS as u64 {
            let id = EventId::root(Kind::Send, n);
            turns.wait(n as usize % LINKS, Waiting { since: Time::ZERO, id, fate: (0, 0) });
        }
        let mut now = Time::ZERO;
        std::iter::from_fn(|| {
            now = turns.next_at(now)?;
            Some(turns.next(now)?.0)
        })
        .collect()
    }

    #[test]
    fn the_link_of_the_highest_priority_goes_first_and_each_is_as_likely_to_be_it() {
        let mut firsts = [0; LINKS];
        for seed in 0..600 {
            let order = order(turns(seed, 1), 4);
            let runs: Vec<usize> = order.chunk_by(|a, b| a == b).map(<[usize]>::len).collect();
            assert_eq!(runs, [4; LINKS], "a link goes on until nothing waits there");
            firsts[order[0]] += 1;
        }
        assert!(firsts.iter().all(|&count| (70..130).contains(&count)), "{firsts:?}");
    }

    #[test]
    fn one_link_fewer_than_the_depth_falls_behind_on_the_way() {
        let mut demoted = BTreeSet::new();
        for seed in 0..100 {
            for depth in 1..5 {
                let turns = turns(seed, depth);
                let (before, changes) = (turns.ranks.clone(), turns.changes.clone());
                assert_eq!(changes.len() as u64, depth - 1);
                let order = order(turns, 400);
                assert_eq!(order.len(), 400 * LINKS);
                // Whoever falls behind is interrupted; nobody else is.
                let interrupted = order.chunk_by(|a, b| a == b).count() - LINKS;
                assert!(interrupted < depth as usize, "{interrupted} of {depth}");
                if depth == 2 {
                    demoted.insert((before[order[0]], interrupted));
                }
            }
        }
        assert!(demoted.contains(&(0, 1)));
    }

    #[test]
    fn each_turn_may_be_the_one_at_which_a_link_falls_behind() {
        let mut at = BTreeSet::new();
        for seed in 0..4_000 {
            let turns = turns(seed, 2);
            if turns.every_us == 8_000 {
                at.insert(turns.changes[0].0);
            }
        }
        // Of 100 ms.
        assert_eq!(at, (1..=12).collect());
    }

    /// A bug of depth 2 needs two orders: the first message of one link after the first of another, and
    /// the second of that after it. The bound of Burckhardt et al. is 1 / (links · turns).
    #[test]
    fn an_order_that_takes_one_change_is_found_as_often_as_promised() {
        let (seeds, messages) = (6_000, 5);
        let found = (0..seeds).filter(|&seed| {
            let order = order(turns(seed, 2), messages);
            let of = |link| order.iter().enumerate().filter(move |it| *it.1 == link).map(|it| it.0);
            let (a, b): (Vec<_>, Vec<_>) = (of(0).collect(), of(1).collect());
            a[0] < b[0] && b[0] < a[1]
        });
        let most_turns = 100; // of a millisecond, as they are or longer
        let promised = seeds / (LINKS as u64 * most_turns);
        let found = found.count() as u64;
        assert!(found >= promised, "{found} of {promised}");
    }

    #[test]
    fn what_has_not_left_its_sender_waits_while_others_go() {
        let mut turns = turns(1, 1);
        let first = turns.ranks.iter().position(|rank| *rank == 0).unwrap();
        let other = (first + 1) % LINKS;
        let waiting = |since, n| Waiting { since, id: EventId::root(Kind::Send, n), fate: (0, 0) };
        turns.wait(first, waiting(Time::from_ms(50), 1));
        turns.wait(other, waiting(Time::ZERO, 2));
        assert_eq!(turns.next_at(Time::ZERO), Some(Time::from_us(turns.every_us)));
        assert_eq!(turns.next(Time::from_ms(10)).map(|it| it.0), Some(other));
        assert!(turns.next(Time::from_ms(20)).is_none());
        let then = turns.next_at(Time::from_ms(20)).unwrap();
        assert!((50_000..50_000 + turns.every_us).contains(&then.as_us()), "none is wasted");
        assert_eq!(turns.next(then).map(|it| it.0), Some(first));
        assert_eq!(turns.next_at(then), None);
    }
}
