//! `broken/gapless-digest`: to have an entry is to have all before it.
//!
//! **Where it comes from.** A cumulative acknowledgement, as in TCP, is the number up to which all is
//! there. Here it is the greatest number that is there, which is the same until a message is lost.
//!
//! **What happens.** An operation is lost on the way, the next one of the same replica arrives and is
//! held for its cause. The digest names the second, and so claims the first, and neither is sent again.
//! Nothing later of that replica can be delivered either.
//!
//! **The smallest schedule.** r1 writes twice; the first message to r2 is lost, the second arrives; r2's
//! digest claims both.
//!
//! **Who sees it.** Liveness: r2 lacks both operations. Comparing replicas sees it too.
//!
//! 3 events at 2 replicas. Found by: liveness, comparing replicas.

use rejoin_crdts::{CausalContext, Dot, Model};

use crate::anti_entropy::{AntiEntropy, Steps};

/// Reports the greatest number of each replica, and what is below it.
#[derive(Debug)]
pub(crate) struct GaplessDigest;

impl<M: Model> Steps<M> for GaplessDigest {
    fn digest(&self, me: &AntiEntropy<M>) -> CausalContext {
        let arrived = me.held.keys().copied().chain(me.has.iter());
        arrived
            .flat_map(|last| (1..=last.counter).map(move |n| Dot::new(last.replica, n)))
            .collect()
    }
}
