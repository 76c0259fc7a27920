//! `broken/half-refuser`: a message is refused after half of it was taken.
//!
//! **Where it comes from.** A loop over the entries: check one, take one. When the check fails, the
//! function returns an error, and whoever reads it takes the message for refused.
//!
//! **What happens.** The replica has what it says it refused. Here that does little harm, since the
//! rest comes again; where an error is answered with "refused, ask somebody else", or counted against
//! the sender, or the message is one transaction, it does.
//!
//! **The smallest schedule.** r1 writes, and r2, whose clock is further ahead; r1 receives that, and r3
//! nothing. r3's digest is answered with both, and it takes the first and refuses the second, as too
//! far ahead.
//!
//! **Who sees it.** The check of refusals. Comparing replicas does not: in the end all have all.
//!
//! 8 events at 3 replicas. Found by: refusal. Not by: comparing replicas.

use rejoin_crdts::sync::Outbox;
use rejoin_crdts::{Model, Refused};

use crate::anti_entropy::{AntiEntropy, EntryOf, Steps, one_by_one};

/// Checks in the loop that it should check before.
#[derive(Debug)]
pub(crate) struct HalfRefuser;

impl<M: Model> Steps<M> for HalfRefuser {
    fn take(
        &self,
        me: &mut AntiEntropy<M>,
        now_ms: u64,
        batch: Vec<EntryOf<M>>,
        out: &mut Outbox<'_, AntiEntropy<M>>,
    ) -> Result<(), Refused> {
        one_by_one(me, now_ms, batch, out)
    }
}
