//! Changing a document.

use std::fmt;
use std::marker::PhantomData;

use super::branch::Branch;
use super::{Document, DocumentView, Scalar};
use crate::causal::{Causal, Cursor, DotMap};
use crate::{EwFlag, MvRegister, OrSet};

/// An edit inside more maps than may nest: the others could not decode it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("maps nest at most {} deep, and {name:?} is deeper", Document::MAX_DEPTH)]
pub struct TooDeep {
    /// The name of the first map that is too deep.
    pub name: String,
}

/// Why a document was not edited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError<E> {
    /// An edit that the others could not decode.
    #[error(transparent)]
    TooDeep(TooDeep),
    /// What the closure said.
    #[error("{0}")]
    Refused(E),
}

/// Changes the fields of a [`Document`], or of a map in it.
///
/// A map comes into being with the first thing that is put into it, and is gone with the last.
///
/// ```
/// use rejoin_crdts::{Document, ReplicaId};
/// let mut tasks = Document::new();
/// let _ = tasks.edit(ReplicaId::new(1, 0x5eed), |root| {
///     for task in ["dishes", "floor"] {
///         root.map(task).register("owner").set("ada");
///     }
/// })?;
/// assert_eq!(serde_json::to_string(&tasks.view())?, r#"{"dishes":{"owner":"ada"},"floor":{"owner":"ada"}}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DocumentEdit<'a> {
    root: Cursor<'a, Branch>,
    path: Vec<String>,
    refused: &'a mut Option<TooDeep>,
}

impl DocumentEdit<'_> {
    /// Runs an edit from the root; fails if it did, or where it went too deep.
    pub(super) fn run<E>(
        root: &mut Cursor<'_, Branch>,
        edit: impl FnOnce(&mut DocumentEdit<'_>) -> Result<(), E>,
    ) -> Result<(), EditError<E>> {
        let mut refused = None;
        let root = root.reborrow();
        edit(&mut DocumentEdit { root, path: Vec::new(), refused: &mut refused })
            .map_err(EditError::Refused)?;
        refused.map_or(Ok(()), |refused| Err(EditError::TooDeep(refused)))
    }

    /// The map of this name.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut tasks = Document::new();
    /// let _ = tasks.edit(ReplicaId::new(1, 0x5eed), |root| {
    ///     root.map("home").map("dishes").flag("done").enable();
    ///     root.map("work"); // and nothing in it
    /// })?;
    /// assert!(tasks.view().map("home").map("dishes").flag("done"));
    /// assert!(tasks.view().map("work").is_empty());
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn map(&mut self, name: impl Into<String>) -> DocumentEdit<'_> {
        let mut map = self.reborrow();
        map.path.push(name.into());
        map
    }

    /// The register of this name.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut page = Document::new();
    /// let _ = page.edit(ReplicaId::new(1, 0x5eed), |root| root.register("title").set("Draft"))?;
    /// assert!(page.view().register("title").values().eq([&"Draft".into()]));
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn register(&mut self, name: impl Into<String>) -> FieldEdit<'_, MvRegister<Scalar>> {
        self.field(name)
    }

    /// The set of this name.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut page = Document::new();
    /// let _ = page.edit(ReplicaId::new(1, 0x5eed), |root| root.set("tags").insert("crdt"))?;
    /// assert!(page.view().set("tags").contains(&"crdt".into()));
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn set(&mut self, name: impl Into<String>) -> FieldEdit<'_, OrSet<Scalar>> {
        self.field(name)
    }

    /// The flag of this name.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut page = Document::new();
    /// let _ = page.edit(ReplicaId::new(1, 0x5eed), |root| root.flag("published").enable())?;
    /// assert!(page.view().flag("published"));
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn flag(&mut self, name: impl Into<String>) -> FieldEdit<'_, EwFlag> {
        self.field(name)
    }

    /// Removes every field of this name, of whatever kind, with all that was seen there. What is
    /// done there at the same time survives.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut page = Document::new();
    /// let _ = page.edit(me, |root| {
    ///     root.register("note").set("call Ben");
    ///     root.map("note").register("to").set("Ben");
    /// })?;
    /// let _ = page.edit(me, |root| root.remove("note"))?;
    /// assert!(page.view().is_empty());
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn remove(&mut self, name: &str) {
        self.with(|map| Branch::clear_name(map, name));
    }

    /// Removes every field that is there now: the map is gone, but for what is done in it at the
    /// same time.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut shop = Document::new();
    /// let _ = shop.edit(me, |root| root.map("cart").register("milk").set(2))?;
    /// let _ = shop.edit(me, |root| root.map("cart").clear())?;
    /// assert!(shop.view().is_empty());
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn clear(&mut self) {
        self.with(|map| map.clear());
    }

    /// What is here at this point of the edit.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut cart = Document::new();
    /// let _ = cart.edit(ReplicaId::new(1, 0x5eed), |root| {
    ///     root.register("milk").set(2);
    ///     assert!(root.view().register("milk").values().eq([&2.into()]));
    /// })?;
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    #[must_use]
    pub fn view(&self) -> DocumentView<'_> {
        let root = DocumentView::of(self.root.store);
        self.path.iter().fold(root, |map, name| map.map(name))
    }

    fn field<V: Leaf>(&mut self, name: impl Into<String>) -> FieldEdit<'_, V> {
        FieldEdit { map: self.reborrow(), name: name.into(), kind: PhantomData }
    }

    fn reborrow(&mut self) -> DocumentEdit<'_> {
        DocumentEdit {
            root: self.root.reborrow(),
            path: self.path.clone(),
            refused: &mut *self.refused,
        }
    }

    /// Edits the fields of this map, unless it is too deep.
    fn with(&mut self, edit: impl FnOnce(&mut Cursor<'_, Branch>)) {
        match self.path.get(Document::MAX_DEPTH) {
            Some(name) => {
                self.refused.get_or_insert_with(|| TooDeep { name: name.clone() });
            }
            None => descend(self.root.reborrow(), &self.path, edit),
        }
    }
}

fn descend<F: FnOnce(&mut Cursor<'_, Branch>)>(
    mut map: Cursor<'_, Branch>,
    path: &[String],
    edit: F,
) {
    match path.split_first() {
        Some((name, rest)) => {
            let mut maps = map.part(|all| &mut all.maps, |all| &mut all.maps);
            maps.at(name.clone(), |map| descend(map, rest, edit));
        }
        None => edit(&mut map),
    }
}

/// Changes one field of a [`Document`].
///
/// ```
/// use rejoin_crdts::{Document, ReplicaId};
/// let mut cart = Document::new();
/// let _ = cart.edit(ReplicaId::new(1, 0x5eed), |root| {
///     let mut milk = root.register("milk");
///     milk.set(2);
///     milk.set(3);
/// })?;
/// assert!(cart.view().register("milk").values().eq([&3.into()]));
/// # Ok::<(), rejoin_crdts::TooDeep>(())
/// ```
pub struct FieldEdit<'a, V: Leaf> {
    map: DocumentEdit<'a>,
    name: String,
    kind: PhantomData<V>,
}

impl<V: Leaf> FieldEdit<'_, V> {
    /// Changes the field with the editor of its type.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut lamp = Document::new();
    /// let _ = lamp.edit(ReplicaId::new(1, 0x5eed), |root| {
    ///     root.flag("on").update(|on| if !on.view().is_enabled() { on.enable() });
    /// })?;
    /// assert!(lamp.view().flag("on"));
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn update(&mut self, edit: impl for<'e> FnOnce(&mut V::Edit<'e>)) {
        let Self { map, name, .. } = self;
        map.with(|map| V::fields(map).at(name.clone(), |at| edit(&mut V::edit(at))));
    }

    /// Removes what is in the field now: it is gone, but for what is done to it at the same time.
    /// Fields of this name and of another kind stay.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut page = Document::new();
    /// let _ = page.edit(me, |root| {
    ///     root.register("note").set("call Ben");
    ///     root.set("note").insert("urgent");
    /// })?;
    /// let _ = page.edit(me, |root| root.register("note").clear())?;
    /// assert_eq!(serde_json::to_string(&page.view())?, r#"{"note":["urgent"]}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clear(&mut self) {
        let Self { map, name, .. } = self;
        map.with(|map| V::fields(map).clear_at(name.as_str()));
    }
}

impl FieldEdit<'_, MvRegister<Scalar>> {
    /// Writes `value` in place of all that is seen here.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut item = Document::new();
    /// let _ = item.edit(ReplicaId::new(1, 0x5eed), |root| {
    ///     root.register("name").set("milk");
    ///     root.register("litres").set(1.5);
    ///     root.register("shop").set(()); // known to be none
    /// })?;
    /// let json = serde_json::to_string(&item.view())?;
    /// assert_eq!(json, r#"{"litres":1.5,"name":"milk","shop":null}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set(&mut self, value: impl Into<Scalar>) {
        let value = value.into();
        self.update(|register| register.set(value));
    }
}

impl FieldEdit<'_, OrSet<Scalar>> {
    /// Adds `element`.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut page = Document::new();
    /// let _ = page.edit(ReplicaId::new(1, 0x5eed), |root| {
    ///     root.set("tags").insert("crdt");
    ///     root.set("tags").insert(2014);
    /// })?;
    /// assert_eq!(serde_json::to_string(&page.view())?, r#"{"tags":[2014,"crdt"]}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn insert(&mut self, element: impl Into<Scalar>) {
        let element = element.into();
        self.update(|set| set.insert(element));
    }

    /// Removes `element` if it is there.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut page = Document::new();
    /// let _ = page.edit(me, |root| root.set("tags").insert("crdt"))?;
    /// let _ = page.edit(me, |root| root.set("tags").remove("crdt"))?;
    /// assert!(page.view().set("tags").is_empty());
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn remove(&mut self, element: impl Into<Scalar>) {
        let element = element.into();
        self.update(|set| set.remove(&element));
    }
}

impl FieldEdit<'_, EwFlag> {
    /// Turns it on.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut task = Document::new();
    /// let _ = task.edit(ReplicaId::new(1, 0x5eed), |root| root.flag("done").enable())?;
    /// assert!(task.view().flag("done"));
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn enable(&mut self) {
        self.update(|flag| flag.enable());
    }

    /// Turns it off, which is the same as to [`clear`](Self::clear) it.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut task = Document::new();
    /// let _ = task.edit(me, |root| root.flag("done").enable())?;
    /// let _ = task.edit(me, |root| root.flag("done").disable())?;
    /// assert!(!task.view().flag("done"));
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn disable(&mut self) {
        self.update(|flag| flag.disable());
    }
}

/// A kind of field that is a type of its own. Only the kinds of a document are.
///
/// ```
/// # use rejoin_crdts::{Document, ReplicaId};
/// let mut task = Document::new();
/// let _ = task.edit(ReplicaId::new(1, 0x5eed), |root| root.flag("done").enable())?; // a leaf
/// assert!(task.view().flag("done"));
/// # Ok::<(), rejoin_crdts::TooDeep>(())
/// ```
pub trait Leaf: Causal {
    /// The fields of this kind.
    fn fields<'c>(map: &'c mut Cursor<'_, Branch>) -> Cursor<'c, DotMap<String, Self::Store>>;
}

macro_rules! leaf {
    ($type:ty, $fields:ident) => {
        impl Leaf for $type {
            fn fields<'c>(
                map: &'c mut Cursor<'_, Branch>,
            ) -> Cursor<'c, DotMap<String, Self::Store>> {
                map.part(|all| &mut all.$fields, |all| &mut all.$fields)
            }
        }
    };
}

leaf!(EwFlag, flags);
leaf!(MvRegister<Scalar>, registers);
leaf!(OrSet<Scalar>, sets);

impl fmt::Debug for DocumentEdit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.view(), f)
    }
}

impl<V: Leaf> fmt::Debug for FieldEdit<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} in {:?}", self.name, self.map)
    }
}
