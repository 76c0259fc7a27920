//! Two stores side by side, under one context.

use super::{Causal, CausalContext, Cursor, DotStore};
use crate::Dot;

impl<A: DotStore, B: DotStore> DotStore for (A, B) {
    type Delta = (A::Delta, B::Delta);

    fn is_empty(&self) -> bool {
        self.0.is_empty() && self.1.is_empty()
    }

    fn is_present(&self) -> bool {
        self.0.is_present() || self.1.is_present()
    }

    fn dots(&self, each: &mut dyn FnMut(Dot)) {
        self.0.dots(each);
        self.1.dots(each);
    }

    fn tombstones(&self, each: &mut dyn FnMut(Dot)) {
        self.0.tombstones(each);
        self.1.tombstones(each);
    }

    fn join(&mut self, mine: &CausalContext, other: &Self, theirs: &CausalContext) -> bool {
        let changed = self.0.join(mine, &other.0, theirs);
        self.1.join(mine, &other.1, theirs) | changed
    }

    fn apply(&mut self, mine: &CausalContext, delta: &Self::Delta) -> bool {
        let changed = self.0.apply(mine, &delta.0);
        self.1.apply(mine, &delta.1) | changed
    }

    fn retire(&mut self, dead: &CausalContext) -> bool {
        let changed = self.0.retire(dead);
        self.1.retire(dead) | changed
    }

    fn clear_into(&mut self, by: Dot, delta: &mut Self::Delta) {
        self.0.clear_into(by, &mut delta.0);
        self.1.clear_into(by, &mut delta.1);
    }

    fn missing_from(
        &self,
        mine: &CausalContext,
        other: &Self,
        theirs: &CausalContext,
    ) -> Self::Delta {
        (self.0.missing_from(mine, &other.0, theirs), self.1.missing_from(mine, &other.1, theirs))
    }

    fn news(&self, mine: &CausalContext, delta: &Self::Delta) -> Self::Delta {
        (self.0.news(mine, &delta.0), self.1.news(mine, &delta.1))
    }

    fn parts(&self) -> impl Iterator<Item = Self::Delta> {
        let first = self.0.parts().map(|part| (part, B::Delta::default()));
        first.chain(self.1.parts().map(|part| (A::Delta::default(), part)))
    }

    fn delta_dots(delta: &Self::Delta, each: &mut dyn FnMut(Dot)) {
        A::delta_dots(&delta.0, each);
        B::delta_dots(&delta.1, each);
    }

    fn join_deltas(delta: &mut Self::Delta, other: &Self::Delta) -> bool {
        let changed = A::join_deltas(&mut delta.0, &other.0);
        B::join_deltas(&mut delta.1, &other.1) | changed
    }

    fn bury(delta: &mut Self::Delta, dead: &CausalContext) -> bool {
        let changed = A::bury(&mut delta.0, dead);
        B::bury(&mut delta.1, dead) | changed
    }
}

/// Changes a pair of causal types inside a map, one half at a time: what is done to both is one
/// transaction.
///
/// ```
/// use rejoin_crdts::{EwFlag, Merge, OrMap, OrSet, ReplicaId};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let mut tasks: OrMap<String, (EwFlag, OrSet<String>)> = OrMap::new();
/// let mut peer = tasks.clone();
/// peer.merge(&tasks.update(a, "dishes", |task| {
///     task.first().enable();
///     task.second().insert("kitchen");
/// }));
/// let removed = tasks.remove(a, "dishes"); // with both halves…
/// tasks.merge(&peer.update(b, "dishes", |task| task.second().insert("evening")));
/// peer.merge(&removed); // …but for what it had not seen
/// let (done, tags) = peer.get("dishes").expect("the tag survives");
/// assert!(!done.is_enabled() && tags.iter().eq(["evening"]));
/// assert_eq!(tasks, peer);
/// ```
#[derive(Debug)]
pub struct PairEdit<'a, A: Causal, B: Causal> {
    cursor: Cursor<'a, (A::Store, B::Store)>,
}

impl<A: Causal, B: Causal> PairEdit<'_, A, B> {
    /// The editor of the first half.
    ///
    /// ```
    /// use rejoin_crdts::{EwFlag, MvRegister, OrMap, ReplicaId};
    /// let mut tasks: OrMap<String, (EwFlag, MvRegister<u8>)> = OrMap::new();
    /// let _ = tasks.update(ReplicaId::new(1, 0x5eed), "dishes", |task| task.first().enable());
    /// assert!(tasks.get("dishes").is_some_and(|(done, _)| done.is_enabled()));
    /// ```
    pub fn first(&mut self) -> A::Edit<'_> {
        A::edit(self.cursor.first())
    }

    /// The editor of the second half.
    ///
    /// ```
    /// use rejoin_crdts::{EwFlag, MvRegister, OrMap, ReplicaId};
    /// let mut tasks: OrMap<String, (EwFlag, MvRegister<u8>)> = OrMap::new();
    /// let _ = tasks.update(ReplicaId::new(1, 0x5eed), "dishes", |task| task.second().set(3));
    /// assert!(tasks.get("dishes").is_some_and(|(_, urgency)| urgency.values().eq(&[3])));
    /// ```
    pub fn second(&mut self) -> B::Edit<'_> {
        B::edit(self.cursor.second())
    }
}

impl<A: Causal, B: Causal> Causal for (A, B) {
    type Store = (A::Store, B::Store);
    type Edit<'a> = PairEdit<'a, A, B>;
    type View<'a> = (A::View<'a>, B::View<'a>);

    fn edit(cursor: Cursor<'_, Self::Store>) -> PairEdit<'_, A, B> {
        PairEdit { cursor }
    }

    fn view(store: &Self::Store) -> Self::View<'_> {
        (A::view(&store.0), B::view(&store.1))
    }

    fn beyond(
        store: &Self::Store,
        mine: &CausalContext,
        theirs: &CausalContext,
    ) -> <Self::Store as DotStore>::Delta {
        (A::beyond(&store.0, mine, theirs), B::beyond(&store.1, mine, theirs))
    }

    fn stabilise(cursor: &mut Cursor<'_, Self::Store>, cut: &CausalContext) {
        A::stabilise(&mut cursor.first(), cut);
        B::stabilise(&mut cursor.second(), cut);
    }

    fn alike(one: &Self::Store, other: &Self::Store) -> bool {
        A::alike(&one.0, &other.0) && B::alike(&one.1, &other.1)
    }
}
