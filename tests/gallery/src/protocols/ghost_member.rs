//! `broken/ghost-member`: an acknowledgement is awaited from a life that is over.
//!
//! **Where it comes from.** The table of acknowledgements is keyed by identity, and an identity has an
//! incarnation in it, as it should. Entries are made when somebody is heard of. Nothing takes one out.
//!
//! **What happens.** After the first restart of anybody there is a member that never answers. Nothing is
//! ever known to be everywhere, so nothing is collected, and "synchronised" is not shown again. The
//! memory that it costs is what is noticed, weeks later.
//!
//! **The smallest schedule.** r1 hears of r2; r2 crashes and restarts, disk and all; r1 writes, and
//! waits for the former r2 to have it.
//!
//! **Who sees it.** Liveness, by what is still waited for. Comparing replicas does not: they are equal.
//!
//! 4 events at 2 replicas. Found by: liveness. Not by: comparing replicas.

use rejoin_crdts::sync::Waiting;
use rejoin_crdts::{CausalContext, Lattice, Merge, Model, ReplicaId};

use crate::anti_entropy::{AntiEntropy, Sound, Steps};

/// Keeps a row for every life.
#[derive(Debug)]
pub(crate) struct GhostMember;

impl<M: Model> Steps<M> for GhostMember {
    fn hear(&self, me: &mut AntiEntropy<M>, by: ReplicaId, has: &CausalContext) {
        me.aside.0.lives.entry(by).or_default().merge(has);
        Sound.hear(me, by, has);
    }

    fn awaited(&self, me: &AntiEntropy<M>) -> Vec<Waiting> {
        let behind = me.aside.0.lives.iter().filter(|(_, has)| !has.covers(&me.has));
        let digest = |life: &ReplicaId| Waiting {
            what: format!("a digest of {life} with all that is here"),
            from: Some(life.id()),
        };
        me.awaited().into_iter().chain(behind.map(|(life, _)| digest(life))).collect()
    }
}
