//! The notable moments of a run.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::outcome::Reading;
use crate::scenario::{Disk, PartitionKind};
use crate::trace::ClockChange;
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
    /// The network was cut.
    Partition {
        /// What was cut.
        partition: PartitionKind,
        /// The addresses it is about: those on each side, those isolated, the ends of each link.
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
        /// What had been cut.
        partition: PartitionKind,
        /// The addresses that it was about.
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
    /// A replica stands still.
    Pause {
        /// Its address.
        replica: u64,
    },
    /// A replica goes on.
    Resume {
        /// Its address.
        replica: u64,
        /// How many messages, timers and operations had been waiting.
        waited: u64,
    },
    /// A replica's wall clock changed.
    Clock {
        /// Its address.
        replica: u64,
        /// How.
        change: ClockChange,
    },
    /// A replica joined.
    Join {
        /// Its address.
        replica: u64,
        /// Its incarnation.
        incarnation: u64,
    },
    /// A replica left for good.
    Leave {
        /// Its address.
        replica: u64,
        /// Operations that no live replica shows any more.
        gone: u64,
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
