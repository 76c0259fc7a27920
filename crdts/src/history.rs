//! What happened: operations, who had seen what, and the view of a read.
//!
//! An *abstract execution* after Burckhardt, Gotsman, Yang & Zawirski (POPL 2014): a set of
//! events, a *visibility* relation (which operations each one had seen), and an *arbitration*
//! (the order of their stamps). A type's specification is a function of it, and of nothing else.

use crate::{OpId, OpSet, Timestamp};

/// When and by whom an operation was performed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct At {
    /// Its name; `id.replica` performed it.
    pub id: OpId,
    /// Its stamp, which exceeds the stamp of everything it had seen.
    pub stamp: Timestamp,
}

/// The operations that were performed, in an order in which each comes after all that it had seen.
///
/// ```
/// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
/// # let me = ReplicaId::new(1, 0);
/// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
/// let mut history = History::new();
/// let add = history.push(at(1), "add", OpSet::new());
/// let remove = history.push(at(2), "remove", [add].into_iter().collect());
/// assert!(history.saw(remove).contains(add));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History<Op> {
    at: Vec<At>,
    ops: Vec<Op>,
    saw: Vec<OpSet>,
}

impl<Op> Default for History<Op> {
    fn default() -> Self {
        Self { at: Vec::new(), ops: Vec::new(), saw: Vec::new() }
    }
}

impl<Op> History<Op> {
    /// A history in which nothing has happened.
    ///
    /// ```
    /// use rejoin_crdts::History;
    /// assert_eq!(History::<&str>::new().len(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Records an operation and what was visible where it was performed; returns its index.
    ///
    /// # Panics
    ///
    /// If `saw` names an operation that is not recorded yet.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// let mut history = History::new();
    /// assert_eq!(history.push(at(1), "add", OpSet::new()), 0);
    /// assert_eq!(history.push(at(2), "remove", OpSet::first(1)), 1);
    /// ```
    pub fn push(&mut self, at: At, op: Op, saw: OpSet) -> usize {
        let index = self.at.len();
        assert!(saw.last().is_none_or(|seen| seen < index), "an operation cannot see a later one");
        self.at.push(at);
        self.ops.push(op);
        self.saw.push(saw);
        index
    }

    /// Takes the last operation back.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// let mut history = History::new();
    /// history.push(at(1), "add", OpSet::new());
    /// assert_eq!(history.pop(), Some((at(1), "add", OpSet::new())));
    /// assert!(history.is_empty());
    /// ```
    pub fn pop(&mut self) -> Option<(At, Op, OpSet)> {
        Some((self.at.pop()?, self.ops.pop()?, self.saw.pop()?))
    }

    /// How many operations were performed.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// let mut history = History::new();
    /// history.push(at(1), "add", OpSet::new());
    /// assert_eq!(history.len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether nothing has happened.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// let mut history = History::new();
    /// assert!(history.is_empty());
    /// history.push(at(1), "add", OpSet::new());
    /// assert!(!history.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// The operation at `index`. Panics if there is none.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// let mut history = History::new();
    /// let add = history.push(at(1), "add", OpSet::new());
    /// assert_eq!(*history.op(add), "add");
    /// ```
    #[must_use]
    pub fn op(&self, index: usize) -> &Op {
        &self.ops[index]
    }

    /// When and by whom the operation at `index` was performed. Panics if there is none.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// let mut history = History::new();
    /// let add = history.push(at(1), "add", OpSet::new());
    /// assert_eq!(history.at(add).id, OpId::new(me, 1));
    /// ```
    #[must_use]
    pub fn at(&self, index: usize) -> &At {
        &self.at[index]
    }

    /// What the operation at `index` had seen. Panics if there is none.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// # let mut history = History::new();
    /// let add = history.push(at(1), "add", OpSet::new());
    /// let remove = history.push(at(2), "remove", OpSet::first(1));
    /// assert_eq!(*history.saw(remove), [add].into_iter().collect());
    /// ```
    #[must_use]
    pub fn saw(&self, index: usize) -> &OpSet {
        &self.saw[index]
    }

    /// The index of the operation named `id`.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// let mut history = History::new();
    /// let add = history.push(at(1), "add", OpSet::new());
    /// assert_eq!(history.find(OpId::new(me, 1)), Some(add));
    /// assert_eq!(history.find(OpId::new(me, 2)), None);
    /// ```
    #[must_use]
    pub fn find(&self, id: OpId) -> Option<usize> {
        self.at.iter().position(|at| at.id == id)
    }

    /// All operations.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// # let mut history = History::new();
    /// let add = history.push(at(1), "add", OpSet::new());
    /// let remove = history.push(at(2), "remove", OpSet::first(1));
    /// assert!(history.all().iter().eq([add, remove]));
    /// ```
    #[must_use]
    pub fn all(&self) -> OpSet {
        OpSet::first(self.len())
    }

    /// Whether neither of two operations had seen the other.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let at = |id| {
    /// #     let me = ReplicaId::new(id, 0);
    /// #     At { id: OpId::new(me, 1), stamp: Timestamp::new(1, 0, me) }
    /// # };
    /// let mut history = History::new();
    /// let add = history.push(at(1), "add", OpSet::new());
    /// let other = history.push(at(2), "add", OpSet::new());
    /// let remove = history.push(at(3), "remove", [add].into_iter().collect());
    /// assert!(history.concurrent(other, remove));
    /// assert!(!history.concurrent(add, remove));
    /// ```
    #[must_use]
    pub fn concurrent(&self, a: usize, b: usize) -> bool {
        a != b && !self.saw[a].contains(b) && !self.saw[b].contains(a)
    }

    /// What a read sees at which the operations in `visible` are visible.
    ///
    /// # Panics
    ///
    /// If `visible` names an operation that is not recorded.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// # let mut history = History::new();
    /// let add = history.push(at(1), "add", OpSet::new());
    /// let remove = history.push(at(2), "remove", OpSet::first(1));
    /// let before = history.view(&[add].into_iter().collect());
    /// assert_eq!((before.len(), history.view(&history.all()).len()), (1, 2));
    /// ```
    #[must_use]
    pub fn view(&self, visible: &OpSet) -> View<'_, Op> {
        let seen = visible.iter().map(|event| self.seen(event)).collect();
        View { seen }
    }

    /// The operation at `index`, as a reader comes to see it. Panics if there is none.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// # let mut history = History::new();
    /// let add = history.push(at(1), "add", OpSet::new());
    /// let remove = history.push(at(2), "remove", OpSet::first(1));
    /// assert!(history.seen(remove).had_seen(add));
    /// ```
    #[must_use]
    pub fn seen(&self, index: usize) -> Seen<'_, Op> {
        Seen {
            at: &self.at[index],
            op: &self.ops[index],
            saw: &self.saw[index],
            event: index,
            step: 0,
        }
    }
}

/// An operation in a [`View`].
///
/// ```
/// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
/// # let me = ReplicaId::new(1, 0);
/// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
/// # let mut history = History::new();
/// let add = history.push(at(1), "add", OpSet::new());
/// let remove = history.push(at(2), "remove", OpSet::first(1));
/// let view = history.view(&history.all());
/// let last = view.iter().max_by_key(|seen| seen.rank()).expect("two are visible");
/// assert_eq!((last.event(), *last.op), (remove, "remove"));
/// ```
#[derive(Debug)]
pub struct Seen<'h, Op> {
    /// When and by whom it was performed.
    pub at: &'h At,
    /// What was done.
    pub op: &'h Op,
    saw: &'h OpSet,
    event: usize,
    step: usize, // within a transaction, each step has seen the earlier ones
}

impl<Op> Clone for Seen<'_, Op> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Op> Copy for Seen<'_, Op> {}

impl<Op> Seen<'_, Op> {
    /// The index of its event in the history. The steps of one transaction share it.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// # let mut history = History::new();
    /// let add = history.push(at(1), "add", OpSet::new());
    /// let remove = history.push(at(2), "remove", OpSet::first(1));
    /// let view = history.view(&[remove].into_iter().collect());
    /// assert!(view.iter().map(|seen| seen.event()).eq([remove]));
    /// ```
    #[must_use]
    pub fn event(&self) -> usize {
        self.event
    }

    /// Its place in the arbitration order: by stamp, then by step within the transaction.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// let mut history = History::new();
    /// history.push(at(1), vec!["add", "remove"], OpSet::new()); // a transaction
    /// let view = history.view(&history.all());
    /// let steps = view.project(|seen| seen.op);
    /// assert!(steps.iter().map(|step| step.rank()).eq([(at(1).stamp, 0), (at(1).stamp, 1)]));
    /// ```
    #[must_use]
    pub fn rank(&self) -> (Timestamp, usize) {
        (self.at.stamp, self.step)
    }

    /// Whether it had seen the event with that index, or is a step of it itself, before which all
    /// that was told of it was done.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// # let mut history = History::new();
    /// let add = history.push(at(1), "add", OpSet::new());
    /// let other = history.push(at(2), "add", OpSet::new());
    /// let remove = history.push(at(3), "remove", [add].into_iter().collect());
    /// let remove = history.seen(remove);
    /// assert!(remove.had_seen(add) && !remove.had_seen(other));
    /// ```
    #[must_use]
    pub fn had_seen(&self, event: usize) -> bool {
        event == self.event || self.saw.contains(event)
    }
}

impl<'h, Op> Seen<'h, Op> {
    /// What is inside it: a nested operation of a map, a step of a transaction. Several are seen
    /// one after the other.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// # let mut history = History::new();
    /// history.push(at(1), Some("add"), OpSet::new());
    /// let seen = history.seen(0);
    /// let inside = seen.op.as_ref().map(|op| *seen.inside(op).op);
    /// assert_eq!(inside, Some("add"));
    /// ```
    #[must_use]
    pub fn inside<Inner>(&self, op: &'h Inner) -> Seen<'h, Inner> {
        Seen { at: self.at, op, saw: self.saw, event: self.event, step: self.step }
    }

    /// The same, in another place within its transaction.
    pub(crate) fn at_step(self, step: usize) -> Self {
        Self { step, ..self }
    }
}

/// The operations visible at a read, and which of them had seen which.
///
/// ```
/// use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
/// let me = ReplicaId::new(1, 0);
/// let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
/// let mut history = History::new();
/// let add = history.push(at(1), "add", OpSet::new());
/// let remove = history.push(at(2), "remove", [add].into_iter().collect());
/// let view = history.view(&history.all());
/// let seen: Vec<_> = view.iter().collect();
/// assert!(view.saw(&seen[remove], &seen[add]));
/// assert!(!view.saw(&seen[add], &seen[remove]));
/// ```
#[derive(Clone, Debug)]
pub struct View<'h, Op> {
    seen: Vec<Seen<'h, Op>>,
}

impl<'h, Op> View<'h, Op> {
    /// The visible operations, in an order consistent with who had seen whom.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// # let mut history = History::new();
    /// let add = history.push(at(1), "add", OpSet::new());
    /// let remove = history.push(at(2), "remove", OpSet::first(1));
    /// let view = history.view(&history.all());
    /// assert!(view.iter().map(|seen| *seen.op).eq(["add", "remove"]));
    /// ```
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Seen<'h, Op>> + '_ {
        self.seen.iter().copied()
    }

    /// Whether nothing is visible.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// let mut history = History::new();
    /// history.push(at(1), "add", OpSet::new());
    /// assert!(history.view(&OpSet::new()).is_empty());
    /// assert!(!history.view(&history.all()).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// How many operations are visible.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// let mut history = History::new();
    /// history.push(at(1), "add", OpSet::new());
    /// assert_eq!(history.view(&history.all()).len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether `later` had seen `earlier` when it was performed.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// # let mut history = History::new();
    /// let add = history.push(at(1), "add", OpSet::new());
    /// let remove = history.push(at(2), "remove", OpSet::first(1));
    /// let view = history.view(&history.all());
    /// let seen: Vec<_> = view.iter().collect();
    /// assert!(view.saw(&seen[remove], &seen[add]));
    /// assert!(!view.saw(&seen[add], &seen[remove]));
    /// ```
    #[must_use]
    pub fn saw<A, B>(&self, later: &Seen<'_, A>, earlier: &Seen<'_, B>) -> bool {
        if later.event == earlier.event {
            earlier.step < later.step
        } else {
            later.saw.contains(earlier.event)
        }
    }

    /// The view of the operations for which `keep` holds.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// # let mut history = History::new();
    /// let add = history.push(at(1), "add", OpSet::new());
    /// let remove = history.push(at(2), "remove", OpSet::first(1));
    /// let adds = history.view(&history.all()).filter(|seen| *seen.op == "add");
    /// assert!(adds.iter().map(|seen| seen.event()).eq([add]));
    /// ```
    #[must_use]
    pub fn filter(&self, mut keep: impl FnMut(&Seen<'h, Op>) -> bool) -> Self {
        let seen = self.seen.iter().filter(|seen| keep(seen)).copied().collect();
        Self { seen }
    }

    /// The view of what is inside each operation: the nested operations of a map, the steps of a
    /// transaction.
    ///
    /// Several from one operation become its steps, each having seen the earlier ones.
    ///
    /// ```
    /// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// let mut history = History::new();
    /// history.push(at(1), vec!["add", "remove"], OpSet::new()); // a transaction
    /// let view = history.view(&history.all());
    /// let steps = view.project(|seen| seen.op);
    /// let seen: Vec<_> = steps.iter().collect();
    /// assert!(steps.saw(&seen[1], &seen[0]));
    /// ```
    #[must_use]
    pub fn project<Inner: 'h, I>(
        &self,
        mut inside: impl FnMut(Seen<'h, Op>) -> I,
    ) -> View<'h, Inner>
    where
        I: IntoIterator<Item = &'h Inner>,
    {
        let mut seen: Vec<Seen<'h, Inner>> = Vec::new();
        for outer in &self.seen {
            for op in inside(*outer) {
                let step = match seen.last() {
                    Some(last) if last.event == outer.event => last.step + 1,
                    _ => 0,
                };
                seen.push(outer.inside(op).at_step(step));
            }
        }
        View { seen }
    }
}
