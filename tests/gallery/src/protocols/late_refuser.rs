//! `broken/late-refuser`: an operation is refused after it was performed.
//!
//! **Where it comes from.** Backpressure: when too much of a replica's own is known to nobody else, it
//! refuses to take on more. The check is made where the entry is queued for sending, and the state has
//! been changed by then.
//!
//! **What happens.** The client is told that it failed, and tries again: it is done twice. Or it does not,
//! and is surprised.
//!
//! **The smallest schedule.** r1, which may be one operation ahead of everybody, performs one, and
//! before anybody has answered another, which it refuses and keeps.
//!
//! **Who sees it.** The check of refusals. Comparing replicas does not: what was refused reaches all.
//!
//! 2 events at 2 replicas. Found by: refusal. Not by: comparing replicas.

use rejoin_crdts::sync::Outbox;
use rejoin_crdts::{At, Model, Refused, Spec};

use crate::anti_entropy::{AntiEntropy, Steps};

/// Looks for room when it is taken.
#[derive(Debug)]
pub(crate) struct LateRefuser;

impl<M: Model> Steps<M> for LateRefuser {
    fn perform(
        &self,
        me: &mut AntiEntropy<M>,
        at: At,
        op: <M as Spec>::Op,
        out: &mut Outbox<'_, AntiEntropy<M>>,
    ) -> Result<(), Refused> {
        let room = me.room();
        me.enter(at, op, out)?;
        room
    }
}
