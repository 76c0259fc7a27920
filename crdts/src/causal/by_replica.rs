//! What there is of each replica.

use std::collections::BTreeMap;

use crate::ReplicaId;

/// A value for each replica. That of the replica which was asked for last is at hand, so a walk over dots
/// seldom has to look one up.
pub(super) struct ByReplica<T> {
    places: BTreeMap<ReplicaId, usize>,
    values: Vec<T>,
    last: Option<(ReplicaId, usize)>,
}

impl<T: Default> ByReplica<T> {
    pub(super) fn new() -> Self {
        Self { places: BTreeMap::new(), values: Vec::new(), last: None }
    }

    #[inline]
    pub(super) fn replica(&mut self, replica: ReplicaId) -> &mut T {
        let place = match self.last {
            Some((last, place)) if last == replica => place,
            _ => self.find(replica),
        };
        &mut self.values[place]
    }

    fn find(&mut self, replica: ReplicaId) -> usize {
        let place = *self.places.entry(replica).or_insert(self.values.len());
        if place == self.values.len() {
            self.values.push(T::default());
        }
        self.last = Some((replica, place));
        place
    }

    /// Ascending by replica.
    pub(super) fn into_ascending(self) -> impl Iterator<Item = (ReplicaId, T)> {
        let Self { places, mut values, .. } = self;
        places
            .into_iter()
            .map(move |(replica, place)| (replica, std::mem::take(&mut values[place])))
    }
}
