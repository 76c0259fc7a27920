//! What clocks promise, checked for everything small. Each property is written from the counts, not
//! from how the clock does it.

use std::cmp::Ordering;

use rejoin_crdts::{ClockError, Hlc, Lamport, Lattice, Merge, ReplicaId, Timestamp, VectorClock};

/// What is checked: of what, which property, and how.
pub(crate) const PROPERTIES: &[(&str, &str, fn())] = &[
    ("vector-clock", "the order is that of the counts", vector_order),
    ("vector-clock", "merging gives the least clock that is at least both", vector_merge),
    ("vector-clock", "a change of one count changes that count", vector_counts),
    ("vector-clock", "it is the same for many replicas", vector_many),
    ("hlc", "a tick gives the least stamp after the last that is not before now", hlc_tick),
    ("hlc", "observing gives the least stamp after both, or an error and no change", hlc_observe),
    ("lamport", "time exceeds everything seen, or is an error and no change", lamport),
];

const REPLICAS: [ReplicaId; 3] = [ReplicaId::new(1, 0), ReplicaId::new(1, 7), ReplicaId::new(2, 0)];

type Counts = [u64; 3];

fn counts() -> Vec<Counts> {
    (0..27).map(|n| [n % 3, n / 3 % 3, n / 9]).collect()
}

fn clock(counts: &Counts) -> VectorClock {
    REPLICAS.into_iter().zip(*counts).rev().collect()
}

fn expected(counts: &Counts) -> Vec<(ReplicaId, u64)> {
    REPLICAS.into_iter().zip(*counts).filter(|(_, count)| *count > 0).collect()
}

fn vector_order() {
    for a in &counts() {
        for b in &counts() {
            let at_most = |x: &Counts, y: &Counts| x.iter().zip(y).all(|(x, y)| x <= y);
            let order = match (at_most(a, b), at_most(b, a)) {
                (true, true) => Some(Ordering::Equal),
                (true, false) => Some(Ordering::Less),
                (false, true) => Some(Ordering::Greater),
                (false, false) => None,
            };
            let (left, right) = (clock(a), clock(b));
            assert_eq!(left.partial_cmp(&right), order);
            assert_eq!(left.concurrent(&right), order.is_none());
            assert_eq!(left.covers(&right), at_most(b, a));
            assert_eq!(left == right, a == b);
        }
    }
}

fn vector_merge() {
    for a in &counts() {
        for b in &counts() {
            let greatest = [a[0].max(b[0]), a[1].max(b[1]), a[2].max(b[2])];
            let mut merged = clock(a);
            assert_eq!(merged.merge(&clock(b)), greatest != *a);
            assert_eq!(merged, clock(&greatest));
            assert!(merged.iter().eq(expected(&greatest)));
        }
    }
}

fn vector_counts() {
    for a in &counts() {
        assert!(clock(a).iter().eq(expected(a)));
        assert_eq!(clock(a).is_empty(), *a == [0; 3]);
        for (at, &replica) in REPLICAS.iter().enumerate() {
            assert_eq!(clock(a).get(replica), a[at]);
            let mut next = *a;
            next[at] += 1;
            let mut grown = clock(a);
            assert_eq!(grown.increment(replica), Ok(next[at]));
            assert_eq!(grown, clock(&next));
            for count in 0..4 {
                let mut raised = *a;
                raised[at] = raised[at].max(count);
                let mut grown = clock(a);
                assert_eq!(grown.raise(replica, count), raised != *a);
                assert_eq!(grown, clock(&raised));
            }
        }
    }
    let mut last = VectorClock::new();
    last.raise(REPLICAS[1], u64::MAX);
    let before = last.clone();
    assert_eq!(last.increment(REPLICAS[1]), Err(ClockError::Exhausted));
    assert_eq!(last, before);
}

/// One clock that knows many replicas, and one that knows few of them or others.
fn vector_many() {
    let many: VectorClock = (1..=40).map(|id| (ReplicaId::new(2 * id, 0), 5)).collect();
    for at in 1..=81 {
        let replica = ReplicaId::new(at, 0);
        let held = many.get(replica);
        assert_eq!(held, if at % 2 == 0 && at <= 80 { 5 } else { 0 });
        for count in 1..=6 {
            let few: VectorClock =
                [(replica, count), (ReplicaId::new(2, 0), 5)].into_iter().collect();
            assert_eq!(many.covers(&few), few.get(replica) <= held);
            assert!(!few.covers(&many));
            let mut raised = many.clone();
            raised.raise(replica, count);
            let mut merged = many.clone();
            assert_eq!(merged.merge(&few), raised != many);
            assert_eq!(merged, raised);
            let mut merged = few.clone();
            assert!(merged.merge(&many));
            assert_eq!(merged, raised);
        }
    }
}

const WALLS: [u64; 6] = [0, 1, 2, 3, u64::MAX - 1, u64::MAX];
const COUNTERS: [u32; 4] = [0, 1, u32::MAX - 1, u32::MAX];

/// Clocks at every small time and near the ends, with every bound.
fn hlcs() -> Vec<(Hlc, u64)> {
    let mut all = Vec::new();
    for bound in [0, 1, u64::MAX] {
        let fresh = Hlc::new(REPLICAS[1], bound);
        all.push((fresh, bound));
        for (wall, counter) in pairs() {
            let mut clock = fresh;
            if clock.observe(wall, Timestamp::new(wall, counter, REPLICAS[0])).is_ok() {
                all.push((clock, bound));
            }
        }
    }
    all
}

fn pairs() -> impl Iterator<Item = (u64, u32)> {
    WALLS.into_iter().flat_map(|wall| COUNTERS.into_iter().map(move |counter| (wall, counter)))
}

/// The least stamp after `past` that is not before `now`.
fn least(now: u64, past: (u64, u32)) -> Result<(u64, u32), ClockError> {
    let after = match past {
        (u64::MAX, u32::MAX) => return Err(ClockError::Exhausted),
        (wall, u32::MAX) => (wall + 1, 0),
        (wall, counter) => (wall, counter + 1),
    };
    Ok(after.max((now, 0)))
}

fn pair(stamp: Timestamp) -> (u64, u32) {
    (stamp.wall_ms(), stamp.counter())
}

/// The clock shows what it gave, or what it showed before an error.
fn gave(before: Hlc, after: Hlc, given: Result<Timestamp, ClockError>) {
    match given {
        Ok(stamp) => {
            assert_eq!(after.latest(), stamp);
            assert_eq!(stamp.replica(), before.latest().replica());
            assert!(stamp > before.latest());
        }
        Err(_) => assert_eq!(after, before),
    }
}

fn hlc_tick() {
    for (before, _) in hlcs() {
        for now in WALLS {
            let mut clock = before;
            let given = clock.tick(now);
            assert_eq!(given.map(pair), least(now, pair(before.latest())));
            gave(before, clock, given);
        }
    }
}

fn hlc_observe() {
    for (before, bound) in hlcs() {
        for now in WALLS {
            for (wall, counter) in pairs() {
                for replica in REPLICAS {
                    let stamp = Timestamp::new(wall, counter, replica);
                    let mut clock = before;
                    let given = clock.observe(now, stamp);
                    let expected = if u128::from(wall) > u128::from(now) + u128::from(bound) {
                        let ahead_ms = wall - now;
                        Err(ClockError::TooFarAhead { stamp, ahead_ms, max_ahead_ms: bound })
                    } else {
                        least(now, pair(before.latest()).max((wall, counter)))
                    };
                    assert_eq!(given.map(pair), expected);
                    assert!(given.is_ok_and(|given| given > stamp) || given.is_err());
                    gave(before, clock, given);
                }
            }
        }
    }
}

fn lamport() {
    let times = [0, 1, 2, 3, u64::MAX - 2, u64::MAX - 1, u64::MAX];
    for first in times {
        let mut before = Lamport::new();
        assert_eq!(before.time(), 0);
        let reached = before.observe(first);
        assert_eq!(reached, first.checked_add(1).ok_or(ClockError::Exhausted));
        assert_eq!(before.time(), reached.unwrap_or(0));
        let mut ticked = before;
        let expected = before.time().checked_add(1).ok_or(ClockError::Exhausted);
        assert_eq!(ticked.tick(), expected);
        assert_eq!(ticked.time(), expected.unwrap_or(before.time()));
        for remote in times {
            let mut clock = before;
            let expected = before.time().max(remote).checked_add(1).ok_or(ClockError::Exhausted);
            assert_eq!(clock.observe(remote), expected);
            assert_eq!(clock.time(), expected.unwrap_or(before.time()));
        }
    }
}
