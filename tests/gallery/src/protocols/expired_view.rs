//! `broken/expired-view`: what is read is kept for a while, and a miss is read as nothing there.
//!
//! **Where it comes from.** Reads are served from a cache. Whatever changes something puts what is to be
//! read there, with a time to live, so that it is never stale; and who finds nothing there says that there
//! is nothing.
//!
//! **What happens.** While there is work everything is right. Once nothing has changed for a while, all is
//! gone, and it is back with the next change. The state, the log and the digests know nothing of that.
//!
//! **The smallest schedule.** r1 writes. Its round comes of itself, and it is read.
//!
//! **Who sees it.** The specification, if a judge reads although nothing changed: no operation and no
//! message comes with it, and the state is as it was. Comparing replicas does not: at rest all read
//! nothing.
//!
//! 1 events at 1 replicas. Found by: specification. Not by: comparing replicas.

use rejoin_crdts::Model;
use rejoin_crdts::sync::Outbox;

use crate::anti_entropy::{AntiEntropy, Steps};

/// Keeps what is read until the next round.
#[derive(Debug)]
pub(crate) struct ExpiredView;

impl<M: Model> Steps<M> for ExpiredView {
    /// What was put there for this state has expired.
    fn round(&self, me: &mut AntiEntropy<M>, _: u64, _: &mut Outbox<'_, AntiEntropy<M>>) {
        me.aside.0.copy = Some((me.state.clone(), me.ops.clone()));
    }

    fn read(&self, me: &AntiEntropy<M>) -> M::Value {
        let expired = me.aside.0.copy.as_ref().is_some_and(|(state, _)| *state == me.state);
        if expired { me.model.read(&me.model.initial(me.me)) } else { me.model.read(&me.state) }
    }
}
