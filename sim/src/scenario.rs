//! The scenario: what is run, on what network, under which faults.

mod check;
mod error;
mod presets;
mod shape;

use serde::{Deserialize, Serialize};

pub use error::ScenarioError;
pub use presets::{Preset, presets};

use crate::subject::Registry;

/// A scenario, as a TOML file writes it. Unknown keys are errors.
///
/// Replicas have the addresses `1..=replicas`. Times are in milliseconds of virtual time.
///
/// ```
/// use rejoin_sim::{Registry, Scenario};
/// let text = r#"
///     type = "or-map"
///     ops = 12
///     [[partition]]
///     at_ms = 200
///     heal_ms = 900
///     groups = [[1, 2], [3]]
/// "#;
/// // No such type is registered here, and the error points at its name.
/// let error = Scenario::parse(text, &Registry::new()).unwrap_err();
/// assert_eq!(error.span().map(|span| &text[span]), Some("\"or-map\""));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// `type`: the name of the type or protocol to run. Required.
    #[serde(rename = "type")]
    pub subject: String,
    /// `policy`: how it is replicated; by default the first that the type offers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// `replicas`: how many, `1..=64`. Default 3.
    #[serde(default = "default::replicas")]
    pub replicas: u64,
    /// `topology`: who is whose neighbour: `mesh` (default), `chain`, `ring` or `star`.
    #[serde(default)]
    pub topology: Topology,
    /// `duration_ms`: for how long clients work and faults strike. Default 2000.
    #[serde(default = "default::duration_ms")]
    pub duration_ms: u64,
    /// `ops`: how many operations the clients perform, at random moments. Default 40.
    #[serde(default = "default::ops")]
    pub ops: u64,
    /// `shares`: how the operations are divided, one weight for each replica; by default evenly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<u64>,
    /// `latency`: how long a message travels. Default `{ kind = "uniform", min_ms = 5, max_ms = 40 }`.
    #[serde(default)]
    pub latency: Latency,
    /// `loss`: the probability that a message is lost. Default 0.
    #[serde(default)]
    pub loss: f64,
    /// `duplicate`: the probability that a message arrives twice. Default 0.
    #[serde(default)]
    pub duplicate: f64,
    /// `reorder`: the probability that a message leaves its link's order: it takes between nothing
    /// and eight times its latency, and may overtake and be overtaken. Default 0.
    #[serde(default)]
    pub reorder: f64,
    /// `skew_ms`: each replica's clock is ahead by a constant drawn from `0..=skew_ms`. Default 0.
    #[serde(default)]
    pub skew_ms: u64,
    /// `settle_ms`: how long after the last fault the replicas may take to settle. Default 60000.
    #[serde(default = "default::settle_ms")]
    pub settle_ms: u64,
    /// `partitions`: how many further partitions are drawn, two groups each. Default 0.
    #[serde(default)]
    pub partitions: u64,
    /// `crashes`: how many further crashes are drawn. Default 0.
    #[serde(default)]
    pub crashes: u64,
    /// `[[partition]]`: cuts in the network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partition: Vec<Partition>,
    /// `[[crash]]`: replicas that stop, and come back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crash: Vec<Crash>,
    /// `[config]`: the protocol's caps and intervals.
    #[serde(default, skip_serializing_if = "Caps::is_empty")]
    pub config: Caps,
}

/// Who is whose neighbour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Topology {
    /// Everyone is everyone's.
    #[default]
    Mesh,
    /// `1 - 2 - 3 - …`.
    Chain,
    /// A chain whose ends meet.
    Ring,
    /// Everyone is the neighbour of 1 only.
    Star,
}

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
}

impl Default for Latency {
    fn default() -> Self {
        Self::Uniform { min_ms: 5.0, max_ms: 40.0 }
    }
}

/// A cut in the network, from `at_ms` to `heal_ms`: nothing passes between the groups. A message
/// is lost if the cut is there when it is sent or when it would arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// `at_ms`: when it begins, within the run's duration.
    pub at_ms: u64,
    /// `heal_ms`: when it ends; by default with the run's duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heal_ms: Option<u64>,
    /// `groups`: the addresses on each side; those not named form one side more.
    pub groups: Vec<Vec<u64>>,
}

/// A replica that stops and comes back with a new incarnation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    /// `replica`: its address.
    pub replica: u64,
    /// `at_ms`: when it stops, within the run's duration.
    pub at_ms: u64,
    /// `restart_ms`: when it comes back; by default with the run's duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart_ms: Option<u64>,
    /// `disk`: `kept` (default) or `lost`.
    #[serde(default)]
    pub disk: Disk,
}

/// What becomes of a crashed replica's disk. Memory is always lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Disk {
    /// All that was written is still there.
    #[default]
    Kept,
    /// Nothing is.
    Lost,
}

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
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Scenario {
    /// The scenario in which everything but the type has its default.
    #[must_use]
    pub fn of(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            policy: None,
            replicas: default::replicas(),
            topology: Topology::default(),
            duration_ms: default::duration_ms(),
            ops: default::ops(),
            shares: Vec::new(),
            latency: Latency::default(),
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            skew_ms: 0,
            settle_ms: default::settle_ms(),
            partitions: 0,
            crashes: 0,
            partition: Vec::new(),
            crash: Vec::new(),
            config: Caps::default(),
        }
    }

    /// Reads a scenario from TOML and checks it against the types and policies of `registry`.
    ///
    /// # Errors
    ///
    /// What is wrong, and the bytes of `text` where it is.
    pub fn parse(text: &str, registry: &Registry) -> Result<Self, ScenarioError> {
        check::parse(text, registry)
    }

    /// Checks a scenario that was made or changed by a program.
    ///
    /// # Errors
    ///
    /// What is wrong, without a place.
    pub fn check(&self, registry: &Registry) -> Result<(), ScenarioError> {
        check::check(self, Some(registry))
    }

    /// Reads a scenario from TOML without checking it.
    pub(crate) fn parse_unchecked(text: &str) -> Result<Self, ScenarioError> {
        check::read(text)
    }

    /// Checks everything but the names of its type and policy.
    pub(crate) fn check_numbers(&self) -> Result<(), ScenarioError> {
        check::check(self, None)
    }

    /// The scenario as TOML, every default written out.
    ///
    /// # Errors
    ///
    /// If a number does not fit in TOML, whose integers have 63 bits.
    pub fn to_toml(&self) -> Result<String, ScenarioError> {
        toml::to_string(self).map_err(|error| ScenarioError::new(error.to_string(), None))
    }
}

mod default {
    pub(super) const fn replicas() -> u64 {
        3
    }
    pub(super) const fn duration_ms() -> u64 {
        2_000
    }
    pub(super) const fn ops() -> u64 {
        40
    }
    pub(super) const fn settle_ms() -> u64 {
        60_000
    }
}
