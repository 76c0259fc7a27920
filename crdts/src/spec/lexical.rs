//! Pairs of which the greater key wins: the nested specification over what was done under it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::causal::Element;
use crate::model::{DeltaOf, Refused, Wire};
use crate::{
    At, Delivery, Draw, Incremental, Lexical, Model, ReplicaId, Running, Seen, Spec, StaleKey,
    Symmetry, View,
};

/// A change under a key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Under<K, Op> {
    /// The key.
    pub key: K,
    /// What is done to the value.
    pub op: Op,
}

/// `under 2: +1`.
impl<K: fmt::Debug, Op: fmt::Debug> fmt::Debug for Under<K, Op> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "under {:?}: {:?}", self.key, self.op)
    }
}

/// [`Lexical`]: the greatest key that is visible, with what the nested specification says of the
/// operations under it.
///
/// ```
/// use rejoin_crdts::laws::Laws;
/// use rejoin_crdts::spec::{GCounterModel, LexicalModel};
/// assert!(Laws::new(LexicalModel::new([1u8, 2], GCounterModel)).cases(20).check().is_ok());
/// ```
#[derive(Clone, Debug)]
pub struct LexicalModel<K, N> {
    keys: Vec<K>,
    nested: N,
}

impl<K, N> LexicalModel<K, N> {
    /// Tries these keys, with values under `nested`.
    ///
    /// ```
    /// use rejoin_crdts::Spec;
    /// use rejoin_crdts::spec::{CounterOp, GCounterModel, LexicalModel, Under};
    /// let model = LexicalModel::new([1u8, 2], GCounterModel);
    /// assert_eq!(model.alphabet()[0], Under { key: 1, op: CounterOp::Add(1) });
    /// ```
    pub fn new(keys: impl IntoIterator<Item = K>, nested: N) -> Self {
        Self { keys: keys.into_iter().collect(), nested }
    }
}

/// The greatest key in view, and what was done under it.
fn under_greatest<'h, K: Ord, Op>(view: &View<'h, Under<K, Op>>) -> Option<(&'h K, View<'h, Op>)> {
    let greatest = view.iter().map(|seen| &seen.op.key).max()?;
    Some((greatest, view.project(|seen| (seen.op.key == *greatest).then_some(&seen.op.op))))
}

impl<K: Element + Wire + Send + Sync, N: Spec> Spec for LexicalModel<K, N> {
    type Op = Under<K, N::Op>;
    type Value = Option<(K, N::Value)>;

    fn alphabet(&self) -> Vec<Self::Op> {
        let under = |key: &K| {
            let key = key.clone();
            self.nested.alphabet().into_iter().map(move |op| Under { key: key.clone(), op })
        };
        self.keys.iter().flat_map(under).collect()
    }

    fn draw(&self, draw: &mut dyn Draw) -> Self::Op {
        let key = self.keys[draw.below(self.keys.len() as u64) as usize].clone();
        Under { key, op: self.nested.draw(draw) }
    }

    fn value(&self, view: &View<'_, Self::Op>) -> Option<Self::Value> {
        match under_greatest(view) {
            None => Some(None),
            Some((key, inside)) => Some(Some((key.clone(), self.nested.value(&inside)?))),
        }
    }

    fn admits(&self, view: &View<'_, Self::Op>, value: &Self::Value) -> Result<(), String> {
        match (under_greatest(view), value) {
            (None, None) => Ok(()),
            (Some((greatest, inside)), Some((key, value))) if key == greatest => {
                self.nested.admits(&inside, value)
            }
            (greatest, _) => Err(format!(
                "the greatest key is {:?}, and {value:?} is read",
                greatest.map(|(key, _)| key)
            )),
        }
    }

    fn running(&self) -> Option<Running<Self::Op, Self::Value>> {
        let fresh = self.nested.running()?;
        Some(Running::new(Greatest { fresh, greatest: None }))
    }

    fn delivery(&self) -> Delivery {
        self.nested.delivery()
    }

    fn symmetry(&self) -> Symmetry {
        let Symmetry { replicas, stamps, .. } = self.nested.symmetry();
        Symmetry { replicas, stamps, ..Symmetry::default() }
    }
}

/// What is under the greatest key so far. What is done under a lesser one never matters again.
#[derive(Clone, PartialEq, Eq)]
struct Greatest<K, Op, Value> {
    fresh: Running<Op, Value>,
    greatest: Option<(K, Running<Op, Value>)>,
}

impl<K, Op, Value> Incremental for Greatest<K, Op, Value>
where
    K: Element + Send + Sync,
    Op: Clone + Eq + 'static,
    Value: Clone + Eq + fmt::Debug + 'static,
{
    type Op = Under<K, Op>;
    type Value = Option<(K, Value)>;

    fn see(&mut self, new: &Seen<'_, Under<K, Op>>) {
        let Under { key, op } = new.op;
        if self.greatest.as_ref().is_none_or(|(greatest, _)| greatest < key) {
            self.greatest = Some((key.clone(), self.fresh.clone()));
        }
        if let Some((greatest, inside)) = &mut self.greatest
            && greatest == key
        {
            inside.see(&new.inside(op));
        }
    }

    fn value(&self) -> Option<Option<(K, Value)>> {
        let Some((key, inside)) = &self.greatest else { return Some(None) };
        Some(Some((key.clone(), inside.value()?)))
    }

    fn admits(&self, value: &Option<(K, Value)>) -> Result<(), String> {
        match (&self.greatest, value) {
            (None, None) => Ok(()),
            (Some((greatest, inside)), Some((key, value))) if key == greatest => {
                inside.admits(value)
            }
            (greatest, _) => Err(format!(
                "the greatest key is {:?}, and {value:?} is read",
                greatest.as_ref().map(|(key, _)| key)
            )),
        }
    }
}

impl<K: fmt::Debug> From<StaleKey<K>> for Refused {
    fn from(stale: StaleKey<K>) -> Self {
        Self::Rule(stale.to_string())
    }
}

impl<K: Element + Wire + Send + Sync, N: Model<State: Default>> Model for LexicalModel<K, N> {
    type State = Lexical<K, N::State>;

    fn initial(&self, _me: ReplicaId) -> Self::State {
        Lexical::new()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        Under { key, op }: &Self::Op,
    ) -> Result<DeltaOf<Self>, Refused> {
        state.try_update(key.clone(), |value| self.nested.perform(value, at, op))
    }

    fn read(&self, state: &Self::State) -> Self::Value {
        Some((state.key()?.clone(), self.nested.read(state.value()?)))
    }

    /// What it says of the key that is there; and of a greater one whatever it says of `me`, who
    /// has never been there.
    fn forges(&self, me: ReplicaId, state: &Self::State, news: &DeltaOf<Self>) -> bool {
        let (Some(key), Some(change)) = (news.key(), news.value()) else { return false };
        match state.value() {
            Some(value) if state.key() == Some(key) => self.nested.forges(me, value, change),
            _ if state.key() > Some(key) => false,
            _ => self.nested.forges(me, &N::State::default(), change),
        }
    }
}
