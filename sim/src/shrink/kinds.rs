//! Fault kinds, switched off one by one.

use super::Step;
use super::search::Search;
use crate::scenario::{Caps, Latency, Topology};
use crate::trace::{ClockStart, Fault, Passage, Trace, Way};
use crate::violation::Class;

/// A kind of trouble, or of variety, that a trace can do without.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Partitions,
    Crashes,
    Identities,
    Pauses,
    Churn,
    ClockFaults,
    ClockStarts,
    Damage,
    Redelivery,
    Duplicates,
    Reordering,
    Bandwidth,
    Links,
    Latency,
    Caps,
    Topology,
    Clients,
}

const ALL: [Kind; 17] = [
    Kind::Partitions,
    Kind::Crashes,
    Kind::Identities,
    Kind::Pauses,
    Kind::Churn,
    Kind::ClockFaults,
    Kind::ClockStarts,
    Kind::Damage,
    Kind::Redelivery,
    Kind::Duplicates,
    Kind::Reordering,
    Kind::Bandwidth,
    Kind::Links,
    Kind::Latency,
    Kind::Caps,
    Kind::Topology,
    Kind::Clients,
];

/// How many kinds there are in a trace.
pub(super) fn count(trace: &Trace) -> u64 {
    ALL.iter().filter(|kind| kind.is_on(trace)).count() as u64
}

/// Switches off what is not needed: all at once if possible, or one after the other.
pub(super) fn switch_off(search: &mut Search<'_>) {
    search.step = Step::Kinds;
    let off = |trace: &Trace, kinds: &[Kind]| {
        let mut trace = trace.clone();
        kinds.iter().for_each(|kind| kind.switch_off(&mut trace));
        trace
    };
    // The usual intervals may be longer than there is time to settle.
    let may = |kind: &Kind| {
        !matches!(kind, Kind::Caps)
            || search.best.outcome.violation.as_ref().is_some_and(|it| it.class != Class::Liveness)
    };
    let kinds: Vec<Kind> = ALL.into_iter().filter(may).collect();
    search.attempt(off(&search.best.trace, &kinds));
    for kind in kinds {
        if kind.is_on(&search.best.trace) {
            search.attempt(off(&search.best.trace, &[kind]));
        }
    }
}

impl Kind {
    fn is_on(self, trace: &Trace) -> bool {
        let (scenario, decisions) = (&trace.scenario, &trace.decisions);
        let mut passages = decisions.fates.iter().flat_map(|(_, fate)| &fate.copies);
        match self {
            Self::Damage => scenario.corrupt > 0.0 || passages.any(|it| it.damage.is_some()),
            Self::Redelivery => passages.any(|it| it.way == Way::Again),
            Self::Reordering => passages.any(|it| it.way == Way::Unordered),
            Self::Duplicates => decisions
                .fates
                .iter()
                .any(|(_, fate)| fate.copies.iter().filter(|it| it.way != Way::Again).count() > 1),
            Self::Bandwidth => scenario.bandwidth.is_some(),
            Self::Links => !scenario.link.is_empty(),
            Self::Latency => !matches!(scenario.latency, Latency::Constant { .. }),
            Self::Caps => scenario.config != Caps::default(),
            Self::Topology => scenario.topology != Topology::Mesh,
            Self::Clients => scenario.clients.is_some(),
            Self::ClockStarts => decisions.clocks.iter().any(|it| *it != ClockStart::default()),
            _ => decisions.faults.iter().any(|decision| self.is(&decision.fault)),
        }
    }

    /// Whether a fault is of this kind.
    fn is(self, fault: &Fault) -> bool {
        match self {
            Self::Partitions => matches!(fault, Fault::Cut { .. } | Fault::Heal { .. }),
            Self::Crashes => matches!(fault, Fault::Crash { .. } | Fault::Restart { .. }),
            Self::Identities => matches!(fault, Fault::Restart { reuse_identity: true, .. }),
            Self::Pauses => matches!(fault, Fault::Pause { .. } | Fault::Resume { .. }),
            Self::Churn => matches!(fault, Fault::Join { .. } | Fault::Leave { .. }),
            Self::ClockFaults => matches!(fault, Fault::Clock { .. }),
            _ => false,
        }
    }

    fn switch_off(self, trace: &mut Trace) {
        let (scenario, decisions) = (&mut trace.scenario, &mut trace.decisions);
        let fates = &mut decisions.fates;
        let mut each = |change: fn(&mut Passage)| {
            fates.iter_mut().flat_map(|(_, fate)| &mut fate.copies).for_each(change);
        };
        match self {
            Self::Damage => {
                scenario.corrupt = 0.0;
                each(|it| it.damage = None);
            }
            Self::Reordering => each(|it| {
                if it.way == Way::Unordered {
                    it.way = Way::Ordered;
                }
            }),
            Self::Redelivery => {
                fates.iter_mut().for_each(|(_, fate)| {
                    fate.copies.retain(|it| it.way != Way::Again);
                });
            }
            Self::Duplicates => fates.iter_mut().for_each(|(_, fate)| {
                let mut first = true;
                fate.copies
                    .retain(|it| it.way == Way::Again || std::mem::replace(&mut first, false));
            }),
            Self::Bandwidth => scenario.bandwidth = None,
            Self::Links => scenario.link.clear(),
            Self::Latency => {
                // Whole milliseconds are easier to read.
                let ms = (scenario.latency.typical_us() / 1_000).clamp(1, 50) as f64;
                scenario.latency = Latency::Constant { ms };
                let latency_us = scenario.latency.typical_us();
                fates
                    .iter_mut()
                    .flat_map(|(_, fate)| &mut fate.copies)
                    .for_each(|it| it.latency_us = latency_us);
            }
            Self::Caps => scenario.config = Caps::default(),
            Self::Topology => scenario.topology = Topology::Mesh,
            Self::Clients => {
                scenario.clients = None;
                decisions.operations.iter_mut().for_each(|it| it.client = None);
            }
            Self::ClockStarts => decisions.clocks.clear(),
            Self::Identities => {
                for decision in &mut decisions.faults {
                    if let Fault::Restart { reuse_identity, .. } = &mut decision.fault {
                        *reuse_identity = false;
                    }
                }
            }
            _ => decisions.faults.retain(|decision| !self.is(&decision.fault)),
        }
    }
}
