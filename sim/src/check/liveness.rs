//! Whether the replicas settle by themselves once the faults are over.

use rejoin_crdts::OpSet;
use rejoin_crdts::sync::{Protocol, Waiting};

use super::Check;
use super::acknowledged::Loss;
use super::judge::{Judge, address};
use super::witness::Witness;
use crate::Time;
use crate::outcome::Reading;
use crate::violation::{Anomaly, Class, Violation};

/// What is gone at the end of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    /// Operations that no live replica has.
    pub(crate) struck: u64,
    /// Those of them whose acknowledgement is excused by lost disks.
    pub(crate) excused: u64,
}

/// Why a replica has not settled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unsettled {
    pub(crate) replica: u64,
    pub(crate) missing: OpSet,
    pub(crate) waiting: Vec<Waiting>,
}

impl Unsettled {
    /// `r3 lacks r1:7 and waits for a snapshot from r2`, or nothing if it has settled.
    pub(crate) fn describe(&self, names: impl Fn(&OpSet) -> String) -> Option<String> {
        const SHOWN: usize = 3;
        let mut reasons = Vec::new();
        if !self.missing.is_empty() {
            reasons.push(format!("lacks {}", names(&self.missing)));
        }
        if !self.waiting.is_empty() {
            let mut waiting: Vec<String> =
                self.waiting.iter().take(SHOWN).map(ToString::to_string).collect();
            if self.waiting.len() > SHOWN {
                waiting.push(format!("{} more", self.waiting.len() - SHOWN));
            }
            reasons.push(format!("still waits for {}", waiting.join(", ")));
        }
        (!reasons.is_empty()).then(|| format!("r{} {}", self.replica, reasons.join(" and ")))
    }
}

impl<P: Protocol, W: Witness<P>> Judge<P, W> {
    /// The replicas have not settled in time: the violation that says why.
    pub(crate) fn unsettled(
        &self,
        now: Time,
        waiting: Vec<Vec<Waiting>>,
        because: &str,
    ) -> Box<Violation> {
        let known = self.known_to_somebody();
        let mut missing_anywhere = OpSet::new();
        let mut reasons = Vec::new();
        for (node, waiting) in waiting.into_iter().enumerate() {
            if self.standings[node].live.is_none() {
                continue; // nobody is there
            }
            let mut missing = known.clone();
            missing.subtract(&self.standings[node].visible);
            missing_anywhere.union_with(&missing);
            let unsettled = Unsettled { replica: address(node), missing, waiting };
            reasons.extend(unsettled.describe(|set| self.chronicle.names(set)));
        }
        if reasons.is_empty() {
            let how = if self.agree() { "are not at rest" } else { "differ" };
            reasons.push(format!("the replicas know the same operations, but {how}"));
        }
        let wrong = format!("{because}: {}.", reasons.join("; "));
        Box::new(Violation {
            values: self.readings(),
            operations: self.chronicle.describe_all(&missing_anywhere),
            ..Violation::new(Class::Liveness, now, wrong)
        })
    }

    /// Settles accounts at the end: which operations are lost, and which losses are excused.
    pub(crate) fn account(&self, now: Time) -> Check<Losses> {
        let mut lost = self.chronicle.history.all();
        lost.subtract(&self.known_to_somebody());
        let mut losses = Losses { struck: lost.len() as u64, excused: 0 };
        for operation in lost.iter() {
            match self.acknowledged.judge(operation) {
                Loss::Unpromised => {}
                Loss::Excused => losses.excused += 1,
                Loss::Broken(_) if !self.checks.on(Class::Acknowledged) => {}
                Loss::Broken(held_by) => {
                    let holders: Vec<String> =
                        held_by.iter().map(|address| format!("r{address}")).collect();
                    let named = self.chronicle.describe(operation);
                    let wrong = format!(
                        "{named} was acknowledged as safe on the disk of {}, which was not lost \
                         since (or not all of them), and no replica has it any more.",
                        holders.join(", ")
                    );
                    return Err(Box::new(Violation {
                        values: self.readings(),
                        operations: vec![named],
                        anomaly: Some(Anomaly::LostUpdate),
                        ..Violation::new(Class::Acknowledged, now, wrong)
                    }));
                }
            }
        }
        Ok(losses)
    }

    /// What each live replica reads.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        (0..self.standings.len()).filter_map(|node| self.reading(node)).collect()
    }

    /// How many operations were acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.len() as u64
    }
}
