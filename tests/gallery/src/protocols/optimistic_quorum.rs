//! `broken/optimistic-quorum`: what was sent to a replica counts as held by it.
//!
//! **Where it comes from.** "Acknowledge when three have it." Counting the answers needs a table of
//! who has answered for what; counting the sends needs a number.
//!
//! **What happens.** The messages are lost, or the receivers crash first, and the sender's disk dies.
//! The operation was acknowledged as safe on three disks, two of which never had it.
//!
//! **The smallest schedule.** r1 performs an operation and acknowledges it as held by r1 and r2; the
//! message to r2 is lost; r1 crashes and loses its disk.
//!
//! **Who sees it.** The check of acknowledged operations: the loss of r1's disk excuses nothing as
//! long as r2's is there. Comparing replicas does not: all agree that there was nothing.
//!
//! 3 events at 2 replicas. Found by: acknowledged. Not by: comparing replicas.

use std::collections::BTreeSet;

use rejoin_crdts::Model;

use crate::anti_entropy::{AntiEntropy, Steps};

/// Names the disks of all that it sends to.
#[derive(Debug)]
pub(crate) struct OptimisticQuorum;

impl<M: Model> Steps<M> for OptimisticQuorum {
    fn holders(&self, me: &AntiEntropy<M>) -> BTreeSet<u64> {
        me.peers.keys().copied().chain([me.me.id()]).collect()
    }
}
