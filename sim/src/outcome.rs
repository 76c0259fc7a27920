//! The result of a run, with no types of its subject in it: what the command shows and saves.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::scenario::Scenario;
use crate::timeline::Entry;
use crate::trace::Decisions;
use crate::violation::Violation;
use crate::{EventId, Fingerprint, Time};

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
    /// Two runs of one seed differed: [`Outcome::first_difference`] says which event
    /// was the first.
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

/// What became of the sessions of roaming clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCounts {
    /// How often a client was served.
    pub served: u64,
    /// How often a replica turned one away, since it lacked something that the client knew.
    pub turned_away: u64,
    /// How many sessions ended because nobody served them.
    pub abandoned: u64,
    /// How often a guarantee did not hold that was not promised, by its name.
    pub anomalies: BTreeMap<String, u64>,
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

/// How large a run was, up to its violation or its end.
///
/// An event is an operation, a delivery or a fault: what somebody who reads the run has to follow.
/// What is lost is no event. It might as well be on its way.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::{Scenario, Subject, TypeSubject};
/// let counter = TypeSubject::new("likes", "how many like it", GCounterModel);
/// let size = counter.run(&Scenario::of("likes"), 7)?.size;
/// assert_eq!((size.replicas, size.operations, size.faults), (3, 40, 0));
/// assert_eq!(size.events(), 40 + size.deliveries);
/// # Ok::<(), rejoin_sim::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Size {
    /// Addresses at which a replica ever ran.
    pub replicas: u64,
    /// Operations that were performed.
    pub operations: u64,
    /// Messages that reached a replica while there could be faults, each copy by itself.
    pub deliveries: u64,
    /// Faults that struck, and ends of such; each clock that began wrong is one.
    pub faults: u64,
    /// Messages that reached a replica once the faults were over. Of a failure to settle that is
    /// any number, and nothing that could be left out.
    pub settling: u64,
}

impl Size {
    /// Operations, deliveries and faults, without what was delivered once the faults were over.
    ///
    /// ```
    /// use rejoin_sim::outcome::Size;
    /// let size = Size { replicas: 2, operations: 3, deliveries: 2, faults: 1, settling: 100 };
    /// assert_eq!(size.events(), 6);
    /// ```
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.operations + self.deliveries + self.faults
    }
}

/// A message that was sent while there could be faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The event of its sending, by which its fate is decided.
    pub id: EventId,
    /// When.
    pub at_us: Time,
    /// By whom.
    pub from: u64,
    /// To whom.
    pub to: u64,
}

/// A message that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The event of its arrival.
    pub id: EventId,
    /// When it was sent.
    pub sent_us: Time,
    /// When it arrived.
    pub at_us: Time,
    /// From whom.
    pub from: u64,
    /// At whom.
    pub to: u64,
    /// It was damaged on its way.
    pub damaged: bool,
}

/// An event of a run, as it is compared with another run's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at_us: Time,
    /// What: `a delivery`, `a timer`.
    pub what: &'static str,
    /// The sender's address, of a delivery.
    pub from: u64,
    /// The address where it happened; 0 if it was not at one.
    pub to: u64,
    /// The hash of this and of everything before it.
    pub digest: u64,
}

/// `a delivery from r1 to r2 at 1.204 s`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        match (self.from, self.to) {
            (_, 0) => {}
            (from, to) if from != 0 && from != to => write!(f, " from r{from} to r{to}")?,
            (_, to) => write!(f, " at r{to}")?,
        }
        write!(f, " at {}", self.at_us)
    }
}

/// The first event that is not the same in two runs of one seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// When the earlier of the two was.
    pub at_us: Time,
    /// How many events were the same before.
    pub after_events: u64,
    /// The event of the first run; none if it had ended.
    pub first: Option<String>,
    /// The event of the second run; none if it had ended. The same words as the first's if what
    /// differs is what the event did.
    pub second: Option<String>,
}

/// `after 120 events: a timer at r2 at 1.204 s in one, nothing more in the other`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "after {} equal events: ", self.after_events)?;
        let words = |step: &Option<String>| step.clone().unwrap_or("nothing more".to_owned());
        if self.first == self.second {
            return write!(f, "{}, which does not do the same twice", words(&self.first));
        }
        write!(f, "{} in one, {} in the other", words(&self.first), words(&self.second))
    }
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
    /// The first event that differed in a second run of the same seed.
    pub first_difference: Option<Difference>,
    /// What happened, in order of time.
    pub timeline: Vec<Entry>,
    /// Each kind of fault, and how often it fired.
    pub faults: Vec<FaultCount>,
    /// What became of the clients' operations.
    pub operations: Operations,
    /// What became of the sessions of roaming clients.
    pub sessions: SessionCounts,
    /// What went over the network.
    pub traffic: Traffic,
    /// How large the run was.
    pub size: Size,
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
    /// What was sent while there could be faults, of a trace that was run again.
    #[serde(skip)]
    pub sent: Vec<Sent>,
    /// What arrived, of a trace that was run again.
    #[serde(skip)]
    pub arrived: Vec<Arrived>,
    /// What happened, event by event, to find where two runs part: the first million events, and
    /// none if nothing was checked.
    #[serde(skip)]
    pub steps: Vec<Step>,
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

    /// The first event at which `self` and `other`, two runs of one seed, differ, if they do.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::{Scenario, Subject, TypeSubject};
    /// let counter = TypeSubject::new("likes", "how many like it", GCounterModel);
    /// let scenario = Scenario::of("likes");
    /// let outcome = counter.run(&scenario, 1)?;
    /// assert_eq!(outcome.compare(&counter.run(&scenario, 1)?), None);
    /// let other = outcome.compare(&counter.run(&scenario, 2)?).expect("it is another seed");
    /// assert_eq!((other.after_events, other.first), (3, Some("an operation at r1 at 0.003 s".to_owned())));
    /// # Ok::<(), rejoin_sim::RunError>(())
    /// ```
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Difference> {
        if self.fingerprint == other.fingerprint {
            return None;
        }
        let pairs = self.steps.iter().zip(&other.steps);
        let after = pairs.take_while(|(mine, theirs)| mine == theirs).count();
        let (mine, theirs) = (self.steps.get(after), other.steps.get(after));
        let at = mine.into_iter().chain(theirs).map(|step| step.at_us).min();
        Some(Difference {
            at_us: at.unwrap_or(self.ended_us.min(other.ended_us)),
            after_events: after as u64,
            first: mine.map(ToString::to_string),
            second: theirs.map(ToString::to_string),
        })
    }
}
