//! What a run leaves behind as it goes: its fingerprint and its timeline.

use crate::outcome::Step;
use crate::rng::{Hasher, Kind};
use crate::timeline::{Entry, Happening};
use crate::{EventId, Fingerprint, Time};

/// No more events are recorded.
const MOST_STEPS: usize = 1 << 20;

/// The log of a run.
pub(super) struct Log {
    hash: Hasher,
    pub(super) events: u64,
    /// The first events, if they are recorded.
    pub(super) steps: Option<Vec<Step>>,
    pub(super) timeline: Vec<Entry>,
}

impl Log {
    pub(super) fn new(record: bool) -> Self {
        let steps = record.then(Vec::new);
        Self { hash: Hasher::new(3), events: 0, steps, timeline: Vec::new() }
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
        self.events += 1;
        let id = id.as_u128();
        let place = from << 40 ^ to << 8 ^ kind as u64;
        self.hash.pair(at.as_us() ^ (id >> 64) as u64, place ^ id as u64);
        if !bytes.is_empty() {
            self.hash.bytes(bytes);
        }
        if state != 0 {
            self.hash.u128(state);
        }
        if let Some(steps) = self.steps.as_mut().filter(|steps| steps.len() < MOST_STEPS) {
            let digest = self.hash.finish() as u64;
            steps.push(Step { at_us: at, what: kind.words(), from, to, digest });
        }
    }

    pub(super) fn note(&mut self, at: Time, what: Happening) {
        self.timeline.push(Entry { at_us: at, what });
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint(self.hash.finish())
    }
}
