//! `broken/cut-tail`: what did not fit in the message counts as sent.
//!
//! **Where it comes from.** "They are up to date now", noted after the answer was sent. It was true when
//! an answer was everything; then messages got a limit.
//!
//! **What happens.** The entries behind the limit are never sent. A peer that was cut off for as long
//! as it takes to fall behind by more than a message stays behind.
//!
//! **The smallest schedule.** r1 writes twice, and the first message is lost; r2 does not wait for it with
//! the second for ever. Its digest is answered with the first entry, since a message holds one; its next
//! digest is not answered.
//!
//! **Who sees it.** Liveness: r2 lacks the second operation. Comparing replicas sees it too, in runs
//! with a limit below what a partition holds up, and in none otherwise.
//!
//! 3 events at 2 replicas. Found by: liveness, comparing replicas.

use rejoin_crdts::{CausalContext, Merge, Model};

use crate::anti_entropy::{AntiEntropy, EntryOf, Steps};

/// Notes that the peer has everything.
#[derive(Debug)]
pub(crate) struct CutTail;

impl<M: Model> Steps<M> for CutTail {
    fn batch(&self, me: &mut AntiEntropy<M>, peer: u64, _: &mut [EntryOf<M>]) {
        let everything = me.has.clone();
        me.aside.0.known.entry(peer).or_default().merge(&everything);
    }

    fn known(&self, me: &AntiEntropy<M>, peer: u64) -> CausalContext {
        let mut known = me.peers.get(&peer).map(|peer| peer.has.clone()).unwrap_or_default();
        known.merge(&me.aside.0.known.get(&peer).cloned().unwrap_or_default());
        known
    }
}
