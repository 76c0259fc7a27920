//! `broken/greedy-context`: a partial answer claims the context of the whole.
//!
//! **Where it comes from.** The answer to a digest is "what you lack, and my context", and the context
//! is a field of the state, there to be copied. Then messages get a limit, and the entries are cut off
//! at the limit, and the context is not.
//!
//! **What happens.** In an add-wins set a dot that is in the context and not among the entries was
//! removed. So the receiver takes everything behind the limit for removed, and when it arrives with
//! the next message, drops it. Nothing shows as long as the answers are smaller than the limit.
//!
//! **The smallest schedule.** r1 adds two items, and the first message is lost; r2's digest is answered
//! with that and the context of both, since a message holds one; the other one is dropped.
//!
//! **Who sees it.** The specification: the second addition counts as seen at r2, no remove does, and
//! r2 does not read it. Comparing replicas sees that r1 still has it, unless an answer comes back
//! from r2; among three it spreads.
//!
//! 3 events at 2 replicas. Found by: specification, comparing replicas.

use crate::anti_entropy::{AntiEntropy, EntryOf, Steps};
use crate::checklist::Checklist;
use rejoin_crdts::Merge;

/// Copies the context from the state.
#[derive(Debug)]
pub(crate) struct GreedyContext;

impl Steps<Checklist> for GreedyContext {
    fn batch(&self, me: &mut AntiEntropy<Checklist>, _: u64, batch: &mut [EntryOf<Checklist>]) {
        if let Some(last) = batch.last_mut() {
            last.delta.seen.merge(&me.state.seen);
        }
    }
}
