//! `broken/thrifty-writer`: an add of what is there already is not performed.
//!
//! **Where it comes from.** "It is in the set, so there is nothing to do", and nothing to send: in one place
//! that is what adding means (in Redis, `SADD` of a member is not even replicated).
//!
//! **What happens.** Somebody else takes the item out at the same moment. The add was to win over that, and
//! was never there: what you have just ticked is gone.
//!
//! **The smallest schedule.** r1 adds an item twice.
//!
//! **Who sees it.** The check of effects: performed on a copy of the state, the operation does something
//! that it did not do at the replica. Comparing replicas does not: it is performed nowhere.
//!
//! 2 events at 1 replicas. Found by: delta. Not by: comparing replicas.

use rejoin_crdts::sync::Outbox;
use rejoin_crdts::{At, Model as _, Refused};

use crate::anti_entropy::{AntiEntropy, Sound, Steps};
use crate::checklist::{Checklist, Edit};
use crate::meaning::SetOp;

/// Looks first.
#[derive(Debug)]
pub(crate) struct ThriftyWriter;

impl Steps<Checklist> for ThriftyWriter {
    fn perform(
        &self,
        me: &mut AntiEntropy<Checklist>,
        at: At,
        op: Edit,
        out: &mut Outbox<'_, AntiEntropy<Checklist>>,
    ) -> Result<(), Refused> {
        let (items, _) = me.model.read(&me.state);
        match op {
            Edit::Item(SetOp::Add(item)) if items.contains(&item) => Ok(()),
            _ => Sound.perform(me, at, op, out),
        }
    }
}
