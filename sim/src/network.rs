//! Links, and what becomes of a message on its way.

use std::collections::BTreeMap;

use rejoin_crdts::Draw;

use crate::rng::{Draws, Kind, Stream};
use crate::scenario::{Latency, Scenario};
use crate::trace::{Fate, Passage};
use crate::{EventId, Time};

/// Where the fates of messages come from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// From the seed and the scenario's probabilities.
    Drawn { seed: u64, latency: Latency, loss: f64, duplicate: f64, reorder: f64 },
    /// From a trace; what it does not mention arrives in order after a constant latency.
    Recorded { fates: BTreeMap<EventId, Fate>, latency_us: u64 },
}

impl Source {
    pub(crate) fn drawn(scenario: &Scenario, seed: u64) -> Self {
        Self::Drawn {
            seed,
            latency: scenario.latency,
            loss: scenario.loss,
            duplicate: scenario.duplicate,
            reorder: scenario.reorder,
        }
    }

    pub(crate) fn recorded(scenario: &Scenario, fates: &[(EventId, Fate)]) -> Self {
        Self::Recorded {
            fates: fates.iter().cloned().collect(),
            latency_us: scenario.latency.typical_us(),
        }
    }

    /// What becomes of the message whose sending is `send`. Once it is `calm` nothing is lost,
    /// doubled or reordered any more.
    fn fate(&self, send: EventId, calm: bool) -> Fate {
        match self {
            Self::Recorded { fates, latency_us } => {
                fates.get(&send).cloned().unwrap_or_else(|| Fate {
                    copies: vec![Passage { latency_us: *latency_us, unordered: false }],
                })
            }
            Self::Drawn { seed, latency, loss, duplicate, reorder } => {
                let (mut lost, mut doubled) = (false, false);
                if !calm && (*loss > 0.0 || *duplicate > 0.0) {
                    let mut draws = Draws::new(*seed, Stream::Network, send);
                    lost = draws.chance(*loss);
                    doubled = draws.chance(*duplicate);
                }
                let copies = match (lost, doubled) {
                    (true, _) => 0,
                    (false, false) => 1,
                    (false, true) => 2,
                };
                let passage = |copy| {
                    let mut draws = Draws::new(*seed, Stream::Network, arrival(send, copy));
                    let mut latency_us = latency.draw_us(&mut draws);
                    let unordered = *reorder > 0.0 && !calm && draws.chance(*reorder);
                    if unordered {
                        // From nothing to eight times as long: it overtakes, and is overtaken even
                        // where latency is constant.
                        latency_us = (latency_us / 2).saturating_mul(draws.below(17));
                    }
                    Passage { latency_us, unordered }
                };
                Fate { copies: (0..copies).map(passage).collect() }
            }
        }
    }
}

/// The id of the arrival of a message's `copy`.
pub(crate) fn arrival(send: EventId, copy: u64) -> EventId {
    send.child(Kind::Deliver, &[], copy)
}

/// The greatest latency: a day.
const MAX_LATENCY_US: f64 = 86_400_000_000.0;

impl Latency {
    /// A latency in microseconds. No float function of the standard library is used: they differ
    /// between machines.
    pub(crate) fn draw_us(&self, draws: &mut Draws) -> u64 {
        match *self {
            Self::Constant { ms } => us(ms),
            Self::Uniform { min_ms, max_ms } => {
                let (min, max) = (us(min_ms), us(max_ms));
                min + draws.below(max.saturating_sub(min) + 1)
            }
            Self::Exponential { mean_ms } => us(-mean_ms * libm::log(1.0 - draws.unit())),
            Self::LogNormal { median_ms, sigma } => {
                // Box & Muller, 1958.
                let radius = libm::sqrt(-2.0 * libm::log(1.0 - draws.unit()));
                let normal = radius * libm::cos(std::f64::consts::TAU * draws.unit());
                us(median_ms * libm::exp(sigma * normal))
            }
        }
    }

    /// The latency of a message of which nothing else is known: the mean or the median.
    pub(crate) fn typical_us(&self) -> u64 {
        match *self {
            Self::Constant { ms } => us(ms),
            Self::Uniform { min_ms, max_ms } => us(f64::midpoint(min_ms, max_ms)),
            Self::Exponential { mean_ms } => us(mean_ms),
            Self::LogNormal { median_ms, .. } => us(median_ms),
        }
    }
}

fn us(ms: f64) -> u64 {
    (ms * 1_000.0).clamp(0.0, MAX_LATENCY_US) as u64
}

/// The links between replicas (by index), the cuts in them, and what was decided on them.
#[derive(Debug)]
pub(crate) struct Network {
    links: Vec<Vec<Link>>,           // by sender, ascending by receiver
    cuts: BTreeMap<u64, Vec<usize>>, // the side of each replica
    source: Source,
    calm: bool,
    /// What was decided, in order.
    pub(crate) fates: Vec<(EventId, Fate)>,
    /// When the last message that is on its way arrives.
    pub(crate) last_arrival: Time,
    /// How often each fault fired.
    pub(crate) fired: Fired,
}

/// How often each of the network's faults fired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fired {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) reordered: u64,
    pub(crate) cut: u64,
}

#[derive(Debug)]
struct Link {
    to: usize,
    sent: u64,           // messages
    front: u64,          // the number of the latest message that has arrived
    ordered_until: Time, // no ordered message may arrive before this
}

/// A copy of a message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transit {
    pub(crate) from: usize,
    pub(crate) to: usize,
    number: u64, // among the link's messages
    copy: u64,
}

impl Network {
    pub(crate) fn new(neighbours: &[Vec<usize>], source: Source) -> Self {
        let link = |&to| Link { to, sent: 0, front: 0, ordered_until: Time::ZERO };
        Self {
            links: neighbours.iter().map(|peers| peers.iter().map(link).collect()).collect(),
            cuts: BTreeMap::new(),
            source,
            calm: false,
            fates: Vec::new(),
            last_arrival: Time::ZERO,
            fired: Fired::default(),
        }
    }

    /// Begins a cut between groups of addresses; those not named form one group more.
    pub(crate) fn cut(&mut self, cut: u64, groups: &[Vec<u64>]) {
        let side = |node: usize| {
            let address = node as u64 + 1;
            groups.iter().position(|group| group.contains(&address)).unwrap_or(groups.len())
        };
        self.cuts.insert(cut, (0..self.links.len()).map(side).collect());
    }

    /// Ends a cut; whether it was there.
    pub(crate) fn heal(&mut self, cut: u64) -> bool {
        self.cuts.remove(&cut).is_some()
    }

    /// The cuts that are there.
    pub(crate) fn cuts(&self) -> Vec<u64> {
        self.cuts.keys().copied().collect()
    }

    /// Whether a cut is between two replicas.
    pub(crate) fn is_cut(&self, a: usize, b: usize) -> bool {
        self.cuts.values().any(|side| side[a] != side[b])
    }

    /// Ends all faults of the network for good.
    pub(crate) fn calm(&mut self) {
        self.cuts.clear();
        self.calm = true;
    }

    /// Sends a message; returns the copies that will arrive, or `None` if there is no link.
    pub(crate) fn send(
        &mut self,
        now: Time,
        send: EventId,
        from: usize,
        to: usize,
    ) -> Option<Vec<(Time, EventId, Transit)>> {
        let at = self.links[from].binary_search_by_key(&to, |link| link.to).ok()?;
        if self.is_cut(from, to) {
            self.fired.cut += 1;
            return Some(Vec::new());
        }
        let fate = self.source.fate(send, self.calm);
        match fate.copies.len() {
            0 => self.fired.lost += 1,
            1 => {}
            copies => self.fired.doubled += copies as u64 - 1,
        }
        let link = &mut self.links[from][at];
        link.sent += 1;
        let number = link.sent;
        let mut arrivals = Vec::with_capacity(fate.copies.len());
        for (copy, passage) in fate.copies.iter().enumerate() {
            let mut arrives = now.plus_us(passage.latency_us);
            if !passage.unordered {
                arrives = arrives.max(link.ordered_until);
                // Strictly later than what it queues behind: equal times would be ordered by id.
                link.ordered_until = arrives.plus_us(1);
            }
            self.last_arrival = self.last_arrival.max(arrives);
            let copy = copy as u64;
            arrivals.push((arrives, arrival(send, copy), Transit { from, to, number, copy }));
        }
        self.fates.push((send, fate));
        Some(arrivals)
    }

    /// Lets a copy arrive; false if a cut stops it.
    pub(crate) fn arrive(&mut self, transit: Transit) -> bool {
        let Transit { from, to, number, copy } = transit;
        if self.is_cut(from, to) {
            self.fired.cut += 1;
            return false;
        }
        if let Ok(at) = self.links[from].binary_search_by_key(&to, |link| link.to) {
            let link = &mut self.links[from][at];
            if number < link.front && copy == 0 {
                self.fired.reordered += 1;
            }
            link.front = link.front.max(number);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send_many(reorder: f64, latency: Latency) -> (Vec<u64>, Fired) {
        let scenario = Scenario { reorder, latency, ..Scenario::of("any") };
        let mut network = Network::new(&[vec![1], vec![0]], Source::drawn(&scenario, 1));
        let mut arrivals = Vec::new();
        for n in 0..200 {
            let id = EventId::root(Kind::Send, n);
            let sent = network.send(Time::from_us(n * 500), id, 0, 1).unwrap();
            arrivals.extend(sent.into_iter().map(|(at, id, transit)| (at, id, transit, n)));
        }
        arrivals.sort_by_key(|&(at, id, ..)| (at, id));
        for arrival in &arrivals {
            assert!(network.arrive(arrival.2));
        }
        (arrivals.into_iter().map(|arrival| arrival.3).collect(), network.fired)
    }

    #[test]
    fn a_link_keeps_its_order_unless_a_fault_exempts_a_message() {
        let wild = Latency::LogNormal { median_ms: 5.0, sigma: 1.0 };
        let (order, fired) = send_many(0.0, wild);
        assert!(order.is_sorted());
        assert_eq!(fired, Fired::default());

        for latency in [wild, Latency::Constant { ms: 5.0 }] {
            let (order, fired) = send_many(0.1, latency);
            assert!(!order.is_sorted());
            assert!(fired.reordered > 0);
        }
    }

    #[test]
    fn latencies_have_their_mean() {
        for (latency, low, high) in [
            (Latency::Constant { ms: 2.5 }, 2_500, 2_500),
            (Latency::Uniform { min_ms: 10.0, max_ms: 20.0 }, 14_800, 15_200),
            (Latency::Exponential { mean_ms: 10.0 }, 9_700, 10_300),
            // The mean of a log-normal is median · e^(σ²/2).
            (Latency::LogNormal { median_ms: 10.0, sigma: 0.5 }, 11_000, 11_700),
        ] {
            let count = 20_000;
            let sum: u64 = (0..count)
                .map(|n| {
                    let id = EventId::root(Kind::Send, n);
                    latency.draw_us(&mut Draws::new(3, Stream::Network, id))
                })
                .sum();
            let mean = sum / count;
            assert!((low..=high).contains(&mean), "{latency:?}: {mean}");
        }
    }

    #[test]
    fn a_cut_stops_what_is_sent_and_what_would_arrive() {
        let scenario = Scenario::of("any");
        let mut network = Network::new(&[vec![1], vec![0]], Source::drawn(&scenario, 1));
        let id = |n| EventId::root(Kind::Send, n);
        let on_its_way = network.send(Time::ZERO, id(0), 0, 1).unwrap()[0].2;
        network.cut(9, &[vec![1]]);
        assert!(!network.arrive(on_its_way));
        assert!(network.send(Time::ZERO, id(1), 1, 0).unwrap().is_empty());
        assert_eq!(network.fired.cut, 2);
        assert!(network.heal(9));
        assert!(network.arrive(on_its_way));
        assert_eq!(network.send(Time::ZERO, id(2), 0, 0), None, "no link to oneself");
    }
}
