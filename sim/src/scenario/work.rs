//! What clients do.

use serde::{Deserialize, Serialize};

/// How busy clients are from a moment on; between two such moments it changes evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// `at_ms`: the moment, within the run's duration.
    pub at_ms: u64,
    /// `rate`: how many operations, relative to the other moments.
    pub rate: u64,
}

/// Clients that read and write at one replica, and then at another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clients {
    /// `count`: how many. The operations are divided among them evenly.
    pub count: u64,
    /// `roam`: the probability that a client goes to any replica for its next operation, instead of
    /// staying. Default 0.
    #[serde(default)]
    pub roam: f64,
    /// `token`: a client brings what it has read and written along, and a replica that lacks some of
    /// it turns it away. Only then are the guarantees of a session (Terry et al., PDIS 1994)
    /// promised, and checked; without, what would break them is counted. Default false.
    #[serde(default)]
    pub token: bool,
}
