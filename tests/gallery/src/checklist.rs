//! What the protocols here replicate: a list of items with a title.
//!
//! A sound type, small enough to see through. Items are an observed-remove set in which adds win
//! (Bieniusa et al., 2012: no tombstones, but a context of all dots that were ever here), the title
//! is the last write by stamp. Its delta is a small list of the same form.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rejoin_crdts::{
    At, CausalContext, DeltaOf, Dot, Lattice, Merge, Model, Refused, ReplicaId, Replicated, Spec,
    Timestamp, View,
};
use serde::{Deserialize, Serialize};

use crate::meaning::{SetOp, add_wins};

/// A change of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Edit {
    /// Of its items.
    Item(SetOp),
    /// Gives it another title.
    Title(char),
}

/// A list, or a part of one.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct List {
    pub(crate) live: BTreeMap<Dot, char>,
    pub(crate) seen: CausalContext, // every dot that is or was here
    pub(crate) title: Option<(Timestamp, char)>,
}

impl List {
    fn dots_of(&self, item: char) -> Vec<Dot> {
        self.live.iter().filter(|(_, other)| **other == item).map(|(dot, _)| *dot).collect()
    }

    /// Takes `dead` out and, if there is something to record, notes a dot of its own for it.
    fn replace(&mut self, me: ReplicaId, dead: Vec<Dot>, item: Option<char>) -> Self {
        if dead.is_empty() && item.is_none() {
            return Self::default();
        }
        let dot = self.seen.next(me);
        self.seen.insert(dot);
        self.live.retain(|dot, _| !dead.contains(dot));
        self.live.extend(item.map(|item| (dot, item)));
        Self {
            live: item.map(|item| (dot, item)).into_iter().collect(),
            seen: dead.into_iter().chain([dot]).collect(),
            title: None,
        }
    }
}

impl Merge for List {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        self.live.retain(|dot, _| !other.seen.contains(*dot) || other.live.contains_key(dot));
        let new = other.live.iter().filter(|(dot, _)| !before.seen.contains(**dot));
        self.live.extend(new);
        self.seen.merge(&other.seen);
        self.title = self.title.max(other.title);
        *self != before
    }
}

impl Lattice for List {}

impl Replicated for List {
    type Delta = Self;

    fn missing_from(&self, other: &Self) -> Option<Self> {
        other.news(self)
    }

    fn news(&self, delta: &Self) -> Option<Self> {
        let mut seen = delta.seen.difference(&self.seen);
        let dies = |dot: &&Dot| delta.seen.contains(**dot) && !delta.live.contains_key(*dot);
        self.live.keys().filter(dies).for_each(|dot| _ = seen.insert(*dot));
        let new = delta.live.iter().filter(|(dot, _)| !self.seen.contains(**dot));
        let live = new.map(|(dot, item)| (*dot, *item)).collect();
        let title = delta.title.filter(|title| Some(*title) > self.title);
        let news = Self { live, seen, title };
        (news != Self::default()).then_some(news)
    }

    fn parts(&self) -> impl Iterator<Item = Self> {
        let dots = self.seen.iter().map(|dot| Self {
            live: self.live.get(&dot).map(|item| (dot, *item)).into_iter().collect(),
            seen: [dot].into_iter().collect(),
            title: None,
        });
        let title = self.title.map(|title| Self { title: Some(title), ..Self::default() });
        dots.chain(title)
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live: Vec<_> = self.live.iter().map(|(dot, item)| format!("{item:?} {dot}")).collect();
        write!(f, "{{{}}} of {:?}", live.join(", "), self.seen)?;
        self.title.map_or(Ok(()), |(stamp, title)| write!(f, ", {title:?} at {stamp}"))
    }
}

/// Drives [`List`] and says what it should be.
#[derive(Clone, Copy, Debug)]
pub struct Checklist;

impl Spec for Checklist {
    type Op = Edit;
    type Value = (BTreeSet<char>, Option<char>);

    fn alphabet(&self) -> Vec<Edit> {
        let items = SetOp::alphabet().into_iter().map(Edit::Item);
        items.chain(['x', 'y'].map(Edit::Title)).collect()
    }

    fn value(&self, view: &View<'_, Edit>) -> Option<Self::Value> {
        let items = view.project(|seen| match seen.op {
            Edit::Item(op) => Some(op),
            Edit::Title(_) => None,
        });
        let titles = view.iter().filter_map(|seen| match seen.op {
            Edit::Title(title) => Some((seen.at.stamp, *title)),
            Edit::Item(_) => None,
        });
        Some((add_wins(&items), titles.max().map(|(_, title)| title)))
    }
}

impl Model for Checklist {
    type State = List;

    fn initial(&self, _: ReplicaId) -> List {
        List::default()
    }

    fn perform(&self, list: &mut List, at: &At, op: &Edit) -> Result<DeltaOf<Self>, Refused> {
        let me = at.id.replica;
        Ok(match *op {
            Edit::Item(SetOp::Add(item)) => list.replace(me, list.dots_of(item), Some(item)),
            Edit::Item(SetOp::Remove(item)) => list.replace(me, list.dots_of(item), None),
            Edit::Title(title) if Some((at.stamp, title)) > list.title => {
                list.title = Some((at.stamp, title));
                List { title: list.title, ..List::default() }
            }
            Edit::Title(_) => List::default(),
        })
    }

    fn read(&self, list: &List) -> Self::Value {
        (list.live.values().copied().collect(), list.title.map(|(_, title)| title))
    }
}
