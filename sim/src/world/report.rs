//! The outcome of a finished run.

use rejoin_crdts::sync::Protocol;

use super::World;
use crate::check::{Check, Losses, Witness};
use crate::outcome::{FaultCount, Outcome, Verdict};
use crate::scenario::Disk;
use crate::timeline::Happening;
use crate::trace::{Fault, TraceError};

impl<P: Protocol, W: Witness<P>> World<'_, P, W> {
    pub(super) fn report(mut self, end: Check<Losses>) -> Result<Outcome, TraceError> {
        let mut violation = None;
        match end {
            Ok(losses) => {
                self.operations.struck = losses.struck;
                self.operations.excused = losses.excused;
            }
            Err(found) => {
                let class = found.class;
                self.log.note(self.now, Happening::Violated { class });
                violation = Some(*found);
            }
        }
        self.operations.acknowledged = self.judge.acknowledged();
        self.operations.concurrent_pairs = self.judge.concurrent_pairs();
        self.traffic.bytes_per_op =
            self.traffic.bytes.checked_div(self.operations.performed).unwrap_or(0);
        let vacuous_because = match (self.operations.performed, self.operations.concurrent_pairs) {
            (0, _) => Some("no operation was performed".to_owned()),
            (_, 0) => Some("no two operations that changed something were concurrent".to_owned()),
            _ => None,
        };
        let verdict = match (&violation, &vacuous_because) {
            (Some(_), _) => Verdict::Violated,
            (None, Some(_)) => Verdict::Vacuous,
            (None, None) => Verdict::Held,
        };
        let faults = self.fault_counts();
        let mut decisions = self.plan.write().map_err(TraceError::Unwritable)?;
        decisions.fates = std::mem::take(&mut self.network.fates);
        let mut scenario = self.setup.scenario.clone();
        scenario.policy = Some(self.setup.policy.to_owned());
        Ok(Outcome {
            subject: scenario.subject.clone(),
            policy: self.setup.policy.to_owned(),
            seed: self.setup.seed,
            scenario,
            verdict,
            violation,
            vacuous_because,
            first_difference_us: None,
            faults,
            operations: self.operations,
            traffic: self.traffic,
            final_values: self.judge.readings(),
            fingerprint: self.log.fingerprint(),
            events: self.log.digests.len() as u64,
            healed_us: self.calm_since,
            ended_us: self.now,
            timeline: self.log.timeline,
            decisions,
            digests: self.log.digests,
        })
    }

    fn fault_counts(&self) -> Vec<FaultCount> {
        let scenario = self.setup.scenario;
        let planned =
            |kind: fn(&Fault) -> bool| self.plan.faults.iter().any(|fault| kind(&fault.fault));
        let skewed = self.plan.clock_ahead_ms.iter().filter(|&&ahead_ms| ahead_ms > 0).count();
        let fired = self.network.fired;
        let count = |name: &str, unit: &str, configured, fired| FaultCount {
            name: name.to_owned(),
            unit: unit.to_owned(),
            configured,
            fired,
        };
        let kept = |fault: &Fault| matches!(fault, Fault::Crash { disk: Disk::Kept, .. });
        let lost = |fault: &Fault| matches!(fault, Fault::Crash { disk: Disk::Lost, .. });
        let cut = |fault: &Fault| matches!(fault, Fault::Cut { .. });
        vec![
            count("loss", "messages lost", scenario.loss > 0.0, fired.lost),
            count("duplicate", "messages doubled", scenario.duplicate > 0.0, fired.doubled),
            count("reorder", "messages overtaken", scenario.reorder > 0.0, fired.reordered),
            count("partition", "messages stopped by a cut", planned(cut), fired.cut),
            count("crash-kept", "crashes, disk kept", planned(kept), self.crashes_kept),
            count("crash-lost", "crashes, disk lost", planned(lost), self.crashes_lost),
            count("skew", "clocks ahead", scenario.skew_ms > 0, skewed as u64),
        ]
    }
}
