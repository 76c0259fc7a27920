//! A set with a counter that its author left out of `Eq`, and what becomes of it.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use rejoin_crdts::spec::{OrSetModel, SetOp};
use rejoin_crdts::{
    At, DeltaOf, Dot, Lattice, Merge, Model, Refused, ReplicaId, Replicated, Spec, View,
};
use serde::{Deserialize, Serialize};

/// Equal to any other.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Counter(u64);

impl Counter {
    pub(super) fn add_one(&mut self) {
        self.0 += 1;
    }
}

impl PartialEq for Counter {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Counter {}

impl Hash for Counter {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// Tags that were added, and tags that were removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Tags {
    added: BTreeSet<(char, Dot)>,
    removed: BTreeSet<Dot>,
}

impl Tags {
    fn without(&self, other: &Self) -> Option<Self> {
        let added: BTreeSet<_> = self.added.difference(&other.added).copied().collect();
        let removed: BTreeSet<_> = self.removed.difference(&other.removed).copied().collect();
        (!added.is_empty() || !removed.is_empty()).then_some(Self { added, removed })
    }
}

impl Merge for Tags {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        self.added.extend(&other.added);
        self.removed.extend(&other.removed);
        *self != before
    }
}

impl Lattice for Tags {}

/// The set. A delta is merged in place; a state, by one that `FORGETS`, into a fresh object. One that
/// does not forget has its counter in its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Set<const FORGETS: bool> {
    #[serde(skip)]
    made: Counter,
    shown: Counter,
    tags: Tags,
}

impl<const FORGETS: bool> Merge for Set<FORGETS> {
    fn merge(&mut self, other: &Self) -> bool {
        if FORGETS {
            self.made = Counter(0);
        }
        self.tags.merge(&other.tags)
    }
}

impl<const FORGETS: bool> Merge<Tags> for Set<FORGETS> {
    fn merge(&mut self, delta: &Tags) -> bool {
        self.tags.merge(delta)
    }
}

impl<const FORGETS: bool> Lattice for Set<FORGETS> {}

impl<const FORGETS: bool> Replicated for Set<FORGETS> {
    type Delta = Tags;

    fn missing_from(&self, other: &Self) -> Option<Tags> {
        self.tags.without(&other.tags)
    }

    fn news(&self, delta: &Tags) -> Option<Tags> {
        delta.without(&self.tags)
    }

    fn parts(&self) -> impl Iterator<Item = Tags> {
        let added =
            self.tags.added.iter().map(|&tag| Tags { added: [tag].into(), ..Tags::default() });
        let removed = &self.tags.removed;
        added.chain(removed.iter().map(|&dot| Tags { removed: [dot].into(), ..Tags::default() }))
    }
}

/// Drives it.
#[derive(Clone)]
pub(super) struct SetModel<const FORGETS: bool>;

impl<const FORGETS: bool> Spec for SetModel<FORGETS> {
    type Op = SetOp<char>;
    type Value = BTreeSet<char>;

    fn alphabet(&self) -> Vec<Self::Op> {
        vec![SetOp::Add('a'), SetOp::Remove('a')]
    }

    fn value(&self, view: &View<'_, Self::Op>) -> Option<Self::Value> {
        OrSetModel::new(['a']).value(view)
    }
}

impl<const FORGETS: bool> Model for SetModel<FORGETS> {
    type State = Set<FORGETS>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Set::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Self::Op,
    ) -> Result<DeltaOf<Self>, Refused> {
        let mut delta = Tags::default();
        match *op {
            SetOp::Add(element) => {
                state.made.0 += 1;
                state.shown.0 += u64::from(!FORGETS);
                delta.added.insert((element, Dot::new(at.id.replica, state.made.0)));
            }
            SetOp::Remove(_) | SetOp::Clear => {
                let live = state.tags.added.iter().map(|(_, dot)| *dot);
                delta.removed = live.filter(|dot| !state.tags.removed.contains(dot)).collect();
            }
        }
        state.tags.merge(&delta);
        Ok(delta)
    }

    fn read(&self, state: &Self::State) -> Self::Value {
        let live = state.tags.added.iter().filter(|tag| !state.tags.removed.contains(&tag.1));
        live.map(|tag| tag.0).collect()
    }
}
