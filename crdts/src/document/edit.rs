//! Changing a document.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeBounds;

use super::branch::Branch;
use super::{Document, DocumentView, Scalar};
use crate::causal::{Causal, Cursor, DotMap};
use crate::{CounterOverflow, EwFlag, IndexError, MvRegister, OrSet, ResettableCounter, Sequence};

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

    /// The counter of this name.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut page = Document::new();
    /// let _ = page.try_edit(ReplicaId::new(1, 0x5eed), |root| root.counter("likes").increment(1))?;
    /// assert_eq!(page.view().counter("likes"), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn counter(&mut self, name: impl Into<String>) -> FieldEdit<'_, ResettableCounter> {
        self.field(name)
    }

    /// The list of this name.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut home = Document::new();
    /// let _ = home.edit(ReplicaId::new(1, 0x5eed), |root| root.list("tasks").push("dishes"))?;
    /// assert_eq!(home.view().list("tasks").len(), 1);
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn list(&mut self, name: impl Into<String>) -> FieldEdit<'_, Sequence<Scalar>> {
        self.field(name)
    }

    /// The text of this name.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut page = Document::new();
    /// let _ = page.try_edit(ReplicaId::new(1, 0x5eed), |root| root.text("note").insert(0, "call Ben"))?;
    /// assert_eq!(page.view().text("note").to_string(), "call Ben");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn text(&mut self, name: impl Into<String>) -> FieldEdit<'_, Sequence<char>> {
        self.field(name)
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
        self.at(|mut at| edit(&mut V::edit(at.reborrow())));
    }

    /// Changes the field with the editor of its type, all or nothing.
    ///
    /// # Errors
    ///
    /// What the closure returns; what it did to the field until then is undone. To give up the whole
    /// edit, return the error from [`Document::try_edit`] too.
    ///
    /// ```
    /// use rejoin_crdts::{Document, IndexError, ReplicaId};
    /// let mut page = Document::new();
    /// let _ = page.edit(ReplicaId::new(1, 0x5eed), |root| {
    ///     let refused = root.text("note").try_update(|note| {
    ///         note.insert_all(0, "call".chars())?;
    ///         note.insert_all(5, "Ben".chars())
    ///     });
    ///     assert_eq!(refused, Err(IndexError { index: 5, end: 4 }));
    /// })?;
    /// assert!(page.view().is_empty());
    /// # Ok::<(), rejoin_crdts::TooDeep>(())
    /// ```
    pub fn try_update<E>(
        &mut self,
        edit: impl for<'e> FnOnce(&mut V::Edit<'e>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.at(|mut at| at.attempt(|at| edit(&mut V::edit(at.reborrow())))).unwrap_or(Ok(()))
    }

    /// Edits the field, unless it is too deep.
    fn at<R>(&mut self, edit: impl FnOnce(Cursor<'_, V::Store>) -> R) -> Option<R> {
        let Self { map, name, .. } = self;
        let mut result = None;
        map.with(|map| result = Some(V::fields(map).at(name.clone(), edit)));
        result
    }

    /// One step, which changes nothing if it fails.
    fn step<E>(
        &mut self,
        step: impl for<'e> FnOnce(&mut V::Edit<'e>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.at(|at| step(&mut V::edit(at))).unwrap_or(Ok(()))
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

impl FieldEdit<'_, ResettableCounter> {
    /// Adds `by`. To [`clear`](Self::clear) the counter takes it back to 0.
    ///
    /// # Errors
    ///
    /// If the increments of this replica would exceed 2⁶⁴ − 1; the counter is then as it was.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut page = Document::new();
    /// let _ = page.try_edit(me, |root| root.counter("likes").increment(2))?;
    /// assert!(page.try_edit(me, |root| root.counter("likes").increment(u64::MAX)).is_err());
    /// assert_eq!(page.view().counter("likes"), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn increment(&mut self, by: u64) -> Result<(), CounterOverflow> {
        self.step(|counter| counter.increment(by))
    }

    /// Takes `by` away.
    ///
    /// # Errors
    ///
    /// If the decrements of this replica would exceed 2⁶⁴ − 1; the counter is then as it was.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut stock = Document::new();
    /// let _ = stock.try_edit(ReplicaId::new(1, 0x5eed), |root| root.counter("milk").decrement(2))?;
    /// assert_eq!(serde_json::to_string(&stock.view())?, r#"{"milk":-2}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decrement(&mut self, by: u64) -> Result<(), CounterOverflow> {
        self.step(|counter| counter.decrement(by))
    }
}

impl FieldEdit<'_, Sequence<Scalar>> {
    /// Inserts `element` before the one at `index`, or at the end.
    ///
    /// # Errors
    ///
    /// If `index` is past the end; the list is then as it was.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut home = Document::new();
    /// let _ = home.try_edit(ReplicaId::new(1, 0x5eed), |root| {
    ///     root.list("tasks").insert(0, "floor")?;
    ///     root.list("tasks").insert(0, "dishes")
    /// })?;
    /// assert_eq!(serde_json::to_string(&home.view())?, r#"{"tasks":["dishes","floor"]}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn insert(&mut self, index: usize, element: impl Into<Scalar>) -> Result<(), IndexError> {
        let element = element.into();
        self.step(|list| list.insert(index, element))
    }

    /// Inserts `element` at the end.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut home = Document::new();
    /// let _ = home.edit(ReplicaId::new(1, 0x5eed), |root| {
    ///     root.list("tasks").push("dishes");
    ///     root.list("tasks").push(2);
    /// })?;
    /// assert_eq!(serde_json::to_string(&home.view())?, r#"{"tasks":["dishes",2]}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn push(&mut self, element: impl Into<Scalar>) {
        let element = element.into();
        self.update(|list| list.append([element]));
    }

    /// Deletes the element at `index`.
    ///
    /// # Errors
    ///
    /// If there is no element at `index`; the list is then as it was.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut home = Document::new();
    /// let _ = home.edit(me, |root| root.list("tasks").push("dishes"))?;
    /// assert!(home.try_edit(me, |root| root.list("tasks").remove(1)).is_err());
    /// let _ = home.try_edit(me, |root| root.list("tasks").remove(0))?;
    /// assert!(home.view().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove(&mut self, index: usize) -> Result<(), IndexError> {
        self.step(|list| list.remove(index))
    }
}

impl FieldEdit<'_, Sequence<char>> {
    /// Inserts `letters` before the one at `index`, or at the end. Indices count `char`s.
    ///
    /// # Errors
    ///
    /// If `index` is past the end; the text is then as it was.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let mut page = Document::new();
    /// let _ = page.try_edit(ReplicaId::new(1, 0x5eed), |root| {
    ///     root.text("note").insert(0, "call Ben")?;
    ///     root.text("note").insert(4, " Ada and")
    /// })?;
    /// assert_eq!(serde_json::to_string(&page.view())?, r#"{"note":"call Ada and Ben"}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn insert(&mut self, index: usize, letters: &str) -> Result<(), IndexError> {
        self.step(|text| text.insert_all(index, letters.chars()))
    }

    /// Deletes the letters in a range of indices.
    ///
    /// # Errors
    ///
    /// If the range does not lie within the text, or ends before it starts; the text is then as it
    /// was.
    ///
    /// ```
    /// use rejoin_crdts::{Document, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut page = Document::new();
    /// let _ = page.try_edit(me, |root| root.text("note").insert(0, "call Ben"))?;
    /// let _ = page.try_edit(me, |root| root.text("note").remove(4..))?;
    /// assert_eq!(page.view().text("note").to_string(), "call");
    /// assert!(page.try_edit(me, |root| root.text("note").remove(..5)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove(&mut self, range: impl RangeBounds<usize>) -> Result<(), IndexError> {
        self.step(|text| text.remove_range(range))
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

leaf!(ResettableCounter, counters);
leaf!(EwFlag, flags);
leaf!(Sequence<Scalar>, lists);
leaf!(MvRegister<Scalar>, registers);
leaf!(OrSet<Scalar>, sets);
leaf!(Sequence<char>, texts);

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
