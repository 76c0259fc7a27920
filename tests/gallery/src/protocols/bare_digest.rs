//! `broken/bare-digest`: a digest has no checksum.
//!
//! **Where it comes from.** What users write has a checksum, on the disk and on the wire. What replicas
//! tell each other of themselves is small, is sent all the time, and is soon replaced by the next. On
//! 20 July 2008 Amazon S3 was down for most of a day: single bits of such gossip had flipped.
//!
//! **What happens.** A damaged digest says that a replica has what it has not, or is somebody else. What
//! it claims is joined with what is known of it, is never taken back, and is never sent to it again.
//!
//! **The smallest schedule.** r1 writes, of which r2 does not hear, and says in a round what it has; a bit
//! of that flips on the way to r2.
//!
//! **Who sees it.** The check of corruption: what was damaged must not be taken for something else.
//! Comparing replicas does not: what is there is right everywhere, and whose claim was damaged is missing
//! something, or nothing.
//!
//! 4 events at 2 replicas. Found by: corruption. Not by: comparing replicas.

use rejoin_crdts::Model;

use crate::anti_entropy::{Cargo, Frame, Steps};

/// Leaves the checksum out.
#[derive(Debug)]
pub(crate) struct BareDigest;

impl<M: Model> Steps<M> for BareDigest {
    fn frame(&self, cargo: Cargo) -> Frame {
        Frame { sealed: cargo != Cargo::Digest, ..Frame::default() }
    }
}
