//! `broken/write-behind`: what a client brings along is what it read; what it wrote stays behind.
//!
//! **Where it comes from.** Every page says how current it is, the browser says so with the next request,
//! and a replica that is behind that sends it elsewhere. The answer to a write is no page. It is only a
//! redirect to one, and says nothing.
//!
//! **What happens.** You save, the page comes from another replica, and what you wrote is not there.
//!
//! **The smallest schedule.** A client writes at r1, and goes to r2, which has not heard of it and serves
//! it.
//!
//! **Who sees it.** Read your writes: whoever serves a client shows it what it wrote. Comparing replicas
//! does not: nothing is wrong with any of them.
//!
//! 2 events at 2 replicas. Found by: read-your-writes. Not by: comparing replicas.

use std::collections::BTreeSet;

use rejoin_crdts::{Model, OpId};

use crate::anti_entropy::{AntiEntropy, Steps};

/// Looks at what was read.
#[derive(Debug)]
pub(crate) struct WriteBehind;

impl<M: Model> Steps<M> for WriteBehind {
    fn serves(&self, me: &AntiEntropy<M>, read: &BTreeSet<OpId>, _: &BTreeSet<OpId>) -> bool {
        read.is_subset(&me.ops)
    }
}
