//! The caps and intervals of a protocol.

use serde::{Deserialize, Serialize};

/// The caps and intervals of a protocol. What is not set is the protocol's default.
///
/// The keys are those of [`sync::Config`](rejoin_crdts::sync::Config), which says what they mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// `gossip_ms`: the time between two rounds of sending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gossip_ms: Option<u64>,
    /// `heartbeat_ms`: the time between two signs of life to a peer that has everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_ms: Option<u64>,
    /// `buffer`: the most deltas kept for peers that have not acknowledged them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer: Option<u64>,
    /// `batch`: the most deltas joined in one message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u64>,
    /// `window`: the most messages to one peer in one round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// `snapshot_every`: the most records on a disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_every: Option<u64>,
    /// `max_ahead_ms`: how far ahead a stamp may be that is still accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ahead_ms: Option<u64>,
}

impl Caps {
    /// Whether nothing is set.
    ///
    /// ```
    /// use rejoin_sim::scenario::Caps;
    /// assert!(Caps::default().is_empty());
    /// assert!(!Caps { buffer: Some(1), ..Caps::default() }.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
