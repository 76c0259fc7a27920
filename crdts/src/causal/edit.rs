//! Editing inside a causal type: one context at the root, one delta, any depth.

use std::borrow::Borrow;
use std::fmt::Debug;
use std::hash::Hash;

use super::{CausalContext, DotFun, DotMap, DotStore, Element};
use crate::{Dot, ReplicaId};

/// A type that can live inside an [`OrMap`](crate::OrMap): its entries are named by dots, so the
/// map can take back exactly what a remove had seen.
///
/// Counters and registers without dots cannot: their increments and writes that a remove had seen
/// would come back with the next one, or take unseen ones with them.
///
/// ```
/// use rejoin_crdts::causal::{Causal, Cursor};
/// use rejoin_crdts::{OrMap, OrSet, OrSetEdit, ReplicaId};
///
/// /// Who likes something: a set, of which a reader gets the size.
/// #[derive(Clone, Debug, PartialEq, Eq, Hash)]
/// struct Likes;
/// impl Causal for Likes {
///     type Store = <OrSet<String> as Causal>::Store;
///     type Edit<'a> = OrSetEdit<'a, String>;
///     type View<'a> = usize;
///     fn edit(cursor: Cursor<'_, Self::Store>) -> OrSetEdit<'_, String> {
///         OrSet::<String>::edit(cursor)
///     }
///     fn view(store: &Self::Store) -> usize {
///         OrSet::<String>::view(store).len()
///     }
/// }
///
/// let mut posts: OrMap<String, Likes> = OrMap::new();
/// let _ = posts.update(ReplicaId::new(1, 0), "first", |likes| likes.insert("ada"));
/// assert_eq!(posts.get("first"), Some(1));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a value of an `OrMap`",
    label = "its updates carry no dots, so a remove could not tell what it had seen from what it had not",
    note = "values of an `OrMap` are causal types, such as `OrSet` and `OrMap`, and pairs of them"
)]
pub trait Causal: Clone + Eq + Hash + Debug + 'static {
    /// What is live, without its context.
    type Store: DotStore;
    /// What a closure gets to change a value inside a map.
    type Edit<'a>;
    /// What a reader gets of a value inside a map.
    type View<'a>;

    /// Starts an edit.
    fn edit(cursor: Cursor<'_, Self::Store>) -> Self::Edit<'_>;

    /// Reads a store.
    fn view(store: &Self::Store) -> Self::View<'_>;

    /// Gives up what is kept only for operations that had not seen all of `cut`, of which none is
    /// still to come: see [`MatrixClock`](crate::MatrixClock). What is read does not change.
    ///
    /// By default there is nothing to give up.
    fn stabilise(cursor: &mut Cursor<'_, Self::Store>, cut: &CausalContext) {
        let _ = (cursor, cut);
    }

    /// The records in `store` of what happened outside of `theirs`: entries with a dot that is not
    /// in it, and entries that something outside of it changed. `mine` is the context of `store`. Of
    /// what is dead only that of which something is kept.
    ///
    /// By default every entry, which is always enough. A type of which no entry ever changes says
    /// `store.missing_from(mine, &Default::default(), theirs)`.
    fn beyond(
        store: &Self::Store,
        mine: &CausalContext,
        theirs: &CausalContext,
    ) -> <Self::Store as DotStore>::Delta {
        let _ = theirs;
        store.missing_from(mine, &Self::Store::default(), &CausalContext::new())
    }

    /// Whether a reader of either reads the same: what is no change in
    /// [`OrMap::changes_since`](crate::OrMap::changes_since).
    ///
    /// By default any difference between the stores is taken for one, a dot that was renewed too.
    fn alike(one: &Self::Store, other: &Self::Store) -> bool {
        one == other
    }
}

/// A place inside a causal type that is being edited: its store, the part of the delta that
/// records the edit, and what mints dots. The root's context is the only one.
///
/// ```
/// use rejoin_crdts::causal::{Causal, Cursor};
/// # use rejoin_crdts::{OrMap, OrSet, OrSetEdit, OrSetView, ReplicaId};
/// # #[derive(Clone, Debug, PartialEq, Eq, Hash)]
/// # struct Tags;
/// impl Causal for Tags { // a set of strings under another name
/// #     type Store = <OrSet<String> as Causal>::Store;
/// #     type Edit<'a> = OrSetEdit<'a, String>;
/// #     type View<'a> = OrSetView<'a, String>;
///     fn edit(cursor: Cursor<'_, Self::Store>) -> OrSetEdit<'_, String> {
///         OrSet::<String>::edit(cursor)
///     }
/// #     fn view(store: &Self::Store) -> OrSetView<'_, String> { OrSet::<String>::view(store) }
///     // …
/// }
/// let mut posts: OrMap<String, Tags> = OrMap::new();
/// let _ = posts.update(ReplicaId::new(1, 0), "first", |tags| tags.insert("crdt"));
/// assert!(posts.get("first").is_some_and(|tags| tags.contains("crdt")));
/// ```
#[derive(Debug)]
pub struct Cursor<'a, S: DotStore> {
    pub(crate) store: &'a mut S,
    pub(crate) delta: &'a mut S::Delta,
    minter: Minter<'a>,
}

/// Names the changes of one edit.
#[derive(Debug)]
pub(crate) struct Minter<'a> {
    pub(crate) me: ReplicaId,
    pub(crate) context: &'a mut CausalContext,
    pub(crate) removals: &'a mut CausalContext,
}

impl<'a, S: DotStore> Cursor<'a, S> {
    pub(crate) fn new(store: &'a mut S, delta: &'a mut S::Delta, minter: Minter<'a>) -> Self {
        Self { store, delta, minter }
    }

    /// Who edits.
    pub(crate) fn me(&self) -> ReplicaId {
        self.minter.me
    }

    /// A dot for something that is added here.
    pub(crate) fn mint(&mut self) -> Dot {
        self.minter.context.mint(self.minter.me)
    }

    /// A dot for a removal.
    pub(crate) fn mint_removal(&mut self) -> Dot {
        let dot = self.mint();
        self.minter.removals.insert(dot);
        dot
    }

    /// Removes everything here; the removal has a dot of its own iff there was something.
    pub(crate) fn clear(&mut self) {
        if self.store.is_present() {
            let by = self.mint_removal();
            self.store.clear_into(by, self.delta);
        }
    }
}

impl<S: DotStore> Cursor<'_, S> {
    /// The same place, for a while.
    pub(crate) fn reborrow(&mut self) -> Cursor<'_, S> {
        self.part(|store| store, |delta| delta)
    }

    /// One of several places that lie side by side here.
    pub(crate) fn part<T: DotStore>(
        &mut self,
        store: impl FnOnce(&mut S) -> &mut T,
        delta: impl FnOnce(&mut S::Delta) -> &mut T::Delta,
    ) -> Cursor<'_, T> {
        let Minter { me, context, removals } = &mut self.minter;
        Cursor::new(store(self.store), delta(self.delta), Minter { me: *me, context, removals })
    }

    /// Edits here, or changes nothing if `edit` fails.
    pub(crate) fn attempt<E>(
        &mut self,
        edit: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        let before = (self.store.clone(), self.delta.clone());
        let minted = (self.minter.context.clone(), self.minter.removals.clone());
        let result = edit(self);
        if result.is_err() {
            (*self.store, *self.delta) = before;
            (*self.minter.context, *self.minter.removals) = minted;
        }
        result
    }
}

impl<V: Element> Cursor<'_, DotFun<V>> {
    /// Replaces everything here by one value.
    pub(crate) fn replace(&mut self, value: V) {
        let dot = self.mint();
        self.store.replace(self.delta, dot, value);
    }

    /// Adds a value beside those that are here.
    pub(crate) fn add(&mut self, value: V) {
        let dot = self.mint();
        self.store.raise(self.delta, dot, value);
    }

    /// Removes the values for which `gone` holds; the removal has a dot of its own iff there was
    /// one.
    pub(crate) fn remove_where(&mut self, gone: impl FnMut(Dot, &V) -> bool) {
        if self.store.remove_where(self.delta, gone) {
            self.mint_removal();
        }
    }
}

impl<A: DotStore, B: DotStore> Cursor<'_, (A, B)> {
    /// The first of the two places that lie side by side here.
    pub(crate) fn first(&mut self) -> Cursor<'_, A> {
        self.part(|pair| &mut pair.0, |pair| &mut pair.0)
    }

    /// The second of the two places that lie side by side here.
    pub(crate) fn second(&mut self) -> Cursor<'_, B> {
        self.part(|pair| &mut pair.1, |pair| &mut pair.1)
    }
}

impl<K: Element, V: Element> Cursor<'_, DotMap<K, DotFun<V>>> {
    /// Replaces everything under `key` by one value.
    pub(crate) fn replace_at(&mut self, key: K, value: V) {
        let dot = self.mint();
        self.store.replace(self.delta, key, dot, value);
    }

    /// Removes what is under `key`; the removal has a dot of its own iff there was something.
    pub(crate) fn remove_at<Q: Ord + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        if self.store.remove(self.delta, key) {
            self.mint_removal();
        }
    }
}

impl<K: Element, S: DotStore> Cursor<'_, DotMap<K, S>> {
    /// Edits what is under `key`.
    pub(crate) fn at<R>(&mut self, key: K, edit: impl FnOnce(Cursor<'_, S>) -> R) -> R {
        let Minter { me, context, removals } = &mut self.minter;
        self.store.edit(self.delta, key, |store, delta| {
            edit(Cursor::new(store, delta, Minter { me: *me, context, removals }))
        })
    }

    /// Edits what is under every key.
    pub(crate) fn each(&mut self, mut edit: impl FnMut(Cursor<'_, S>)) {
        let Minter { me, context, removals } = &mut self.minter;
        self.store.edit_each(self.delta, |store, delta| {
            edit(Cursor::new(store, delta, Minter { me: *me, context, removals }));
        });
    }

    /// Removes what is under `key`.
    pub(crate) fn clear_at<Q: Ord + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        if let Some(key) = self.store.key(key).cloned() {
            self.at(key, |mut cursor| cursor.clear());
        }
    }
}
