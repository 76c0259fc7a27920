//! `broken/stale-view`: reads are served from a copy that is brought up to date in rounds.
//!
//! **Where it comes from.** A cache, or a materialised view, refreshed now and then. Reads are fast and
//! always consistent, with something.
//!
//! **What happens.** A replica performs an operation, and does not show it. What is written then counts as
//! not having seen it.
//!
//! **The smallest schedule.** r1's round comes; it writes, and is read.
//!
//! **Who sees it.** Visibility: at its own replica an operation must be visible at once. Comparing
//! replicas does not, once the last round is over.
//!
//! 2 events at 1 replicas. Found by: visibility. Not by: comparing replicas.

use std::collections::BTreeSet;

use rejoin_crdts::sync::Outbox;
use rejoin_crdts::{Model, OpId};

use crate::anti_entropy::{AntiEntropy, Steps};

/// Serves the copy.
#[derive(Debug)]
pub(crate) struct StaleView;

impl<M: Model> Steps<M> for StaleView {
    fn round(&self, me: &mut AntiEntropy<M>, _: u64, _: &mut Outbox<'_, AntiEntropy<M>>) {
        me.aside.0.copy = Some((me.state.clone(), me.ops.clone()));
    }

    fn served<'m>(&self, me: &'m AntiEntropy<M>) -> (&'m M::State, &'m BTreeSet<OpId>) {
        me.aside.0.copy.as_ref().map_or((&me.state, &me.ops), |(state, ops)| (state, ops))
    }
}
