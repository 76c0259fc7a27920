//! The last-writer-wins map: for each key, the visible change with the greatest stamp.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Collect;
use crate::causal::Element;
use crate::model::{DeltaOf, Refused, Wire, exchanged};
use crate::{
    At, Delivery, Draw, Incremental, LwwMap, LwwMapDelta, Model, ReplicaId, Running, Seen, Spec,
    Symmetry, Timestamp, View,
};

/// A change to a map whose values are replaced as a whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LwwMapOp<K, V> {
    /// Put a value under a key.
    Put(K, V),
    /// Remove a key.
    Remove(K),
}

/// `put "volume": 7` or `remove "volume"`.
impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for LwwMapOp<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put(key, value) => write!(f, "put {key:?}: {value:?}"),
            Self::Remove(key) => write!(f, "remove {key:?}"),
        }
    }
}

/// [`LwwMap`]: a key has the value of the visible put or remove of it with the greatest stamp.
///
/// ```
/// use rejoin_crdts::laws::{Event, Execution};
/// use rejoin_crdts::spec::{LwwMapModel, LwwMapOp};
/// use rejoin_crdts::{OpSet, Spec};
/// let model = LwwMapModel::new(["volume".to_owned()], [7u8]);
/// let mut run = Execution::new(&model, 2);
/// let (put, remove) = (LwwMapOp::Put("volume".into(), 7), LwwMapOp::Remove("volume".into()));
/// run.step(&Event { replica: 0, op: put, sees: OpSet::new(), clock_ms: 9 });
/// run.step(&Event { replica: 1, op: remove, sees: OpSet::new(), clock_ms: 5 });
/// let view = run.history().view(&OpSet::first(2));
/// assert_eq!(model.value(&view), Some([("volume".into(), 7)].into())); // put later, by the clocks
/// ```
#[derive(Clone, Debug)]
pub struct LwwMapModel<K, V> {
    keys: Vec<K>,
    values: Vec<V>,
}

impl<K, V> LwwMapModel<K, V> {
    /// Tries these values under these keys.
    ///
    /// ```
    /// use rejoin_crdts::Spec;
    /// use rejoin_crdts::spec::{LwwMapModel, LwwMapOp};
    /// let model = LwwMapModel::new([1u8], [7u8]);
    /// assert_eq!(model.alphabet(), [LwwMapOp::Put(1, 7), LwwMapOp::Remove(1)]);
    /// ```
    pub fn new(keys: impl IntoIterator<Item = K>, values: impl IntoIterator<Item = V>) -> Self {
        Self { keys: keys.into_iter().collect(), values: values.into_iter().collect() }
    }
}

impl<K, V> Spec for LwwMapModel<K, V>
where
    K: Element + Wire + Send + Sync,
    V: Element + Wire + Send + Sync,
{
    type Op = LwwMapOp<K, V>;
    type Value = BTreeMap<K, V>;

    fn alphabet(&self) -> Vec<LwwMapOp<K, V>> {
        let put = |key: &K, value: &V| LwwMapOp::Put(key.clone(), value.clone());
        let puts = self.values.iter().flat_map(|value| self.keys.iter().map(|key| put(key, value)));
        puts.chain(self.keys.iter().cloned().map(LwwMapOp::Remove)).collect()
    }

    fn draw(&self, draw: &mut dyn Draw) -> LwwMapOp<K, V> {
        let key = self.keys[draw.below(self.keys.len() as u64) as usize].clone();
        let value = self.values[draw.below(self.values.len() as u64) as usize].clone();
        match draw.below(4) {
            0..=2 => LwwMapOp::Put(key, value), // a map that is mostly empty tests little
            _ => LwwMapOp::Remove(key),
        }
    }

    fn value(&self, view: &View<'_, LwwMapOp<K, V>>) -> Option<BTreeMap<K, V>> {
        let mut changes: Vec<_> = view
            .iter()
            .map(|seen| match seen.op {
                LwwMapOp::Put(key, value) => (seen.rank(), key, Some(value)),
                LwwMapOp::Remove(key) => (seen.rank(), key, None),
            })
            .collect();
        changes.sort();
        let mut map = BTreeMap::new();
        for (_, key, value) in changes {
            match value {
                Some(value) => map.insert(key.clone(), value.clone()),
                None => map.remove(key),
            };
        }
        Some(map)
    }

    fn running(&self) -> Option<Running<LwwMapOp<K, V>, BTreeMap<K, V>>> {
        Some(Running::new(Last { put: BTreeMap::new(), removed: BTreeMap::new() }))
    }

    fn delivery(&self) -> Delivery {
        Delivery::Any
    }

    /// Keys are only compared with one another. Stamps and, within them, replicas decide who wins,
    /// and values where stamps are equal.
    fn symmetry(&self) -> Symmetry {
        let keys = Symmetry::of_names(&self.alphabet(), &self.keys, |op, left, right| match op {
            LwwMapOp::Put(key, value) => {
                LwwMapOp::Put(exchanged(key, left, right).clone(), value.clone())
            }
            LwwMapOp::Remove(key) => LwwMapOp::Remove(exchanged(key, left, right).clone()),
        });
        Symmetry { replicas: false, stamps: false, ..keys }
    }
}

type Rank = (Timestamp, usize);

/// The last put or remove of each key, and its place in the order of stamps. What was removed is not
/// read, and yet remembered, for something earlier may still come.
#[derive(Clone, PartialEq, Eq)]
struct Last<K: Ord, V> {
    put: BTreeMap<K, (Rank, V)>,
    removed: BTreeMap<K, Rank>,
}

impl<K, V> Incremental for Last<K, V>
where
    K: Element + Send + Sync,
    V: Element + Send + Sync,
{
    type Op = LwwMapOp<K, V>;
    type Value = BTreeMap<K, V>;

    fn see(&mut self, new: &Seen<'_, LwwMapOp<K, V>>) {
        let (key, value) = match new.op {
            LwwMapOp::Put(key, value) => (key, Some(value)),
            LwwMapOp::Remove(key) => (key, None),
        };
        let put = self.put.get(key).map(|(rank, value)| (*rank, Some(value)));
        let last = put.or_else(|| Some((*self.removed.get(key)?, None)));
        let new = (new.rank(), value);
        if last >= Some(new) {
            return;
        }
        if let (rank, Some(value)) = new {
            self.removed.remove(key);
            self.put.insert(key.clone(), (rank, value.clone()));
        } else {
            self.put.remove(key);
            self.removed.insert(key.clone(), new.0);
        }
    }

    fn value(&self) -> Option<BTreeMap<K, V>> {
        Some(self.put.iter().map(|(key, (_, value))| (key.clone(), value.clone())).collect())
    }
}

impl<K, V> Model for LwwMapModel<K, V>
where
    K: Element + Wire + Send + Sync,
    V: Element + Wire + Send + Sync,
{
    type State = LwwMap<K, V>;

    fn initial(&self, _me: ReplicaId) -> LwwMap<K, V> {
        LwwMap::new()
    }

    fn perform(
        &self,
        state: &mut LwwMap<K, V>,
        at: &At,
        op: &LwwMapOp<K, V>,
    ) -> Result<DeltaOf<Self>, Refused> {
        Ok(match op {
            LwwMapOp::Put(key, value) => state.put(at.stamp, key.clone(), value.clone())?,
            LwwMapOp::Remove(key) => state.remove(at.stamp, key.clone())?,
        })
    }

    fn read(&self, state: &LwwMap<K, V>) -> BTreeMap<K, V> {
        state.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

/// What is known of a replica is its last stamp, below which it performs nothing any more.
impl<K, V> Collect for LwwMapModel<K, V>
where
    K: Element + Wire + Send + Sync,
    V: Element + Wire + Send + Sync,
{
    type Known = LwwMap<ReplicaId, ()>;

    fn note(
        &self,
        known: &mut LwwMap<ReplicaId, ()>,
        at: &At,
        _state: &Self::State,
    ) -> LwwMapDelta<ReplicaId, ()> {
        known.put(at.stamp, at.id.replica, ()).unwrap_or_default()
    }

    fn stabilise(
        &self,
        state: &mut Self::State,
        _at: &At,
        known: &LwwMap<ReplicaId, ()>,
        members: &[ReplicaId],
    ) -> DeltaOf<Self> {
        // One that was not heard of has no stamp, which is less than any.
        let last = members.iter().map(|member| known.stamp(member)).min();
        last.flatten().map(|cut| state.stabilise(cut)).unwrap_or_default()
    }
}
