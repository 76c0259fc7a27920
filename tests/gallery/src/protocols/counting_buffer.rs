//! `broken/counting-buffer`: an operation is delivered once as many are here as it had seen.
//!
//! **Where it comes from.** "It had seen seven, I have seven." The count was to save the set.
//!
//! **What happens.** The seven are others. What was concurrent takes the place of what was before.
//!
//! **The smallest schedule.** r1 writes, and r2 receives it and writes; r3 has written something of its
//! own; what r2 wrote arrives there, while what r1 wrote is on its way.
//!
//! **Who sees it.** Causality: r3 shows what r2 wrote and not what that had seen. Comparing replicas
//! does not: with the next digest comes the rest.
//!
//! 5 events at 3 replicas. Found by: causality. Not by: comparing replicas.

use rejoin_crdts::Model;

use crate::anti_entropy::{AntiEntropy, EntryOf, Steps};

/// Counts.
#[derive(Debug)]
pub(crate) struct CountingBuffer;

impl<M: Model> Steps<M> for CountingBuffer {
    fn ready(&self, me: &AntiEntropy<M>, entry: &EntryOf<M>) -> bool {
        me.has.len() >= entry.after.len()
    }
}
