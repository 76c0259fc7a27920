//! Which faults strike, and when: partitions, crashes.

use rejoin_crdts::Draw;

use crate::rng::{Draws, Kind, Stream};
use crate::scenario::{Disk, Scenario};
use crate::trace::{Fault, FaultDecision, TraceError};
use crate::{EventId, Time};

/// Roots of drawn faults begin here, so that they keep their numbers when written ones come or go.
const DRAWN: u64 = 1 << 32;

/// The faults that `scenario` writes down, and those that `seed` draws.
pub(crate) fn draw(scenario: &Scenario, seed: u64) -> Vec<FaultDecision> {
    let mut faults = Vec::new();
    let duration_ms = scenario.duration_ms;
    for (n, partition) in (0..).zip(&scenario.partition) {
        let heal_ms = partition.heal_ms.unwrap_or(duration_ms);
        let spell = (Time::from_ms(partition.at_ms), Time::from_ms(heal_ms));
        cut(&mut faults, 4 * n, spell, partition.groups.clone());
    }
    for (n, crash) in (0..).zip(&scenario.crash) {
        let restart_ms = crash.restart_ms.unwrap_or(duration_ms);
        let spell = (Time::from_ms(crash.at_ms), Time::from_ms(restart_ms));
        stop(&mut faults, 4 * n + 2, spell, crash.replica, crash.disk);
    }
    for n in 0..scenario.partitions {
        let root = DRAWN + 4 * n;
        let mut draws = Draws::new(seed, Stream::Nemesis, EventId::root(Kind::Fault, root));
        let spell = spell(scenario, &mut draws);
        cut(&mut faults, root, spell, split(scenario.replicas, &mut draws));
    }
    for n in 0..scenario.crashes {
        let root = DRAWN + 4 * n + 2;
        let mut draws = Draws::new(seed, Stream::Nemesis, EventId::root(Kind::Fault, root));
        let spell = spell(scenario, &mut draws);
        let replica = 1 + draws.below(scenario.replicas);
        let disk = if draws.below(2) == 0 { Disk::Kept } else { Disk::Lost };
        stop(&mut faults, root, spell, replica, disk);
    }
    faults
}

/// Whether the faults of a trace name only replicas of its scenario.
pub(crate) fn check(scenario: &Scenario, faults: &[FaultDecision]) -> Result<(), TraceError> {
    let exists = |replica: &u64| (1..=scenario.replicas).contains(replica);
    for decision in faults {
        let absent = match &decision.fault {
            Fault::Crash { replica, .. } | Fault::Restart { replica } => {
                (!exists(replica)).then_some(*replica)
            }
            Fault::Cut { groups, .. } => {
                groups.iter().flatten().find(|replica| !exists(replica)).copied()
            }
            Fault::Heal { .. } => None,
        };
        if let Some(replica) = absent {
            let (root, replicas) = (decision.root, scenario.replicas);
            return Err(TraceError::Replica { root, replica, replicas });
        }
    }
    Ok(())
}

fn cut(
    faults: &mut Vec<FaultDecision>,
    root: u64,
    (begin, end): (Time, Time),
    groups: Vec<Vec<u64>>,
) {
    let cut = Fault::Cut { cut: root, groups };
    faults.push(FaultDecision { root, at_us: begin, fault: cut });
    faults.push(FaultDecision { root: root + 1, at_us: end, fault: Fault::Heal { cut: root } });
}

fn stop(
    faults: &mut Vec<FaultDecision>,
    root: u64,
    (begin, end): (Time, Time),
    replica: u64,
    disk: Disk,
) {
    let crash = Fault::Crash { replica, disk };
    faults.push(FaultDecision { root, at_us: begin, fault: crash });
    let restart = Fault::Restart { replica };
    faults.push(FaultDecision { root: root + 1, at_us: end, fault: restart });
}

/// A begin in the first four fifths of the run, and a length of a tenth to two fifths of it.
fn spell(scenario: &Scenario, draws: &mut Draws) -> (Time, Time) {
    let whole = Time::from_ms(scenario.duration_ms).as_us();
    let begin = draws.below((whole / 5 * 4).max(1));
    let length = whole / 10 + draws.below((whole / 10 * 3).max(1));
    (Time::from_us(begin), Time::from_us((begin + length.max(1)).min(whole)))
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
