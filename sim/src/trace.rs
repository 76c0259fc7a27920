//! A saved run: its decisions, from which it is executed again.

mod file;

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

pub use file::TraceError;

use crate::outcome::{Outcome, Verdict};
use crate::scenario::{Disk, PartitionKind, Scenario};
use crate::violation::Class;
use crate::{EventId, Fingerprint, Time};

/// A saved run.
///
/// It stores what was decided (operations, faults, the fate of every message), not only the seed,
/// so that it replays although the scenario's drawing changes, and can be cut down. The draws that
/// replicas made themselves follow from the seed and the events' ids.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::{Scenario, Subject, Trace, TypeSubject};
/// let counter = TypeSubject::new("g-counter", "grows", GCounterModel);
/// let outcome = counter.run(&Scenario::of("g-counter"), 7)?;
/// let file = Trace::of(&outcome).encode()?;
///
/// let trace = Trace::decode(&file)?;
/// trace.expect(&counter.replay(&trace)?)?;
/// assert!(Trace::decode(&file[1..]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The name of the type or protocol.
    pub subject: String,
    /// The policy that replicated it.
    pub policy: String,
    /// The seed.
    pub seed: u64,
    /// The scenario.
    pub scenario: Scenario,
    /// What the run showed.
    pub verdict: Verdict,
    /// Which check failed, if one did.
    pub class: Option<Class>,
    /// The hash over the run's ordered events.
    pub fingerprint: Fingerprint,
    /// What was decided.
    pub decisions: Decisions,
}

/// What was decided in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decisions {
    /// How each replica's clock begins, by address from 1.
    pub clocks: Vec<ClockStart>,
    /// The clients' operations.
    pub operations: Vec<OperationDecision>,
    /// Partitions, crashes and the like, and their ends.
    pub faults: Vec<FaultDecision>,
    /// What became of each message, by the id of its sending.
    pub fates: Vec<(EventId, Fate)>,
    /// What becomes of the messages that have no entry there.
    pub rest: Rest,
    /// The addresses where nobody is until somebody joins there. The others keep their addresses,
    /// and so the events their ids.
    pub absent: Vec<u64>,
}

/// What becomes of a message of which nothing was decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rest {
    /// It arrives in order, after a constant latency.
    #[default]
    Arrive,
    /// It is lost if it is sent before the faults are over, and arrives after: what nobody says any
    /// more could never settle, whatever the protocol.
    Lost,
}

/// How a replica's wall clock begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockStart {
    /// By how many milliseconds it is ahead.
    pub ahead_ms: u64,
    /// By how many millionths it runs fast, or slow if below 0.
    pub drift_ppm: i64,
}

/// An operation of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationDecision {
    /// Its number, which it keeps when others are deleted.
    pub root: u64,
    /// When.
    pub at_us: Time,
    /// At which address; a roaming client may go elsewhere if it is turned away.
    pub replica: u64,
    /// Which client, from 0, if the scenario has clients.
    pub client: Option<u64>,
    /// The operation as wire payload.
    pub bytes: Vec<u8>,
    /// The operation's `Debug` form, for people; replay does not read it.
    pub text: String,
}

/// A fault, or the end of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultDecision {
    /// Its number, which it keeps when others are deleted.
    pub root: u64,
    /// When.
    pub at_us: Time,
    /// What.
    pub fault: Fault,
}

/// A fault, or the end of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Fault {
    /// Links are cut.
    Cut {
        /// Names the cut, for its end.
        cut: u64,
        /// What is cut.
        kind: PartitionKind,
        /// The addresses it is about, as in [`Partition`](crate::scenario::Partition). Of a partial
        /// one the links that are cut, from the first of a pair to the second.
        groups: Vec<Vec<u64>>,
    },
    /// A cut ends.
    Heal {
        /// Which.
        cut: u64,
    },
    /// A replica stops; nothing happens if it is down already.
    Crash {
        /// Its address.
        replica: u64,
        /// What becomes of its disk.
        disk: Disk,
    },
    /// A replica comes back; nothing happens if it is up.
    Restart {
        /// Its address.
        replica: u64,
        /// Under the incarnation that it had.
        reuse_identity: bool,
    },
    /// A replica stands still; nothing happens if it does already, or is down.
    Pause {
        /// Its address.
        replica: u64,
    },
    /// A replica goes on.
    Resume {
        /// Its address.
        replica: u64,
    },
    /// A replica's wall clock changes.
    Clock {
        /// Its address.
        replica: u64,
        /// How.
        change: ClockChange,
    },
    /// A replica joins; nothing happens if it is there.
    Join {
        /// Its address.
        replica: u64,
    },
    /// A replica leaves with its disk; nothing happens if it is not there.
    Leave {
        /// Its address.
        replica: u64,
    },
}

impl Fault {
    /// Its place among those of a moment: what ends there, ends before something else begins, and who
    /// leaves does so before it joins again.
    pub(crate) const fn order(&self) -> u8 {
        match self {
            Self::Heal { .. }
            | Self::Restart { .. }
            | Self::Resume { .. }
            | Self::Clock { change: ClockChange::Right, .. } => 0,
            Self::Leave { .. } => 1,
            Self::Join { .. } => 2,
            Self::Cut { .. } | Self::Crash { .. } | Self::Pause { .. } | Self::Clock { .. } => 3,
        }
    }

    /// The address of the replica that it is about, if it is about one.
    pub(crate) fn replica(&self) -> Option<u64> {
        match self {
            Self::Cut { .. } | Self::Heal { .. } => None,
            Self::Crash { replica, .. }
            | Self::Restart { replica, .. }
            | Self::Pause { replica }
            | Self::Resume { replica }
            | Self::Clock { replica, .. }
            | Self::Join { replica }
            | Self::Leave { replica } => Some(*replica),
        }
    }
}

/// What happens to a wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClockChange {
    /// It jumps by so many milliseconds.
    Jump(i64),
    /// It runs fast by so many millionths from now on, or slow.
    Drift(i64),
    /// It stops.
    Stop,
    /// It is set, in milliseconds, and runs on from there.
    Set(u64),
    /// It shows the right time again, and keeps it.
    Right,
}

/// What becomes of a message: its copies. None means that it is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fate {
    /// The copies that arrive, unless a cut or a crash prevents it.
    pub copies: SmallVec<[Passage; 1]>,
}

/// The way of one copy of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// How long it takes, in microseconds; longer if it must queue behind an earlier message.
    pub latency_us: u64,
    /// Its place among the others of its link.
    pub way: Way,
    /// The number that its damage is drawn from, if it is damaged.
    pub damage: Option<NonZeroU32>,
}

/// The place of a message among the others of its link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// It comes after those sent before it.
    #[default]
    Ordered,
    /// It leaves the order: it need not queue, nor does any later message behind it.
    Unordered,
    /// It comes once more, long after.
    Again,
}

impl Trace {
    /// The trace of the run that `outcome` is of.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::{Scenario, Subject, TypeSubject};
    /// let counter = TypeSubject::new("likes", "how many like it", GCounterModel);
    /// use rejoin_sim::Trace;
    /// let outcome = counter.run(&Scenario::of("likes"), 7)?;
    /// let trace = Trace::of(&outcome);
    /// assert_eq!((trace.seed, trace.fingerprint), (7, outcome.fingerprint));
    /// # Ok::<(), rejoin_sim::RunError>(())
    /// ```
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        Self {
            subject: outcome.subject.clone(),
            policy: outcome.policy.clone(),
            seed: outcome.seed,
            scenario: outcome.scenario.clone(),
            verdict: outcome.verdict,
            class: outcome.violation.as_ref().map(|violation| violation.class),
            fingerprint: outcome.fingerprint,
            decisions: outcome.decisions.clone(),
        }
    }

    /// The trace as bytes: a checksummed envelope of the toolkit's wire format.
    ///
    /// # Errors
    ///
    /// If it is too large for the format.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::{Scenario, Subject, TypeSubject};
    /// let counter = TypeSubject::new("likes", "how many like it", GCounterModel);
    /// use rejoin_sim::Trace;
    /// let trace = Trace::of(&counter.run(&Scenario::of("likes"), 7)?);
    /// let file = trace.encode()?;
    /// assert!(file.starts_with(b"\x89RJN"));
    /// assert_eq!(Trace::decode(&file)?, trace);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn encode(&self) -> Result<Vec<u8>, TraceError> {
        file::encode(self)
    }

    /// Reads a trace. The bytes may come from anywhere.
    ///
    /// # Errors
    ///
    /// [`TraceError`] if they are truncated, corrupt, or of another kind or version.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::{Scenario, Subject, TypeSubject};
    /// let counter = TypeSubject::new("likes", "how many like it", GCounterModel);
    /// use rejoin_sim::Trace;
    /// let mut file = Trace::of(&counter.run(&Scenario::of("likes"), 7)?).encode()?;
    /// assert_eq!(Trace::decode(&file)?.seed, 7);
    /// file[100] ^= 1;
    /// assert!(Trace::decode(&file).is_err()); // it was damaged
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decode(bytes: &[u8]) -> Result<Self, TraceError> {
        file::decode(bytes)
    }

    /// Whether `outcome`, a replay of this trace, is what the trace expects.
    ///
    /// # Errors
    ///
    /// What differs.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::{Scenario, Subject, TypeSubject};
    /// let counter = TypeSubject::new("likes", "how many like it", GCounterModel);
    /// use rejoin_sim::Trace;
    /// let scenario = Scenario::of("likes");
    /// let trace = Trace::of(&counter.run(&scenario, 7)?);
    /// assert_eq!(trace.expect(&counter.replay(&trace)?), Ok(()));
    /// assert!(trace.expect(&counter.run(&scenario, 8)?).is_err()); // another run
    /// # Ok::<(), rejoin_sim::RunError>(())
    /// ```
    pub fn expect(&self, outcome: &Outcome) -> Result<(), Mismatch> {
        let class = outcome.violation.as_ref().map(|violation| violation.class);
        if (outcome.verdict, class) != (self.verdict, self.class) {
            let describe = |verdict: Verdict, class: Option<Class>| match class {
                Some(class) => format!("{verdict} ({class})"),
                None => verdict.to_string(),
            };
            return Err(Mismatch::Verdict {
                expected: describe(self.verdict, self.class),
                found: describe(outcome.verdict, class),
            });
        }
        if outcome.fingerprint != self.fingerprint {
            return Err(Mismatch::Fingerprint {
                expected: self.fingerprint,
                found: outcome.fingerprint,
            });
        }
        Ok(())
    }
}

/// How a replay differs from its trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// It ended otherwise.
    #[error("the trace says {expected}, the replay {found}")]
    Verdict {
        /// What the trace says.
        expected: String,
        /// How the replay ended.
        found: String,
    },
    /// It ended in the same way, but took another course.
    #[error("the trace's fingerprint is {expected}, the replay's {found}")]
    Fingerprint {
        /// The trace's.
        expected: Fingerprint,
        /// The replay's.
        found: Fingerprint,
    },
}
