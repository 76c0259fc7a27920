//! A check that failed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::outcome::Reading;

/// Which check failed. Shrinking keeps a failure in its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Class {
    /// Two replicas to which the same operations are visible differ in state, value or bytes.
    Convergence,
    /// A replica reads what the specification does not allow for what is visible there.
    Specification,
    /// A replica reads what an invariant of the application forbids.
    Invariant,
    /// An operation that was visible at a replica is no longer, or one that must be is not.
    Visibility,
    /// A replica's state does not contain the state that it had before.
    Inflation,
    /// An operation is visible at a replica, and one that it had seen is not.
    Causality,
    /// A client was served where something that it wrote is not visible.
    ReadYourWrites,
    /// A client was served where something that it had read is not visible.
    MonotonicReads,
    /// A write of a client is visible at a replica, and an earlier one of the same client is not.
    MonotonicWrites,
    /// A write of a client is visible at a replica, and something that the client had read before
    /// is not.
    WritesFollowReads,
    /// An acknowledged operation is gone, and no lost disk excuses it.
    Acknowledged,
    /// Long after the last fault, the replicas have not settled.
    Liveness,
    /// A delta does not do what its operation did.
    Delta,
    /// An operation's stamp does not exceed the stamps of all that it had seen.
    Stamp,
    /// What refused an operation or a message was changed by it.
    Refusal,
    /// A message that was damaged on its way was taken for another.
    Corruption,
    /// A state or message could not be written as bytes, or its bytes not be read.
    Wire,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 17] = [
        Self::Convergence,
        Self::Specification,
        Self::Invariant,
        Self::Visibility,
        Self::Inflation,
        Self::Causality,
        Self::ReadYourWrites,
        Self::MonotonicReads,
        Self::MonotonicWrites,
        Self::WritesFollowReads,
        Self::Acknowledged,
        Self::Liveness,
        Self::Delta,
        Self::Stamp,
        Self::Refusal,
        Self::Corruption,
        Self::Wire,
    ];

    /// The names of all classes, in the same order.
    pub(crate) const NAMES: [&'static str; 17] = {
        let mut names = [""; 17];
        let mut at = 0;
        while at < names.len() {
            names[at] = Self::ALL[at].name();
            at += 1;
        }
        names
    };

    /// The name in kebab case, as in JSON and traces.
    ///
    /// ```
    /// use rejoin_sim::Class;
    /// assert_eq!(Class::Convergence.name(), "convergence");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Convergence => "convergence",
            Self::Specification => "specification",
            Self::Invariant => "invariant",
            Self::Visibility => "visibility",
            Self::Inflation => "inflation",
            Self::Causality => "causality",
            Self::ReadYourWrites => "read-your-writes",
            Self::MonotonicReads => "monotonic-reads",
            Self::MonotonicWrites => "monotonic-writes",
            Self::WritesFollowReads => "writes-follow-reads",
            Self::Acknowledged => "acknowledged",
            Self::Liveness => "liveness",
            Self::Delta => "delta",
            Self::Stamp => "stamp",
            Self::Refusal => "refusal",
            Self::Corruption => "corruption",
            Self::Wire => "wire",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What people call what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Anomaly {
    /// What was written is not there.
    LostUpdate,
    /// What was taken away is there again.
    Resurrection,
    /// Something is read that is not to be seen yet.
    Phantom,
    /// A client reads less than it has read or written before.
    StaleRead,
    /// Something is to be seen, and what led to it is not.
    EffectBeforeCause,
    /// Replicas that know the same do not read the same.
    Divergence,
}

/// `lost update`, `resurrection`.
impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LostUpdate => "lost update",
            Self::Resurrection => "resurrection",
            Self::Phantom => "phantom",
            Self::StaleRead => "stale read",
            Self::EffectBeforeCause => "effect before its cause",
            Self::Divergence => "divergence",
        })
    }
}

/// A check that failed: which, when, where, and why, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which check.
    pub class: Class,
    /// What it is called, if it has a name.
    pub anomaly: Option<Anomaly>,
    /// When it failed.
    pub at_us: Time,
    /// What the replicas concerned read, side by side, by address.
    pub values: Vec<Reading>,
    /// What the specification says must be read: at what is visible there, or was until it vanished.
    /// `None` if it is a relation, or was not asked. For the class delta: what is read instead where
    /// the delta is merged.
    pub expected: Option<String>,
    /// The operations concerned, as `r1:4 Insert("milk")`.
    pub operations: Vec<String>,
    /// What is wrong, as a sentence or several.
    pub explanation: String,
}

impl Violation {
    /// A violation of which no more is to be said than `explanation`.
    pub(crate) fn new(class: Class, at_us: Time, explanation: String) -> Self {
        Self {
            class,
            anomaly: None,
            at_us,
            values: Vec::new(),
            expected: None,
            operations: Vec::new(),
            explanation,
        }
    }
}
