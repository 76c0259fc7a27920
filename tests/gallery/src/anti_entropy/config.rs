//! Every interval and cap.

use std::fmt;

use rejoin_crdts::Model;
use rejoin_sim::scenario::Caps;

use super::Steps;

/// Every interval and cap, and what is done differently.
#[derive(Clone)]
pub struct Config<M: Model> {
    pub(crate) steps: &'static dyn Steps<M>,
    pub(crate) gossip_ms: u64,
    pub(crate) batch: usize,          // the most entries in a message
    pub(crate) buffer: usize,         // the most entries in the log
    pub(crate) window: usize,         // the most entries held, and the most that nobody else has
    pub(crate) snapshot_every: usize, // the most records on the disk
    pub(crate) max_ahead_ms: u64,
}

impl<M: Model> Config<M> {
    /// The defaults, where `caps` do not say otherwise.
    pub(crate) fn new(steps: &'static dyn Steps<M>, caps: &Caps) -> Self {
        let size = |cap: Option<u64>, or: usize| {
            cap.map_or(or, |cap| usize::try_from(cap).unwrap_or(usize::MAX)).max(1)
        };
        Self {
            steps,
            gossip_ms: caps.gossip_ms.unwrap_or(100).max(1),
            batch: size(caps.batch, 64),
            buffer: size(caps.buffer, 1_024),
            window: size(caps.window, 64),
            snapshot_every: size(caps.snapshot_every, 256),
            max_ahead_ms: caps.max_ahead_ms.unwrap_or(60_000),
        }
    }
}

impl<M: Model> fmt::Debug for Config<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { steps, gossip_ms, batch, buffer, window, snapshot_every, max_ahead_ms } = self;
        f.debug_struct("Config")
            .field("steps", steps)
            .field("gossip_ms", gossip_ms)
            .field("batch", batch)
            .field("buffer", buffer)
            .field("window", window)
            .field("snapshot_every", snapshot_every)
            .field("max_ahead_ms", max_ahead_ms)
            .finish()
    }
}
