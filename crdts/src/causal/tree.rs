//! A persistent ordered map.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::mem;
use std::slice;
use std::sync::Arc;

use smallvec::SmallVec;

const MOST: usize = 16; // entries of a leaf, children of a branch
const FEW: usize = MOST / 3; // with fewer, a node joins the one beside it if it can
const BUILT: usize = MOST * 3 / 4; // what is built at once leaves room for what comes later

/// A map in key order, of which a clone shares the structure until either is written: a B+ tree, whose
/// leaves are all at one depth.
///
/// What it has over other such maps: it is built from sorted entries at once, without a search for each.
#[derive(Clone)]
pub(super) struct Tree<K, V> {
    root: Option<Node<K, V>>, // none iff there is no entry
    len: usize,
}

#[derive(Clone)]
enum Node<K, V> {
    Leaf(Arc<Leaf<K, V>>),
    Branch(Arc<Branch<K, V>>),
}

type Leaf<K, V> = SmallVec<[(K, V); MOST]>;

/// Children, none of which is empty. Every child but the first has a key that is above all keys before
/// it and at most its least.
#[derive(Clone)]
struct Branch<K, V> {
    keys: SmallVec<[K; MOST - 1]>,
    children: SmallVec<[Node<K, V>; MOST]>,
}

/// What came of an insertion.
enum Put<K, V> {
    Replaced(V),
    Added,
    Split(K, Node<K, V>), // what is to the right of the node, with its key
}

impl<K, V> Default for Tree<K, V> {
    fn default() -> Self {
        Self { root: None, len: 0 }
    }
}

impl<K, V> Tree<K, V> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Ascending by key.
    pub(super) fn iter(&self) -> Iter<'_, K, V> {
        let mut iter = Iter { above: SmallVec::new(), leaf: [].iter(), left: self.len };
        if let Some(root) = &self.root {
            iter.descend(root);
        }
        iter
    }

    /// The keys whose values differ, ascending, with the values here and there. What both share is
    /// passed over.
    pub(super) fn diff<'a>(&'a self, other: &'a Self) -> Diff<'a, K, V> {
        Diff { ours: Walk::over(self), theirs: Walk::over(other) }
    }
}

impl<K: Ord + Clone, V: Clone> Tree<K, V> {
    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entry(key).map(|(_, value)| value)
    }

    pub(super) fn entry<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&(K, V)>
    where
        K: Borrow<Q>,
    {
        let mut node = self.root.as_ref()?;
        loop {
            match node {
                Node::Branch(branch) => node = &branch.children[branch.place(key)],
                Node::Leaf(leaf) => return find(leaf, key).ok().map(|at| &leaf[at]),
            }
        }
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let mut node = self.root.as_mut()?;
        loop {
            match node {
                Node::Branch(branch) => {
                    let place = branch.place(key);
                    node = &mut Arc::make_mut(branch).children[place];
                }
                Node::Leaf(leaf) => {
                    let at = find(leaf, key).ok()?;
                    return Some(&mut Arc::make_mut(leaf)[at].1);
                }
            }
        }
    }

    /// Returns what was there.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match &mut self.root {
            None => self.root = Some(Node::Leaf(Arc::new(SmallVec::from_iter([(key, value)])))),
            Some(root) => match root.insert(key, value) {
                Put::Replaced(before) => return Some(before),
                Put::Added => {}
                Put::Split(key, right) => {
                    let (keys, left) = (SmallVec::from_iter([key]), root.clone());
                    let children = SmallVec::from_iter([left, right]);
                    *root = Node::Branch(Arc::new(Branch { keys, children }));
                }
            },
        }
        self.len += 1;
        None
    }

    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
    {
        let root = self.root.as_mut()?;
        let removed = root.remove(key)?;
        self.len -= 1;
        if let Node::Branch(branch) = root
            && let [only] = &branch.children[..]
        {
            *root = only.clone();
        }
        if self.len == 0 {
            self.root = None;
        }
        Some(removed)
    }

    /// From entries in ascending order, of different keys. Linear.
    pub(super) fn from_sorted(entries: Vec<(K, V)>) -> Self {
        let len = entries.len();
        let mut level: Vec<(K, Node<K, V>)> = grouped(entries)
            .map(|leaf: Leaf<K, V>| (leaf[0].0.clone(), Node::Leaf(Arc::new(leaf))))
            .collect();
        while level.len() > 1 {
            level = grouped(level)
                .map(|group: SmallVec<[(K, Node<K, V>); MOST]>| {
                    let (mut keys, children): (SmallVec<[K; MOST]>, _) = group.into_iter().unzip();
                    let least = keys.remove(0);
                    let branch = Branch { keys: keys.into_iter().collect(), children };
                    (least, Node::Branch(Arc::new(branch)))
                })
                .collect();
        }
        Self { root: level.pop().map(|(_, root)| root), len }
    }
}

/// In groups of nearly the same size.
fn grouped<T, G: FromIterator<T>>(all: Vec<T>) -> impl Iterator<Item = G> {
    let (len, groups) = (all.len(), all.len().div_ceil(BUILT));
    let mut all = all.into_iter();
    (0..groups).map(move |at| {
        let size = len * (at + 1) / groups - len * at / groups;
        all.by_ref().take(size).collect()
    })
}

fn find<K: Borrow<Q>, V, Q: Ord + ?Sized>(leaf: &[(K, V)], key: &Q) -> Result<usize, usize> {
    leaf.binary_search_by(|entry| entry.0.borrow().cmp(key))
}

impl<K: Ord + Clone, V: Clone> Node<K, V> {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.len(),
            Self::Branch(branch) => branch.children.len(),
        }
    }

    fn insert(&mut self, key: K, value: V) -> Put<K, V> {
        match self {
            Self::Branch(branch) => Arc::make_mut(branch).insert(key, value),
            Self::Leaf(leaf) => {
                let leaf = Arc::make_mut(leaf);
                let at = match find(leaf, &key) {
                    Ok(at) => return Put::Replaced(mem::replace(&mut leaf[at].1, value)),
                    Err(at) => at,
                };
                if leaf.len() < MOST {
                    leaf.insert(at, (key, value));
                    return Put::Added;
                }
                let mut right: Leaf<K, V> = leaf.drain(MOST / 2..).collect();
                if at <= MOST / 2 {
                    leaf.insert(at, (key, value));
                } else {
                    right.insert(at - MOST / 2, (key, value));
                }
                Put::Split(right[0].0.clone(), Self::Leaf(Arc::new(right)))
            }
        }
    }

    fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
    {
        match self {
            Self::Branch(branch) => Arc::make_mut(branch).remove(key),
            Self::Leaf(leaf) => {
                let leaf = Arc::make_mut(leaf);
                find(leaf, key).ok().map(|at| leaf.remove(at))
            }
        }
    }
}

impl<K: Ord + Clone, V: Clone> Branch<K, V> {
    /// Which of the children has what there is of `key`.
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
    {
        self.keys.partition_point(|least| least.borrow() <= key)
    }

    fn insert(&mut self, key: K, value: V) -> Put<K, V> {
        let at = self.place(&key);
        let (key, node) = match self.children[at].insert(key, value) {
            Put::Split(key, node) => (key, node),
            done => return done,
        };
        if self.children.len() < MOST {
            self.put(at, key, node);
            return Put::Added;
        }
        let mut right = Self {
            keys: self.keys.drain(MOST / 2..).collect(),
            children: self.children.drain(MOST / 2..).collect(),
        };
        let between = self.keys.remove(MOST / 2 - 1);
        if at < MOST / 2 {
            self.put(at, key, node);
        } else {
            right.put(at - MOST / 2, key, node);
        }
        Put::Split(between, Node::Branch(Arc::new(right)))
    }

    /// Adds a child after the one at `at`.
    fn put(&mut self, at: usize, key: K, node: Node<K, V>) {
        self.keys.insert(at, key);
        self.children.insert(at + 1, node);
    }

    fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
    {
        let at = self.place(key);
        let removed = self.children[at].remove(key);
        match self.children[at].len() {
            0 => {
                self.children.remove(at);
                if !self.keys.is_empty() {
                    self.keys.remove(at.saturating_sub(1));
                }
            }
            1..FEW => self.join(at.min(self.children.len().saturating_sub(2))),
            _ => {}
        }
        removed
    }

    /// Makes one of the child at `at` and the next, if there is one and the two fit.
    #[cold]
    fn join(&mut self, at: usize) {
        let [left, right, ..] = &mut self.children[at..] else { return };
        if left.len() + right.len() > MOST {
            return;
        }
        let key = self.keys.remove(at);
        match (left, right) {
            (Node::Leaf(left), Node::Leaf(right)) => {
                Arc::make_mut(left).extend(right.iter().cloned());
            }
            (Node::Branch(left), Node::Branch(right)) => {
                let left = Arc::make_mut(left);
                left.keys.push(key);
                left.keys.extend(right.keys.iter().cloned());
                left.children.extend(right.children.iter().cloned());
            }
            _ => unreachable!("leaves are all at one depth"),
        }
        self.children.remove(at + 1);
    }
}

impl<K: Ord, V: PartialEq> PartialEq for Tree<K, V> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.root, &other.root) {
            (Some(Node::Leaf(our)), Some(Node::Leaf(their))) => {
                Arc::ptr_eq(our, their) || our == their
            }
            _ => self.len == other.len && self.diff(other).next().is_none(),
        }
    }
}

impl<K: Ord, V: Eq> Eq for Tree<K, V> {}

impl<K: Hash, V: Hash> Hash for Tree<K, V> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.iter().for_each(|entry| entry.hash(hasher));
    }
}

/// The entries of a [`Tree`], ascending.
pub(super) struct Iter<'a, K, V> {
    above: SmallVec<[slice::Iter<'a, Node<K, V>>; 8]>,
    leaf: slice::Iter<'a, (K, V)>,
    left: usize,
}

impl<'a, K, V> Iter<'a, K, V> {
    fn descend(&mut self, mut node: &'a Node<K, V>) {
        while let Node::Branch(branch) = node
            && let [first, others @ ..] = &branch.children[..]
        {
            self.above.push(others.iter());
            node = first;
        }
        if let Node::Leaf(leaf) = node {
            self.leaf = leaf.iter();
        }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((key, value)) = self.leaf.next() {
                self.left -= 1;
                return Some((key, value));
            }
            match self.above.last_mut()?.next() {
                Some(node) => self.descend(node),
                None => _ = self.above.pop(),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}

/// The differences of two [`Tree`]s, ascending.
pub(super) struct Diff<'a, K, V> {
    ours: Walk<'a, K, V>,
    theirs: Walk<'a, K, V>,
}

/// What is still to come of a tree.
struct Walk<'a, K, V> {
    entries: &'a [(K, V)],
    nodes: SmallVec<[(&'a Node<K, V>, usize); MOST]>, // and how high they are, the next last
}

impl<'a, K, V> Walk<'a, K, V> {
    fn over(tree: &'a Tree<K, V>) -> Self {
        let mut nodes = SmallVec::new();
        if let Some(root) = &tree.root {
            let (mut node, mut height) = (root, 1);
            while let Node::Branch(branch) = node {
                (node, height) = (&branch.children[0], height + 1);
            }
            nodes.push((root, height));
        }
        Self { entries: &[], nodes }
    }

    /// The node that comes next, unless entries do.
    fn node(&self) -> Option<(&'a Node<K, V>, usize)> {
        self.nodes.last().copied().filter(|_| self.entries.is_empty())
    }

    /// Puts what is in the next node in its place.
    fn open(&mut self) {
        match self.nodes.pop() {
            Some((Node::Branch(branch), height)) => {
                self.nodes.extend(branch.children.iter().rev().map(|child| (child, height - 1)));
            }
            Some((Node::Leaf(leaf), _)) => self.entries = leaf,
            None => {}
        }
    }
}

impl<K, V> Diff<'_, K, V> {
    /// Opens the next nodes, or passes over what both share; false if there is none.
    fn open(&mut self) -> bool {
        let (our, their) = (self.ours.node(), self.theirs.node());
        let same = match (our, their) {
            (Some((Node::Leaf(our), _)), Some((Node::Leaf(their), _))) => Arc::ptr_eq(our, their),
            (Some((Node::Branch(our), _)), Some((Node::Branch(their), _))) => {
                Arc::ptr_eq(our, their)
            }
            _ => false,
        };
        if same {
            self.ours.nodes.pop();
            self.theirs.nodes.pop();
            return true;
        }
        // The higher first, so that what is shared is met whole.
        let (our, their) = (our.map_or(0, |node| node.1), their.map_or(0, |node| node.1));
        if our > 0 && our >= their {
            self.ours.open();
        }
        if their > 0 && their >= our {
            self.theirs.open();
        }
        if std::ptr::eq(self.ours.entries, self.theirs.entries) {
            (self.ours.entries, self.theirs.entries) = (&[], &[]);
        }
        our.max(their) > 0
    }
}

impl<'a, K: Ord, V: PartialEq> Iterator for Diff<'a, K, V> {
    type Item = (&'a K, Option<&'a V>, Option<&'a V>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (our, their) = (self.ours.entries.first(), self.theirs.entries.first());
            let order = match (our, their) {
                (Some(our), Some(their)) => our.0.cmp(&their.0),
                _ if self.open() => continue,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return None,
            };
            let (our, their) = (our.filter(|_| order.is_le()), their.filter(|_| order.is_ge()));
            self.ours.entries = &self.ours.entries[usize::from(our.is_some())..];
            self.theirs.entries = &self.theirs.entries[usize::from(their.is_some())..];
            let (key, _) = our.or(their)?;
            let (our, their) = (our.map(|entry| &entry.1), their.map(|entry| &entry.1));
            if our != their {
                return Some((key, our, their));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Every node has from one to the most entries or children, keys divide, and leaves are at one
    /// depth, which is returned.
    fn check(node: &Node<u16, u64>, least: Option<u16>, beyond: Option<u16>) -> usize {
        assert!((1..=MOST).contains(&node.len()));
        match node {
            Node::Leaf(leaf) => {
                assert!(leaf.is_sorted_by(|a, b| a.0 < b.0) && !leaf.spilled());
                assert!(least.is_none_or(|least| least <= leaf[0].0));
                assert!(beyond.is_none_or(|beyond| leaf[leaf.len() - 1].0 < beyond));
                1
            }
            Node::Branch(branch) => {
                assert_eq!(branch.keys.len() + 1, branch.children.len());
                let keys = || branch.keys.iter().copied().map(Some);
                let bounds = [least].into_iter().chain(keys()).zip(keys().chain([beyond]));
                let depths = branch.children.iter().zip(bounds);
                let mut depths = depths.map(|(child, (least, beyond))| check(child, least, beyond));
                let depth = depths.next().unwrap();
                assert!(depths.all(|other| other == depth));
                depth + 1
            }
        }
    }

    fn holds(tree: &Tree<u16, u64>, model: &BTreeMap<u16, u64>) {
        assert!(tree.iter().eq(model.iter()));
        assert_eq!((tree.len(), tree.is_empty()), (model.len(), model.is_empty()));
        assert_eq!(tree.root.is_none(), model.is_empty());
        tree.root.as_ref().map(|root| check(root, None, None));
    }

    fn differences<'a>(
        ours: &'a BTreeMap<u16, u64>,
        theirs: &'a BTreeMap<u16, u64>,
    ) -> impl Iterator<Item = (&'a u16, Option<&'a u64>, Option<&'a u64>)> {
        let keys = ours.keys().chain(theirs.keys()).collect::<std::collections::BTreeSet<_>>();
        let both = keys.into_iter().map(|key| (key, ours.get(key), theirs.get(key)));
        both.filter(|(_, our, their)| our != their)
    }

    #[test]
    fn it_is_a_map_that_grows_and_shrinks_and_leaves_its_clones_alone() {
        let mut state = 1u64;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        let (mut tree, mut model) = (Tree::default(), BTreeMap::new());
        let mut kept = (tree.clone(), model.clone());
        for step in 0..60_000 {
            let key = draw(2_000) as u16;
            let grows = if step / 10_000 % 2 == 0 { 7 } else { 2 };
            match draw(10) {
                9 => {
                    let (its, models) = (tree.get_mut(&key), model.get_mut(&key));
                    assert_eq!(its, models);
                    its.into_iter().chain(models).for_each(|value| *value = step);
                }
                roll if roll < grows => {
                    assert_eq!(tree.insert(key, step), model.insert(key, step));
                }
                _ => assert_eq!(tree.remove(&key), model.remove_entry(&key)),
            }
            assert_eq!(tree.entry(&key).copied(), model.get(&key).map(|&value| (key, value)));
            if step % 500 == 499 {
                holds(&tree, &model);
                holds(&kept.0, &kept.1);
                assert!(kept.0.diff(&tree).eq(differences(&kept.1, &model)));
                assert!(tree.diff(&kept.0).eq(differences(&model, &kept.1)));
                assert_eq!(tree == kept.0, model == kept.1);
                kept = (tree.clone(), model.clone());
            }
        }
        for key in model.keys().copied().collect::<Vec<_>>() {
            assert_eq!(tree.remove(&key), model.remove_entry(&key));
        }
        holds(&tree, &model);
    }

    #[test]
    fn what_is_built_at_once_is_the_same_map() {
        for len in (0..600).chain([3_000]) {
            let model: BTreeMap<u16, u64> = (0..len).map(|key| (key, u64::from(key) * 3)).collect();
            let tree = Tree::from_sorted(model.clone().into_iter().collect());
            holds(&tree, &model);
            let mut grown = Tree::default();
            (0..len).rev().for_each(|key| _ = grown.insert(key, u64::from(key) * 3));
            assert!(tree == grown && tree.diff(&grown).next().is_none());
        }
    }

    #[test]
    fn what_two_share_is_not_looked_at() {
        /// A value that may be compared near the change only.
        #[derive(Clone)]
        struct Near(u16);
        impl PartialEq for Near {
            fn eq(&self, other: &Self) -> bool {
                assert!(self.0.abs_diff(700) < MOST as u16, "shared");
                self.0 == other.0
            }
        }
        let tree = Tree::from_sorted((0..5_000).map(|key| (key, Near(key))).collect());
        let mut other = tree.clone();
        other.insert(700, Near(0));
        assert!(tree.diff(&other).map(|(key, ..)| *key).eq([700]));
        other.remove(&700);
        assert!(
            other
                .diff(&tree)
                .all(|(key, ours, theirs)| *key == 700 && ours.is_none() && theirs.is_some())
        );
    }
}
