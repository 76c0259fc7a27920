//! Two types as one.

use crate::{Lattice, Merge, Replicated};

impl<A: Merge<X>, B: Merge<Y>, X, Y> Merge<(X, Y)> for (A, B) {
    fn merge(&mut self, other: &(X, Y)) -> bool {
        let changed = self.0.merge(&other.0);
        self.1.merge(&other.1) | changed
    }
}

impl<A: Lattice, B: Lattice> Lattice for (A, B) {
    fn covers(&self, other: &Self) -> bool {
        self.0.covers(&other.0) && self.1.covers(&other.1)
    }
}

impl<A: Replicated, B: Replicated> Replicated for (A, B) {
    type Delta = (A::Delta, B::Delta);

    fn missing_from(&self, other: &Self) -> Option<Self::Delta> {
        either(self.0.missing_from(&other.0), self.1.missing_from(&other.1))
    }

    fn news(&self, delta: &Self::Delta) -> Option<Self::Delta> {
        either(self.0.news(&delta.0), self.1.news(&delta.1))
    }

    fn parts(&self) -> impl Iterator<Item = Self::Delta> {
        let first = self.0.parts().map(|part| (part, B::Delta::default()));
        first.chain(self.1.parts().map(|part| (A::Delta::default(), part)))
    }
}

fn either<A: Default, B: Default>(first: Option<A>, second: Option<B>) -> Option<(A, B)> {
    (first.is_some() || second.is_some())
        .then(|| (first.unwrap_or_default(), second.unwrap_or_default()))
}
