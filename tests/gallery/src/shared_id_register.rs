//! `broken/shared-id-register`: a register that keeps the id of its writer inside.
//!
//! **Where it comes from.** Last-writer-wins registers with a version and the writer's id, which
//! breaks ties. The setter raises the version and replaces the value in place, and leaves the id
//! that is there: it was set when the object was made.
//!
//! **What happens.** Whoever took over a value writes under the id of its author. Two concurrent
//! writes then have the same version *and* the same id, neither wins, and every replica keeps its
//! own: two people look at the same document title and never see the same again.
//!
//! **Meant**: the write with the greatest version, of these the one by the greatest replica.
//!
//! | | r1 | r2 |
//! |---|---|---|
//! | r1: Write('a') | 'a' (version 1 by r1) | unwritten |
//! | r1 → r2 | 'a' (version 1 by r1) | 'a' (version 1 by r1) |
//! | r1: Write('a') | 'a' (version 2 by r1) | 'a' (version 1 by r1) |
//! | r2: Write('b') | 'a' (version 2 by r1) | 'b' (version 2 by r1) |
//! | r2 → r1 | 'a' (version 2 by r1) | 'b' (version 2 by r1) |
//! | r1 → r2 | 'a' (version 2 by r1) | 'b' (version 2 by r1) |
//!
//! r1 reads 'a' for ever where 'b' was meant.
//!
//! 3 operations at 2 replicas. Found by: the laws, the explorer, the simulator, comparing
//! replicas, the laws of merge alone.

use std::fmt;

use rejoin_crdts::{At, Lattice, Merge, Model, Refused, ReplicaId, Spec, View, Whole};
use serde::{Deserialize, Serialize};

use crate::meaning::{Write, last_write};

/// A register in which the greatest version wins.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Register {
    latest: Option<Versioned>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Versioned {
    version: u64,
    id: ReplicaId,
    value: char,
}

impl Register {
    fn set(&mut self, me: ReplicaId, value: char) {
        let latest = self.latest.get_or_insert(Versioned { version: 0, id: me, value });
        latest.version += 1;
        latest.value = value; // and the id stays that of the write before
    }
}

impl Merge for Register {
    fn merge(&mut self, other: &Self) -> bool {
        let rank = |register: &Self| register.latest.map(|latest| (latest.version, latest.id));
        let wins = rank(other) > rank(self);
        if wins {
            self.latest = other.latest;
        }
        wins
    }
}

impl Lattice for Register {}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.latest {
            Some(Versioned { version, id, value }) => {
                write!(f, "{value:?} (version {version} by {id})")
            }
            None => f.write_str("unwritten"),
        }
    }
}

/// Drives [`Register`] and says what it should have been.
#[derive(Clone, Copy, Debug)]
pub struct SharedIdRegister;

impl Spec for SharedIdRegister {
    type Op = Write;
    type Value = Option<char>;

    fn alphabet(&self) -> Vec<Write> {
        Write::alphabet()
    }

    fn value(&self, view: &View<'_, Write>) -> Option<Option<char>> {
        Some(last_write(view))
    }
}

impl Model for SharedIdRegister {
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
        Ok(state.mutate(|register| register.set(at.id.replica, op.0)))
    }

    fn read(&self, state: &Self::State) -> Option<char> {
        state.0.latest.map(|latest| latest.value)
    }
}
