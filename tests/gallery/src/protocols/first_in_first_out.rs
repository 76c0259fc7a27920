//! `broken/first-in-first-out`: only the order of each replica's own operations is kept.
//!
//! **Where it comes from.** A queue for each sender: messages of one arrive in the order in which they
//! were sent. It is what TCP gives, and often taken for more.
//!
//! **What happens.** You answer a question. Somewhere else the answer is there before the question.
//!
//! **The smallest schedule.** r1 writes, and r2 receives it and writes; that of r2 arrives at r3,
//! while that of r1 is on its way.
//!
//! **Who sees it.** Writes follow reads, where clients were promised that; causality anyway. Comparing
//! replicas does not: with the next digest comes the question.
//!
//! 4 events at 3 replicas. Found by: writes-follow-reads. Not by: comparing replicas.

use rejoin_crdts::Model;

use crate::anti_entropy::{AntiEntropy, EntryOf, Steps};

/// Waits for what the same replica had written.
#[derive(Debug)]
pub(crate) struct FirstInFirstOut;

impl<M: Model> Steps<M> for FirstInFirstOut {
    fn ready(&self, me: &AntiEntropy<M>, entry: &EntryOf<M>) -> bool {
        let missing = entry.after.difference(&me.has);
        missing.iter().all(|number| number.replica != entry.number.replica)
    }
}
