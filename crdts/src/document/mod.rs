//! The document: replicated data without a type of one's own.

mod branch;
mod edit;
mod scalar;
mod view;

pub use branch::FieldKind;
pub use edit::{DocumentEdit, EditError, FieldEdit, TooDeep};
pub use scalar::{Float, Scalar};
pub use view::{DocumentView, FieldView};

use std::convert::Infallible;
use std::fmt;

use serde::{Deserialize, Serialize};

use self::branch::Branch;
use crate::ReplicaId;
use crate::causal::{CausalContext, Dotted, DottedDelta, causal_type};

/// A tree of fields, read as JSON: registers, sets and flags under names, and maps of such fields
/// to any depth up to [`MAX_DEPTH`](Self::MAX_DEPTH).
///
/// A field is known by its name *and its [`FieldKind`]*. Where one replica makes `"note"` a register and
/// another makes it a map, the document has both, and reading `"note"` gives both, in the order of
/// the kinds. So nothing is ever lost to a type conflict: there is none in the state.
///
/// **Specification**: an edit of a field counts iff no visible removal of the field, of its name,
/// or of a map around it had seen it. A register has the values of the writes that count and that
/// no other visible write to it had seen; a set and a flag likewise are [`OrSet`](crate::OrSet) and
/// [`EwFlag`](crate::EwFlag) over what counts. A field is there iff it holds something: an empty
/// map or set is the same as none, and so is a flag that is off.
///
/// **Anomalies**: a map that is removed while another replica edits it stays, with the concurrent
/// edits alone and not with what the removal had seen. **Delivery**: causal.
///
/// **Cost**: that of the fields (a dot for each element, value or flag, and the name), one context
/// for the whole tree, no tombstones. An edit is logarithmic in the fields of each map around it; a
/// delta is proportional to what changed, and names the way to it; cloning is O(1). Reading all of
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

causal_type!([] Document, Branch);

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
