//! `broken/reborn-counter`: entries are numbered by machine, and a new disk begins at 1.
//!
//! **Where it comes from.** Duplicates are dropped by the sender and its sequence number, and the sender
//! is the machine. The counter is on its disk.
//!
//! **What happens.** The disk is lost, the counter starts again, and what the replica writes next has
//! numbers that everybody knows: duplicates, to be dropped.
//!
//! **The smallest schedule.** r1 writes, and r2 receives it; r1 crashes, loses its disk, and restarts;
//! it writes something else, and r2 drops that.
//!
//! **Who sees it.** Liveness: r2 lacks the second operation, although it was received. If r1 hears of
//! its former entries first, it is right by luck. Comparing replicas sees it too.
//!
//! 5 events at 2 replicas. Found by: convergence, comparing replicas.

use rejoin_crdts::{Model, ReplicaId};

use crate::anti_entropy::Steps;

/// Numbers by address.
#[derive(Debug)]
pub(crate) struct RebornCounter;

impl<M: Model> Steps<M> for RebornCounter {
    fn line(&self, fresh: ReplicaId) -> ReplicaId {
        ReplicaId::new(fresh.id(), 0)
    }
}
