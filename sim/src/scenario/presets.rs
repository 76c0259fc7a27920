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

const PRESETS: [Preset; 5] = [
    Preset {
        name: "cart",
        summary: "a shopping cart edited on both sides of a partition",
        text: include_str!("../presets/cart.toml"),
    },
    Preset {
        name: "counter",
        summary: "a counter changed everywhere while messages are lost, doubled and reordered",
        text: include_str!("../presets/counter.toml"),
    },
    Preset {
        name: "register",
        summary: "a register written by replicas whose clocks disagree by half a second",
        text: include_str!("../presets/register.toml"),
    },
    Preset {
        name: "chain",
        summary: "a set on five replicas in a row, each of which hears only its neighbours",
        text: include_str!("../presets/chain.toml"),
    },
    Preset {
        name: "amnesia",
        summary: "a set on replicas of which one loses its disk and returns as somebody new",
        text: include_str!("../presets/amnesia.toml"),
    },
];
