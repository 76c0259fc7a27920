//! `broken/restamping-clock`: what is received gets a stamp of the receiver.
//!
//! **Where it comes from.** A hybrid clock has an operation for receiving, and it returns a stamp. That
//! of the message is then overwritten with it, and the clock set by the wall, so that drift does not
//! pile up.
//!
//! **What happens.** The clock goes back where it should have gone on, and a write has a stamp at each
//! replica, so the last write is the one that arrived last. Everywhere it is another one.
//!
//! **The smallest schedule.** r1 writes, and r2 receives it.
//!
//! **Who sees it.** Strong convergence, at that step: r1 and r2 have seen the same and read the same,
//! from different states. Comparing replicas sees it later, when two writes crossed.
//!
//! 2 events at 2 replicas. Found by: convergence, comparing replicas.

use rejoin_crdts::Hlc;

use crate::anti_entropy::{AntiEntropy, EntryOf, Steps};
use crate::checklist::Checklist;

/// Sets the clock by the wall, and the stamp by the clock.
#[derive(Debug)]
pub(crate) struct RestampingClock;

impl Steps<Checklist> for RestampingClock {
    fn observe(
        &self,
        me: &mut AntiEntropy<Checklist>,
        now_ms: u64,
        entry: &mut EntryOf<Checklist>,
    ) {
        me.clock = Hlc::new(me.me, me.config.max_ahead_ms);
        if let (Ok(stamp), Some((written, _))) = (me.clock.tick(now_ms), &mut entry.delta.title) {
            *written = stamp;
        }
    }
}
