//! The scenario: what is run, on what network, under which faults.

mod caps;
mod check;
mod error;
mod fault;
mod keys;
mod link;
mod presets;
mod schema;
mod shape;
mod timetable;
mod topology;
mod work;
mod written;

use serde::{Deserialize, Serialize};

pub use caps::Caps;
pub use error::ScenarioError;
pub use fault::{ClockFault, Crash, Disk, Join, Leave, Partition, PartitionKind, Pause};
pub use link::{Bandwidth, Latency, Link};
pub use presets::{Preset, presets};
pub use schema::schema;
pub use topology::Topology;
pub use work::{Clients, Load};

use crate::subject::Registry;
use crate::violation::Class;

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
    /// `replicas`: how many there are. Default 3, or as many as the topology is made of.
    #[serde(default = "default::unset")]
    pub replicas: u64,
    /// `topology`: who is whose neighbour. Default `"mesh"`.
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
    /// `writers`: how many replicas perform operations, spread evenly over the addresses; by default
    /// all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writers: Option<u64>,
    /// `pool`: how many different operations there are: so many are drawn first, and then only
    /// these are performed. By default any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<u64>,
    /// `[[load]]`: how busy the clients are over time; by default always the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<Load>,
    /// `[clients]`: clients that go from replica to replica; by default each stays where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<Clients>,
    /// `latency`: how long a message travels. Default `{ kind = "uniform", min_ms = 5, max_ms = 40 }`.
    #[serde(default)]
    pub latency: Latency,
    /// `bandwidth`: how much a link carries; by default anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
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
    /// `redeliver`: the probability that a message arrives again, long after: at any time until
    /// `duration_ms` later. Default 0.
    #[serde(default)]
    pub redeliver: f64,
    /// `corrupt`: the probability that a message is damaged on its way. Default 0.
    #[serde(default)]
    pub corrupt: f64,
    /// `[[link]]`: what is different on some links.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub link: Vec<Link>,
    /// `pct`: not latencies but random priorities of links, one fewer than this of which fall behind all
    /// others on the way: probabilistic concurrency testing of this depth. By default not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pct: Option<u64>,
    /// `skew_ms`: each replica's clock is ahead by a constant drawn from 0 to this, at most
    /// `max_ahead_ms`. Default 0.
    #[serde(default)]
    pub skew_ms: u64,
    /// `drift_ppm`: each replica's clock runs fast or slow by up to so many millionths. Default 0.
    #[serde(default)]
    pub drift_ppm: u64,
    /// `settle_ms`: how long the replicas may take to settle, once the faults are over and what was
    /// sent under them has arrived. Default 60000.
    #[serde(default = "default::settle_ms")]
    pub settle_ms: u64,
    /// `partitions`: how many further partitions are drawn, of any kind. Default 0.
    #[serde(default)]
    pub partitions: u64,
    /// `crashes`: how many further crashes are drawn, with any disk. Default 0.
    #[serde(default)]
    pub crashes: u64,
    /// `pauses`: how many further pauses are drawn. Default 0.
    #[serde(default)]
    pub pauses: u64,
    /// `clocks`: how many further faults of clocks are drawn. Default 0.
    #[serde(default)]
    pub clocks: u64,
    /// `churn`: how many replicas leave, and as many join, at moments that are drawn. Default 0.
    #[serde(default)]
    pub churn: u64,
    /// `checks`: what is checked; by default everything. Without any nothing is recorded either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<Class>>,
    /// `[[partition]]`: cuts in the network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partition: Vec<Partition>,
    /// `[[crash]]`: replicas that stop, and come back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crash: Vec<Crash>,
    /// `[[pause]]`: replicas that stand still for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pause: Vec<Pause>,
    /// `[[clock]]`: clocks that go wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clock: Vec<ClockFault>,
    /// `[[join]]`: replicas that join later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub join: Vec<Join>,
    /// `[[leave]]`: replicas that leave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leave: Vec<Leave>,
    /// `[config]`: the protocol's caps and intervals.
    #[serde(default, skip_serializing_if = "Caps::is_empty")]
    pub config: Caps,
}

impl Scenario {
    /// The scenario in which everything but the type has its default.
    ///
    /// ```
    /// use rejoin_sim::Scenario;
    /// let lossy = Scenario { loss: 0.2, ..Scenario::of("or-map") };
    /// assert_eq!((lossy.replicas, lossy.ops), (3, 40));
    /// ```
    #[must_use]
    pub fn of(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            policy: None,
            replicas: default::REPLICAS,
            topology: Topology::default(),
            duration_ms: default::duration_ms(),
            ops: default::ops(),
            shares: Vec::new(),
            writers: None,
            pool: None,
            load: Vec::new(),
            clients: None,
            latency: Latency::default(),
            bandwidth: None,
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            redeliver: 0.0,
            corrupt: 0.0,
            link: Vec::new(),
            pct: None,
            skew_ms: 0,
            drift_ppm: 0,
            settle_ms: default::settle_ms(),
            partitions: 0,
            crashes: 0,
            pauses: 0,
            clocks: 0,
            churn: 0,
            checks: None,
            partition: Vec::new(),
            crash: Vec::new(),
            pause: Vec::new(),
            clock: Vec::new(),
            join: Vec::new(),
            leave: Vec::new(),
            config: Caps::default(),
        }
    }

    /// Reads a scenario from TOML and checks it against the types and policies of `registry`.
    ///
    /// # Errors
    ///
    /// What is wrong, and the bytes of `text` where it is.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::{Registry, TypeSubject};
    /// let mut registry = Registry::new();
    /// registry.add(TypeSubject::new("likes", "how many like it", GCounterModel));
    /// use rejoin_sim::Scenario;
    /// let scenario = Scenario::parse("type = 'likes'\nloss = 0.2", &registry)?;
    /// assert_eq!(scenario, Scenario { loss: 0.2, ..Scenario::of("likes") });
    /// let error = Scenario::parse("type = 'likes'\nloss = 2", &registry).unwrap_err();
    /// assert_eq!(error.span(), Some(22..23));
    /// # Ok::<(), rejoin_sim::ScenarioError>(())
    /// ```
    pub fn parse(text: &str, registry: &Registry) -> Result<Self, ScenarioError> {
        let mut none =
            |path: &str| Err(format!("`{path}` would have to be read: see Scenario::read"));
        let scenario = Self::read(text, &mut none)?;
        scenario.check_in(text, registry)?;
        Ok(scenario)
    }

    /// Reads a scenario from TOML, with the files that it names. Its form is checked; whether it can
    /// be run, [`check_in`](Self::check_in) says.
    ///
    /// `files` gives the text of a file, or says why it cannot.
    ///
    /// # Errors
    ///
    /// What is wrong with the form, and the bytes of `text` where it is.
    ///
    /// ```
    /// use rejoin_sim::Scenario;
    /// use rejoin_sim::scenario::Topology;
    /// let text = "type = 'likes'\ntopology = { kind = 'file', path = 'net.edges' }";
    /// let scenario = Scenario::read(text, &mut |path| {
    ///     assert_eq!(path, "net.edges");
    ///     Ok("1 2\n2 4\n4 3\n".to_owned())
    /// })?;
    /// assert_eq!(scenario.topology, Topology::Links { links: vec![[1, 2], [2, 4], [4, 3]] });
    /// assert_eq!(scenario.replicas, 4);
    /// # Ok::<(), rejoin_sim::ScenarioError>(())
    /// ```
    pub fn read(
        text: &str,
        files: &mut dyn FnMut(&str) -> Result<String, String>,
    ) -> Result<Self, ScenarioError> {
        check::read(text, files)
    }

    /// Checks a scenario that was read from `text` and may have been changed since.
    ///
    /// # Errors
    ///
    /// What is wrong, and the bytes of `text` where it is.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::{Registry, TypeSubject};
    /// let mut registry = Registry::new();
    /// registry.add(TypeSubject::new("likes", "how many like it", GCounterModel));
    /// use rejoin_sim::Scenario;
    /// let text = "type = 'somebody else'\nloss = 2";
    /// let mut scenario = Scenario::read(text, &mut |path| Err(format!("no {path}")))?;
    /// scenario.subject = "likes".to_owned();
    /// let error = scenario.check_in(text, &registry).unwrap_err();
    /// assert_eq!(error.span().map(|span| &text[span]), Some("2"));
    /// # Ok::<(), rejoin_sim::ScenarioError>(())
    /// ```
    pub fn check_in(&self, text: &str, registry: &Registry) -> Result<(), ScenarioError> {
        check::check(self, Some(registry), Some(text))
    }

    /// Checks a scenario that was made or changed by a program.
    ///
    /// # Errors
    ///
    /// What is wrong, without a place.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::{Registry, TypeSubject};
    /// let mut registry = Registry::new();
    /// registry.add(TypeSubject::new("likes", "how many like it", GCounterModel));
    /// use rejoin_sim::Scenario;
    /// assert!(Scenario::of("likes").check(&registry).is_ok());
    /// assert!(Scenario { loss: 2.0, ..Scenario::of("likes") }.check(&registry).is_err());
    /// ```
    pub fn check(&self, registry: &Registry) -> Result<(), ScenarioError> {
        check::check(self, Some(registry), None)
    }

    /// Reads a scenario from TOML without checking it.
    pub(crate) fn parse_unchecked(text: &str) -> Result<Self, ScenarioError> {
        Self::read(text, &mut |path| Err(format!("`{path}` should have been read")))
    }

    /// Checks everything but the names of its type and policy.
    pub(crate) fn check_numbers(&self) -> Result<(), ScenarioError> {
        check::check(self, None, None)
    }

    /// The scenario as TOML, every default written out.
    ///
    /// # Errors
    ///
    /// If a number does not fit in TOML, whose integers have 63 bits.
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::{Registry, TypeSubject};
    /// let mut registry = Registry::new();
    /// registry.add(TypeSubject::new("likes", "how many like it", GCounterModel));
    /// use rejoin_sim::Scenario;
    /// let scenario = Scenario::of("likes");
    /// assert_eq!(Scenario::parse(&scenario.to_toml()?, &registry)?, scenario);
    /// # Ok::<(), rejoin_sim::ScenarioError>(())
    /// ```
    pub fn to_toml(&self) -> Result<String, ScenarioError> {
        toml::to_string(self).map_err(|error| ScenarioError::new(error.to_string(), None))
    }
}

impl Scenario {
    /// Whether `class` is checked.
    ///
    /// ```
    /// use rejoin_sim::{Class, Scenario};
    /// let all = Scenario::of("or-map");
    /// assert!(all.checks(Class::Liveness));
    /// let some = Scenario { checks: Some(vec![Class::Specification]), ..all };
    /// assert!(!some.checks(Class::Liveness));
    /// ```
    #[must_use]
    pub fn checks(&self, class: Class) -> bool {
        self.checks.as_ref().is_none_or(|checks| checks.contains(&class))
    }

    /// Fills in what other keys say.
    fn normalise(&mut self) {
        if self.replicas == default::unset() {
            self.replicas = self.topology.replicas().unwrap_or(default::REPLICAS);
        }
    }
}

mod default {
    pub(super) const REPLICAS: u64 = 3;
    /// No number that TOML can write.
    pub(super) const fn unset() -> u64 {
        u64::MAX
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
