//! Causality as data: sets of dots ([`CausalContext`]), the stores whose entries they name
//! ([`DotFun`], [`DotMap`]), and the join that both make possible ([`Dotted`]).
//!
//! The construction is that of Almeida, Shoker & Baquero, "Delta state replicated data types"
//! (JPDC 2018), with two differences. Removals mint dots too, so a context is the whole of what a
//! replica knows. And a delta names the entries that it removes, so merging one costs in
//! proportion to the delta and not to the state.

mod by_replica;
mod coder;
mod context;
mod dot_fun;
mod dot_map;
mod dotted;
mod edit;
mod entries;
mod matrix;
mod pair;
mod product;
mod tree;

pub(crate) use coder::Placed;
pub use context::CausalContext;
pub use dot_fun::{DotFun, DotFunDelta, DotSet};
pub use dot_map::{DotMap, DotMapDelta};
pub(crate) use dotted::causal_type;
pub use dotted::{Dotted, DottedDelta};
pub(crate) use edit::Minter;
pub use edit::{Causal, Cursor};
pub use matrix::MatrixClock;
pub use pair::PairEdit;
pub(crate) use product::causal_product;

use std::fmt::Debug;
use std::hash::Hash;

use crate::Dot;

/// What elements and keys must have: an order, so that iteration is the same everywhere.
/// Implemented for everything that qualifies.
///
/// ```
/// use rejoin_crdts::causal::Element;
/// use rejoin_crdts::{OrSet, ReplicaId};
/// fn of_one<T: Element>(element: T) -> OrSet<T> {
///     let mut set = OrSet::new();
///     let _ = set.insert(ReplicaId::new(1, 0), element);
///     set
/// }
/// assert!(of_one(('a', 7)).contains(&('a', 7)));
/// ```
pub trait Element: Ord + Clone + Hash + Debug + 'static {}

impl<T: Ord + Clone + Hash + Debug + 'static> Element for T {}

/// The live entries of a causal type, each named by a dot.
///
/// A store knows no context; whoever holds it passes the context in. In what follows *mine* is the
/// context of `self` and *theirs* that of the other side. A dot in a context of which its store has
/// nothing is dead: it was removed or replaced.
///
/// ```
/// use rejoin_crdts::causal::{Causal, DotStore};
/// # use rejoin_crdts::causal::Cursor;
/// # use rejoin_crdts::{OrMap, OrSet, OrSetEdit, ReplicaId};
/// /// How many dots stand for what is there.
/// fn evidence<S: DotStore>(store: &S) -> usize {
///     let mut dots = 0;
///     store.dots(&mut |_| dots += 1);
///     dots
/// }
/// # #[derive(Clone, Debug, PartialEq, Eq, Hash)]
/// # struct Evidence;
/// # impl Causal for Evidence {
/// #     type Store = <OrSet<u8> as Causal>::Store;
/// #     type Edit<'a> = OrSetEdit<'a, u8>;
/// #     type View<'a> = usize;
/// #     fn edit(cursor: Cursor<'_, Self::Store>) -> OrSetEdit<'_, u8> {
/// #         OrSet::<u8>::edit(cursor)
/// #     }
/// #     fn view(store: &Self::Store) -> usize { evidence(store) }
/// # }
/// # let mut map: OrMap<String, Evidence> = OrMap::new();
/// let _ = map.update(ReplicaId::new(1, 0), "set", |set| set.insert(1));
/// assert_eq!(map.get("set"), Some(1)); // a value whose view is `evidence(store)`
/// ```
pub trait DotStore: Clone + Eq + Hash + Debug + Default + 'static {
    /// Some records of a store, located: live entries, and dots that died, each where it belongs.
    type Delta: Clone + Eq + Hash + Debug + Default + 'static;

    /// Whether it holds nothing: neither a live entry nor a tombstone.
    fn is_empty(&self) -> bool;

    /// Whether there is something that a reader of it would call present. In constant time. A store
    /// without tombstones has something iff it is not empty.
    fn is_present(&self) -> bool {
        !self.is_empty()
    }

    /// Calls `each` with every live dot.
    fn dots(&self, each: &mut dyn FnMut(Dot));

    /// Calls `each` with every dead dot of which something is kept: where other entries are, say. A
    /// context that has the dot and a store that has nothing of it win over what is kept. A store
    /// without tombstones has none.
    fn tombstones(&self, each: &mut dyn FnMut(Dot)) {
        let _ = each;
    }

    /// The causal join: keeps what both have, and what only one has and the other has not seen.
    /// True iff `self` changed.
    fn join(&mut self, mine: &CausalContext, other: &Self, theirs: &CausalContext) -> bool;

    /// Joins a delta: removes what died in it, adds what is live in it and not seen here. True iff
    /// `self` changed. Proportional to the delta.
    fn apply(&mut self, mine: &CausalContext, delta: &Self::Delta) -> bool;

    /// Removes every entry whose dot is in `dead`, tombstones included; true iff there was one.
    /// Walks the store.
    fn retire(&mut self, dead: &CausalContext) -> bool;

    /// Removes everything that is present and records in `delta` what died. The dot `by` is that of
    /// this change.
    fn clear_into(&mut self, by: Dot, delta: &mut Self::Delta);

    /// The least records that bring `other` up to the join, except deaths of dots that are live on
    /// neither side: those have no location.
    fn missing_from(
        &self,
        mine: &CausalContext,
        other: &Self,
        theirs: &CausalContext,
    ) -> Self::Delta;

    /// The records of `delta` that this store lacks.
    fn news(&self, mine: &CausalContext, delta: &Self::Delta) -> Self::Delta;

    /// One delta for each live entry and each tombstone.
    fn parts(&self) -> impl Iterator<Item = Self::Delta>;

    /// Calls `each` with every dot of a delta, live or dead.
    fn delta_dots(delta: &Self::Delta, each: &mut dyn FnMut(Dot));

    /// Joins the delta `other` into `delta`; what is live in one and dead in the other is dead.
    /// True iff `delta` changed.
    fn join_deltas(delta: &mut Self::Delta, other: &Self::Delta) -> bool;

    /// Moves what is live in `delta` and named in `dead` to what died. True iff `delta` changed.
    fn bury(delta: &mut Self::Delta, dead: &CausalContext) -> bool;
}
