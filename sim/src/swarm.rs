//! Swarms: each seed a scenario of its own.

use std::collections::BTreeSet;
use std::fmt;

use rejoin_crdts::Draw;

use crate::EventId;
use crate::rng::{Draws, Kind, Seed, Stream};
use crate::scenario::{Bandwidth, Caps, Clients, Join, Latency, Link, Scenario, Topology};

/// A kind of trouble that a swarm may turn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Trouble {
    /// Messages are lost.
    Loss,
    /// Messages arrive twice.
    Duplicate,
    /// Messages leave their link's order.
    Reorder,
    /// Old messages arrive again.
    Redeliver,
    /// Messages are damaged.
    Corrupt,
    /// Links are narrow, and their buffers finite.
    Bandwidth,
    /// Some links are much slower, or lose more, than the way back.
    Asymmetry,
    /// Links have priorities instead of latencies.
    Priorities,
    /// The network is cut, in any way.
    Partitions,
    /// Replicas crash, with any disk.
    Crashes,
    /// Replicas stand still.
    Pauses,
    /// Clocks are ahead, drift, jump, stop, or show nonsense.
    Clocks,
    /// Replicas join late, or leave and are followed by others.
    Churn,
    /// Caps and intervals of the protocol are small.
    Caps,
}

impl Trouble {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Loss,
        Self::Duplicate,
        Self::Reorder,
        Self::Redeliver,
        Self::Corrupt,
        Self::Bandwidth,
        Self::Asymmetry,
        Self::Priorities,
        Self::Partitions,
        Self::Crashes,
        Self::Pauses,
        Self::Clocks,
        Self::Churn,
        Self::Caps,
    ];

    /// What it is, in a few words.
    ///
    /// ```
    /// use rejoin_sim::Trouble;
    /// assert_eq!(Trouble::Redeliver.summary(), "old messages arrive again");
    /// ```
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Loss => "messages are lost",
            Self::Duplicate => "messages arrive twice",
            Self::Reorder => "messages leave their link's order",
            Self::Redeliver => "old messages arrive again",
            Self::Corrupt => "messages are damaged",
            Self::Bandwidth => "links are narrow, and their buffers finite",
            Self::Asymmetry => "some links are slower, or lose more, than the way back",
            Self::Priorities => "links have priorities instead of latencies (`pct`)",
            Self::Partitions => "the network is cut, in any way",
            Self::Crashes => "replicas crash, with any disk",
            Self::Pauses => "replicas stand still",
            Self::Clocks => "clocks are ahead, drift, jump, stop, or show nonsense",
            Self::Churn => "replicas join late, or leave and are followed by others",
            Self::Caps => "caps and intervals of the protocol are small",
        }
    }

    /// The kind called `name`.
    ///
    /// ```
    /// use rejoin_sim::Trouble;
    /// assert_eq!(Trouble::find("churn"), Some(Trouble::Churn));
    /// assert_eq!(Trouble::find("weather"), None);
    /// ```
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.name() == name)
    }

    /// Its name in kebab case.
    ///
    /// ```
    /// use rejoin_sim::Trouble;
    /// assert_eq!(Trouble::Redeliver.name(), "redeliver");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Redeliver => "redeliver",
            Self::Corrupt => "corrupt",
            Self::Bandwidth => "bandwidth",
            Self::Asymmetry => "asymmetry",
            Self::Priorities => "priorities",
            Self::Partitions => "partitions",
            Self::Crashes => "crashes",
            Self::Pauses => "pauses",
            Self::Clocks => "clocks",
            Self::Churn => "churn",
            Self::Caps => "caps",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Draws a scenario for each seed: which kinds of trouble there are at all, how strong each is, the
/// topology, the number of replicas, the policy, and which operations clients perform, how often and
/// where (Groce, Zhang, Eide, Chen & Regehr, "Swarm testing", ISSTA 2012: a test that leaves something
/// out finds what one with a bit of everything hides).
///
/// ```
/// use rejoin_sim::{Scenario, Swarm, Trouble};
/// let swarm = Swarm::around(Scenario::of("or-map"));
/// let policies = ["delta".to_owned(), "state".to_owned()];
/// assert_eq!(swarm.draw(&policies, 7), swarm.draw(&policies, 7));
/// assert_ne!(swarm.draw(&policies, 7), swarm.draw(&policies, 8));
/// let calm = swarm.only([Trouble::Loss]);
/// assert!((0..100).all(|seed| calm.draw(&policies, seed).crashes == 0));
/// ```
#[derive(Clone, Debug)]
pub struct Swarm {
    base: Scenario,
    troubles: BTreeSet<Trouble>,
}

impl Swarm {
    /// A swarm of scenarios that have the type of `base`, its written faults and rules for links, its
    /// checks, and the times in it; and its policy, if it names one. What `base` leaves to chance
    /// (probabilities, and how many faults are drawn) is for the swarm to say, kind by kind.
    ///
    /// Replicas and topology are drawn, too, unless `base` has a partition or links of its own, or names
    /// replicas in another fault, a link or `shares`. Only then may they join late, beside those that
    /// leave and are followed by others.
    ///
    /// ```
    /// use rejoin_sim::{Scenario, Swarm};
    /// let base = Scenario { policy: Some("state".to_owned()), ..Scenario::of("or-map") };
    /// let drawn = Swarm::around(base).draw(&["delta".to_owned()], 1);
    /// assert_eq!((drawn.subject.as_str(), drawn.policy.as_deref()), ("or-map", Some("state")));
    /// ```
    #[must_use]
    pub fn around(base: Scenario) -> Self {
        Self { base, troubles: Trouble::ALL.into() }
    }

    /// Only these kinds of trouble may be turned on.
    ///
    /// ```
    /// use rejoin_sim::{Scenario, Swarm, Trouble};
    /// let swarm = Swarm::around(Scenario::of("or-map")).only([Trouble::Loss]);
    /// let drawn: Vec<_> = (0..20).map(|seed| swarm.draw(&["delta".to_owned()], seed)).collect();
    /// assert!(drawn.iter().any(|scenario| scenario.loss > 0.0));
    /// assert!(drawn.iter().all(|scenario| scenario.duplicate == 0.0));
    /// ```
    #[must_use]
    pub fn only(mut self, troubles: impl IntoIterator<Item = Trouble>) -> Self {
        self.troubles = troubles.into_iter().collect();
        self
    }

    /// The scenario of `seed`, for a type that has these policies.
    ///
    /// ```
    /// use rejoin_sim::{Scenario, Swarm};
    /// let swarm = Swarm::around(Scenario::of("or-map"));
    /// let drawn: Vec<_> = (0..20).map(|seed| swarm.draw(&["delta".to_owned()], seed)).collect();
    /// assert!(drawn.iter().any(|scenario| scenario.partitions > 0));
    /// assert!(drawn.iter().any(|scenario| scenario.partitions == 0));
    /// ```
    #[must_use]
    pub fn draw(&self, policies: &[String], seed: u64) -> Scenario {
        let spread = Seed::new(seed);
        let draws = |n| spread.draws(Stream::Swarm, EventId::root(Kind::Swarm, n));
        let mut scenario = calm(&self.base);
        self.shape(&mut scenario, policies, &mut draws(0));
        for (n, trouble) in (1..).zip(Trouble::ALL) {
            let mut draws = draws(n);
            if self.troubles.contains(&trouble) && draws.below(2) == 0 {
                turn_on(trouble, &mut scenario, &mut draws);
                if trouble == Trouble::Churn && self.may_resize() {
                    scenario.join = late(&scenario, &mut draws);
                    if !scenario.join.is_empty() {
                        scenario.churn = draws.below(3);
                    }
                }
            }
        }
        scenario
    }

    /// The kinds of trouble that may be turned on.
    ///
    /// ```
    /// use rejoin_sim::{Scenario, Swarm, Trouble};
    /// let swarm = Swarm::around(Scenario::of("or-map")).only([Trouble::Loss]);
    /// assert!(swarm.troubles().eq([Trouble::Loss]));
    /// ```
    pub fn troubles(&self) -> impl Iterator<Item = Trouble> {
        self.troubles.iter().copied()
    }

    /// The kinds of trouble that are on with `seed`.
    ///
    /// ```
    /// use rejoin_sim::{Scenario, Swarm, Trouble};
    /// let swarm = Swarm::around(Scenario::of("or-map"));
    /// for seed in 0..20 {
    ///     let lossy = swarm.draw(&["delta".to_owned()], seed).loss > 0.0;
    ///     assert_eq!(swarm.on(seed).any(|trouble| trouble == Trouble::Loss), lossy);
    /// }
    /// ```
    pub fn on(&self, seed: u64) -> impl Iterator<Item = Trouble> {
        let spread = Seed::new(seed);
        (1..).zip(Trouble::ALL).filter_map(move |(n, trouble)| {
            let mut draws = spread.draws(Stream::Swarm, EventId::root(Kind::Swarm, n));
            (self.troubles.contains(&trouble) && draws.below(2) == 0).then_some(trouble)
        })
    }

    /// Sizes, topology, policy and workload.
    fn shape(&self, scenario: &mut Scenario, policies: &[String], draws: &mut Draws) {
        let base = &self.base;
        if base.policy.is_none() && !policies.is_empty() {
            let policy = draws.below(policies.len() as u64) as usize;
            scenario.policy = Some(policies[policy].clone());
        }
        if self.may_resize() {
            scenario.topology = topology(draws);
            scenario.replicas = match scenario.topology.replicas() {
                Some(made_of) => made_of,
                None if draws.below(8) == 0 => 7 + draws.below(6),
                None => 2 + draws.below(5),
            };
            if let Topology::RandomRegular { degree, .. } = scenario.topology {
                scenario.replicas = scenario.replicas.max(degree + 1);
                scenario.replicas += degree % 2 * (scenario.replicas % 2);
            }
            scenario.writers = (draws.below(3) == 0).then(|| 1 + draws.below(scenario.replicas));
        }
        let most = base.ops.max(8);
        scenario.ops = 4 + draws.below(most - 3);
        // The mix: few different operations meet more often, and those that are left out do not undo
        // what the others do.
        scenario.pool = (draws.below(2) == 0).then(|| 1 + draws.below(6));
        scenario.latency = latency(draws);
        if base.clients.is_none() && draws.below(4) == 0 {
            let (count, roam) = (1 + draws.below(4), percent(draws, 100));
            scenario.clients = Some(Clients { count, roam, token: true });
        }
    }

    /// Whether replicas and topology are drawn: nothing in the base is about certain replicas, or so
    /// many of them.
    fn may_resize(&self) -> bool {
        let base = &self.base;
        let written = matches!(base.topology, Topology::Links { .. } | Topology::File { .. });
        let free = base.link.iter().all(|link| link.from.is_empty() && link.to.is_empty())
            && base.partition.is_empty()
            && base.crash.is_empty()
            && base.pause.is_empty()
            && base.clock.is_empty()
            && base.join.is_empty()
            && base.leave.is_empty()
            && base.shares.is_empty();
        free && !written
    }
}

/// `base` without what it leaves to chance.
fn calm(base: &Scenario) -> Scenario {
    let base = base.clone();
    Scenario {
        loss: 0.0,
        duplicate: 0.0,
        reorder: 0.0,
        redeliver: 0.0,
        corrupt: 0.0,
        bandwidth: None,
        pct: None,
        skew_ms: 0,
        drift_ppm: 0,
        partitions: 0,
        crashes: 0,
        pauses: 0,
        clocks: 0,
        churn: 0,
        ..base
    }
}

fn topology(draws: &mut Draws) -> Topology {
    match draws.below(9) {
        0 | 1 => Topology::Mesh,
        2 => Topology::Chain,
        3 => Topology::Ring,
        4 => Topology::Star,
        5 => Topology::Tree { arity: 2 + draws.below(3) },
        6 => Topology::Grid { width: 2 + draws.below(3) },
        7 => {
            let (degree, graph) = (2 + draws.below(3), draws.below(1_000));
            Topology::RandomRegular { degree, graph }
        }
        _ => Topology::Hierarchy {
            regions: 1 + draws.below(2),
            gateways: 1 + draws.below(2),
            edges: 1 + draws.below(2),
        },
    }
}

/// Replicas, fewer than there are, that join in the first three quarters of the run.
fn late(scenario: &Scenario, draws: &mut Draws) -> Vec<Join> {
    let Scenario { replicas, duration_ms, .. } = *scenario;
    let first = draws.below(replicas);
    let count = draws.below(replicas.min(4));
    let replica = |n| 1 + (first + n) % replicas;
    let most_ms = duration_ms.saturating_mul(3) / 4 + 1;
    (0..count).map(|n| Join { replica: replica(n), at_ms: draws.below(most_ms) }).collect()
}

fn latency(draws: &mut Draws) -> Latency {
    let ms = draws.one_of(&[1.0, 5.0, 20.0, 60.0]);
    match draws.below(5) {
        0 => Latency::Constant { ms },
        1 => Latency::Uniform { min_ms: ms / 4.0, max_ms: 2.0 * ms },
        2 => Latency::Exponential { mean_ms: ms },
        3 => Latency::LogNormal { median_ms: ms, sigma: 1.0 },
        // With a heavier tail a link is now and then blocked for longer than there is time to settle.
        _ => Latency::Pareto { min_ms: ms / 2.0, alpha: 2.5 },
    }
}

/// A probability of at most so many hundredths, and at least one.
fn percent(draws: &mut Draws, most: u64) -> f64 {
    (1 + draws.below(most)) as f64 / 100.0
}

fn turn_on(trouble: Trouble, scenario: &mut Scenario, draws: &mut Draws) {
    match trouble {
        Trouble::Loss => scenario.loss = percent(draws, 50),
        Trouble::Duplicate => scenario.duplicate = percent(draws, 50),
        Trouble::Reorder => scenario.reorder = percent(draws, 70),
        Trouble::Redeliver => scenario.redeliver = percent(draws, 30),
        Trouble::Corrupt => scenario.corrupt = percent(draws, 30),
        Trouble::Bandwidth => {
            let bytes_per_s = draws.one_of(&[4_000, 20_000, 100_000]);
            let buffer_bytes = draws.one_of(&[500, 4_000, 64_000]);
            scenario.bandwidth = Some(Bandwidth { bytes_per_s, buffer_bytes });
        }
        Trouble::Asymmetry => {
            for _ in 0..=draws.below(3) {
                let from = vec![1 + draws.below(scenario.replicas)];
                let (slow, lossy) =
                    [(true, false), (false, true), (true, true)][draws.below(3) as usize];
                let latency = slow.then(|| latency(draws));
                let loss = lossy.then(|| percent(draws, 80));
                scenario.link.push(Link { from, latency, loss, ..Link::default() });
            }
        }
        Trouble::Priorities => scenario.pct = Some(1 + draws.below(5)),
        Trouble::Partitions if scenario.replicas < 2 => {}
        Trouble::Partitions => scenario.partitions = 1 + draws.below(4),
        Trouble::Crashes => scenario.crashes = 1 + draws.below(4),
        Trouble::Pauses => scenario.pauses = 1 + draws.below(3),
        Trouble::Clocks => {
            scenario.clocks = draws.below(4);
            scenario.skew_ms = draws.one_of(&[0, 50, 1_000]).min(scenario.max_ahead_ms());
            scenario.drift_ppm = draws.one_of(&[0, 200, 50_000]);
        }
        Trouble::Churn => scenario.churn = 1 + draws.below(2),
        Trouble::Caps => {
            let mut cap = |small: &[u64]| (draws.below(2) == 0).then(|| draws.one_of(small));
            // Replicas that are not woken while they may settle cannot.
            let settle_ms = scenario.settle_ms;
            let drawn = Caps {
                gossip_ms: cap(&[10, 50, 400]).map(|ms| ms.min(settle_ms)),
                heartbeat_ms: cap(&[50, 400]).map(|ms| ms.min(settle_ms)),
                buffer: cap(&[0, 1, 3]),
                batch: cap(&[0, 1, 2]),
                window: cap(&[0, 1, 2]),
                snapshot_every: cap(&[0, 1, 5]),
                max_ahead_ms: None,
            };
            let base = scenario.config.clone();
            scenario.config = Caps {
                gossip_ms: base.gossip_ms.or(drawn.gossip_ms),
                heartbeat_ms: base.heartbeat_ms.or(drawn.heartbeat_ms),
                buffer: base.buffer.or(drawn.buffer),
                batch: base.batch.or(drawn.batch),
                window: base.window.or(drawn.window),
                snapshot_every: base.snapshot_every.or(drawn.snapshot_every),
                max_ahead_ms: base.max_ahead_ms,
            };
        }
    }
}
