//! `broken/former-self`: what a replica acknowledged before it lost its disk still counts.
//!
//! **Where it comes from.** "Knowledge only grows", so digests of a peer are joined, by its address.
//! Within a life that is right, and needed, since they overtake each other.
//!
//! **What happens.** The replica comes back with nothing, says so, and is not believed: everybody knows
//! that it has everything.
//!
//! **The smallest schedule.** r1 writes; r2 receives it and says so; r2 crashes, loses its disk, and
//! restarts.
//!
//! **Who sees it.** Liveness: r2 lacks the operation. Comparing replicas sees it too, after the loss of
//! a disk.
//!
//! 4 events at 2 replicas. Found by: liveness, comparing replicas.

use rejoin_crdts::{CausalContext, Merge, Model, ReplicaId};

use crate::anti_entropy::{AntiEntropy, Steps};

/// Joins the digests of all lives.
#[derive(Debug)]
pub(crate) struct FormerSelf;

impl<M: Model> Steps<M> for FormerSelf {
    fn hear(&self, me: &mut AntiEntropy<M>, by: ReplicaId, has: &CausalContext) {
        if let Some(peer) = me.peers.get_mut(&by.id()) {
            peer.life = Some(by);
            peer.has.merge(has);
        }
    }
}
