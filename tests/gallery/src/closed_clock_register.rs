//! `broken/closed-clock-register`: a vector clock that ignores members it was not built with.
//!
//! **Where it comes from.** `VectorClock(nodes)` in courses on distributed systems: one entry for
//! each process, all known beforehand. Ticking and merging go over the entries that are there, so
//! that an id that is not among them changes nothing and raises no error.
//!
//! **What happens.** The first two servers are in the configuration and all is well. The third one's
//! writes do not advance the clock. In a multi-value register, which shows concurrent writes side by
//! side, each looks like a copy of what it should replace, and both stay: a conflict that nobody
//! made, and that the newcomer cannot resolve. Beside a write that counts, it is dropped.
//!
//! **Meant**: the values of the writes that no other write had seen.
//!
//! Built for r1 and r2, like the registers of the first deployment:
//!
//! | | r1 | r3 |
//! |---|---|---|
//! | r3: Write('a') | {} | {'a' at [0, 0]} |
//! | r3 → r1 | {'a' at [0, 0]} | {'a' at [0, 0]} |
//! | r3: Write('b') | {'a' at [0, 0]} | {'b' at [0, 0]} |
//! | r3 → r1 | {'a' at [0, 0], 'b' at [0, 0]} | {'b' at [0, 0]} |
//!
//! r1 reads {'a', 'b'} where {'b'} was meant, and so does r3 once r1's state is back.
//!
//! 2 operations at 2 replicas. Found by: the laws, the explorer, the simulator. Not by:
//! comparing replicas, the laws of merge alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rejoin_crdts::{At, Lattice, Merge, Model, Refused, ReplicaId, Spec, View, Whole};
use serde::{Deserialize, Serialize};

use crate::meaning::Write;

/// A vector clock for the members it was built with. Members are addresses.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Clock {
    counts: BTreeMap<u64, u64>,
}

impl Clock {
    fn new(members: &[u64]) -> Self {
        Self { counts: members.iter().map(|&member| (member, 0)).collect() }
    }

    fn tick(&mut self, member: u64) {
        if let Some(count) = self.counts.get_mut(&member) {
            *count += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        for (member, count) in &mut self.counts {
            *count = other.counts.get(member).copied().unwrap_or(0).max(*count);
        }
    }

    fn precedes(&self, other: &Self) -> bool {
        let behind =
            |(member, count)| other.counts.get(member).is_some_and(|theirs| theirs >= count);
        self != other && self.counts.iter().all(behind)
    }
}

/// A register that keeps concurrent writes side by side.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Register {
    writes: BTreeSet<(Clock, char)>,
}

impl Register {
    fn set(&mut self, mut clock: Clock, me: ReplicaId, value: char) {
        for (seen, _) in &self.writes {
            clock.merge(seen);
        }
        clock.tick(me.id());
        self.writes = [(clock, value)].into();
    }
}

impl Merge for Register {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        let all = &before.writes | &other.writes;
        let replaced = |clock: &Clock| all.iter().any(|(later, _)| clock.precedes(later));
        self.writes = all.iter().filter(|(clock, _)| !replaced(clock)).cloned().collect();
        *self != before
    }
}

impl Lattice for Register {}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = |clock: &Clock| clock.counts.values().copied().collect::<Vec<_>>();
        let writes = self.writes.iter();
        let shown: Vec<_> =
            writes.map(|(clock, value)| format!("{value:?} at {:?}", counts(clock))).collect();
        write!(f, "{{{}}}", shown.join(", "))
    }
}

/// Drives [`Register`] and says what it should have been.
#[derive(Clone, Debug)]
pub struct ClosedClockRegister {
    members: Vec<u64>,
}

/// Built for the addresses 1 and 2.
impl Default for ClosedClockRegister {
    fn default() -> Self {
        Self { members: vec![1, 2] }
    }
}

impl Spec for ClosedClockRegister {
    type Op = Write;
    type Value = BTreeSet<char>;

    fn alphabet(&self) -> Vec<Write> {
        Write::alphabet()
    }

    fn value(&self, view: &View<'_, Write>) -> Option<BTreeSet<char>> {
        let latest = view.iter().filter(|seen| !view.iter().any(|later| view.saw(&later, seen)));
        Some(latest.map(|seen| seen.op.0).collect())
    }
}

impl Model for ClosedClockRegister {
    type State = Whole<Register>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Whole::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Write,
    ) -> Result<Self::State, Refused> {
        let clock = Clock::new(&self.members);
        Ok(state.mutate(|register| register.set(clock, at.id.replica, op.0)))
    }

    fn read(&self, state: &Self::State) -> BTreeSet<char> {
        state.0.writes.iter().map(|&(_, value)| value).collect()
    }
}
