//! `broken/wrapping-clock`: the counter of the clock begins again at 0.
//!
//! **Where it comes from.** Stamps are packed into 64 bits, and a few are left for the counter: nobody
//! does so many things within a millisecond. But a clock that has seen a stamp from ahead stands still
//! until its wall catches up, and counts all the while.
//!
//! **What happens.** The stamp after the last is below all of that time. What is written then is
//! without effect.
//!
//! **The smallest schedule.** With three bits: r1 writes nine times while its clock stands still.
//!
//! **Who sees it.** The check of stamps. Comparing replicas does not: all agree on an older title.
//!
//! 9 events at 1 replicas. Found by: stamp. Not by: comparing replicas.

use rejoin_crdts::{Model, Refused, Timestamp};

use crate::anti_entropy::{AntiEntropy, Steps};

/// Keeps three bits of the counter.
#[derive(Debug)]
pub(crate) struct WrappingClock;

impl<M: Model> Steps<M> for WrappingClock {
    fn stamp(&self, me: &mut AntiEntropy<M>, now_ms: u64) -> Result<Timestamp, Refused> {
        let stamp = me.clock.tick(now_ms)?;
        Ok(Timestamp::new(stamp.wall_ms(), stamp.counter() & 0b111, me.me))
    }
}
