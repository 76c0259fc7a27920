//! `broken/forgetful-clock`: a restart brings back the state, and the clock begins anew.
//!
//! **Where it comes from.** The clock is no data, so it is not on the disk; and what was to be done
//! instead, to go on above every stamp in the state, is not part of loading it.
//!
//! **What happens.** Nothing, while the wall goes on. Whoever had seen a stamp from ahead is behind it
//! again after the restart, and writes without effect.
//!
//! **The smallest schedule.** r1, whose clock is ahead, writes, and r2 receives it, crashes, restarts
//! from its disk, and writes.
//!
//! **Who sees it.** The check of stamps. Comparing replicas does not: all agree on the older title.
//!
//! 5 events at 2 replicas. Found by: stamp. Not by: comparing replicas.

use rejoin_crdts::{Model, Timestamp};

use crate::anti_entropy::{AntiEntropy, Steps};

/// Leaves the clock where it is.
#[derive(Debug)]
pub(crate) struct ForgetfulClock;

impl<M: Model> Steps<M> for ForgetfulClock {
    fn resume(&self, _: &mut AntiEntropy<M>, _: Timestamp) {}
}
