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
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        presets().iter().find(|preset| preset.name == name)
    }

    /// The scenario that its text describes.
    ///
    /// # Errors
    ///
    /// If `registry` lacks its type.
    pub fn scenario(&self, registry: &Registry) -> Result<Scenario, ScenarioError> {
        Scenario::parse(self.text, registry)
    }
}

/// All presets; the first is what is run when none is named.
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
