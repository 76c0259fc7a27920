//! The document: replicated data without a type of one's own.

mod branch;
mod changes;
mod edit;
mod scalar;
mod view;

pub use branch::{FieldKind, FieldView};
pub use changes::FieldPath;
pub use edit::{DocumentEdit, EditError, FieldEdit, TooDeep};
pub use scalar::{Float, Scalar};
pub use view::DocumentView;

use std::convert::Infallible;
use std::fmt;

use serde::{Deserialize, Serialize};

use self::branch::Branch;
use crate::causal::{Causal, CausalContext, Dotted, DottedDelta, causal_type};
use crate::{MapChange, ReplicaId};

/// A tree of fields, read as JSON: counters, flags, lists, registers, sets and texts under names, and
/// maps of such fields to any depth up to [`MAX_DEPTH`](Self::MAX_DEPTH).
///
/// A field is known by its name *and its [`FieldKind`]*. Where one replica makes `"note"` a register and
/// another makes it a map, the document has both, and reading `"note"` gives both, in the order of
/// the kinds. So nothing is ever lost to a type conflict: there is none in the state.
///
/// **Specification**: an edit of a field counts iff no visible removal of the field, of its name,
/// or of a map around it had seen it. A register has the values of the writes that count and that
/// no other visible write to it had seen; a set, a flag and a counter likewise are
/// [`OrSet`](crate::OrSet), [`EwFlag`](crate::EwFlag) and
/// [`ResettableCounter`](crate::ResettableCounter) over what counts. A list and a text are a
/// [`Sequence`](crate::Sequence), for which such a removal is a deletion of all that it had seen
/// there. A field is there iff it holds something: an empty map, set, list or text is the same as
/// none, and so is a flag that is off.
///
/// **Anomalies**: a map that is removed while another replica edits it stays, with the concurrent
/// edits alone and not with what the removal had seen. **Delivery**: causal.
///
/// **Cost**: that of the fields (a dot for each element, value, flag or increment, and the name), one
/// context for the whole tree, and the tombstones of lists and texts, removed ones too: a map in which
/// nothing else is left is not there for readers. [`stabilise`](Self::stabilise) folds increments and
/// drops tombstones. An edit is logarithmic in the fields of each map around it; a delta is proportional to what changed, and names the way to it; cloning is O(1). Reading all of
/// it sorts the fields of each map by name.
///
/// **Source**: Kleppmann & Beresford, "A conflict-free replicated JSON datatype", IEEE TPDS 2017,
/// for keys that are tagged with a type and concurrent values that all stay; Almeida, Shoker &
/// Baquero, JPDC 2018, for what the fields are made of.
///
/// ```
/// use rejoin_crdts::{Document, Merge, ReplicaId};
/// let (phone, laptop) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let (mut here, mut there) = (Document::new(), Document::new());
/// there.merge(&here.edit(phone, |root| {
///     root.map("cart").register("milk").set(2);
///     root.set("labels").insert("home");
/// })?);
///
/// // Cut off from each other, one removes the cart and the other fills it.
/// let removed = here.edit(phone, |root| root.remove("cart"))?;
/// let filled = there.edit(laptop, |root| root.map("cart").register("eggs").set(6))?;
/// here.merge(&filled);
/// there.merge(&removed);
/// assert_eq!(here, there);
/// let json = serde_json::to_string(&here.view())?;
/// assert_eq!(json, r#"{"cart":{"eggs":6},"labels":["home"]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Document {
    body: Dotted<Branch>,
}

/// A change to a [`Document`], or several joined.
pub type DocumentDelta = DottedDelta<Branch>;

causal_type!([] Document, Branch, Branch);

impl Document {
    /// How deep maps may nest: what is deeper could not be decoded by the others, within the
    /// [`Limits`](crate::wire::Limits) that they have by default.
    pub const MAX_DEPTH: usize = 32;

    /// The empty document.
    ///
    /// ```
    /// assert!(rejoin_crdts::Document::new().view().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes the document and returns the delta. What the closure does travels as one.
    ///
    /// # Errors
    ///
    /// If it edits what is in more than [`MAX_DEPTH`](Self::MAX_DEPTH) maps. The document is then
    /// as it was before, whatever else the closure did.
    ///
    /// ```
    /// use rejoin_crdts::{Document, Merge, ReplicaId, TooDeep};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let (mut here, mut there) = (Document::new(), Document::new());
    /// there.merge(&here.edit(me, |root| {
    ///     let mut tasks = root.map("tasks");
    ///     let mut task = tasks.map("dishes");
    ///     task.register("owner").set("ada");
    ///     task.flag("done").enable();
    /// })?);
    /// assert!(there.view().map("tasks").map("dishes").flag("done"));
    /// # Ok::<(), TooDeep>(())
    /// ```
    pub fn edit(
        &mut self,
        me: ReplicaId,
        edit: impl FnOnce(&mut DocumentEdit<'_>),
    ) -> Result<DocumentDelta, TooDeep> {
        let edited = self.try_edit(me, |root| {
            edit(root);
            Ok::<(), Infallible>(())
        });
        edited.map_err(|error| match error {
            EditError::TooDeep(error) => error,
            EditError::Refused(never) => match never {},
        })
    }

    /// Changes the document with a closure that may fail, and returns the delta.
    ///
    /// # Errors
    ///
    /// What the closure returns, and what [`edit`](Self::edit) does. The document is then as it was
    /// before, whatever the closure did.
    ///
    /// ```
    /// use rejoin_crdts::{Document, EditError, ReplicaId};
    /// let mut stock = Document::new();
    /// let refused = stock.try_edit(ReplicaId::new(1, 0x5eed), |root| {
    ///     root.register("milk").set(2);
    ///     Err("out of milk")
    /// });
    /// assert_eq!(refused, Err(EditError::Refused("out of milk")));
    /// assert!(stock.view().is_empty());
    /// ```
    pub fn try_edit<E>(
        &mut self,
        me: ReplicaId,
        edit: impl FnOnce(&mut DocumentEdit<'_>) -> Result<(), E>,
    ) -> Result<DocumentDelta, EditError<E>> {
        let (delta, result) =
            self.body.edit(me, |mut cursor| cursor.attempt(|root| DocumentEdit::run(root, edit)));
        result.map(|()| delta)
    }

    /// Gives up what the fields keep only for operations that had not seen all of `cut`, at every
    /// depth, each as its type does, and returns the delta: the increments of a counter are folded,
    /// and the tombstones of lists and texts go. What is read stays the same.
    ///
    /// `cut` must be causally stable: every operation that is still to come here had seen all of
    /// it. [`MatrixClock::stable`](crate::MatrixClock::stable) says what is. The delta travels like
    /// any other.
    ///
    /// Complexity: linear in the size of the document.
    ///
    /// ```
    /// use rejoin_crdts::{CounterOverflow, Document, MatrixClock, ReplicaId};
    /// let me = ReplicaId::new(1, 0);
    /// let mut page = Document::new();
    /// let _ = page.try_edit(me, |root| {
    ///     root.counter("likes").increment(1)?;
    ///     root.counter("likes").increment(1)
    /// })?;
    /// assert_eq!(format!("{page:?}"), r#"{counters: {"likes": {r1:1: +1, r1:2: +1}}} of {r1:1-2}"#);
    /// let mut seen = MatrixClock::new();
    /// seen.record(me, page.context());
    /// let _ = page.stabilise(me, &seen.stable([me])); // nobody else writes
    /// assert_eq!(format!("{page:?}"), r#"{counters: {"likes": {r1:2: +2 by r1:3}}} of {r1:1-3}"#);
    /// # Ok::<(), rejoin_crdts::EditError<CounterOverflow>>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn stabilise(&mut self, me: ReplicaId, cut: &CausalContext) -> DocumentDelta {
        self.body.edit(me, |mut cursor| Branch::stabilise(&mut cursor, cut)).0
    }

    /// The fields that came, went, or read otherwise than `before`, ascending by [`FieldPath`], with
    /// what was read there and what is: views, which tell what changed within them in the same way.
    ///
    /// Maps are not among them: one that came or went did so with its fields.
    ///
    /// Costs the difference, times the depth of what changed, where `before` is a clone of what
    /// this was; it may be any other document.
    ///
    /// ```
    /// use rejoin_crdts::{Document, FieldKind, FieldView, MapChange, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart = Document::new();
    /// let _ = cart.edit(me, |root| root.map("milk").register("unit").set("litre"))?;
    /// let before = cart.clone();
    /// let _ = cart.edit(me, |root| {
    ///     root.map("milk").register("unit").set("pint");
    ///     root.map("eggs").flag("fresh").enable();
    /// })?;
    /// let changes: Vec<_> = cart.changes_since(&before).collect();
    /// let [MapChange::Added(fresh, _), MapChange::Updated(unit, values)] = &changes[..] else {
    ///     panic!("{changes:?}")
    /// };
    /// assert_eq!((&fresh.maps[..], fresh.name, fresh.kind), (&["eggs"][..], "fresh", FieldKind::Flag));
    /// assert_eq!((&unit.maps[..], unit.name, unit.kind), (&["milk"][..], "unit", FieldKind::Register));
    /// assert!(matches!(values.new, FieldView::Register(unit) if unit.values().eq([&"pint".into()])));
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn changes_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl ExactSizeIterator<Item = MapChange<FieldPath<'a>, FieldView<'a>>> + 'a {
        self.view().changes_since(before.view())
    }

    /// What is in the document: to look something up, and to write it as JSON or in any other
    /// format of serde's.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut cart = Document::new();
    /// let _ = cart.edit(ReplicaId::new(1, 0x5eed), |root| root.register("milk").set(2))?;
    /// assert!(cart.view().register("milk").values().eq([&2.into()]));
    /// assert_eq!(serde_json::to_value(cart.view())?, serde_json::json!({ "milk": 2 }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn view(&self) -> DocumentView<'_> {
        DocumentView::of(self.body.store())
    }

    /// The dots of everything this replica has seen, removals included: equal contexts, equal
    /// documents.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart = Document::new();
    /// let _ = cart.edit(me, |root| root.register("milk").set(2))?;
    /// let _ = cart.edit(me, |root| root.remove("milk"))?;
    /// assert_eq!(cart.context().len(), 2); // a dot for the milk, and one for the removal
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    #[must_use]
    pub fn context(&self) -> &CausalContext {
        self.body.context()
    }
}

/// `{registers: {"milk": {r1:1: 2}}} of {r1:1}`: the live fields by kind, with their dots, and all
/// that was seen.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.body, f)
    }
}

#[cfg(test)]
mod tests;
