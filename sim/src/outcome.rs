//! The result of a run, with no types of its subject in it: what the command shows and saves.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::scenario::Scenario;
use crate::timeline::Entry;
use crate::trace::Decisions;
use crate::violation::Violation;
use crate::{Fingerprint, Time};

/// What a run showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every check held, at every step.
    Held,
    /// A check failed: [`Outcome::violation`] says which.
    Violated,
    /// Nothing was tested: [`Outcome::vacuous_because`] says why.
    Vacuous,
    /// Two runs of one seed differed: [`Outcome::first_difference`] says from when on.
    Nondeterministic,
}

/// `held`, `violated`, `vacuous` or `nondeterministic`.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Held => "held",
            Self::Violated => "violated",
            Self::Vacuous => "vacuous",
            Self::Nondeterministic => "nondeterministic",
        })
    }
}

/// What a replica reads, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The replica's address.
    pub replica: u64,
    /// The value's `Debug` form.
    pub value: String,
}

/// A kind of fault, and how often it fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultCount {
    /// Its name: `loss`, `duplicate`, `reorder`, `partition`, `crash-kept`, `crash-lost`, `skew`.
    pub name: String,
    /// What one firing of it is, in words that follow a number: `messages lost`.
    pub unit: String,
    /// Whether the scenario asked for it.
    pub configured: bool,
    /// How often it fired.
    pub fired: u64,
}

/// What became of the clients' operations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operations {
    /// How many the plan held.
    pub planned: u64,
    /// How many were performed.
    pub performed: u64,
    /// How many found their replica crashed, or the run over.
    pub skipped: u64,
    /// How many were refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// How many were acknowledged.
    pub acknowledged: u64,
    /// How many acknowledged ones were lost because all the disks that held them were.
    pub excused: u64,
    /// How many were lost, acknowledged or not, because a crash destroyed every copy.
    pub struck: u64,
    /// How many pairs of operations that changed something had not seen each other.
    pub concurrent_pairs: u64,
}

/// What went over the network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Messages that replicas sent.
    pub sent: u64,
    /// Messages that arrived, copies included.
    pub delivered: u64,
    /// Messages that arrived and were refused by their receiver.
    pub refused: u64,
    /// Messages that found their receiver down, or that had no link to go by.
    pub undeliverable: u64,
    /// Bytes that replicas sent.
    pub bytes: u64,
    /// Bytes sent for each operation performed, rounded down.
    pub bytes_per_op: u64,
}

/// Everything that a run showed.
///
/// Serializes to what `--json` prints. The decisions, which a [`Trace`](crate::Trace) stores, and
/// the digests of single events are left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The name of the type or protocol.
    pub subject: String,
    /// The policy that replicated it.
    pub policy: String,
    /// The seed.
    pub seed: u64,
    /// The scenario, with every default filled in.
    pub scenario: Scenario,
    /// What the run showed.
    pub verdict: Verdict,
    /// The first check that failed.
    pub violation: Option<Violation>,
    /// Why the run tested nothing.
    pub vacuous_because: Option<String>,
    /// From when on a second run of the same seed differed.
    pub first_difference_us: Option<Time>,
    /// What happened, in order of time.
    pub timeline: Vec<Entry>,
    /// Each kind of fault, and how often it fired.
    pub faults: Vec<FaultCount>,
    /// What became of the clients' operations.
    pub operations: Operations,
    /// What went over the network.
    pub traffic: Traffic,
    /// What each live replica reads at the end, by address.
    pub final_values: Vec<Reading>,
    /// The hash over the run's ordered events.
    pub fingerprint: Fingerprint,
    /// How many events there were.
    pub events: u64,
    /// When the faults were over.
    pub healed_us: Option<Time>,
    /// When the run ended.
    pub ended_us: Time,
    /// What a trace of this run stores.
    #[serde(skip)]
    pub decisions: Decisions,
    /// The time and the hash of everything up to there, after each event: to find where two runs
    /// part.
    #[serde(skip)]
    pub digests: Vec<(Time, u64)>,
}

impl Outcome {
    /// The kinds of fault that the scenario asked for and that never fired.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::{Scenario, Subject, TypeSubject};
    /// let counter = TypeSubject::new("likes", "how many like it", GCounterModel);
    /// // Four messages in a million are lost, and not so many are sent.
    /// let outcome = counter.run(&Scenario { loss: 4e-6, ..Scenario::of("likes") }, 1)?;
    /// assert!(outcome.idle_faults().map(|fault| fault.name.as_str()).eq(["loss"]));
    /// # Ok::<(), rejoin_sim::RunError>(())
    /// ```
    pub fn idle_faults(&self) -> impl Iterator<Item = &FaultCount> {
        self.faults.iter().filter(|fault| fault.configured && fault.fired == 0)
    }

    /// The first moment at which `self` and `other`, two runs of one seed, differ, if they do.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::{Scenario, Subject, TypeSubject};
    /// let counter = TypeSubject::new("likes", "how many like it", GCounterModel);
    /// let scenario = Scenario::of("likes");
    /// let outcome = counter.run(&scenario, 1)?;
    /// assert_eq!(outcome.first_difference(&counter.run(&scenario, 1)?), None);
    /// assert!(outcome.first_difference(&counter.run(&scenario, 2)?).is_some()); // another seed
    /// # Ok::<(), rejoin_sim::RunError>(())
    /// ```
    #[must_use]
    pub fn first_difference(&self, other: &Self) -> Option<Time> {
        if self.fingerprint == other.fingerprint {
            return None;
        }
        let parted = self.digests.iter().zip(&other.digests).find(|(mine, theirs)| mine != theirs);
        Some(match parted {
            Some((mine, theirs)) => mine.0.min(theirs.0),
            None => self.ended_us.min(other.ended_us),
        })
    }
}
