//! `broken/short-frame`: the length of a message does not fit where it is written.
//!
//! **Where it comes from.** Single operations travel in a short frame, with six bits for their length
//! beside two for their kind. It was enough for what was measured, and the conversion does not fail
//! but cuts off.
//!
//! **What happens.** An operation that is longer, for its content or for its past, cannot be read. It
//! comes again in the answer to the next digest, in a frame of the other kind, so all that is seen is
//! that some things are slow.
//!
//! **The smallest schedule.** r3 adds an item that r1 and r2 have added and it has seen: that is a past
//! of two, and two dots to replace, which is longer than the limit.
//!
//! **Who sees it.** The check of what travels: bytes that arrive as they were sent must be read.
//! Comparing replicas does not: in the end all have all.
//!
//! 6 events at 3 replicas. Found by: wire. Not by: comparing replicas.

use rejoin_crdts::Model;

use crate::anti_entropy::{Cargo, Frame, Steps};

/// Writes the lower six bits.
#[derive(Debug)]
pub(crate) struct ShortFrame;

impl<M: Model> Steps<M> for ShortFrame {
    fn frame(&self, cargo: Cargo) -> Frame {
        let longest = if cargo == Cargo::Operation { 0b11_1111 } else { u32::MAX };
        Frame { longest, ..Frame::default() }
    }
}
