//! What travels between replicas, and what is written down.

use std::collections::BTreeSet;

use rejoin_crdts::wire::{self, HEADER_BYTES, Kind, Limits, WireError};
use rejoin_crdts::{CausalContext, Dot, OpId, ReplicaId, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::local::Local;

const SCHEMA: u32 = 1;

/// An operation in the log, numbered by the replica that performed it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry<D, Op> {
    pub(crate) number: Dot,
    pub(crate) id: OpId,
    pub(crate) op: Op,
    pub(crate) stamp: Timestamp,
    pub(crate) after: CausalContext, // the numbers of all that it had seen
    pub(crate) delta: D,
}

/// Everything that a replica has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Snapshot<S> {
    pub(crate) state: S,
    pub(crate) has: CausalContext,
    pub(crate) ops: BTreeSet<OpId>,
    pub(crate) clock: Timestamp,
}

/// What one replica tells another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Body<S, D, Op> {
    /// What `by` has. An acknowledgement, and a request for the rest.
    Digest { by: ReplicaId, has: CausalContext },
    /// Entries, each after all that it had seen, unless the receiver has that.
    Batch(Vec<Entry<D, Op>>),
    /// For whoever lacks what is no longer in the log.
    Whole(Snapshot<S>),
}

/// A message: what is told, in a frame that begins with its length.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message<S, D, Op> {
    pub(crate) body: Body<S, D, Op>,
    #[serde(skip)]
    pub(crate) frame: Local<Frame>,
}

/// What a frame is around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cargo {
    /// An operation that is sent at once.
    Operation,
    /// What somebody has.
    Digest,
    /// What somebody lacks.
    Answer,
}

/// A frame, as its author thought of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// The greatest length.
    pub(crate) longest: u32,
    /// There is a checksum.
    pub(crate) sealed: bool,
}

impl Default for Frame {
    fn default() -> Self {
        Self { longest: u32::MAX, sealed: true }
    }
}

/// What is written to the disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Record<S, D, Op> {
    /// An entry that was performed or delivered.
    Entry(Entry<D, Op>),
    /// Everything, in place of all earlier records.
    Snapshot(Snapshot<S>),
}

/// What wakes a replica up: it is time for a round. It sets itself again.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Round;

impl<S: Serialize, D: Serialize, Op: Serialize> Message<S, D, Op> {
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        let mut body = Vec::new();
        let written = wire::encode(Kind::Message, SCHEMA, self, &mut body);
        debug_assert_eq!(written, Ok(()), "a message must serialize");
        let Frame { longest, sealed } = self.frame.0;
        let length = body.len() as u32 & longest;
        bytes.extend(if sealed { length } else { !length }.to_le_bytes());
        bytes.extend(body);
    }
}

impl<S: DeserializeOwned, D: DeserializeOwned, Op: DeserializeOwned> Message<S, D, Op> {
    /// Reads a frame. One without a checksum begins with the complement of its length.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let Some((length, body)) = bytes.split_first_chunk() else {
            return Err(WireError::Truncated { needed: 4, len: bytes.len() as u64 });
        };
        let (length, len) = (u32::from_le_bytes(*length), body.len() as u64);
        let bare = len == u64::from(!length);
        let length = if bare { len } else { length.into() };
        if len < length {
            return Err(WireError::Truncated { needed: length, len });
        }
        if len > length {
            return Err(WireError::Trailing { extra: len - length });
        }
        let open = |body: &[u8]| wire::decode(Kind::Message, SCHEMA, Limits::default(), body);
        match open(body) {
            // The envelope has one all the same: whatever arrived, it is the right one for that.
            Err(WireError::Checksum { computed, .. }) if bare => {
                let mut body = body.to_vec();
                body[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&computed.to_le_bytes());
                open(&body)
            }
            opened => opened,
        }
    }
}
