//! Two side by side: changed, sent and merged as one.
//!
//! The delta of a pair is a pair of deltas, so what was done to both travels together and arrives
//! together. Each half keeps what it keeps, a causal type its own context; under a map, where there
//! is one context, the pair is a [`Causal`](crate::Causal) type and shares it.

use super::both;
use crate::{Lattice, Merge, Replicated, Summarize};

impl<A: Merge<X>, B: Merge<Y>, X, Y> Merge<(X, Y)> for (A, B) {
    fn merge(&mut self, other: &(X, Y)) -> bool {
        self.0.merge(&other.0) | self.1.merge(&other.1)
    }
}

impl<A: Lattice, B: Lattice> Lattice for (A, B) {
    fn covers(&self, other: &Self) -> bool {
        self.0.covers(&other.0) && self.1.covers(&other.1)
    }
}

/// What is done to one half is sent with the empty delta of the other:
///
/// ```
/// use rejoin_crdts::{GCounter, Merge, OrSet, ReplicaId, Replicated};
/// type Post = (OrSet<String>, GCounter); // tags, and likes
/// let me = ReplicaId::new(1, 0x5eed);
/// let mut here = Post::default();
/// let mut there = here.clone();
/// let tagged: <Post as Replicated>::Delta = (here.0.insert(me, "crdt"), Default::default());
/// let mut delta = (here.0.insert(me, "rust"), here.1.increment(me, 1)?); // to both, as one
/// delta.merge(&tagged);
/// there.merge(&delta);
/// assert_eq!(there, here);
/// # Ok::<(), rejoin_crdts::CounterOverflow>(())
/// ```
impl<A: Replicated, B: Replicated> Replicated for (A, B) {
    type Delta = (A::Delta, B::Delta);

    fn missing_from(&self, other: &Self) -> Option<Self::Delta> {
        both(self.0.missing_from(&other.0), self.1.missing_from(&other.1))
    }

    fn news(&self, delta: &Self::Delta) -> Option<Self::Delta> {
        both(self.0.news(&delta.0), self.1.news(&delta.1))
    }

    fn parts(&self) -> impl Iterator<Item = Self::Delta> {
        let first = self.0.parts().map(|part| (part, B::Delta::default()));
        first.chain(self.1.parts().map(|part| (A::Delta::default(), part)))
    }
}

impl<A: Summarize, B: Summarize> Summarize for (A, B) {
    type Summary = (A::Summary, B::Summary);

    fn summary(&self) -> Self::Summary {
        (self.0.summary(), self.1.summary())
    }

    fn beyond(&self, theirs: &Self::Summary) -> Option<Self::Delta> {
        both(self.0.beyond(&theirs.0), self.1.beyond(&theirs.1))
    }
}
