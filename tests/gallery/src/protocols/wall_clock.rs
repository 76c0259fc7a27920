//! `broken/wall-clock`: a write is stamped with what the clock on the wall shows.
//!
//! **Where it comes from.** `Date.now()`. The clocks are synchronised.
//!
//! **What happens.** To within some milliseconds, or half a second, or until somebody sets one. A
//! replica whose clock is behind replaces what it has merged, and the stamp says that the replacement
//! is older. The write is accepted, acknowledged, and without effect, here and everywhere.
//!
//! **The smallest schedule.** r1, whose clock is ahead, writes, and r2 receives it and writes.
//!
//! **Who sees it.** The check of stamps: one must exceed those of all that its operation had seen.
//! Comparing replicas does not: all agree on the older title. Nor does the specification, which takes
//! the stamps as they are.
//!
//! 3 events at 2 replicas. Found by: stamp. Not by: comparing replicas.

use rejoin_crdts::{Model, Refused, Timestamp};

use crate::anti_entropy::{AntiEntropy, Steps};

/// Stamps with the wall clock.
#[derive(Debug)]
pub(crate) struct WallClock;

impl<M: Model> Steps<M> for WallClock {
    fn stamp(&self, me: &mut AntiEntropy<M>, now_ms: u64) -> Result<Timestamp, Refused> {
        Ok(Timestamp::new(now_ms, 0, me.me))
    }
}
