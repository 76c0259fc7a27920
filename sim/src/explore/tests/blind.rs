//! A set of records whose author made one mistake or another that is easily not looked at.

use std::collections::BTreeSet;

use rejoin_crdts::{
    At, Delivery, DeltaOf, Lattice, Merge, Model, OpId, Refused, ReplicaId, Replicated, Spec,
    Symmetry, Timestamp, View,
};
use serde::{Deserialize, Serialize, Serializer};

use super::hidden::Counter;

/// The mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Whoever only ever received reads one too many.
    MisreadsAtReceivers,
    /// A refused operation leaves a note, which `Eq` does not look at.
    NotesRefusals,
    /// States cannot be written as bytes.
    Unwritable,
    /// The second operation of a replica panics.
    Panics,
    /// It says that stamps make no difference, and reads whoever wrote last by half a stamp.
    ClaimsStamps,
    /// The second operation is refused, and changes the state nevertheless.
    RefusesHalfway,
    /// Two operations have one name, and the second is to do nothing, but does.
    Namesakes,
    /// Two records cannot be written at once.
    UnwritableTogether,
    /// Cannot even be made.
    PanicsAtOnce,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct Records(BTreeSet<(OpId, Timestamp)>, Fragile);

/// Whether two of them cannot be written as a delta.
type Fragile = bool;

impl Serialize for Records {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.1 && self.0.len() == 2 {
            return Err(serde::ser::Error::custom("two are too many"));
        }
        (&self.0, &self.1).serialize(to)
    }
}

fn whole<S: Serializer>(records: &Records, to: S) -> Result<S::Ok, S::Error> {
    (&records.0, &records.1).serialize(to)
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct State {
    #[serde(skip)]
    me: Me,
    notes: Counter,
    #[serde(serialize_with = "whole")]
    records: Records,
    #[serde(serialize_with = "unless_unwritable")]
    unwritable: bool,
}

/// Equal to any other.
#[derive(Clone, Copy, Debug, Default)]
struct Me(u64);

impl PartialEq for Me {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Me {}

impl std::hash::Hash for Me {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

fn unless_unwritable<S: Serializer>(unwritable: &bool, to: S) -> Result<S::Ok, S::Error> {
    if *unwritable {
        return Err(serde::ser::Error::custom("it has no bytes"));
    }
    to.serialize_bool(false)
}

impl Merge for Records {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        self.0.extend(&other.0);
        self.1 |= other.1;
        *self != before
    }
}

impl Lattice for Records {}

impl Merge for State {
    fn merge(&mut self, other: &Self) -> bool {
        self.records.merge(&other.records)
    }
}

impl Merge<Records> for State {
    fn merge(&mut self, delta: &Records) -> bool {
        self.records.merge(delta)
    }
}

impl Lattice for State {}

impl Records {
    fn without(&self, other: &Self) -> Option<Self> {
        let rest: BTreeSet<_> = self.0.difference(&other.0).copied().collect();
        (!rest.is_empty()).then_some(Self(rest, self.1))
    }
}

impl Replicated for State {
    type Delta = Records;

    fn missing_from(&self, other: &Self) -> Option<Records> {
        self.records.without(&other.records)
    }

    fn news(&self, delta: &Records) -> Option<Records> {
        delta.without(&self.records)
    }

    fn parts(&self) -> impl Iterator<Item = Records> {
        self.records.0.iter().map(|&record| Records([record].into(), self.records.1))
    }
}

impl Spec for Flaw {
    type Op = Op;
    type Value = u64;

    fn alphabet(&self) -> Vec<Op> {
        vec![Op(0), Op(1)]
    }

    fn value(&self, view: &View<'_, Op>) -> Option<u64> {
        if *self == Self::ClaimsStamps {
            let last = view.iter().max_by_key(|seen| seen.rank());
            return Some(last.map_or(0, |seen| seen.at.id.replica.id()));
        }
        let counts = view.iter().filter(|seen| *self != Self::Namesakes || seen.op.0 == 0);
        Some(counts.count() as u64)
    }

    fn delivery(&self) -> Delivery {
        Delivery::Any
    }

    fn symmetry(&self) -> Symmetry {
        Symmetry { stamps: *self == Self::ClaimsStamps, ..Symmetry::default() }
    }
}

/// All alike, to look at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Op(u8);

impl std::fmt::Debug for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("record")
    }
}

impl Model for Flaw {
    type State = State;

    fn initial(&self, me: ReplicaId) -> State {
        assert_ne!(*self, Self::PanicsAtOnce, "it cannot be made");
        State {
            me: Me(me.id()),
            notes: Counter::default(),
            records: Records::default(),
            unwritable: *self == Self::Unwritable,
        }
    }

    fn perform(&self, state: &mut State, at: &At, op: &Op) -> Result<DeltaOf<Self>, Refused> {
        let own = state.records.0.iter().filter(|(id, _)| id.replica == at.id.replica).count();
        let record = Records([(at.id, at.stamp)].into(), *self == Self::UnwritableTogether);
        match self {
            Self::NotesRefusals if op.0 == 1 => {
                state.notes.add_one();
                return Err(Refused::Rule("no".into()));
            }
            Self::RefusesHalfway if own > 0 => {
                state.records.merge(&record);
                return Err(Refused::Rule("no".into()));
            }
            Self::Panics if own > 0 => panic!("a second record"),
            _ => {}
        }
        state.records.merge(&record);
        Ok(record)
    }

    fn read(&self, state: &State) -> u64 {
        let records = &state.records.0;
        if *self == Self::ClaimsStamps {
            let last = records.iter().max_by_key(|(id, stamp)| (stamp.counter(), id.replica));
            return last.map_or(0, |(id, _)| id.replica.id());
        }
        let receiver =
            !records.is_empty() && records.iter().all(|(id, _)| id.replica.id() != state.me.0);
        let reader = state.me.0 == u64::MAX;
        let more = *self == Self::MisreadsAtReceivers && receiver && !reader;
        records.len() as u64 + u64::from(more)
    }
}
