//! `broken/late-greeter`: a new peer gets what is new.
//!
//! **Where it comes from.** A subscription: from now on, everything. What was before comes with the
//! installation, or from whoever was there.
//!
//! **What happens.** To a replica that restarts all its neighbours are new. What it performed just before
//! the crash is on its disk, and it takes them to have it.
//!
//! **The smallest schedule.** r1 writes; the message to r2 is lost; r1 crashes and restarts, disk and
//! all.
//!
//! **Who sees it.** Liveness: r2 lacks an operation that r1 has. Comparing replicas sees it too.
//!
//! 3 events at 2 replicas. Found by: liveness, comparing replicas.

use rejoin_crdts::{CausalContext, Merge, Model};

use crate::anti_entropy::{AntiEntropy, Steps};

/// Takes a new peer to have all that is here.
#[derive(Debug)]
pub(crate) struct LateGreeter;

impl<M: Model> Steps<M> for LateGreeter {
    fn meet(&self, me: &mut AntiEntropy<M>, peer: u64) {
        me.aside.0.known.insert(peer, me.has.clone());
    }

    fn known(&self, me: &AntiEntropy<M>, peer: u64) -> CausalContext {
        let mut known = me.peers.get(&peer).map(|peer| peer.has.clone()).unwrap_or_default();
        known.merge(&me.aside.0.known.get(&peer).cloned().unwrap_or_default());
        known
    }
}
