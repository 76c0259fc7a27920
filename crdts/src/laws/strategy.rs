//! Histories for proptest, which shrink as those of [`Laws`](super::Laws) do.
//!
//! ```
//! use proptest::prelude::*;
//! use rejoin_crdts::laws::{check_case, strategy};
//! use rejoin_crdts::spec::GCounterModel;
//!
//! proptest!(|(case in strategy::cases(GCounterModel, 3, 6))| {
//!     check_case(&GCounterModel, &case)?;
//! });
//! ```

use std::fmt;

use proptest::prelude::Rng;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::Case;
use super::random::Random;
use super::shrink::Shrinker;
use crate::model::Model;

/// Histories of `model` with 1 to `operations` operations at 1 to `replicas` replicas.
///
/// ```
/// use proptest::prelude::*;
/// use rejoin_crdts::laws::strategy;
/// use rejoin_crdts::spec::GCounterModel;
/// proptest!(|(case in strategy::cases(GCounterModel, 3, 6))| {
///     prop_assert!(case.replicas() <= 3 && (1..=6).contains(&case.len()));
/// });
/// ```
pub fn cases<M: Model>(model: M, replicas: usize, operations: usize) -> Cases<M> {
    Cases { model, replicas, operations }
}

/// The strategy that [`cases`] makes.
///
/// ```
/// use proptest::strategy::{Strategy, ValueTree};
/// use proptest::test_runner::TestRunner;
/// use rejoin_crdts::laws::strategy;
/// use rejoin_crdts::spec::GCounterModel;
/// let cases = strategy::cases(GCounterModel, 3, 6);
/// let tree = cases.new_tree(&mut TestRunner::deterministic())?;
/// assert!(tree.current().len() <= 6);
/// # Ok::<(), proptest::test_runner::Reason>(())
/// ```
#[derive(Clone)]
#[must_use = "a strategy does nothing by itself"]
pub struct Cases<M> {
    model: M,
    replicas: usize,
    operations: usize,
}

impl<M> fmt::Debug for Cases<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { replicas, operations, .. } = self;
        f.debug_struct("Cases")
            .field("replicas", replicas)
            .field("operations", operations)
            .finish_non_exhaustive()
    }
}

impl<M: Model> Strategy for Cases<M> {
    type Tree = Tree<M::Op>;
    type Value = Case<M::Op>;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let mut random = Random::new(runner.rng().next_u64(), 0);
        let operations = 1 + random.index(self.operations.max(1));
        let case = Case::draw(&self.model, self.replicas, operations, &mut random);
        let shrinker = Shrinker::new(self.model.alphabet());
        Ok(Tree { shrinker, failed: case.clone(), trial: case, untried: None })
    }
}

/// A history, and the simpler ones that are still to be tried.
///
/// ```
/// use proptest::strategy::{Strategy, ValueTree};
/// use proptest::test_runner::TestRunner;
/// use rejoin_crdts::laws::strategy;
/// use rejoin_crdts::spec::GCounterModel;
/// let cases = strategy::cases(GCounterModel, 3, 6);
/// let mut tree = cases.new_tree(&mut TestRunner::deterministic())?;
/// while tree.simplify() {} // if every case fails
/// assert!(tree.current().is_empty());
/// # Ok::<(), proptest::test_runner::Reason>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tree<Op> {
    shrinker: Shrinker<Op>,
    /// The simplest case that is known to fail, once one is.
    failed: Case<Op>,
    trial: Case<Op>,
    /// What is simpler than `failed` and was not tried yet.
    untried: Option<std::vec::IntoIter<Case<Op>>>,
}

impl<Op: Clone + Eq + fmt::Debug> ValueTree for Tree<Op> {
    type Value = Case<Op>;

    fn current(&self) -> Case<Op> {
        self.trial.clone()
    }

    fn simplify(&mut self) -> bool {
        if self.untried.is_none() || self.trial != self.failed {
            self.failed = self.trial.clone();
            let simpler: Vec<_> = self.shrinker.simpler(&self.failed).collect();
            self.untried = Some(simpler.into_iter());
        }
        self.advance()
    }

    fn complicate(&mut self) -> bool {
        // Back to the last failure when everything simpler passed: a test of it fails again, and
        // there is then nothing left to simplify.
        self.trial != self.failed && {
            self.advance();
            true
        }
    }
}

impl<Op: Clone + Eq> Tree<Op> {
    /// Moves to the next untried case, or back to the failed one.
    fn advance(&mut self) -> bool {
        let next = self.untried.as_mut().and_then(Iterator::next);
        let more = next.is_some();
        self.trial = next.unwrap_or_else(|| self.failed.clone());
        more
    }
}
