//! `broken/early-acknowledger`: a client is told that its operation is safe before it is written.
//!
//! **Where it comes from.** Writing to a disk is slow, so records are collected and written together
//! (group commit). The answer to the client was to wait for that. It was in another function.
//!
//! **What happens.** A crash between the answer and the write takes the operation along. The other
//! replicas usually have it by then, which is why it does not show; where the network was cut, nobody
//! has.
//!
//! **The smallest schedule.** r1 performs an operation and acknowledges it; the message to r2 is
//! lost; r1 crashes, and restarts from a disk that was never written.
//!
//! **Who sees it.** The check of acknowledged operations. Comparing replicas does not: all agree that
//! there was nothing.
//!
//! 3 events at 2 replicas. Found by: acknowledged. Not by: comparing replicas.

use rejoin_crdts::Model;
use rejoin_crdts::sync::Outbox;

use crate::anti_entropy::{AntiEntropy, RecordOf, Steps};

/// Writes with the next round what it should write now.
#[derive(Debug)]
pub(crate) struct EarlyAcknowledger;

impl<M: Model> Steps<M> for EarlyAcknowledger {
    fn write(
        &self,
        me: &mut AntiEntropy<M>,
        record: RecordOf<M>,
        _: &mut Outbox<'_, AntiEntropy<M>>,
    ) {
        me.aside.0.unwritten.push(record);
    }

    fn round(&self, me: &mut AntiEntropy<M>, _: u64, out: &mut Outbox<'_, AntiEntropy<M>>) {
        for record in std::mem::take(&mut me.aside.0.unwritten) {
            me.write(record, out);
        }
    }
}
