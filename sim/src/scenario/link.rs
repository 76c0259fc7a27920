//! Links between replicas: how long, how wide, how bad.

use serde::{Deserialize, Serialize};

/// How long a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Latency {
    /// Always the same.
    Constant {
        /// `ms`: milliseconds, fractions included.
        ms: f64,
    },
    /// Anything in a range, equally likely.
    Uniform {
        /// `min_ms`: the least.
        min_ms: f64,
        /// `max_ms`: the greatest.
        max_ms: f64,
    },
    /// Memoryless: mostly short, sometimes several times the mean.
    Exponential {
        /// `mean_ms`: the mean.
        mean_ms: f64,
    },
    /// Mostly around the median, with a long tail.
    LogNormal {
        /// `median_ms`: half of all messages take less.
        median_ms: f64,
        /// `sigma`: the standard deviation of the logarithm; 0.5 is mild, 1 is wild.
        sigma: f64,
    },
    /// Never below a least, with a tail so heavy that single messages take as long as all others
    /// together.
    Pareto {
        /// `min_ms`: the least, and the most frequent.
        min_ms: f64,
        /// `alpha`: how fast the tail falls; 3 is mild, at 1 and below there is no mean.
        alpha: f64,
    },
}

impl Default for Latency {
    fn default() -> Self {
        Self::Uniform { min_ms: 5.0, max_ms: 40.0 }
    }
}

/// How much a link carries: what is sent waits until what was sent before has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bandwidth {
    /// `bytes_per_s`: bytes of message in a second.
    pub bytes_per_s: u64,
    /// `buffer_bytes`: how many may wait; a message that does not fit is dropped. Default 65536.
    #[serde(default = "buffer_bytes")]
    pub buffer_bytes: u64,
}

const fn buffer_bytes() -> u64 {
    64 * 1024
}

/// What is different on some links. Where several say something of one link, the last holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// `from`: the senders; by default any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<u64>,
    /// `to`: the receivers; by default any. The other direction is another link.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<u64>,
    /// `latency`: as of the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// `bandwidth`: as of the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// `loss`: as of the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// `duplicate`: as of the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<f64>,
    /// `reorder`: as of the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reorder: Option<f64>,
    /// `redeliver`: as of the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeliver: Option<f64>,
    /// `corrupt`: as of the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrupt: Option<f64>,
}

impl Link {
    /// Whether it is about the link between these addresses.
    pub(crate) fn covers(&self, from: u64, to: u64) -> bool {
        let any = |named: &[u64], address| named.is_empty() || named.contains(&address);
        any(&self.from, from) && any(&self.to, to)
    }
}
