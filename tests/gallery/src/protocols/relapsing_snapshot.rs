//! `broken/relapsing-snapshot`: for a moment the replica is what it was at the last snapshot.
//!
//! **Where it comes from.** The log is compacted: load the last snapshot, apply the records since, write
//! a new one. It is done in place, and in the background.
//!
//! **What happens.** Until the records are applied, reads return the past. (Nothing is written meanwhile:
//! that was thought of.)
//!
//! **The smallest schedule.** r1 takes a snapshot, writes, and compacts.
//!
//! **Who sees it.** That states only grow. With everything checked it is visibility that says so, by the
//! name of an operation that is no longer visible: of what is known nothing else can go. Comparing
//! replicas does not: it lasts until the next event.
//!
//! 3 events at 1 replicas. Found by: inflation. Not by: comparing replicas.

use rejoin_crdts::sync::Outbox;
use rejoin_crdts::{At, Merge, Model, Refused, Spec};

use crate::anti_entropy::{AntiEntropy, Sound, Steps};

/// Swaps the state and the last snapshot, and swaps them back with the next message or round.
#[derive(Debug)]
pub(crate) struct RelapsingSnapshot;

const EVERY_ROUNDS: u64 = 2;

impl<M: Model> Steps<M> for RelapsingSnapshot {
    fn perform(
        &self,
        me: &mut AntiEntropy<M>,
        at: At,
        op: <M as Spec>::Op,
        out: &mut Outbox<'_, AntiEntropy<M>>,
    ) -> Result<(), Refused> {
        if me.aside.0.turn == EVERY_ROUNDS {
            return Err(Refused::Rule(format!("{} compacts its log", me.me)));
        }
        Sound.perform(me, at, op, out)
    }

    fn begin(&self, me: &mut AntiEntropy<M>) {
        if me.aside.0.turn == EVERY_ROUNDS
            && let Some((state, _)) = me.aside.0.copy.take()
        {
            me.state.merge(&state);
            me.aside.0.turn = 0;
        }
    }

    fn round(&self, me: &mut AntiEntropy<M>, _: u64, _: &mut Outbox<'_, AntiEntropy<M>>) {
        me.aside.0.turn += 1;
        match &mut me.aside.0.copy {
            None => me.aside.0.copy = Some((me.state.clone(), me.ops.clone())),
            Some((snapshot, _)) if me.aside.0.turn == EVERY_ROUNDS => {
                std::mem::swap(&mut me.state, snapshot);
            }
            Some(_) => {}
        }
    }
}
