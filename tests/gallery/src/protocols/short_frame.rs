//! `broken/short-frame`: the length of a message does not fit where it is written.
//!
//! **Where it comes from.** The length was a byte in the first version, when messages were short, and
//! the conversion to it does not fail but cuts off.
//!
//! **What happens.** Every message up to the limit arrives. A longer one cannot be read, is sent again
//! in the next round, and cannot be read again: the replica that is furthest behind never catches up.
//! Where there are many small messages and few large ones, that may take a long time to be noticed.
//!
//! **The smallest schedule.** r1 writes some times while r2 is cut off; the answer to r2's digest is
//! longer than the limit.
//!
//! **Who sees it.** The check of what travels: bytes that arrive as they were sent must be read.
//! Comparing replicas does not see it where the same is sent in small messages too.

use rejoin_crdts::Model;

use crate::anti_entropy::{Longest, Steps};

/// Writes the lower eight bits.
#[derive(Debug)]
pub(crate) struct ShortFrame;

impl<M: Model> Steps<M> for ShortFrame {
    fn longest(&self) -> Longest {
        Longest(0xff)
    }
}
