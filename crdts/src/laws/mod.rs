//! The laws of a replicated type, ready for a [`Model`] of your own.
//!
//! A type that agrees with itself may still be wrong: replicas can converge on a value that nobody
//! asked for. So everything here is held to
//!
//! ```text
//! value(op path) = value(delta path) = value(state path) = spec(history)
//! ```
//!
//! and, with it, to the laws of a join-semilattice: on the states that runs really reach, on the
//! deltas of operations, and on joins of arbitrary subsets of these. [`Law`] lists them all.
//!
//! [`Laws`] draws histories ([`Case`]), short ones first, executes them ([`Execution`]), checks
//! every law on what they reach, and shrinks what fails to the fewest operations ([`Violation`]).
//! The same seed gives the same result, anywhere.
//!
//! ```
//! use rejoin_crdts::laws::{Law, Laws};
//! use rejoin_crdts::{
//!     At, DeltaOf, Lattice, Merge, Model, Refused, ReplicaId, Spec, View, Whole,
//! };
//!
//! /// The type: the greatest number that was ever written. It forgot something.
//! #[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
//! struct Max(u64);
//! impl Merge for Max {
//!     fn merge(&mut self, other: &Self) -> bool {
//!         self.0 = other.0; // should be: the greater of the two
//!         true
//!     }
//! }
//! impl Lattice for Max {}
//!
//! /// What it should mean, and how to drive it.
//! #[derive(Clone)]
//! struct MaxModel;
//! impl Spec for MaxModel {
//!     type Op = u64;
//!     type Value = u64;
//!     fn alphabet(&self) -> Vec<u64> { vec![1, 2] }
//!     fn value(&self, view: &View<'_, u64>) -> Option<u64> {
//!         Some(view.iter().map(|seen| *seen.op).max().unwrap_or(0))
//!     }
//! }
//! impl Model for MaxModel {
//!     type State = Whole<Max>;
//!     fn initial(&self, _: ReplicaId) -> Whole<Max> { Whole::default() }
//!     fn perform(&self, state: &mut Whole<Max>, _: &At, op: &u64) -> Result<DeltaOf<Self>, Refused> {
//!         Ok(state.mutate(|max| max.0 = max.0.max(*op)))
//!     }
//!     fn read(&self, state: &Whole<Max>) -> u64 { state.0.0 }
//! }
//!
//! let violation = Laws::new(MaxModel).check().unwrap_err();
//! assert!(violation.operations() <= 1);
//! println!("{violation}");
//!
//! // One law by itself:
//! let violation = Laws::new(MaxModel).only([Law::StatesCommute]).check().unwrap_err();
//! assert_eq!(violation.operations(), 1);
//! ```
//!
//! A panic within the type is the caller's to see: it passes through.

mod case;
mod check;
#[cfg(feature = "quickcheck")]
mod drawn;
mod erased;
mod execution;
mod judge;
mod law;
mod pool;
mod random;
mod shrink;
#[cfg(feature = "proptest")]
pub mod strategy;
#[cfg(test)]
mod tests;
mod violation;

use std::fmt;

pub use case::{Case, Event};
#[cfg(feature = "quickcheck")]
pub use drawn::Drawn;
pub use execution::{Execution, Refusal};
use judge::{Judged, Reach, breaks, judge};
pub use law::Law;
use law::{LawSet, Tally};
use random::Random;
use shrink::Shrinker;
use violation::Found;
pub use violation::Violation;

use crate::model::Model;

/// Checks every [`Law`] on random histories of a model.
///
/// **Effort**: bounded for each case, whatever the type: some hundreds of states, pairs and
/// triples; all of them while there are few, a sample otherwise. It takes at most in the order of
/// ten thousand merges and clones a case, and a few more for each operation.
///
/// ```
/// use rejoin_crdts::laws::{Law, Laws};
/// use rejoin_crdts::spec::GCounterModel;
/// let report = Laws::new(GCounterModel).cases(50).check()?;
/// assert!(report.checks(Law::StatesCommute) > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is checked before `check`"]
pub struct Laws<M> {
    model: M,
    cases: u64,
    seed: u64,
    replicas: usize,
    operations: usize,
    wanted: LawSet,
}

impl<M: Model> Laws<M> {
    /// All laws of `model`: 256 cases of 1 to 8 operations at 2 to 4 replicas, with seed 0.
    ///
    /// ```
    /// use rejoin_crdts::laws::Laws;
    /// use rejoin_crdts::spec::GCounterModel;
    /// assert_eq!(Laws::new(GCounterModel).check()?.cases, 256);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(model: M) -> Self {
        Self { model, cases: 256, seed: 0, replicas: 4, operations: 8, wanted: LawSet::ALL }
    }

    /// How many histories to draw.
    ///
    /// ```
    /// use rejoin_crdts::laws::Laws;
    /// use rejoin_crdts::spec::GCounterModel;
    /// assert_eq!(Laws::new(GCounterModel).cases(20).check()?.cases, 20);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cases(self, cases: u64) -> Self {
        Self { cases, ..self }
    }

    /// Which histories to draw: another seed, other histories.
    ///
    /// ```
    /// use rejoin_crdts::laws::Laws;
    /// use rejoin_crdts::spec::GCounterModel;
    /// let check = |seed| Laws::new(GCounterModel).cases(20).seed(seed).check();
    /// assert_eq!(check(1)?, check(1)?);
    /// assert_ne!(check(1)?, check(2)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// At most how many replicas write.
    ///
    /// ```
    /// use rejoin_crdts::laws::Laws;
    /// use rejoin_crdts::spec::GCounterModel;
    /// let alone = Laws::new(GCounterModel).cases(20).replicas(1).check()?;
    /// assert_eq!(alone.concurrent, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn replicas(self, replicas: usize) -> Self {
        Self { replicas, ..self }
    }

    /// At most how many operations a history has.
    ///
    /// ```
    /// use rejoin_crdts::laws::Laws;
    /// use rejoin_crdts::spec::GCounterModel;
    /// let short = Laws::new(GCounterModel).cases(20).operations(1).check()?;
    /// assert_eq!(short.operations, 20); // one in each
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn operations(self, operations: usize) -> Self {
        Self { operations, ..self }
    }

    /// Checks these laws and no others.
    ///
    /// ```
    /// use rejoin_crdts::laws::{Law, Laws};
    /// use rejoin_crdts::spec::GCounterModel;
    /// let report = Laws::new(GCounterModel).cases(20).only([Law::RoundTrip]).check()?;
    /// assert!(report.checks(Law::RoundTrip) > 0);
    /// assert_eq!(report.checks(Law::StatesCommute), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn only(self, laws: impl IntoIterator<Item = Law>) -> Self {
        Self { wanted: laws.into_iter().collect(), ..self }
    }

    /// Checks the laws.
    ///
    /// # Errors
    ///
    /// The violation in the first case that breaks a law, shrunk until no single step makes it
    /// simpler with the same law still broken. The steps: take operations away, one, two or many;
    /// fewer replicas; less visibility; operations that come earlier in the alphabet; lower
    /// clocks.
    ///
    /// # Panics
    ///
    /// If the specification has no operation to draw, or the type panics.
    ///
    /// ```
    /// # mod twice { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/twice.rs")); }
    /// # use twice::Twice;
    /// use rejoin_crdts::laws::Laws;
    /// use rejoin_crdts::spec::GCounterModel;
    /// let report = Laws::new(GCounterModel).cases(20).check()?;
    /// assert!(report.concurrent > 0);
    /// // The same type under a specification that counts everything twice:
    /// let violation = Laws::new(Twice).cases(20).check().unwrap_err();
    /// assert_eq!(violation.operations(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(&self) -> Result<Report, Box<Violation<M::Op>>> {
        let tally = Tally::new();
        let mut report = Report::default();
        for number in 0..self.cases {
            let mut random = Random::new(self.seed, number);
            let size = self.size(number);
            let case = Case::draw(&self.model, self.replicas, size, &mut random);
            if let Err(finding) =
                report.judge(&self.model, &case, self.wanted, &tally, Reach::Sampled)
            {
                report.checks = tally.total();
                let found = Found { seed: self.seed, number, operations: case.len() };
                let shrinker = Shrinker::new(self.model.alphabet());
                let law = finding.law;
                let (case, finding) =
                    shrinker.minimise(case, *finding, |simpler| breaks(&self.model, simpler, law));
                let violation = Violation::new(&self.model, case, &finding, Some(found), report);
                return Err(Box::new(violation));
            }
        }
        report.checks = tally.total();
        Ok(report)
    }

    /// How many operations case `number` has: growing, so that the first failure is short.
    fn size(&self, number: u64) -> usize {
        let steps = u128::from(number) * self.operations as u128 / u128::from(self.cases.max(1));
        (1 + steps as usize).min(self.operations)
    }
}

/// A test that holds a model to its laws: its name, and an expression for the model.
///
/// It fails with a table of who did what, who had seen what, what was read and what is specified; or
/// if no two operations were concurrent, which proves nothing.
///
/// ```
/// use rejoin_crdts::spec::OrSetModel;
/// rejoin_crdts::laws_test!(tags_hold, OrSetModel::new(["crdt".to_owned(), "rust".to_owned()]));
/// # #[cfg(test)]
/// # assert_eq!(tags_hold(), ());
/// # assert!(rejoin_crdts::laws::Laws::new(OrSetModel::new([1u8])).check().is_ok());
/// ```
#[macro_export]
macro_rules! laws_test {
    ($name:ident, $model:expr) => {
        #[test]
        fn $name() {
            match $crate::laws::Laws::new($model).check() {
                Ok(report) => assert!(report.concurrent > 0, "nothing was concurrent"),
                Err(violation) => panic!("{violation}"),
            }
        }
    };
}

/// Checks every [`Law`] on one history, without shrinking it.
///
/// # Errors
///
/// The violation, if there is one.
///
/// ```
/// use rejoin_crdts::laws::{Case, Event, check_case};
/// use rejoin_crdts::spec::{CounterOp, GCounterModel};
/// use rejoin_crdts::{Delivery, OpSet};
/// let add = |replica, by| Event {
///     replica,
///     op: CounterOp::Add(by),
///     sees: OpSet::new(),
///     clock_ms: 0,
/// };
/// let case = Case::new(Delivery::PerSender, [add(0, 1), add(1, 2)]);
/// assert_eq!(check_case(&GCounterModel, &case)?.concurrent, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn check_case<M: Model>(
    model: &M,
    case: &Case<M::Op>,
) -> Result<Report, Box<Violation<M::Op>>> {
    check_one(model, case, Reach::Sampled)
}

/// Checks every [`Law`] on one history, on everything that it reaches: every down-set, and every
/// triple of states while there are at most a thousand of them. Where there are more, every pair is
/// compared with the state of the union instead, from which the triples follow;
/// [`Report::crowded`] counts these histories.
///
/// **Complexity**: cubic in the number of states, which is exponential in that of operations.
///
/// # Errors
///
/// The violation, if there is one.
///
/// ```
/// use rejoin_crdts::laws::{Case, Event, Law, check_case, exhaust_case};
/// use rejoin_crdts::spec::{CounterOp, GCounterModel};
/// use rejoin_crdts::{Delivery, OpSet};
/// let add = |replica| {
///     Event { replica, op: CounterOp::Add(1), sees: OpSet::new(), clock_ms: 0 }
/// };
/// let case = Case::new(Delivery::PerSender, [add(0), add(1), add(2)]);
/// let (some, all) = (check_case(&GCounterModel, &case)?, exhaust_case(&GCounterModel, &case)?);
/// assert!(all.checks(Law::StatesAssociate) > some.checks(Law::StatesAssociate));
/// assert_eq!(all.crowded, 0);
/// # Ok::<(), Box<rejoin_crdts::laws::Violation<CounterOp>>>(())
/// ```
pub fn exhaust_case<M: Model>(
    model: &M,
    case: &Case<M::Op>,
) -> Result<Report, Box<Violation<M::Op>>> {
    check_one(model, case, Reach::Everything)
}

fn check_one<M: Model>(
    model: &M,
    case: &Case<M::Op>,
    reach: Reach,
) -> Result<Report, Box<Violation<M::Op>>> {
    let tally = Tally::new();
    let mut report = Report::default();
    let verdict = report.judge(model, case, LawSet::ALL, &tally, reach);
    report.checks = tally.total();
    match verdict {
        Ok(()) => Ok(report),
        Err(finding) => Err(Box::new(Violation::new(model, case.clone(), &finding, None, report))),
    }
}

/// What was checked, so that a check of nothing can be told from one that found nothing.
///
/// ```
/// use rejoin_crdts::laws::Laws;
/// use rejoin_crdts::spec::GCounterModel;
/// let report = Laws::new(GCounterModel).cases(20).check()?;
/// assert!(report.to_string().starts_with("20 histories"));
/// assert!(report.concurrent > 0 && report.states > report.cases);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Histories.
    pub cases: u64,
    /// Operations that were performed in them.
    pub operations: u64,
    /// Operations that the type refused.
    pub refused: u64,
    /// Pairs of operations of which neither had seen the other. Without any, nothing was tested.
    pub concurrent: u64,
    /// States that were reached, those of one history counted as often as they were reached.
    pub states: u64,
    /// Histories with more than a thousand states, where every triple was wanted and every pair
    /// was looked at.
    pub crowded: u64,
    checks: Vec<u64>,
}

impl Report {
    /// How often a law was checked.
    ///
    /// ```
    /// use rejoin_crdts::laws::{Law, Laws};
    /// use rejoin_crdts::spec::GCounterModel;
    /// let report = Laws::new(GCounterModel).cases(20).check()?;
    /// assert!(report.checks(Law::Specification) > report.operations);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn checks(&self, law: Law) -> u64 {
        self.checks.get(law as usize).copied().unwrap_or(0)
    }

    /// Adds what was checked elsewhere.
    ///
    /// ```
    /// use rejoin_crdts::laws::{Law, Laws};
    /// use rejoin_crdts::spec::GCounterModel;
    /// let of = |seed| Laws::new(GCounterModel).cases(5).seed(seed).check();
    /// let mut both = of(1)?;
    /// both.add(&of(2)?);
    /// assert_eq!(both.cases, 10);
    /// # Ok::<(), Box<rejoin_crdts::laws::Violation<rejoin_crdts::spec::CounterOp>>>(())
    /// ```
    pub fn add(&mut self, other: &Self) {
        let Self { cases, operations, refused, concurrent, states, crowded, checks } = other;
        self.cases += cases;
        self.operations += operations;
        self.refused += refused;
        self.concurrent += concurrent;
        self.states += states;
        self.crowded += crowded;
        self.checks.resize(self.checks.len().max(checks.len()), 0);
        for (mine, theirs) in self.checks.iter_mut().zip(checks) {
            *mine += theirs;
        }
    }

    /// The laws that were never checked: the histories gave no occasion.
    ///
    /// ```
    /// use rejoin_crdts::laws::{Law, Laws};
    /// use rejoin_crdts::spec::GCounterModel;
    /// let report = Laws::new(GCounterModel).cases(20).check()?;
    /// // No operation of a counter was refused, so what a refusal leaves was not seen.
    /// assert!(report.unchecked().eq([Law::RefusalChangesNothing]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unchecked(&self) -> impl Iterator<Item = Law> {
        Law::ALL.iter().copied().filter(|law| self.checks(*law) == 0)
    }

    fn judge<M: Model>(
        &mut self,
        model: &M,
        case: &Case<M::Op>,
        wanted: LawSet,
        tally: &Tally,
        reach: Reach,
    ) -> judge::Verdict {
        let run = Execution::run(model, case);
        let Judged { states, crowded, verdict } = judge(&run, wanted, tally, reach);
        self.crowded += u64::from(crowded);
        let history = run.history();
        let concurrent = |at: usize| (0..at).filter(|&other| history.concurrent(at, other)).count();
        self.cases += 1;
        self.operations += history.len() as u64;
        self.refused += run.refusals().len() as u64;
        self.concurrent += (0..history.len()).map(concurrent).sum::<usize>() as u64;
        self.states += states as u64;
        verdict
    }
}

/// The counts, and a line for each law.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cases, operations, refused, concurrent, states, .. } = self;
        writeln!(
            f,
            "{cases} histories of {operations} operations ({refused} refused, {concurrent} pairs \
             concurrent) reached {states} states."
        )?;
        for law in Law::ALL {
            writeln!(f, "{:>10}  {law}", self.checks(*law))?;
        }
        Ok(())
    }
}
