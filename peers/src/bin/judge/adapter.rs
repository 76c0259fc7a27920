//! A type of `crdts` as a replicated type: its operations are its deltas, and so are its states.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};

use ciborium::Value;
use crdts::{CmRDT, CvRDT};
use rejoin_crdts::{At, Lattice, Merge, OpId, Refused, Replicated, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

/// What the judges need of a type.
pub(crate) trait Theirs: CvRDT + CmRDT<Op: Part> + Part + Default {}

impl<T: CvRDT + CmRDT<Op: Part> + Part + Default> Theirs for T {}

/// Plain data.
pub(crate) trait Part:
    Clone + Eq + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

impl<T: Clone + Eq + Serialize + DeserializeOwned + Send + Sync + 'static> Part for T {}

/// Something of theirs. Their hash maps iterate in any order, so their bytes differ from run to run
/// and from replica to replica; here the order is fixed, or nothing else would ever be found.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Canonical<T>(pub(crate) T);

fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(sorted).collect();
            // A set is written as a sequence, and so is a tuple, whose parts are of different kinds.
            if items.windows(2).all(|pair| kind(&pair[0]) == kind(&pair[1])) {
                items.sort_by_cached_key(bytes);
            }
            Value::Array(items)
        }
        Value::Map(entries) => {
            let mut entries: Vec<_> =
                entries.into_iter().map(|(key, value)| (sorted(key), sorted(value))).collect();
            entries.sort_by_cached_key(|(key, _)| bytes(key));
            Value::Map(entries)
        }
        other => other,
    }
}

fn kind(value: &Value) -> std::mem::Discriminant<Value> {
    std::mem::discriminant(value)
}

fn bytes(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("memory can be written to");
    bytes
}

impl<T: Part> Canonical<T> {
    fn value(&self) -> Value {
        sorted(Value::serialized(&self.0).expect("their derives can be serialised"))
    }
}

impl<T: Part> Hash for Canonical<T> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        bytes(&self.value()).hash(hasher);
    }
}

impl<T: Part> Serialize for Canonical<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut written = Vec::new();
        ciborium::into_writer(&self.value(), &mut written).map_err(ser::Error::custom)?;
        written.serialize(serializer)
    }
}

impl<'de, T: Part> Deserialize<'de> for Canonical<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Vec::<u8>::deserialize(deserializer)?;
        ciborium::from_reader(written.as_slice()).map(Self).map_err(de::Error::custom)
    }
}

/// What serde says it is, without the names of types.
impl<T: Part> fmt::Debug for Canonical<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.value(), f)
    }
}

fn show(value: &Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let list = |f: &mut fmt::Formatter<'_>, items: &[Value]| -> fmt::Result {
        items.iter().enumerate().try_for_each(|(at, item)| {
            f.write_str(if at == 0 { "" } else { ", " })?;
            show(item, f)
        })
    };
    match value {
        Value::Integer(number) => write!(f, "{}", i128::from(*number)),
        Value::Text(text) => f.write_str(text),
        Value::Array(items) => {
            f.write_str("[")?;
            list(f, items)?;
            f.write_str("]")
        }
        Value::Map(entries) => {
            f.write_str("{")?;
            for (at, (key, value)) in entries.iter().enumerate() {
                f.write_str(if at == 0 { "" } else { ", " })?;
                show(key, f)?;
                f.write_str(": ")?;
                show(value, f)?;
            }
            f.write_str("}")
        }
        other => write!(f, "{other:?}"),
    }
}

/// Operations, in an order in which each comes after all that it had seen, and a state.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Delta<S: Theirs> {
    operations: BTreeMap<(Timestamp, OpId), Canonical<S::Op>>,
    state: Canonical<S>,
}

impl<S: Theirs> Hash for Delta<S> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.operations.hash(hasher);
        self.state.hash(hasher);
    }
}

impl<S: Theirs> Default for Delta<S> {
    fn default() -> Self {
        Self { operations: BTreeMap::new(), state: Canonical(S::default()) }
    }
}

impl<S: Theirs> fmt::Debug for Delta<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.operations.values()).finish()?;
        if self.state.0 != S::default() {
            write!(f, " and the state {:?}", self.state)?;
        }
        Ok(())
    }
}

impl<S: Theirs> Merge for Delta<S> {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        self.operations.extend(other.operations.clone());
        self.state.0.merge(other.state.0.clone());
        *self != before
    }
}

impl<S: Theirs> Lattice for Delta<S> {}

/// A replica's state.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct State<S: Theirs>(pub(crate) Canonical<S>);

impl<S: Theirs> Hash for State<S> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}

impl<S: Theirs> Default for State<S> {
    fn default() -> Self {
        Self(Canonical(S::default()))
    }
}

impl<S: Theirs> fmt::Debug for State<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<S: Theirs> State<S> {
    /// What is theirs.
    pub(crate) fn theirs(&self) -> &S {
        &self.0.0
    }

    /// Performs an operation; one that changes nothing is not sent.
    pub(crate) fn apply(&mut self, at: &At, op: S::Op) -> Result<Delta<S>, Refused> {
        let before = self.clone();
        self.0.0.apply(op.clone());
        let mut delta = Delta::default();
        if *self != before {
            delta.operations.insert((at.stamp, at.id), Canonical(op));
        }
        Ok(delta)
    }
}

impl<S: Theirs> Merge for State<S> {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        self.0.0.merge(other.0.0.clone());
        *self != before
    }
}

impl<S: Theirs> Merge<Delta<S>> for State<S> {
    fn merge(&mut self, delta: &Delta<S>) -> bool {
        let before = self.clone();
        for op in delta.operations.values() {
            self.0.0.apply(op.0.clone());
        }
        if delta.state.0 != S::default() {
            self.0.0.merge(delta.state.0.clone());
        }
        *self != before
    }
}

impl<S: Theirs> Lattice for State<S> {}

impl<S: Theirs> Replicated for State<S> {
    type Delta = Delta<S>;

    fn missing_from(&self, other: &Self) -> Option<Delta<S>> {
        let whole = Delta { state: self.0.clone(), ..Delta::default() };
        (!other.covers(self)).then_some(whole)
    }

    fn news(&self, delta: &Delta<S>) -> Option<Delta<S>> {
        self.clone().merge(delta).then(|| delta.clone())
    }

    fn parts(&self) -> impl Iterator<Item = Delta<S>> {
        let whole = Delta { state: self.0.clone(), ..Delta::default() };
        (*self != Self::default()).then_some(whole).into_iter()
    }
}
