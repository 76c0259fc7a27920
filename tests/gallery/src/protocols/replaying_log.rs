//! `broken/replaying-log`: a restart performs the logged operations again.
//!
//! **Where it comes from.** A write-ahead log holds operations, and recovery runs them: so it is done
//! in a database with one copy. Here a log of deltas is needed, or the identity of the life that
//! performed them; the restarted replica has a new one, as it should.
//!
//! **What happens.** Each addition before the crash is made again under a new dot. What another
//! replica removed is back, and nobody added it since.
//!
//! **The smallest schedule.** r1 adds an item, crashes, and restarts from its disk.
//!
//! **Who sees it.** Strong convergence or the specification, as soon as r1 is back: it reads an item
//! whose addition is not visible there. Comparing replicas rarely does: one run in twenty-five ends
//! in a difference.
//!
//! 3 events at 1 replicas. Found by: convergence, comparing replicas.

use rejoin_crdts::{At, Model, OpId};

use crate::anti_entropy::{AntiEntropy, EntryOf, Steps};

/// Performs what it should merge.
#[derive(Debug)]
pub(crate) struct ReplayingLog;

impl<M: Model> Steps<M> for ReplayingLog {
    fn recover(&self, me: &mut AntiEntropy<M>, mut entry: EntryOf<M>) {
        if entry.number.replica.id() == me.me.id() {
            let at = At { id: OpId::new(me.me, entry.id.seq), stamp: entry.stamp };
            if let Ok(delta) = me.model.perform(&mut me.state, &at, &entry.op) {
                entry.delta = delta;
            }
        }
        me.adopt(entry);
    }
}
