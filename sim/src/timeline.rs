//! The notable moments of a run.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::outcome::Reading;
use crate::scenario::Disk;
use crate::violation::Class;

/// A notable moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at_us: Time,
    /// What happened.
    #[serde(flatten)]
    pub what: Happening,
}

/// What happened at a notable moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Happening {
    /// The network was cut between these groups.
    Partition {
        /// The addresses on each side.
        groups: Vec<Vec<u64>>,
    },
    /// Two replicas read different values, and something was written on either side: the first such
    /// moment of each partition, or of the run if it has none.
    Diverged {
        /// The two values.
        values: Vec<Reading>,
    },
    /// A partition ended.
    Heal {
        /// The addresses that had been on each side.
        groups: Vec<Vec<u64>>,
    },
    /// A replica crashed.
    Crash {
        /// Its address.
        replica: u64,
        /// What became of its disk.
        disk: Disk,
        /// Operations that no live replica shows any more.
        gone: u64,
    },
    /// A replica came back.
    Restart {
        /// Its address.
        replica: u64,
        /// Its new incarnation.
        incarnation: u64,
        /// How many operations its disk gave back.
        recovered: u64,
    },
    /// Faults and clients are done: from here on the replicas must settle by themselves.
    Calm,
    /// All live replicas know the same and read the same, after they had diverged.
    Agreed {
        /// What all of them read.
        value: String,
    },
    /// A check failed; the run ends here.
    Violated {
        /// Which check.
        class: Class,
    },
}
