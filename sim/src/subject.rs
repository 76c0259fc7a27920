//! What can be run by name: a type under the toolkit's policies, or a protocol of one's own.

mod execute;
mod protocols;
mod types;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rejoin_crdts::Spec;
use rejoin_crdts::laws::Law;
use serde::Serialize;

pub use protocols::{ProtocolSubject, ReportingSubject};
pub use types::TypeSubject;

use crate::explore::{Address, Checkpoint, ExploreError, Explored, Progress, Scope, Visit};
use crate::outcome::{Outcome, Verdict};
use crate::scenario::{Scenario, ScenarioError};
use crate::trace::{Trace, TraceError};
use crate::{Time, codec};

/// Something that can be run by name, its types erased.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::{RunError, Scenario, Subject, TypeSubject, Verdict};
/// fn verdict(subject: &dyn Subject, seed: u64) -> Result<Verdict, RunError> {
///     let scenario = Scenario { loss: 0.2, ..Scenario::of(subject.name()) };
///     Ok(subject.run_twice(&scenario, seed)?.verdict)
/// }
/// let counter = TypeSubject::new("likes", "how many like it", GCounterModel);
/// assert_eq!(verdict(&counter, 1)?, Verdict::Held);
/// # Ok::<(), rejoin_sim::RunError>(())
/// ```
pub trait Subject: Send + Sync {
    /// Its name in kebab case, as scenarios write it.
    fn name(&self) -> &str;

    /// What it is, in a line.
    fn summary(&self) -> &str;

    /// The policies that can replicate it; the first is the default. Never empty.
    fn policies(&self) -> Vec<String>;

    /// The operations of its [alphabet](rejoin_crdts::Spec::alphabet), the simplest first: what a
    /// shrinker tries instead of others.
    fn alphabet(&self) -> Vec<Letter> {
        Vec::new()
    }

    /// Checks the laws, or `None` if it is no type but a protocol.
    fn laws(&self, effort: Effort) -> Option<LawsOutcome>;

    /// Checks the laws on every history of at most `most` operations within a scope, or `None` if
    /// it is no type but a protocol.
    ///
    /// As [`exhaust`](crate::explore::exhaust).
    fn exhaust(
        &self,
        scope: &Scope,
        most: usize,
        word: &mut dyn FnMut(u64),
    ) -> Option<Result<LawsOutcome, ExploreError>> {
        let _ = (scope, most, word);
        None
    }

    /// Visits every history of a scope, or `None` if it is no type but a protocol.
    ///
    /// As [`explore_from`](crate::explore::explore_from).
    fn explore(
        &self,
        scope: &Scope,
        from: Option<Checkpoint>,
        word: &mut dyn FnMut(Progress<'_>),
    ) -> Option<Result<Explored, ExploreError>> {
        let _ = (scope, from, word);
        None
    }

    /// Visits one history of a scope, or `None` if it is no type but a protocol.
    ///
    /// As [`visit`](crate::explore::visit).
    fn visit(&self, scope: &Scope, address: &Address) -> Option<Result<Visit, ExploreError>> {
        let _ = (scope, address);
        None
    }

    /// Runs `scenario` with what `seed` draws.
    ///
    /// # Errors
    ///
    /// If the scenario is not sound, or names a policy that there is not.
    fn run(&self, scenario: &Scenario, seed: u64) -> Result<Outcome, RunError>;

    /// Runs a trace again, from its decisions.
    ///
    /// Compare with [`Trace::expect`].
    ///
    /// # Errors
    ///
    /// If the trace is of another subject, or one of its operations cannot be read.
    fn replay(&self, trace: &Trace) -> Result<Outcome, RunError>;

    /// Runs a trace again up to a moment, and from there on with what `seed` draws: other operations
    /// at other moments, and other fates of messages, under the same faults.
    ///
    /// How many of such runs fail tells how likely the failure still is from that moment on.
    ///
    /// # Errors
    ///
    /// As [`replay`](Self::replay).
    fn branch(&self, trace: &Trace, from: Time, seed: u64) -> Result<Outcome, RunError>;

    /// Runs twice; if the runs differ, the verdict is [`Verdict::Nondeterministic`] (but a
    /// violation takes precedence).
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    fn run_twice(&self, scenario: &Scenario, seed: u64) -> Result<Outcome, RunError> {
        let mut outcome = self.run(scenario, seed)?;
        let again = self.run(scenario, seed)?;
        outcome.first_difference = outcome.compare(&again);
        if outcome.first_difference.is_some() && outcome.verdict != Verdict::Violated {
            outcome.verdict = Verdict::Nondeterministic;
        }
        Ok(outcome)
    }
}

/// An operation of an alphabet, its type erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// As a trace writes it: [`OperationDecision::bytes`](crate::trace::OperationDecision).
    pub bytes: Vec<u8>,
    /// Its `Debug` form.
    pub text: String,
}

/// The alphabet of a specification. What cannot be written is left out.
fn letters<S: Spec>(spec: &S) -> Vec<Letter> {
    let letter = |op: S::Op| {
        let bytes = codec::seal_op(&op).ok()?;
        Some(Letter { bytes, text: format!("{op:?}") })
    };
    spec.alphabet().into_iter().filter_map(letter).collect()
}

/// How hard to try the laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Effort {
    /// The seed of the random part.
    pub seed: u64,
    /// How many random histories to try.
    pub cases: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self { seed: 1, cases: 256 }
    }
}

/// What checking the laws showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LawsOutcome {
    /// The name of the type.
    pub subject: String,
    /// Whether all held, or one was broken.
    pub verdict: Verdict,
    /// How many histories were tried.
    pub histories: u64,
    /// Whether others were left out, which the type claims to be the same but for names.
    pub reduced: bool,
    /// How many operations were performed in them.
    pub operations: u64,
    /// How many pairs of these had not seen each other.
    pub concurrent_pairs: u64,
    /// How many histories had too many states for every triple to be looked at, where that was
    /// wanted.
    pub crowded: u64,
    /// How often each law was checked, up to the one that was broken: a law that never was is not
    /// shown to hold.
    pub checks: Vec<LawChecks>,
    /// Which law was broken.
    pub law: Option<String>,
    /// How, with the smallest history found, as a table for people.
    pub explanation: Option<String>,
}

/// How often a law was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LawChecks {
    /// Its name, in kebab case.
    pub name: Law,
    /// The law in plain words, as in [`LawsOutcome::law`].
    pub law: String,
    /// How many times two sides were compared.
    pub comparisons: u64,
}

/// Why nothing was run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The scenario is not sound.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The trace cannot be run.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The scenario, or the trace, is of something else.
    #[error("this is a run of `{found}`, not of `{expected}`")]
    OtherSubject {
        /// The subject that was asked to run it.
        expected: String,
        /// Whose run it is.
        found: String,
    },
}

/// The subjects that can be named, by name.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::{Registry, Subject, TypeSubject};
/// let mut registry = Registry::new();
/// registry.add(TypeSubject::new("likes", "how many like it", GCounterModel));
/// assert_eq!(registry.get("likes").map(|subject| subject.policies()[0].clone()).as_deref(), Some("delta"));
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    subjects: BTreeMap<String, Arc<dyn Subject>>,
}

impl Registry {
    /// A registry of nothing.
    ///
    /// ```
    /// use rejoin_sim::Registry;
    /// assert_eq!(Registry::new().iter().count(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a subject; returns the one that had its name, if any.
    ///
    /// ```
    /// use rejoin_crdts::spec::{GCounterModel, PnCounterModel};
    /// use rejoin_sim::{Registry, TypeSubject};
    /// let mut registry = Registry::new();
    /// assert!(registry.add(TypeSubject::new("likes", "only grow", GCounterModel)).is_none());
    /// let before = registry.add(TypeSubject::new("likes", "may be taken back", PnCounterModel));
    /// assert!(before.is_some_and(|subject| subject.summary() == "only grow"));
    /// ```
    pub fn add(&mut self, subject: impl Subject + 'static) -> Option<Arc<dyn Subject>> {
        self.subjects.insert(subject.name().to_owned(), Arc::new(subject))
    }

    /// The subject called `name`.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::{Registry, TypeSubject};
    /// let mut registry = Registry::new();
    /// registry.add(TypeSubject::new("likes", "how many like it", GCounterModel));
    /// assert!(registry.get("likes").is_some());
    /// assert!(registry.get("shares").is_none());
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Subject>> {
        self.subjects.get(name)
    }

    /// All subjects, by name.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::{Registry, TypeSubject};
    /// let mut registry = Registry::new();
    /// registry.add(TypeSubject::new("likes", "how many like it", GCounterModel));
    /// assert!(registry.iter().map(|subject| subject.name()).eq(["likes"]));
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Subject>> {
        self.subjects.values()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.subjects.keys()).finish()
    }
}
