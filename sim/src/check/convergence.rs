//! Strong convergence: equal knowledge means equal states, in memory and in bytes.

use std::collections::BTreeMap;
use std::fmt::Debug;

use rejoin_crdts::OpSet;

use crate::Time;
use crate::outcome::Reading;

/// What a replica was while a certain set of operations was visible there.
#[derive(Clone, Debug)]
pub(crate) struct Evidence<K, V> {
    pub(crate) replica: u64,
    pub(crate) at: Time,
    pub(crate) knowledge: K,
    pub(crate) value: V,
    pub(crate) digest: u128,
}

/// What was seen for each set of visible operations, at any replica and at any time: a state is a
/// function of what is visible, so all later ones must be equal.
#[derive(Debug)]
pub(crate) struct Convergence<K, V> {
    seen: BTreeMap<OpSet, Evidence<K, V>>,
}

/// Two states for one set of visible operations.
#[derive(Debug)]
pub(crate) struct Split {
    pub(crate) values: Vec<Reading>,
    pub(crate) explanation: String,
}

impl<K: Clone + Eq + Debug, V: Clone + Eq + Debug> Convergence<K, V> {
    pub(crate) fn new() -> Self {
        Self { seen: BTreeMap::new() }
    }

    /// Compares with what was seen before.
    pub(crate) fn check(&mut self, visible: &OpSet, now: Evidence<K, V>) -> Result<(), Split> {
        let Some(before) = self.seen.get(visible) else {
            self.seen.insert(visible.clone(), now);
            return Ok(());
        };
        let difference = if before.value != now.value {
            format!("{:?} and {:?} are read", before.value, now.value)
        } else if before.knowledge != now.knowledge {
            format!(
                "{:?} is read from both, but the states differ: {:?} and {:?}",
                now.value, before.knowledge, now.knowledge
            )
        } else if before.digest != now.digest {
            format!("the states are equal, but not their bytes: {:?}", now.knowledge)
        } else {
            return Ok(());
        };
        let whose = if before.replica == now.replica {
            format!("at r{} before ({}) and now ({})", now.replica, before.at, now.at)
        } else {
            format!("at r{} ({}) and at r{} ({})", before.replica, before.at, now.replica, now.at)
        };
        let reading = |side: &Evidence<K, V>| Reading {
            replica: side.replica,
            value: format!("{:?}", side.value),
        };
        Err(Split {
            values: vec![reading(before), reading(&now)],
            explanation: format!(
                "The same {} operations are visible {whose}, yet {difference}.",
                visible.len()
            ),
        })
    }
}
