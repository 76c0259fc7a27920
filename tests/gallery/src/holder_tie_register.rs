//! `broken/holder-tie-register`: ties broken by who holds the value, not by who wrote it.
//!
//! **Where it comes from.** Last-writer-wins registers that know their own id, and keep the writer's
//! id next to the value. On equal versions the two writers must be compared; `this.id` is as near
//! at hand as `this.state.writer`, and the same thing in every test with two replicas.
//!
//! **What happens.** A replica that passes on what others wrote decides by its own id. If that is
//! great, it sticks to whichever of two concurrent writes it heard first; if it is small, it takes
//! whichever it heard last, over and over. Two replicas never show it, however the network behaves:
//! there, whoever holds a value that ties wrote it. It takes a third, on a mesh as on a chain.
//!
//! **Meant**: the write with the greatest version, of these the one by the greatest replica.
//!
//! | | r1 | r2 | r3 |
//! |---|---|---|---|
//! | r1: Write('a') | 'a' (version 1 by r1) | unwritten | unwritten |
//! | r2: Write('b') | 'a' (version 1 by r1) | 'b' (version 1 by r2) | unwritten |
//! | r1 → r3 | 'a' (version 1 by r1) | 'b' (version 1 by r2) | 'a' (version 1 by r1) |
//! | r2 → r3 | 'a' (version 1 by r1) | 'b' (version 1 by r2) | 'a' (version 1 by r1) |
//!
//! r3 reads 'a' where 'b' was meant: it compared r2 with itself, not with r1.
//!
//! 2 operations at 3 replicas. Found by: the laws, the explorer, the simulator, comparing
//! replicas, the laws of merge alone.

use std::fmt;

use rejoin_crdts::{At, Lattice, Merge, Model, Refused, ReplicaId, Spec, View, Whole};
use serde::{Deserialize, Serialize};

use crate::local::Local;
use crate::meaning::{Write, last_write};

/// A register in which the greatest version wins.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Register {
    #[serde(skip)] // only the rest is sent
    id: Local<Option<ReplicaId>>,
    latest: Option<Versioned>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Versioned {
    version: u64,
    writer: ReplicaId,
    value: char,
}

impl Register {
    fn new(id: ReplicaId) -> Self {
        Self { id: Local(Some(id)), latest: None }
    }

    fn set(&mut self, writer: ReplicaId, value: char) {
        let version = self.latest.map_or(0, |latest| latest.version) + 1;
        self.latest = Some(Versioned { version, writer, value });
    }
}

impl Merge for Register {
    fn merge(&mut self, other: &Self) -> bool {
        let Some(theirs) = other.latest else { return false };
        let wins = self.latest.is_none_or(|mine| {
            let holder = self.id.0.unwrap_or(mine.writer); // a message is held by nobody
            (theirs.version, theirs.writer) > (mine.version, holder)
        });
        let changed = wins && self.latest != other.latest;
        if wins {
            self.latest = other.latest;
        }
        changed
    }
}

impl Lattice for Register {}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.latest {
            Some(Versioned { version, writer, value }) => {
                write!(f, "{value:?} (version {version} by {writer})")
            }
            None => f.write_str("unwritten"),
        }
    }
}

/// Drives [`Register`] and says what it should have been.
#[derive(Clone, Copy, Debug)]
pub struct HolderTieRegister;

impl Spec for HolderTieRegister {
    type Op = Write;
    type Value = Option<char>;

    fn alphabet(&self) -> Vec<Write> {
        Write::alphabet()
    }

    fn value(&self, view: &View<'_, Write>) -> Option<Option<char>> {
        Some(last_write(view))
    }
}

impl Model for HolderTieRegister {
    type State = Whole<Register>;

    fn initial(&self, me: ReplicaId) -> Self::State {
        Whole(Register::new(me))
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
