//! `broken/leaky-buffer`: a full log drops its oldest entry and forgets that it did.
//!
//! **Where it comes from.** A ring buffer. It never grows, it never blocks, and what it overwrites was
//! acknowledged long ago, except by whoever was away.
//!
//! **What happens.** The peer that was away is sent what is left. That had seen what is not, so it is
//! held, and with it everything that comes later.
//!
//! **The smallest schedule.** r1, whose log holds one entry, writes twice, and the first message is
//! lost; r2's digest is answered with the second.
//!
//! **Who sees it.** Liveness: r2 lacks both operations and waits for what the second had seen.
//! Comparing replicas sees it too, in runs with a log smaller than a partition, and in none otherwise.
//!
//! 3 events at 2 replicas. Found by: liveness, comparing replicas.

use rejoin_crdts::{Dot, Model};

use crate::anti_entropy::{AntiEntropy, Steps};

/// Notes nothing when the log is full.
#[derive(Debug)]
pub(crate) struct LeakyBuffer;

impl<M: Model> Steps<M> for LeakyBuffer {
    fn dropped(&self, me: &mut AntiEntropy<M>, number: Dot, full: bool) {
        if !full {
            me.forgotten.insert(number);
        }
    }
}
