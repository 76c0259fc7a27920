//! The tree of FugueMax, and the order that it gives to the elements.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::mem;
use std::sync::Arc;

use im::{OrdMap, OrdSet};
use smallvec::SmallVec;

use super::order::{NONE, Order, Slot};
use crate::causal::{CausalContext, Element};
use crate::{Dot, ReplicaId};

/// Where an element was inserted: its parent in the tree, and what else places it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Origin {
    /// A right child of `left`, or of the root, when `right` was the next element, or none was.
    After { left: Option<Dot>, right: Option<Dot> },
    /// A left child.
    Before(Dot),
    /// It had a place, and has none since this change: what is next to it is at the end.
    Nowhere(Dot),
}

impl Origin {
    /// The elements that it names.
    pub(super) fn dots(self) -> impl Iterator<Item = Dot> {
        let named = match self {
            Self::After { left, right } => [left, right],
            Self::Before(right) => [Some(right), None],
            Self::Nowhere(_) => [None, None],
        };
        named.into_iter().flatten()
    }
}

/// What became of an element. What is dead on one side is dead.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Life<T> {
    /// It is there.
    Live(T),
    /// It was deleted; the greatest of the deletions' dots.
    Dead(Arc<Dot>),
}

/// An element, or what is left of one that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Node<T> {
    pub(super) dot: Dot,
    pub(super) origin: Origin,
    pub(super) life: Life<T>,
}

impl<T: Element> Node<T> {
    /// Takes in what else is known of the same element. A dot names one element; should a forged
    /// one name two, the greater is kept everywhere.
    pub(super) fn join(&mut self, origin: Origin, life: &Life<T>) -> bool {
        let changed = origin > self.origin || *life > self.life;
        self.origin = self.origin.max(origin);
        if *life > self.life {
            self.life.clone_from(life);
        }
        changed
    }

    pub(super) fn value(&self) -> Option<&T> {
        match &self.life {
            Life::Live(value) => Some(value),
            Life::Dead(_) => None,
        }
    }

    /// What made it what it is: its insertion, and what deleted it and gave its place up.
    pub(super) fn changes(&self) -> impl Iterator<Item = Dot> {
        let death = match &self.life {
            Life::Live(_) => None,
            Life::Dead(by) => Some(**by),
        };
        let since = match self.origin {
            Origin::After { .. } | Origin::Before(_) => None,
            Origin::Nowhere(since) => Some(since),
        };
        [Some(self.dot), death, since].into_iter().flatten()
    }

    /// Whether it was deleted, and everybody has seen that who has seen `cut`.
    fn died_in(&self, cut: &CausalContext) -> bool {
        matches!(&self.life, Life::Dead(by) if cut.contains(**by))
    }
}

/// The elements of a sequence by their dots, and their order.
///
/// An element whose parent or right origin is not there is kept, and comes into the order when
/// they do. What is equal, hashed and encoded are the elements; their order follows from them.
#[derive(Clone)]
pub(super) struct Tree<T: Element> {
    nodes: OrdMap<Dot, Entry<T>>,
    order: Order<Seat<T>>,       // the root is at the slot 0, before everything
    waiting: OrdSet<(Dot, Dot)>, // what is missing, and who waits for it
    is_stale: bool, // an element lost its place: the order is the old one, not to be asked
}

#[derive(Clone)]
struct Entry<T> {
    node: Arc<Node<T>>,
    slot: Slot, // `NONE` while it waits, the root's if it is nowhere
}

#[derive(Clone)]
struct Seat<T> {
    node: Option<Arc<Node<T>>>, // the root is none
    lefts: SmallVec<[Slot; 2]>,
    rights: SmallVec<[Slot; 2]>,
}

const ROOT: Slot = 0;

impl<T: Element> Default for Tree<T> {
    fn default() -> Self {
        Self {
            nodes: OrdMap::new(),
            order: Order::default(),
            waiting: OrdSet::new(),
            is_stale: false,
        }
    }
}

/// In equal trees the same elements wait.
impl<T: Element> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node && (self.slot == NONE) == (other.slot == NONE)
    }
}

impl<T: Element> PartialEq for Tree<T> {
    fn eq(&self, other: &Self) -> bool {
        self.nodes == other.nodes
    }
}

impl<T: Element> Eq for Tree<T> {}

impl<T: Element> Hash for Tree<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.nodes.len());
        self.nodes().for_each(|node| node.hash(state));
    }
}

/// How two trees differ in one element, if only in that it waits in one of them.
pub(super) enum Difference<'a, T> {
    /// Only the first has it.
    Mine(&'a Node<T>),
    /// Only the second has it.
    Theirs(&'a Node<T>),
    /// Both have it, and not alike.
    Both(&'a Node<T>, &'a Node<T>),
}

impl<T: Element> Tree<T> {
    /// Whether there is nothing, not even what is left of a deleted element.
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// How many elements are to be read.
    pub(super) fn len(&self) -> usize {
        self.order.live()
    }

    /// All there is, ascending by dot.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node<T>> {
        self.nodes.values().map(|entry| &*entry.node)
    }

    pub(super) fn get(&self, dot: Dot) -> Option<&Node<T>> {
        self.nodes.get(&dot).map(|entry| &*entry.node)
    }

    /// The index and the value of an element that is to be read.
    pub(super) fn read(&self, dot: Dot) -> Option<(usize, &T)> {
        let Entry { node, slot } = self.nodes.get(&dot).filter(|entry| entry.slot != NONE)?;
        node.value().map(|value| (self.order.index(*slot), value))
    }

    /// What is to be read from `index` on.
    pub(super) fn iter(&self, index: usize) -> impl Iterator<Item = &Node<T>> {
        self.order.iter(index).filter_map(|slot| self.order.item(slot).node.as_deref())
    }

    /// In what two trees differ. Costs their difference if they share structure.
    pub(super) fn diff<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = Difference<'a, T>> {
        use im::ordmap::DiffItem;
        self.nodes.diff(&other.nodes).map(|item| match item {
            DiffItem::Add(_, theirs) => Difference::Theirs(&theirs.node),
            DiffItem::Remove(_, mine) => Difference::Mine(&mine.node),
            DiffItem::Update { old, new } => Difference::Both(&old.1.node, &new.1.node),
        })
    }

    /// Where something inserted at `index` goes: next to the element before it, tombstones after
    /// that one included.
    pub(super) fn origin(&self, index: usize) -> Origin {
        if self.order.is_empty() {
            return Origin::After { left: None, right: None };
        }
        let left = match index.checked_sub(1) {
            None => ROOT,
            Some(before) => self.order.select(before).unwrap_or(ROOT),
        };
        let right = match self.order.next(left) {
            NONE => None,
            right => self.dot(right),
        };
        match right {
            Some(right) if !self.order.item(left).rights.is_empty() => Origin::Before(right),
            right => Origin::After { left: self.dot(left), right },
        }
    }

    /// Takes in an element; true iff something changed. [`settle`](Self::settle) is to be called
    /// when all are in.
    pub(super) fn put(&mut self, dot: Dot, origin: Origin, life: &Life<T>) -> bool {
        let Some(entry) = self.nodes.get(&dot) else {
            let node = Arc::new(Node { dot, origin, life: life.clone() });
            self.nodes.insert(dot, Entry { node, slot: NONE });
            if !self.is_stale {
                self.attach(dot);
            }
            return true;
        };
        let (slot, mut node) = (entry.slot, Node::clone(&entry.node));
        let changed = node.join(origin, life);
        if changed {
            self.is_stale |= node.origin != entry.node.origin;
            self.replace(slot, node);
        }
        changed
    }

    /// Drops all that is kept of an element; true iff there was something.
    /// [`settle`](Self::settle) is to be called when all are out.
    pub(super) fn drop(&mut self, dot: Dot) -> bool {
        let dropped = self.nodes.remove(&dot).is_some();
        self.is_stale |= dropped;
        dropped
    }

    /// All there is in the order, if it is dead as of `cut`, and nothing waits to come in.
    ///
    /// Whoever has seen `cut` inserts before all of it, next to the first of it or to what others
    /// inserted there. That is the end of what is alive: so none of it needs a place, provided that
    /// those who know that, and those who do not yet, put things into the same order.
    pub(super) fn all_over(&self, cut: &CausalContext) -> Vec<Dot> {
        let is_over = |entry: &Entry<T>| match entry.node.origin {
            Origin::Nowhere(_) => true,
            _ => entry.slot != NONE && entry.node.died_in(cut),
        };
        if !self.nodes.values().all(is_over) {
            return Vec::new();
        }
        let placed = self.nodes.values().filter(|entry| entry.slot != ROOT);
        placed.map(|entry| entry.node.dot).collect()
    }

    /// What nobody who has seen `cut` will refer to, and nothing that is kept refers to.
    ///
    /// An insertion refers to a live element and to the one after that, dead or alive. So it cannot
    /// refer to a dead one right behind another dead one: nobody who knows that both are dead
    /// inserts anything between them. Nor to one that is nowhere.
    ///
    /// Complexity: *n* log *n* in what there is.
    pub(super) fn garbage(&self, cut: &CausalContext) -> Vec<Dot> {
        let is_gone =
            |node: &Node<T>| matches!(node.origin, Origin::Nowhere(since) if cut.contains(since));
        let gone = self.nodes().filter(|node| is_gone(node)).map(|node| (node.dot, 0));
        let mut referrers: BTreeMap<Dot, usize> = gone.collect();
        let mut is_behind_dead = false;
        for node in self.order.items().filter_map(|seat| seat.node.as_deref()) {
            let is_dead = node.died_in(cut);
            if is_dead && is_behind_dead {
                referrers.insert(node.dot, 0);
            }
            is_behind_dead = is_dead;
        }
        for dot in self.nodes().flat_map(|node| node.origin.dots()) {
            referrers.entry(dot).and_modify(|count| *count += 1);
        }
        let mut free: Vec<Dot> =
            referrers.iter().filter(|entry| *entry.1 == 0).map(|entry| *entry.0).collect();
        let mut garbage = Vec::new();
        while let Some(dot) = free.pop() {
            garbage.push(dot);
            for named in self.get(dot).into_iter().flat_map(|node| node.origin.dots()) {
                if let Some(count) = referrers.get_mut(&named) {
                    *count -= 1;
                    if *count == 0 {
                        free.push(named);
                    }
                }
            }
        }
        garbage
    }

    /// Restores the order after elements that lost their place, or were forged.
    pub(super) fn settle(&mut self) {
        if mem::take(&mut self.is_stale) {
            let old = mem::take(&mut self.nodes);
            *self = old.into_iter().map(|(_, entry)| entry.node).collect();
        }
    }

    fn replace(&mut self, slot: Slot, node: Node<T>) {
        let node = Arc::new(node);
        if slot != NONE && slot != ROOT {
            self.order.item_mut(slot).node = Some(Arc::clone(&node));
            self.order.set_live(slot, node.value().is_some());
        }
        self.nodes.insert(node.dot, Entry { node, slot });
    }

    /// The slot of an element that is in the order, or of the root, which is also that of what is
    /// nowhere.
    fn slot(&self, dot: Option<Dot>) -> Slot {
        dot.map_or(ROOT, |dot| self.nodes.get(&dot).map_or(NONE, |entry| entry.slot))
    }

    fn dot(&self, slot: Slot) -> Option<Dot> {
        self.order.item(slot).node.as_ref().map(|node| node.dot)
    }

    /// What is not in the order and has to be before something of this origin.
    fn missing(&self, origin: Origin) -> Option<Dot> {
        origin.dots().find(|dot| self.slot(Some(*dot)) == NONE)
    }

    /// Brings an element into the order, and what waited for it; or has it wait.
    fn attach(&mut self, dot: Dot) {
        if self.order.is_empty() {
            let root = Seat { node: None, lefts: SmallVec::new(), rights: SmallVec::new() };
            self.order.insert(NONE, root, false);
        }
        let first = Dot::new(ReplicaId::new(0, 0), 0);
        let mut ready = vec![dot];
        while let Some(dot) = ready.pop() {
            let Some(entry) = self.nodes.get(&dot) else { continue };
            let node = Arc::clone(&entry.node);
            if let Some(missing) = self.missing(node.origin) {
                self.waiting.insert((missing, dot));
                continue;
            }
            let slot = self.seat(Arc::clone(&node));
            self.nodes.insert(dot, Entry { node, slot });
            let from = ready.len();
            let waited = self.waiting.range((dot, first)..).take_while(|wait| wait.0 == dot);
            ready.extend(waited.map(|wait| wait.1));
            for &waited in &ready[from..] {
                self.waiting.remove(&(dot, waited));
            }
        }
    }

    /// Gives a place in the order to an element whose origins have theirs.
    ///
    /// Right siblings are in the reverse order of their right origins, those with the same one
    /// ascending by dot; left siblings are ascending by dot.
    fn seat(&mut self, node: Arc<Node<T>>) -> Slot {
        let (parent, right, is_right) = match node.origin {
            Origin::After { left, right } => (self.slot(left), right, true),
            Origin::Before(next) => match self.slot(Some(next)) {
                ROOT => (ROOT, None, true),
                parent => (parent, None, false),
            },
            Origin::Nowhere(_) => return ROOT,
        };
        let siblings;
        let (at, after) = if is_right {
            siblings = &self.order.item(parent).rights;
            let key = (Reverse(self.end_rank(right)), Some(node.dot));
            let at = siblings.partition_point(|&sibling| self.right_key(sibling) < key);
            let after = match at.checked_sub(1) {
                None => parent,
                Some(before) => self.gap(siblings[before], siblings.get(at).copied()),
            };
            (at, after)
        } else {
            siblings = &self.order.item(parent).lefts;
            let at = siblings.partition_point(|&other| self.dot(other) < Some(node.dot));
            let after = match (at.checked_sub(1), siblings.get(at)) {
                (_, None) => self.order.previous(parent),
                (None, Some(&next)) => self.order.previous(self.first_of(next)),
                (Some(before), next) => self.gap(siblings[before], next.copied()),
            };
            (at, after)
        };
        let is_live = node.value().is_some();
        let seat = Seat { node: Some(node), lefts: SmallVec::new(), rights: SmallVec::new() };
        let slot = self.order.insert(after, seat, is_live);
        let parent = self.order.item_mut(parent);
        let siblings = if is_right { &mut parent.rights } else { &mut parent.lefts };
        siblings.insert(at, slot);
        slot
    }

    /// The place of a right origin; none is the end, and so is one that is nowhere.
    fn end_rank(&self, right: Option<Dot>) -> usize {
        match self.slot(right) {
            ROOT | NONE => usize::MAX,
            slot => self.order.rank(slot),
        }
    }

    fn right_key(&self, slot: Slot) -> (Reverse<usize>, Option<Dot>) {
        let right = match &self.order.item(slot).node {
            Some(node) => match node.origin {
                Origin::After { right, .. } => right,
                Origin::Before(_) | Origin::Nowhere(_) => None,
            },
            None => None,
        };
        (Reverse(self.end_rank(right)), self.dot(slot))
    }

    /// The first element of a subtree.
    fn first_of(&self, mut slot: Slot) -> Slot {
        while let Some(&first) = self.order.item(slot).lefts.first() {
            slot = first;
        }
        slot
    }

    /// The last element of a subtree that the next sibling's follows.
    ///
    /// Looked for from both sides at once: the way down is long on both only if somebody inserted
    /// as much there since the last time, so that it costs O(1) for each element, amortised.
    fn gap(&self, before: Slot, next: Option<Slot>) -> Slot {
        let (mut last, mut first) = (before, next);
        loop {
            match self.order.item(last).rights.last() {
                None => return last,
                Some(&further) => last = further,
            }
            if let Some(at) = first {
                match self.order.item(at).lefts.first() {
                    None => return self.order.previous(at),
                    Some(&further) => first = Some(further),
                }
            }
        }
    }
}

/// From elements with different dots.
impl<T: Element> FromIterator<Arc<Node<T>>> for Tree<T> {
    fn from_iter<I: IntoIterator<Item = Arc<Node<T>>>>(nodes: I) -> Self {
        let entry = |node: Arc<Node<T>>| (node.dot, Entry { node, slot: NONE });
        let nodes: OrdMap<Dot, Entry<T>> = nodes.into_iter().map(entry).collect();
        let dots: Vec<Dot> = nodes.keys().copied().collect();
        let mut tree = Self { nodes, ..Self::default() };
        dots.into_iter().for_each(|dot| tree.attach(dot));
        tree
    }
}
