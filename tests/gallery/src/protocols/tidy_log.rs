//! `broken/tidy-log`: what everybody had is no longer anybody's need.
//!
//! **Where it comes from.** Causal stability: an entry that all members acknowledged can go. So it can,
//! as long as they still have it, and as long as all are members who will ask for it.
//!
//! **What happens.** A replica loses its disk, or a member that had left comes back, and asks for what
//! was collected. It is sent the rest, which had seen what is gone, and is held.
//!
//! **The smallest schedule.** r1 writes; the message arrives, and so does r2's digest, whereupon r1
//! drops the entry; r2 crashes and loses its disk.
//!
//! **Who sees it.** Liveness: r2 lacks the operation. Comparing replicas sees it too, after the loss of
//! a disk.
//!
//! 4 events at 2 replicas. Found by: liveness, comparing replicas.

use rejoin_crdts::{Dot, Model};

use crate::anti_entropy::{AntiEntropy, Steps};

/// Notes nothing when everybody has it.
#[derive(Debug)]
pub(crate) struct TidyLog;

impl<M: Model> Steps<M> for TidyLog {
    fn dropped(&self, me: &mut AntiEntropy<M>, number: Dot, full: bool) {
        if full {
            me.forgotten.insert(number);
        }
    }
}
