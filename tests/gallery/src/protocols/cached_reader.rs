//! `broken/cached-reader`: what is read was computed in the last round.
//!
//! **Where it comes from.** Reading is most of the work, so its result is kept. What changes the state is
//! in four places, and invalidates it in none; a timer does, which is good enough.
//!
//! **What happens.** The replica has an operation, says so in its digest, lets others count on it, and
//! reads as if it had not. Whoever decides by a read decides on the past, with a stamp of the present.
//!
//! **The smallest schedule.** r1's round comes; it writes, and is read.
//!
//! **Who sees it.** The specification: what is visible by the state must be in the value. Comparing
//! replicas does not, once the last round is over.
//!
//! 2 events at 1 replicas. Found by: specification. Not by: comparing replicas.

use rejoin_crdts::Model;
use rejoin_crdts::sync::Outbox;

use crate::anti_entropy::{AntiEntropy, Steps};

/// Keeps what is read until the next round.
#[derive(Debug)]
pub(crate) struct CachedReader;

impl<M: Model> Steps<M> for CachedReader {
    fn round(&self, me: &mut AntiEntropy<M>, _: u64, _: &mut Outbox<'_, AntiEntropy<M>>) {
        me.aside.0.copy = Some((me.state.clone(), me.ops.clone()));
    }

    fn read(&self, me: &AntiEntropy<M>) -> M::Value {
        me.model.read(me.aside.0.copy.as_ref().map_or(&me.state, |(state, _)| state))
    }
}
