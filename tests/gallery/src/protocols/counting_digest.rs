//! `broken/counting-digest`: digests are compared by how much they hold.
//!
//! **Where it comes from.** "If you have as many as I have, you have the same." A count is a number in a
//! header, a set is a data structure, and in every test one side was behind the other.
//!
//! **What happens.** Two sides of a partition write equally often. Afterwards each has as many
//! entries as the other, and nobody lacks anything.
//!
//! **The smallest schedule.** r1 writes and r2 writes; both messages are lost; whatever digests they
//! exchange, nothing is answered.
//!
//! **Who sees it.** Liveness: the replicas lack each other's operations for ever. Comparing replicas
//! sees it too, once somebody compares them.
//!
//! 4 events at 2 replicas. Found by: liveness, comparing replicas.

use rejoin_crdts::{CausalContext, Model};

use crate::anti_entropy::Steps;

/// Counts.
#[derive(Debug)]
pub(crate) struct CountingDigest;

impl<M: Model> Steps<M> for CountingDigest {
    fn lacks(&self, mine: &CausalContext, theirs: &CausalContext) -> bool {
        mine.len() > theirs.len()
    }
}
