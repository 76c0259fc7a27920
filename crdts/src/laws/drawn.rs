//! Histories for quickcheck, which shrink as those of [`Laws`](super::Laws) do.

use std::fmt;

use quickcheck::{Arbitrary, Gen};

use super::random::Random;
use super::shrink::Shrinker;
use super::{Case, Violation, check_case};
use crate::model::Model;

/// A history of `M`, drawn by quickcheck.
///
/// ```
/// use quickcheck::QuickCheck;
/// use rejoin_crdts::laws::{Drawn, Violation};
/// use rejoin_crdts::spec::{CounterOp, GCounterModel};
/// type Verdict = Result<(), Box<Violation<CounterOp>>>;
/// fn holds(history: Drawn<GCounterModel>) -> Verdict {
///     history.check()
/// }
/// let tried = QuickCheck::new().tests(20).quicktest(holds as fn(Drawn<GCounterModel>) -> Verdict);
/// assert_eq!(tried.ok(), Some(20));
/// ```
#[derive(Clone)]
pub struct Drawn<M: Model> {
    model: M,
    case: Case<M::Op>,
}

impl<M: Model> Drawn<M> {
    /// The history.
    ///
    /// ```
    /// use quickcheck::{Arbitrary, Gen};
    /// use rejoin_crdts::laws::Drawn;
    /// use rejoin_crdts::spec::GCounterModel;
    /// let drawn = Drawn::<GCounterModel>::arbitrary(&mut Gen::new(8));
    /// assert!((1..=8).contains(&drawn.case().len()));
    /// ```
    #[must_use]
    pub fn case(&self) -> &Case<M::Op> {
        &self.case
    }

    /// Checks every law on this history, as [`check_case`] does.
    ///
    /// # Errors
    ///
    /// The violation, if there is one, which prints as a table of what happened.
    ///
    /// ```
    /// use quickcheck::{Arbitrary, Gen};
    /// use rejoin_crdts::laws::Drawn;
    /// use rejoin_crdts::spec::GCounterModel;
    /// let drawn = Drawn::<GCounterModel>::arbitrary(&mut Gen::new(8));
    /// assert!(drawn.check().is_ok());
    /// assert!(drawn.shrink().all(|simpler| simpler.case().len() <= drawn.case().len()));
    /// ```
    pub fn check(&self) -> Result<(), Box<Violation<M::Op>>> {
        check_case(&self.model, &self.case).map(|_| ())
    }
}

/// The history alone.
impl<M: Model> fmt::Debug for Drawn<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.case, f)
    }
}

impl<M: Model + Default> Arbitrary for Drawn<M> {
    /// As many operations as the generator's size, but no more than a judge can check on all
    /// states, at up to four replicas.
    fn arbitrary(g: &mut Gen) -> Self {
        const MOST: usize = 8;
        let model = M::default();
        let mut random = Random::new(u64::arbitrary(g), 0);
        let operations = 1 + random.index(g.size().clamp(1, MOST));
        let case = Case::draw(&model, 4, operations, &mut random);
        Self { model, case }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let model = self.model.clone();
        let simpler: Vec<_> = Shrinker::new(model.alphabet()).simpler(&self.case).collect();
        Box::new(simpler.into_iter().map(move |case| Self { model: model.clone(), case }))
    }
}
