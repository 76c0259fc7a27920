//! The latest of some operations: those that none of the others had seen.

use smallvec::SmallVec;

use crate::Seen;

/// Operations of which none had seen another, by their event, and something about each.
///
/// Whatever had seen one of them had seen all that it superseded, so none of these is missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Maximal<T>(SmallVec<[(usize, T); 1]>);

impl<T> Default for Maximal<T> {
    fn default() -> Self {
        Self(SmallVec::new())
    }
}

impl<T> Maximal<T> {
    /// A further operation takes the place of those that it had seen.
    pub(super) fn supersede<Op>(&mut self, new: &Seen<'_, Op>, what: T) {
        self.forget(&|event| new.had_seen(event));
        self.insert(new.event(), what);
    }

    /// An operation that had seen none of them, nor they it.
    pub(super) fn insert(&mut self, event: usize, what: T) {
        let place = self.0.partition_point(|(other, _)| *other < event);
        self.0.insert(place, (event, what));
    }

    pub(super) fn forget(&mut self, gone: &dyn Fn(usize) -> bool) {
        self.0.retain(|(event, _)| !gone(*event));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn events(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().map(|(event, _)| *event)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, what)| what)
    }
}
