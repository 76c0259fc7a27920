//! Specifications that are told of one operation at a time, so that what a run costs to check does
//! not grow with its length.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::Seen;

/// The incremental form of a [`Spec`](crate::Spec): what is left of the operations that a reader
/// sees, as far as it can still matter.
///
/// It is told of each operation once, in an order that the type's [`Delivery`](crate::Delivery)
/// allows: if that is causal, after all that the operation had seen, and who has seen an operation
/// has seen whatever that one had. Nothing else is promised of the order.
///
/// The explorer proves of every small history that it says what the pure specification says, and
/// that forms which were told the same are equal (`Eq`), in whatever order they were told. It shares
/// no code with the type, as the pure one does not.
///
/// **Complexity**: `see` and `admits` are to depend on the size of the value and on what is
/// concurrent, and never on how much happened before: so forget what was superseded.
///
/// ```
/// use rejoin_crdts::{History, Incremental, OpSet, Running, Seen, Spec, View};
/// # use rejoin_crdts::{At, OpId, ReplicaId, Timestamp};
///
/// /// The greatest number that was written, or 0.
/// #[derive(Clone)]
/// struct Greatest;
///
/// #[derive(Clone, Default, PartialEq, Eq)]
/// struct GreatestSoFar(u64);
///
/// impl Incremental for GreatestSoFar {
///     type Op = u64;
///     type Value = u64;
///     fn see(&mut self, new: &Seen<'_, u64>) {
///         self.0 = self.0.max(*new.op);
///     }
///     fn value(&self) -> Option<u64> {
///         Some(self.0)
///     }
/// }
///
/// impl Spec for Greatest {
///     type Op = u64;
///     type Value = u64;
///     fn alphabet(&self) -> Vec<u64> {
///         vec![1, 2]
///     }
///     fn value(&self, view: &View<'_, u64>) -> Option<u64> {
///         Some(view.iter().map(|seen| *seen.op).max().unwrap_or(0))
///     }
///     fn running(&self) -> Option<Running<u64, u64>> {
///         Some(Running::new(GreatestSoFar::default()))
///     }
/// }
///
/// # let me = ReplicaId::new(1, 0);
/// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
/// let mut history = History::new();
/// history.push(at(1), 7, OpSet::new());
/// history.push(at(2), 5, OpSet::first(1));
/// let mut running = Greatest.running().expect("it has one");
/// history.all().iter().for_each(|index| running.see(&history.seen(index)));
/// assert_eq!(running.value(), Greatest.value(&history.view(&history.all())));
/// ```
pub trait Incremental: Clone + Eq + Send + Sync + 'static {
    /// An operation.
    type Op;
    /// What a read returns.
    type Value: Eq + fmt::Debug;

    /// A further operation becomes visible.
    fn see(&mut self, new: &Seen<'_, Self::Op>);

    /// What [`Spec::value`](crate::Spec::value) says of all that was told.
    fn value(&self) -> Option<Self::Value>;

    /// What [`Spec::admits`](crate::Spec::admits) says of reading `value` now.
    ///
    /// # Errors
    ///
    /// The reason, in words, if that may not be read.
    fn admits(&self, value: &Self::Value) -> Result<(), String> {
        match self.value() {
            Some(expected) if expected != *value => {
                Err(format!("the specification says {expected:?}, the replica reads {value:?}"))
            }
            _ => Ok(()),
        }
    }
}

/// An incremental form for a value of an [`OrMap`](crate::OrMap), whose operations a remove of the
/// key takes back.
///
/// ```
/// use rejoin_crdts::{At, History, Incremental, OpId, OpSet, ReplicaId, Retractable, Running, Seen,
///     Timestamp};
///
/// /// How many operations there are.
/// #[derive(Clone, Default, PartialEq, Eq)]
/// struct Count(Vec<usize>);
///
/// impl Incremental for Count {
///     type Op = &'static str;
///     type Value = usize;
///     fn see(&mut self, new: &Seen<'_, &'static str>) {
///         let place = self.0.partition_point(|event| *event <= new.event());
///         self.0.insert(place, new.event());
///     }
///     fn value(&self) -> Option<usize> {
///         Some(self.0.len())
///     }
/// }
///
/// impl Retractable for Count {
///     fn retract(&mut self, gone: &dyn Fn(usize) -> bool) {
///         self.0.retain(|event| !gone(*event));
///     }
///     fn is_present(&self) -> bool {
///         !self.0.is_empty()
///     }
/// }
///
/// let mut count = Count::default();
/// # let me = ReplicaId::new(1, 0);
/// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
/// let mut history = History::new();
/// history.push(at(1), "add", OpSet::new());
/// count.see(&history.seen(0));
/// count.retract(&|event| event == 0);
/// assert!(!count.is_present());
/// ```
pub trait Retractable: Incremental {
    /// Takes back the operations of the events for which `gone` holds: they never happened.
    ///
    /// With an operation goes all that it had seen. Of an event all that was told so far goes, or
    /// nothing.
    fn retract(&mut self, gone: &dyn Fn(usize) -> bool);

    /// What [`Nested::present`](crate::spec::Nested::present) says of all that was told. What is not
    /// present is forgotten, so it must be as if nothing had been told.
    fn is_present(&self) -> bool;
}

/// The [`Incremental`] form of some specification. A clone costs nothing until either sees more, and
/// then as much as the value.
///
/// ```
/// use rejoin_crdts::spec::{OrSetModel, SetOp};
/// use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Spec, Timestamp};
/// # let at = |id| {
/// #     let me = ReplicaId::new(id, 0);
/// #     At { id: OpId::new(me, 1), stamp: Timestamp::new(1, 0, me) }
/// # };
/// let mut history = History::new();
/// history.push(at(1), SetOp::Add("milk".to_owned()), OpSet::new());
/// history.push(at(2), SetOp::Clear, OpSet::new()); // has not seen the add
/// let spec = OrSetModel::new(["milk".to_owned()]);
/// let mut here = spec.running().expect("a set has one");
/// here.see(&history.seen(0));
/// let mut there = here.clone();
/// there.see(&history.seen(1));
/// assert_eq!(here, there); // what it had not seen it does not clear
/// assert!(there.admits(&["milk".to_owned()].into()).is_ok());
/// ```
pub struct Running<Op, Value>(Arc<dyn Form<Op, Value>>);

impl<Op, Value> Running<Op, Value> {
    /// Erases the type of a form.
    ///
    /// ```
    /// # use rejoin_crdts::{Incremental, Seen};
    /// use rejoin_crdts::Running;
    /// # #[derive(Clone, Default, PartialEq, Eq)]
    /// # struct GreatestSoFar(u64);
    /// # impl Incremental for GreatestSoFar {
    /// #     type Op = u64;
    /// #     type Value = u64;
    /// #     fn see(&mut self, new: &Seen<'_, u64>) { self.0 = self.0.max(*new.op); }
    /// #     fn value(&self) -> Option<u64> { Some(self.0) }
    /// # }
    /// let running = Running::new(GreatestSoFar::default());
    /// assert_eq!(running.value(), Some(0));
    /// ```
    pub fn new<F: Incremental<Op = Op, Value = Value>>(form: F) -> Self {
        Self(Arc::new(Plain(form)))
    }

    /// Erases the type of a form that can be the value of a map.
    ///
    /// ```
    /// # use rejoin_crdts::{Incremental, Retractable, Seen};
    /// use rejoin_crdts::Running;
    /// # #[derive(Clone, Default, PartialEq, Eq)]
    /// # struct Count(Vec<usize>);
    /// # impl Incremental for Count {
    /// #     type Op = u64;
    /// #     type Value = usize;
    /// #     fn see(&mut self, new: &Seen<'_, u64>) { self.0.push(new.event()) }
    /// #     fn value(&self) -> Option<usize> { Some(self.0.len()) }
    /// # }
    /// # impl Retractable for Count {
    /// #     fn retract(&mut self, gone: &dyn Fn(usize) -> bool) { self.0.retain(|e| !gone(*e)); }
    /// #     fn is_present(&self) -> bool { !self.0.is_empty() }
    /// # }
    /// let running = Running::retractable(Count::default());
    /// assert_eq!(running.value(), Some(0));
    /// ```
    pub fn retractable<F: Retractable<Op = Op, Value = Value>>(form: F) -> Self {
        Self(Arc::new(Inside(form)))
    }

    /// A further operation becomes visible; see [`Incremental`] for the order.
    ///
    /// ```
    /// use rejoin_crdts::spec::{CounterOp, PnCounterModel};
    /// use rejoin_crdts::{History, OpSet, Spec};
    /// # use rejoin_crdts::{At, OpId, ReplicaId, Timestamp};
    /// # let me = ReplicaId::new(1, 0);
    /// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
    /// let mut history = History::new();
    /// history.push(at(1), CounterOp::Take(2), OpSet::new());
    /// let mut running = PnCounterModel.running().expect("a counter has one");
    /// running.see(&history.seen(0));
    /// assert_eq!(running.value(), Some(-2));
    /// ```
    pub fn see(&mut self, new: &Seen<'_, Op>) {
        self.change(|form| form.see(new));
    }

    /// The value that a read must return, or `None` if the specification is a relation.
    ///
    /// ```
    /// use rejoin_crdts::Spec;
    /// use rejoin_crdts::spec::{GSetModel, Add};
    /// let nothing = GSetModel::new([1u8]).running().expect("a set has one");
    /// assert_eq!(nothing.value(), Some([].into()));
    /// ```
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        self.0.value()
    }

    /// Whether a read may return `value`.
    ///
    /// # Errors
    ///
    /// The reason, in words, if it may not.
    ///
    /// ```
    /// use rejoin_crdts::Spec;
    /// use rejoin_crdts::spec::PnCounterModel;
    /// let nothing = PnCounterModel.running().expect("a counter has one");
    /// let wrong = nothing.admits(&1).expect_err("nothing was counted");
    /// assert_eq!(wrong, "the specification says 0, the replica reads 1");
    /// ```
    pub fn admits(&self, value: &Value) -> Result<(), String> {
        self.0.admits(value)
    }

    /// Whether it can be the value of a map.
    pub(crate) fn can_retract(&self) -> bool {
        self.0.can_retract()
    }

    pub(crate) fn retract(&mut self, gone: &dyn Fn(usize) -> bool) {
        self.change(|form| form.retract(gone));
    }

    pub(crate) fn is_present(&self) -> bool {
        self.0.is_present()
    }

    fn change(&mut self, change: impl FnOnce(&mut dyn Form<Op, Value>)) {
        if Arc::get_mut(&mut self.0).is_none() {
            self.0 = self.0.copy();
        }
        let Some(form) = Arc::get_mut(&mut self.0) else {
            unreachable!("a copy has no other owner")
        };
        change(form);
    }
}

impl<Op, Value> Clone for Running<Op, Value> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Op, Value> PartialEq for Running<Op, Value> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.same(other.0.form())
    }
}

impl<Op, Value> Eq for Running<Op, Value> {}

/// The value.
impl<Op, Value: fmt::Debug> fmt::Debug for Running<Op, Value> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Running").field(&self.value()).finish()
    }
}

/// A form whose type is not known.
trait Form<Op, Value>: Send + Sync {
    fn see(&mut self, new: &Seen<'_, Op>);
    fn value(&self) -> Option<Value>;
    fn admits(&self, value: &Value) -> Result<(), String>;
    fn can_retract(&self) -> bool;
    fn retract(&mut self, gone: &dyn Fn(usize) -> bool);
    fn is_present(&self) -> bool;
    fn copy(&self) -> Arc<dyn Form<Op, Value>>;
    fn form(&self) -> &dyn Any;
    fn same(&self, other: &dyn Any) -> bool;
}

struct Plain<F>(F);

struct Inside<F>(F);

impl<F: Incremental> Form<F::Op, F::Value> for Plain<F> {
    fn see(&mut self, new: &Seen<'_, F::Op>) {
        self.0.see(new);
    }

    fn value(&self) -> Option<F::Value> {
        self.0.value()
    }

    fn admits(&self, value: &F::Value) -> Result<(), String> {
        self.0.admits(value)
    }

    fn can_retract(&self) -> bool {
        false
    }

    fn retract(&mut self, _gone: &dyn Fn(usize) -> bool) {}

    fn is_present(&self) -> bool {
        true
    }

    fn copy(&self) -> Arc<dyn Form<F::Op, F::Value>> {
        Arc::new(Self(self.0.clone()))
    }

    fn form(&self) -> &dyn Any {
        &self.0
    }

    fn same(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(&self.0)
    }
}

impl<F: Retractable> Form<F::Op, F::Value> for Inside<F> {
    fn see(&mut self, new: &Seen<'_, F::Op>) {
        self.0.see(new);
    }

    fn value(&self) -> Option<F::Value> {
        self.0.value()
    }

    fn admits(&self, value: &F::Value) -> Result<(), String> {
        self.0.admits(value)
    }

    fn can_retract(&self) -> bool {
        true
    }

    fn retract(&mut self, gone: &dyn Fn(usize) -> bool) {
        self.0.retract(gone);
    }

    fn is_present(&self) -> bool {
        self.0.is_present()
    }

    fn copy(&self) -> Arc<dyn Form<F::Op, F::Value>> {
        Arc::new(Self(self.0.clone()))
    }

    fn form(&self) -> &dyn Any {
        &self.0
    }

    fn same(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(&self.0)
    }
}

#[cfg(test)]
mod tests;
