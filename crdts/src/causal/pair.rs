//! Two stores side by side, under one context.

use super::{CausalContext, DotStore};
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

    fn clear_into(&mut self, delta: &mut Self::Delta) {
        self.0.clear_into(&mut delta.0);
        self.1.clear_into(&mut delta.1);
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
