//! `broken/repeating-client`: what is not acknowledged in time is performed again.
//!
//! **Where it comes from.** A request that times out is repeated, and the types are idempotent,
//! everybody says. Merging is. Performing is not: it makes a new dot.
//!
//! **What happens.** An addition is there twice, under two dots. A remove elsewhere takes out the one
//! that it has seen, and the other brings the item back.
//!
//! **The smallest schedule.** r1 adds an item; its round comes before an answer does, and it adds the
//! item again.
//!
//! **Who sees it.** Strong convergence, at that step: r1 has seen the same operations as before, reads
//! the same, and is in another state. Comparing replicas at the end does not: the second addition
//! travels as the first does, and all agree.
//!
//! 2 events at 2 replicas. Found by: convergence. Not by: comparing replicas.

use rejoin_crdts::sync::{Outbox, check_wall};
use rejoin_crdts::{At, Model};

use crate::anti_entropy::{AntiEntropy, Steps};

/// Performs again where it should send again.
#[derive(Debug)]
pub(crate) struct RepeatingClient;

impl<M: Model> Steps<M> for RepeatingClient {
    fn round(&self, me: &mut AntiEntropy<M>, now_ms: u64, out: &mut Outbox<'_, AntiEntropy<M>>) {
        let timeout_ms = me.config.gossip_ms;
        let late = me.log.iter().find(|entry| {
            entry.number.replica == me.line
                && entry.stamp.wall_ms() + timeout_ms <= now_ms
                && me.peers.values().any(|peer| !peer.has.contains(entry.number))
        });
        if let Some((id, op)) = late.map(|entry| (entry.id, entry.op.clone()))
            && check_wall(now_ms).is_ok()
            && let Ok(stamp) = me.clock.tick(now_ms)
        {
            let _refused = me.enter(At { id, stamp }, op, out);
        }
    }
}
