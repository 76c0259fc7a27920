//! What every check needs: the execution, what it reached, and a place to count.

use std::fmt::Debug;

use super::erased::{Delta, Run};
use super::law::{LawSet, Tally};
use super::pool::{Joined, Pool, Reached};
use super::{Case, Execution, Law, check};
use crate::{Merge, Model};

/// A law that does not hold, and what shows it.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) law: Law,
    /// What the law is about here: a name, where it comes from, and its value.
    pub(super) given: Vec<(String, String, String)>,
    /// What should be equal and is not, or what came out.
    pub(super) sides: Vec<(String, String)>,
}

pub(super) type Verdict = Result<(), Box<Finding>>;

impl Finding {
    pub(super) fn new(law: Law) -> Self {
        Self { law, given: Vec::new(), sides: Vec::new() }
    }

    pub(super) fn given(mut self, name: &str, origin: String, value: &dyn Debug) -> Self {
        self.given.push((name.to_owned(), origin, format!("{value:?}")));
        self
    }

    pub(super) fn side(self, name: &str, value: &dyn Debug) -> Self {
        self.say(name, format!("{value:?}"))
    }

    pub(super) fn say(mut self, name: &str, words: impl Into<String>) -> Self {
        self.sides.push((name.to_owned(), words.into()));
        self
    }
}

/// An execution under judgement.
pub(super) struct Judge<'r> {
    pub(super) run: &'r dyn Run,
    pub(super) pool: &'r Pool,
    wanted: LawSet,
    tally: &'r Tally,
    pub(super) reach: Reach,
}

/// How much of what a case reaches is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// All of it while it is little, a sample otherwise.
    Sampled,
    /// Every down-set, and every triple of states up to [`Reach::STATES`].
    Everything,
}

impl Reach {
    /// Above so many states of one history, not every triple is looked at.
    pub(super) const STATES: usize = 1_000;

    /// How many tuples are looked at where a sample would have so many.
    pub(super) fn tuples(self, sampled: usize) -> usize {
        match self {
            Self::Sampled => sampled,
            Self::Everything => usize::MAX,
        }
    }
}

/// What judging a case came to.
pub(super) struct Judged {
    /// How many states there were.
    pub(super) states: usize,
    /// Whether there were too many for every triple.
    pub(super) crowded: bool,
    pub(super) verdict: Verdict,
}

/// Checks the laws that are wanted, up to the first that does not hold.
pub(super) fn judge(run: &dyn Run, wanted: LawSet, tally: &Tally, reach: Reach) -> Judged {
    let pool = Pool::new(run, reach);
    let judge = Judge { run, pool: &pool, wanted, tally, reach };
    Judged { states: pool.states.len(), crowded: judge.is_crowded(), verdict: check::all(&judge) }
}

/// The finding against one law, if the case breaks it.
pub(super) fn breaks<M: Model>(model: &M, case: &Case<M::Op>, law: Law) -> Option<Finding> {
    let run = Execution::run(model, case);
    judge(&run, LawSet::one(law), &Tally::new(), Reach::Sampled)
        .verdict
        .err()
        .map(|finding| *finding)
}

impl Judge<'_> {
    /// Whether there are too many states to look at every triple although everything is wanted.
    /// Every pair is compared with its union then, which triples follow from.
    pub(super) fn is_crowded(&self) -> bool {
        self.reach == Reach::Everything && self.pool.distinct.len() > Reach::STATES
    }

    pub(super) fn wants(&self, law: Law) -> bool {
        self.wanted.contains(law)
    }

    pub(super) fn wants_any(&self, laws: &[Law]) -> bool {
        laws.iter().any(|law| self.wants(*law))
    }

    /// Counts a check, and finds against the law if it does not hold.
    pub(super) fn expect(
        &self,
        law: Law,
        holds: bool,
        tell: impl FnOnce(Finding) -> Finding,
    ) -> Verdict {
        if !self.wants(law) {
            return Ok(());
        }
        self.tally.count(law);
        if holds { Ok(()) } else { Err(Box::new(tell(Finding::new(law)))) }
    }

    /// Expects two deltas to have the same effect on the reached states.
    pub(super) fn expect_alike(
        &self,
        law: Law,
        left: (&str, &Delta),
        right: (&str, &Delta),
        tell: impl Fn(Finding) -> Finding,
    ) -> Verdict {
        if !self.wants(law) {
            return Ok(());
        }
        for probe in self.pool.probes() {
            let by_left = join(&probe.state, left.1);
            let by_right = join(&probe.state, right.1);
            self.expect(law, by_left == by_right, |finding| {
                self.state(tell(finding), "s", probe)
                    .side(left.0, left.1)
                    .side(right.0, right.1)
                    .side(&format!("s ⊔ ({})", left.0), &by_left)
                    .side(&format!("s ⊔ ({})", right.0), &by_right)
            })?;
        }
        Ok(())
    }

    /// Introduces a reached state.
    pub(super) fn state(&self, finding: Finding, name: &str, of: &Reached) -> Finding {
        finding.given(name, of.origin.describe(self.run), &of.state)
    }

    /// Introduces a delta.
    pub(super) fn delta(&self, finding: Finding, name: &str, of: &Joined) -> Finding {
        finding.given(name, of.origin.describe(self.run), &of.delta)
    }
}

/// `a ⊔ b`, leaving both as they are.
pub(super) fn join<A: Merge<B> + Clone, B>(a: &A, b: &B) -> A {
    let mut joined = a.clone();
    joined.merge(b);
    joined
}
