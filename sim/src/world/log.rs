//! What a run leaves behind as it goes: its fingerprint and its timeline.

use crate::rng::{Hasher, Kind};
use crate::timeline::{Entry, Happening};
use crate::{EventId, Fingerprint, Time};

/// The log of a run.
pub(super) struct Log {
    hash: Hasher,
    pub(super) digests: Vec<(Time, u64)>,
    pub(super) timeline: Vec<Entry>,
}

impl Log {
    pub(super) fn new() -> Self {
        Self { hash: Hasher::new(3), digests: Vec::new(), timeline: Vec::new() }
    }

    /// An event was carried out; `state` is the hash of the replica's state after it.
    pub(super) fn event(
        &mut self,
        at: Time,
        id: EventId,
        kind: Kind,
        (from, to): (u64, u64),
        bytes: &[u8],
        state: u128,
    ) {
        self.hash.u64(at.as_us()).u128(id.as_u128()).byte(kind as u8);
        self.hash.u64(from).u64(to).bytes(bytes).u128(state);
        self.digests.push((at, self.hash.finish() as u64));
    }

    pub(super) fn note(&mut self, at: Time, what: Happening) {
        self.timeline.push(Entry { at_us: at, what });
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint(self.hash.finish())
    }
}
