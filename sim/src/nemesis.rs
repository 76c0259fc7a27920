//! Which faults strike, and when.

use rejoin_crdts::Draw;

use crate::rng::{Draws, Kind, Seed, Stream};
use crate::scenario::{ClockFault, Disk, Partition, PartitionKind, Scenario};
use crate::trace::{ClockChange, Fault, FaultDecision, TraceError};
use crate::{EventId, Time};

/// Roots of drawn faults begin here, so that they keep their numbers when written ones come or go.
const DRAWN: u64 = 1 << 32;
/// How many roots a fault may use: what flaps uses two for each time that it comes and goes, and its
/// links are drawn with the last.
const ROOTS: u64 = 1 << 12;
/// How often a partition that flaps can come and go.
pub(crate) const MAX_FLAPS: u64 = (ROOTS - 2) / 2;
/// The share of the links that a partial partition cuts, where nobody says.
pub(crate) const SHARE: f64 = 0.5;

/// The faults that `scenario` writes down, and those that `seed` draws.
pub(crate) fn draw(scenario: &Scenario, seed: &Seed) -> Vec<FaultDecision> {
    let mut plan = Faults { scenario, seed, planned: Vec::new(), links: None };
    plan.written();
    plan.drawn();
    plan.planned
}

/// Whether the faults of a trace name only replicas of its scenario.
pub(crate) fn check(scenario: &Scenario, faults: &[FaultDecision]) -> Result<(), TraceError> {
    let exists = |replica: &u64| (1..=scenario.replicas).contains(replica);
    for decision in faults {
        let absent = match &decision.fault {
            Fault::Cut { groups, .. } => {
                groups.iter().flatten().find(|replica| !exists(replica)).copied()
            }
            other => other.replica().filter(|replica| !exists(replica)),
        };
        if let Some(replica) = absent {
            let (root, replicas) = (decision.root, scenario.replicas);
            return Err(TraceError::Replica { root, replica, replicas });
        }
    }
    Ok(())
}

/// The kinds of fault by number: each has roots of its own.
#[derive(Clone, Copy)]
enum Sort {
    Partition = 0,
    Crash = 1,
    Pause = 2,
    Clock = 3,
    Join = 4,
    Leave = 5,
    Churn = 6,
}

const SORTS: u64 = 7;

struct Faults<'s> {
    scenario: &'s Scenario,
    seed: &'s Seed,
    planned: Vec<FaultDecision>,
    links: Option<Vec<Vec<u64>>>, // pairs of addresses; found when they are needed first
}

type Spell = (Time, Time);

impl Faults<'_> {
    fn written(&mut self) {
        let scenario = self.scenario;
        let duration_ms = scenario.duration_ms;
        let spell = |at_ms, end_ms: Option<u64>| -> Spell {
            (Time::from_ms(at_ms), Time::from_ms(end_ms.unwrap_or(duration_ms)))
        };
        let root = |sort: Sort, n: u64| (n * SORTS + sort as u64) * ROOTS;
        for (n, partition) in (0..).zip(&scenario.partition) {
            let spell = spell(partition.at_ms, partition.heal_ms);
            self.cut(root(Sort::Partition, n), spell, partition);
        }
        for (n, crash) in (0..).zip(&scenario.crash) {
            let spell = spell(crash.at_ms, crash.restart_ms);
            let (replica, reuse_identity) = (crash.replica, crash.reuse_identity);
            let begin = Fault::Crash { replica, disk: crash.disk };
            let end = Fault::Restart { replica, reuse_identity };
            self.both(root(Sort::Crash, n), spell, begin, end);
        }
        for (n, pause) in (0..).zip(&scenario.pause) {
            let replica = pause.replica;
            let spell = spell(pause.at_ms, pause.resume_ms);
            let (begin, end) = (Fault::Pause { replica }, Fault::Resume { replica });
            self.both(root(Sort::Pause, n), spell, begin, end);
        }
        for (n, clock) in (0..).zip(&scenario.clock) {
            let Some(change) = written_change(clock) else { continue };
            let spell = spell(clock.at_ms, clock.until_ms);
            self.clock(root(Sort::Clock, n), spell, clock.replica, change);
        }
        for (n, join) in (0..).zip(&scenario.join) {
            let fault = Fault::Join { replica: join.replica };
            self.plan(root(Sort::Join, n), Time::from_ms(join.at_ms), fault);
        }
        for (n, leave) in (0..).zip(&scenario.leave) {
            let fault = Fault::Leave { replica: leave.replica };
            self.plan(root(Sort::Leave, n), Time::from_ms(leave.at_ms), fault);
        }
    }

    fn drawn(&mut self) {
        let scenario = self.scenario;
        let (replicas, whole) = (scenario.replicas, Time::from_ms(scenario.duration_ms).as_us());
        for n in 0..scenario.partitions {
            let (root, mut draws, spell) = self.next(Sort::Partition, n);
            let partition = partition(replicas, whole, &mut draws);
            self.cut(root, spell, &partition);
        }
        for n in 0..scenario.crashes {
            let (root, mut draws, spell) = self.next(Sort::Crash, n);
            let replica = 1 + draws.below(replicas);
            let disk = draws.one_of(&[Disk::Kept, Disk::RolledBack, Disk::Partly, Disk::Lost]);
            let begin = Fault::Crash { replica, disk };
            self.both(root, spell, begin, Fault::Restart { replica, reuse_identity: false });
        }
        for n in 0..scenario.pauses {
            let (root, mut draws, spell) = self.next(Sort::Pause, n);
            let replica = 1 + draws.below(replicas);
            self.both(root, spell, Fault::Pause { replica }, Fault::Resume { replica });
        }
        for n in 0..scenario.clocks {
            let (root, mut draws, spell) = self.next(Sort::Clock, n);
            let replica = 1 + draws.below(replicas);
            let change = drawn_change(scenario, &mut draws);
            self.clock(root, spell, replica, change);
        }
        for n in 0..scenario.churn {
            let (root, mut draws, spell) = self.next(Sort::Churn, n);
            let replica = 1 + draws.below(replicas);
            // Whoever leaves is followed by somebody new at its address: for good, some topologies
            // would fall apart.
            self.both(root, spell, Fault::Leave { replica }, Fault::Join { replica });
        }
    }

    /// The `n`-th drawn fault of a sort: its root, what it is drawn from, and when it is.
    fn next(&self, sort: Sort, n: u64) -> (u64, Draws, Spell) {
        let root = DRAWN + (n * SORTS + sort as u64) * ROOTS;
        let mut draws = self.seed.draws(Stream::Nemesis, EventId::root(Kind::Fault, root));
        let spell = spell(self.scenario, &mut draws);
        (root, draws, spell)
    }

    fn plan(&mut self, root: u64, at_us: Time, fault: Fault) {
        self.planned.push(FaultDecision { root, at_us, fault });
    }

    fn both(&mut self, root: u64, (begin, end): Spell, first: Fault, last: Fault) {
        self.plan(root, begin, first);
        self.plan(root + 1, end, last);
    }

    fn clock(&mut self, root: u64, spell: Spell, replica: u64, change: ClockChange) {
        let begin = Fault::Clock { replica, change };
        self.both(root, spell, begin, Fault::Clock { replica, change: ClockChange::Right });
    }

    fn cut(&mut self, root: u64, (begin, end): Spell, partition: &Partition) {
        let kind = partition.kind;
        let groups = match kind {
            PartitionKind::Partial => {
                let share = partition.share.unwrap_or(SHARE);
                let event = EventId::root(Kind::Fault, root + ROOTS - 1);
                let mut draws = self.seed.draws(Stream::Nemesis, event);
                let links = self.links.get_or_insert_with(|| all_links(self.scenario));
                let mut cut: Vec<_> =
                    links.iter().filter(|_| draws.chance(share)).cloned().collect();
                if cut.is_empty() && !links.is_empty() {
                    cut.push(links[draws.below(links.len() as u64) as usize].clone());
                }
                cut
            }
            _ => partition.groups.clone(),
        };
        let flap_us = partition.flap_ms.map_or(u64::MAX, |flap_ms| flap_ms.max(1) * 1_000);
        let mut from = begin;
        for cut in (root..).step_by(2).take(MAX_FLAPS as usize) {
            let until = from.plus_us(flap_us).min(end);
            let begin = Fault::Cut { cut, kind, groups: groups.clone() };
            self.both(cut, (from, until), begin, Fault::Heal { cut });
            from = until.plus_us(flap_us);
            if from >= end {
                break;
            }
        }
    }
}

fn all_links(scenario: &Scenario) -> Vec<Vec<u64>> {
    let neighbours = scenario.topology.neighbours(scenario.replicas as usize);
    let pairs = neighbours.iter().zip(1..).flat_map(|(peers, from): (&Vec<u32>, u64)| {
        peers.iter().map(move |&to| vec![from, u64::from(to) + 1])
    });
    pairs.collect()
}

fn written_change(clock: &ClockFault) -> Option<ClockChange> {
    let ClockFault { jump_ms, drift_ppm, stop, set_ms, .. } = *clock;
    jump_ms
        .map(ClockChange::Jump)
        .or(drift_ppm.map(ClockChange::Drift))
        .or(set_ms.map(ClockChange::Set))
        .or(stop.then_some(ClockChange::Stop))
}

fn drawn_change(scenario: &Scenario, draws: &mut Draws) -> ClockChange {
    // What is further ahead than a replica believes would be refused for as long as the run lasts.
    let ahead_ms = scenario.max_ahead_ms() / 2;
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    match draws.below(6) {
        0 => ClockChange::Jump(signed(draws.below(ahead_ms.saturating_add(1)))),
        1 => ClockChange::Jump(-signed(1 + draws.below(10 * scenario.duration_ms))),
        2 => {
            let most =
                (ahead_ms.saturating_mul(1_000_000) / scenario.duration_ms.max(1)).min(500_000);
            ClockChange::Drift(signed(draws.below(500_000 + most)) - 500_000)
        }
        3 => ClockChange::Stop,
        4 => ClockChange::Set(0),
        _ => ClockChange::Set(u64::MAX),
    }
}

/// A begin in the first four fifths of the run, and a length of a tenth to two fifths of it.
fn spell(scenario: &Scenario, draws: &mut Draws) -> Spell {
    let whole = Time::from_ms(scenario.duration_ms).as_us();
    let begin = draws.below((whole / 5 * 4).max(1));
    let length = whole / 10 + draws.below((whole / 10 * 3).max(1));
    (Time::from_us(begin), Time::from_us((begin + length.max(1)).min(whole)))
}

/// A partition of any kind.
fn partition(replicas: u64, whole_us: u64, draws: &mut Draws) -> Partition {
    let kinds: &[PartitionKind] = match replicas {
        0..=2 => &[PartitionKind::Groups, PartitionKind::OneWay, PartitionKind::Isolate],
        _ => &PartitionKind::ALL,
    };
    let kind = draws.one_of(kinds);
    let most_ms = whole_us / 20_000;
    let flap_ms =
        (draws.below(4) == 0).then(|| (1 + draws.below(most_ms.max(1))).max(most_ms / 10));
    let groups = match kind {
        PartitionKind::Ring | PartitionKind::Partial => Vec::new(),
        PartitionKind::Isolate => vec![vec![1 + draws.below(replicas)]],
        PartitionKind::Bridge => {
            let bridge = 1 + draws.below(replicas);
            let mut sides = split(replicas, draws);
            for side in &mut sides {
                side.retain(|&replica| replica != bridge);
            }
            sides.retain(|side| !side.is_empty());
            sides
        }
        PartitionKind::Groups | PartitionKind::OneWay => split(replicas, draws),
    };
    Partition { kind, groups, flap_ms, ..Partition::default() }
}

/// Two groups, neither empty, each replica on either side with equal probability.
fn split(replicas: u64, draws: &mut Draws) -> Vec<Vec<u64>> {
    let mut sides = vec![Vec::new(), Vec::new()];
    for replica in 1..=replicas {
        sides[draws.below(2) as usize].push(replica);
    }
    if let Some(empty) = sides.iter().position(Vec::is_empty) {
        let moved = sides[1 - empty].remove(draws.below(replicas) as usize);
        sides[empty].push(moved);
    }
    sides.sort(); // r1's side first
    sides
}
