//! `broken/freshest-first`: operations of one replica are delivered in the order in which they come.
//!
//! **Where it comes from.** What others had written before is waited for, as the textbook says. That
//! one's own earlier operations belong to that too was not in the picture of it.
//!
//! **What happens.** You write a draft and then its correction. Somewhere else the correction is there
//! before the draft.
//!
//! **The smallest schedule.** r1 writes twice; the first message to r2 is lost, the second arrives.
//!
//! **Who sees it.** Monotonic writes, where clients were promised that; causality anyway. Comparing
//! replicas does not: with the next digest comes the first.
//!
//! 4 events at 2 replicas. Found by: monotonic-writes. Not by: comparing replicas.

use rejoin_crdts::Model;

use crate::anti_entropy::{AntiEntropy, EntryOf, Steps};

/// Waits for what others had written.
#[derive(Debug)]
pub(crate) struct FreshestFirst;

impl<M: Model> Steps<M> for FreshestFirst {
    fn ready(&self, me: &AntiEntropy<M>, entry: &EntryOf<M>) -> bool {
        let missing = entry.after.difference(&me.has);
        missing.iter().all(|number| number.replica == entry.number.replica)
    }
}
