//! `broken/two-copies`: a copy is good enough for a client if it has what the client wrote.
//!
//! **Where it comes from.** A read replica behind a load balancer. Whoever has just written is sent where
//! that has arrived, since that was complained about. What a client has only read was not.
//!
//! **What happens.** You read what somebody else wrote, reload, and it is gone; reload, and it is back.
//!
//! **The smallest schedule.** r1 writes; a client reads it there, and goes to r2, which has not heard of it
//! and serves it. (In the simulator a client reads when it is about to write: it comes to r2 with what it
//! only read if r1 refused that, for lack of room. What it wrote would not be at r2 without what it had
//! read.)
//!
//! **Who sees it.** Monotonic reads: what a client has read stays visible to it. Comparing replicas does
//! not: nothing is wrong with any of them.
//!
//! 3 events at 2 replicas. Found by: monotonic-reads. Not by: comparing replicas.

use std::collections::BTreeSet;

use rejoin_crdts::{Model, OpId};

use crate::anti_entropy::{AntiEntropy, Steps};

/// Looks at what was written.
#[derive(Debug)]
pub(crate) struct TwoCopies;

impl<M: Model> Steps<M> for TwoCopies {
    fn serves(&self, me: &AntiEntropy<M>, _: &BTreeSet<OpId>, written: &BTreeSet<OpId>) -> bool {
        written.is_subset(&me.ops)
    }
}
