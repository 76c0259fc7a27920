//! `broken/departed-member`: an acknowledgement is awaited from a member that has left.
//!
//! **Where it comes from.** Peers are added when they appear. Taking them out was for later.
//!
//! **What happens.** As with [`ghost_member`](super::ghost_member): nothing is ever known to be
//! everywhere again, and the log grows for ever.
//!
//! **The smallest schedule.** r2 leaves, and r1 waits for it to say what it has.
//!
//! **Who sees it.** Liveness, by what is still waited for. Comparing replicas does not: they are equal.
//!
//! 1 events at 2 replicas. Found by: liveness. Not by: comparing replicas.

use rejoin_crdts::Model;

use crate::anti_entropy::{AntiEntropy, Steps};

/// Keeps who has left.
#[derive(Debug)]
pub(crate) struct DepartedMember;

impl<M: Model> Steps<M> for DepartedMember {
    fn part(&self, _: &mut AntiEntropy<M>, _: u64) {}
}
