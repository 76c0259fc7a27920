//! Scenarios that come with the simulator.

use super::{Scenario, ScenarioError};
use crate::subject::Registry;

/// A scenario that comes with the simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name, accepted wherever a scenario's file is.
    pub name: &'static str,
    /// The story, in a line.
    pub summary: &'static str,
    /// The TOML text.
    pub text: &'static str,
}

impl Preset {
    /// The preset called `name`.
    ///
    /// ```
    /// use rejoin_sim::Preset;
    /// assert!(Preset::find("cart").is_some_and(|cart| cart.text.contains("or-map")));
    /// assert!(Preset::find("no such preset").is_none());
    /// ```
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        presets().iter().find(|preset| preset.name == name)
    }

    /// The scenario that its text describes.
    ///
    /// # Errors
    ///
    /// If `registry` lacks its type.
    ///
    /// ```
    /// # use rejoin_crdts::spec::PnCounterModel;
    /// # use rejoin_sim::{Registry, TypeSubject};
    /// let mut registry = Registry::new();
    /// registry.add(TypeSubject::new("pn-counter", "grows and shrinks", PnCounterModel));
    /// use rejoin_sim::Preset;
    /// let counter = Preset::find("counter").expect("it comes with the simulator");
    /// assert_eq!(counter.scenario(&registry)?.subject, "pn-counter");
    /// assert!(counter.scenario(&Registry::new()).is_err()); // which lacks the type
    /// # Ok::<(), rejoin_sim::ScenarioError>(())
    /// ```
    pub fn scenario(&self, registry: &Registry) -> Result<Scenario, ScenarioError> {
        Scenario::parse(self.text, registry)
    }
}

/// All presets; the first is what is run when none is named.
///
/// ```
/// use rejoin_sim::{Preset, presets};
/// assert_eq!(presets().first(), Preset::find("cart"));
/// ```
#[must_use]
pub const fn presets() -> &'static [Preset] {
    &PRESETS
}

macro_rules! preset {
    ($name:literal, $summary:literal) => {
        Preset {
            name: $name,
            summary: $summary,
            text: include_str!(concat!("../presets/", $name, ".toml")),
        }
    };
}

const PRESETS: [Preset; 11] = [
    preset!("cart", "a shopping cart edited on both sides of a partition"),
    preset!("offline-cart", "a cart edited offline for a day"),
    preset!("ride", "the cancelled ride that the driver still sees"),
    preset!("username", "the same user name, registered on two sides"),
    preset!("hot-counter", "a counter that six servers change a hundred times a second"),
    preset!("new-year", "New Year's Eve: the load rises fortyfold while a region is cut off"),
    preset!("edge-fleet", "an edge fleet with intermittent links"),
    preset!(
        "counter",
        "a counter changed everywhere while messages are lost, doubled and reordered"
    ),
    preset!("register", "a register written by replicas whose clocks disagree by half a second"),
    preset!("chain", "a set on five replicas in a row, each of which hears only its neighbours"),
    preset!("amnesia", "a set on replicas of which one loses its disk and returns as somebody new"),
];
