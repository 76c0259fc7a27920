//! What replicas send, what they write down, and what wakes them up.

use serde::{Deserialize, Serialize};

use crate::{Refused, ReplicaId, Timestamp};

/// What one [`Replica`](crate::sync::Replica) sends to another. `S` is the state, `D` its delta.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Message<S, D> {
    /// Everything the sender knows.
    Whole(WholeState<S>),
    /// Some of what the sender came to know, in the order in which it did.
    Interval(Interval<D>),
    /// How far the receiver of intervals has come.
    Have(Have),
}

/// The whole state of the sender.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WholeState<S> {
    /// Who sends it.
    pub sender: ReplicaId,
    /// The number of the sender's latest entry. Policy state numbers none, and says 0.
    pub upto: u64,
    /// Its state.
    pub state: S,
    /// Its clock, at or above every stamp in the state.
    pub clock: Timestamp,
}

/// A delta-interval: the join of the sender's entries `from + 1 ..= upto`
/// (Almeida, Shoker & Baquero, JPDC 2018, algorithm 2).
///
/// Whoever has entries `..= from` has, with it, entries `..= upto`. An empty one (`from == upto`)
/// is a sign of life: it asks whether the receiver really has what the sender thinks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Interval<D> {
    /// Who sends it.
    pub sender: ReplicaId,
    /// The one incarnation of the receiver that it was made for: what came from there was left
    /// out. With `None` nothing was left out.
    pub to: Option<ReplicaId>,
    /// The entry that it follows.
    pub from: u64,
    /// Its last entry.
    pub upto: u64,
    /// Its entries, joined.
    pub delta: D,
    /// The sender's clock, at or above every stamp in the delta.
    pub clock: Timestamp,
}

/// An acknowledgement and a complaint in one: `by` has the entries `..= have` of `of`, and no
/// more of them that it could attach.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Have {
    /// Whose entries.
    pub of: ReplicaId,
    /// Who has them.
    pub by: ReplicaId,
    /// The last entry before the first gap.
    pub have: u64,
}

impl<S, D: Default + PartialEq> Message<S, D> {
    /// Whether the message could have been sent by the replica at address `from` to `me`, whatever
    /// the two of them have done before.
    pub(super) fn admit(&self, from: u64, me: ReplicaId) -> Result<(), Refused> {
        let refuse = |reason: String| Err(Refused::Rule(reason));
        let signed = |sender: ReplicaId, clock: Timestamp| {
            if sender.id() == me.id() {
                refuse(format!("a message of {sender} to itself, {me}"))
            } else if sender.id() != from {
                refuse(format!("a message of {sender} from r{from}"))
            } else if clock.replica() != sender {
                refuse(format!("a message of {sender} with the clock of {}", clock.replica()))
            } else {
                Ok(())
            }
        };
        match self {
            Self::Whole(whole) => signed(whole.sender, whole.clock),
            Self::Interval(interval) => {
                signed(interval.sender, interval.clock)?;
                if let Some(to) = interval.to.filter(|to| to.id() != me.id()) {
                    return refuse(format!("an interval for {to} came to {me}"));
                }
                let (from, upto) = (interval.from, interval.upto);
                if from > upto {
                    return refuse(format!(
                        "an interval that ends at {upto}, before its start {from}"
                    ));
                }
                if from == upto && interval.delta != D::default() {
                    return refuse(format!("an empty interval at {upto} that holds something"));
                }
                Ok(())
            }
            Self::Have(have) => {
                if have.by.id() == me.id() || have.by.id() != from {
                    return refuse(format!("an acknowledgement of {} from r{from}", have.by));
                }
                if have.of.id() != me.id() {
                    return refuse(format!("an acknowledgement to {} came to {me}", have.of));
                }
                Ok(())
            }
        }
    }
}

/// What a [`Replica`](crate::sync::Replica) writes to its disk. The join of the records is its
/// state, and the greatest clock is where its clock goes on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Record<S, D> {
    /// What was new: of an operation of its own, or of a message.
    News {
        /// What was new.
        delta: D,
        /// The clock after it.
        clock: Timestamp,
    },
    /// Everything, in place of all earlier records.
    Snapshot {
        /// The state.
        state: S,
        /// The clock.
        clock: Timestamp,
    },
}

/// What wakes a [`Replica`](crate::sync::Replica) up. Each timer sets itself again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// A round of sending.
    Gossip,
    /// Signs of life to peers that have everything.
    Heartbeat,
}
