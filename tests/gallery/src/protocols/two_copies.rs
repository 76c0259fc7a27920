//! `broken/two-copies`: reads are divided between the copy that is written to and one that lags.
//!
//! **Where it comes from.** A read replica behind a load balancer. Whoever has just written is sent to
//! the primary, since that was complained about.
//!
//! **What happens.** You read what somebody else wrote, reload, and it is gone; reload, and it is back.
//!
//! **The smallest schedule.** r2 makes its copy in a round, receives something from r1, and is read; with
//! its next round it is the copy that is read.
//!
//! **Who sees it.** Monotonic reads: what a client has read stays visible to it. Comparing replicas
//! does not, once both copies are up to date.
//!
//! 5 events at 2 replicas. Found by: visibility, until there is monotonic-reads. Not by: comparing
//! replicas.

use std::collections::BTreeSet;

use rejoin_crdts::sync::Outbox;
use rejoin_crdts::{Model, OpId};

use crate::anti_entropy::{AntiEntropy, Steps};

/// Serves the other copy in every second round, and refreshes it in the one before.
#[derive(Debug)]
pub(crate) struct TwoCopies;

impl<M: Model> Steps<M> for TwoCopies {
    fn performed(&self, me: &mut AntiEntropy<M>) {
        me.aside.0.turn += me.aside.0.turn % 2;
    }

    fn round(&self, me: &mut AntiEntropy<M>, _: u64, _: &mut Outbox<'_, AntiEntropy<M>>) {
        me.aside.0.turn += 1;
        if me.aside.0.turn.is_multiple_of(2) {
            me.aside.0.copy = Some((me.state.clone(), me.ops.clone()));
        }
    }

    fn served<'m>(&self, me: &'m AntiEntropy<M>) -> (&'m M::State, &'m BTreeSet<OpId>) {
        match &me.aside.0.copy {
            Some((state, ops)) if me.aside.0.turn % 2 == 1 => (state, ops),
            _ => (&me.state, &me.ops),
        }
    }
}
