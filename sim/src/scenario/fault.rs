//! Faults that a scenario writes down.

use serde::{Deserialize, Serialize};

/// A cut in the network, from `at_ms` to `heal_ms`. A message is lost if the cut is there when it is
/// sent or when it would arrive.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// `kind`: what is cut. Default `"groups"`.
    #[serde(default)]
    pub kind: PartitionKind,
    /// `at_ms`: when it begins, within the run's duration.
    pub at_ms: u64,
    /// `heal_ms`: when it ends; by default with the run's duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heal_ms: Option<u64>,
    /// `groups`: addresses; what they mean depends on `kind`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Vec<u64>>,
    /// `share`: of `partial`, the share of the links that is cut, at least one. Default 0.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// `flap_ms`: the cut comes and goes: there for so long, then gone for so long, until it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flap_ms: Option<u64>,
}

/// What a partition cuts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PartitionKind {
    /// Nothing passes between the groups; those not named form one group more.
    #[default]
    Groups,
    /// Nothing passes from the first group to anybody else; the other direction works.
    OneWay,
    /// Nothing passes between the groups; those not named hear everybody: they are the bridge.
    Bridge,
    /// Each hears only the two next to it, in the order of addresses.
    Ring,
    /// Each that is named in `groups` is cut from everybody.
    Isolate,
    /// A share of the links is cut, drawn for each direction by itself.
    Partial,
}

impl PartitionKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Groups, Self::OneWay, Self::Bridge, Self::Ring, Self::Isolate, Self::Partial];

    /// The name in kebab case, as in scenarios.
    ///
    /// ```
    /// use rejoin_sim::scenario::PartitionKind;
    /// assert_eq!(PartitionKind::OneWay.name(), "one-way");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Groups => "groups",
            Self::OneWay => "one-way",
            Self::Bridge => "bridge",
            Self::Ring => "ring",
            Self::Isolate => "isolate",
            Self::Partial => "partial",
        }
    }
}

/// A replica that stops and comes back with a new incarnation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    /// `replica`: its address.
    pub replica: u64,
    /// `at_ms`: when it stops, within the run's duration.
    pub at_ms: u64,
    /// `restart_ms`: when it comes back; by default with the run's duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart_ms: Option<u64>,
    /// `disk`: what becomes of its disk. Default `"kept"`.
    #[serde(default)]
    pub disk: Disk,
    /// `reuse_identity`: it comes back under the incarnation that it had, whatever its disk still
    /// knows of that. No type with dots or slots stands it: a fault to see a judge at work. Default
    /// false.
    #[serde(default)]
    pub reuse_identity: bool,
}

/// What becomes of a crashed replica's disk. Memory is always lost.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Disk {
    /// All that was written is still there.
    #[default]
    Kept,
    /// What was written after the last message or acknowledgement left is gone: nobody was told of
    /// it yet.
    RolledBack,
    /// A first part of what was written is still there, of a drawn length.
    Partly,
    /// Nothing is.
    Lost,
}

/// A replica that stands still for a while. Messages, timers and clients wait, and then come all at
/// once; its clock goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// `replica`: its address.
    pub replica: u64,
    /// `at_ms`: when it stands still, within the run's duration.
    pub at_ms: u64,
    /// `resume_ms`: when it goes on; by default with the run's duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_ms: Option<u64>,
}

/// A replica's wall clock goes wrong, in one of four ways, until it is put right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockFault {
    /// `replica`: its address.
    pub replica: u64,
    /// `at_ms`: when it goes wrong, within the run's duration.
    pub at_ms: u64,
    /// `until_ms`: when it shows the right time again; by default with the run's duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
    /// `jump_ms`: it jumps by so much, forward or back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jump_ms: Option<i64>,
    /// `drift_ppm`: it runs fast by so many millionths, or slow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_ppm: Option<i64>,
    /// `stop`: it stops.
    #[serde(default)]
    pub stop: bool,
    /// `set_ms`: it is set to this, and runs on from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_ms: Option<u64>,
}

/// A replica that is not there from the start, or that left: it joins with an empty disk, as
/// somebody new.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// `replica`: its address.
    pub replica: u64,
    /// `at_ms`: when, within the run's duration.
    pub at_ms: u64,
}

/// A replica that leaves for good, with its disk. Its neighbours are told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leave {
    /// `replica`: its address.
    pub replica: u64,
    /// `at_ms`: when, within the run's duration.
    pub at_ms: u64,
}
