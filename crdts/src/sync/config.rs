//! How a replica spreads what it knows: the policy, and every interval and cap.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How replicas spread what they know.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Policy {
    /// The whole state, now and then, to a random peer. Nothing is remembered of the peers.
    State,
    /// Intervals of joined deltas, acknowledged, and the whole state where an interval is missing.
    #[default]
    Delta,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Self; 2] = [Self::State, Self::Delta];
}

/// `state` or `delta`.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::State => "state",
            Self::Delta => "delta",
        })
    }
}

/// Every interval and cap of a [`Replica`](crate::sync::Replica).
///
/// The defaults suit links of 10 to 100 ms. Every field works at 0, which counts as 1 where
/// nothing could otherwise happen, so that a test can make each of them small.
///
/// ```
/// use rejoin_crdts::sync::{Config, Policy};
/// let tiny = Config { batch: 1, buffer: 1, ..Config::default() };
/// assert_eq!(tiny.policy, Policy::Delta);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How replicas spread what they know. All replicas of one object must have the same.
    pub policy: Policy,
    /// The mean time between two rounds of sending, in milliseconds; each round is up to a quarter
    /// early or late. What is not acknowledged by the next round is sent again, so a round trip is
    /// a good value. 100 by default; 0 counts as 1.
    pub gossip_ms: u64,
    /// Policy delta: the mean time between two signs of life to a peer that has acknowledged
    /// everything, in milliseconds. A peer that lost its disk is noticed within it. 1,000 by
    /// default; 0 counts as 1.
    pub heartbeat_ms: u64,
    /// Policy delta: the most deltas kept for peers that have not acknowledged them. A peer that
    /// is further behind gets the whole state. 1,024 by default.
    pub buffer: usize,
    /// Policy delta: the most deltas joined in one interval. 64 by default; 0 counts as 1.
    pub batch: usize,
    /// Policy delta: the most intervals sent to one peer in one round. 8 by default; 0 counts
    /// as 1.
    pub window: usize,
    /// The most records on the disk; the one after replaces them by a snapshot. 256 by default;
    /// 0 counts as 1, which makes every record a snapshot.
    pub snapshot_every: usize,
    /// How far ahead of the local wall clock a stamp may be that is still accepted, in
    /// milliseconds. A message from further ahead is refused, and comes again. 60,000 by default.
    pub max_ahead_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            gossip_ms: 100,
            heartbeat_ms: 1_000,
            buffer: 1_024,
            batch: 64,
            window: 8,
            snapshot_every: 256,
            max_ahead_ms: 60_000,
        }
    }
}
