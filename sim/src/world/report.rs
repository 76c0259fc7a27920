//! The outcome of a finished run.

use rejoin_crdts::sync::Protocol;

use super::World;
use crate::check::{Check, Losses, Witness};
use crate::network::Post;
use crate::outcome::{FaultCount, Outcome, Size, Verdict};
use crate::scenario::{Disk, Link, PartitionKind};
use crate::timeline::Happening;
use crate::trace::{ClockChange, ClockStart, Decisions, Fault, TraceError};

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
            _ if !self.watching => Some("nothing was checked: `checks` is empty".to_owned()),
            (0, _) => Some("no operation was performed".to_owned()),
            (_, 0) => Some("no two operations that changed something were concurrent".to_owned()),
            _ => None,
        };
        let verdict = match (&violation, &vacuous_because) {
            (Some(_), _) => Verdict::Violated,
            (None, Some(_)) => Verdict::Vacuous,
            (None, None) => Verdict::Held,
        };
        let wrong = |clock: &&ClockStart| **clock != ClockStart::default();
        let size = Size {
            replicas: self.nodes.iter().filter(|node| node.inhabited).count() as u64,
            operations: self.operations.performed,
            faults: self.size.faults + self.plan.clocks.iter().filter(wrong).count() as u64,
            ..self.size
        };
        let Post { sent, arrived, .. } = self.network.post.take().unwrap_or_default();
        let faults = self.fault_counts();
        let decisions = match self.network.fates.take() {
            None => Decisions::default(),
            Some(fates) => {
                let rest = self.network.rest();
                Decisions { fates, rest, ..self.plan.write().map_err(TraceError::Unwritable)? }
            }
        };
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
            first_difference: None,
            faults,
            operations: self.operations,
            sessions: self.judge.session_counts(),
            traffic: self.traffic,
            size,
            final_values: self.judge.readings(),
            fingerprint: self.log.fingerprint(),
            events: self.log.events,
            healed_us: self.calm_since,
            ended_us: self.now,
            timeline: self.log.timeline,
            decisions,
            sent,
            arrived,
            steps: self.log.steps.unwrap_or_default(),
        })
    }

    fn fault_counts(&self) -> Vec<FaultCount> {
        let scenario = self.setup.scenario;
        let planned =
            |kind: &dyn Fn(&Fault) -> bool| self.plan.faults.iter().any(|fault| kind(&fault.fault));
        let anywhere = |whole: f64, link: fn(&Link) -> Option<f64>| {
            whole > 0.0 || scenario.link.iter().any(|rule| link(rule).is_some_and(|p| p > 0.0))
        };
        let fired = self.network.fired;
        let mut counts = Vec::new();
        let mut count = |name: &str, unit: &str, configured, fired| {
            let (name, unit) = (name.to_owned(), unit.to_owned());
            counts.push(FaultCount { name, unit, configured, fired });
        };
        let loss = anywhere(scenario.loss, |rule| rule.loss);
        count("loss", "messages lost", loss, fired.lost);
        let duplicate = anywhere(scenario.duplicate, |rule| rule.duplicate);
        count("duplicate", "messages doubled", duplicate, fired.doubled);
        let reorder = anywhere(scenario.reorder, |rule| rule.reorder);
        count("reorder", "messages overtaken", reorder, fired.reordered);
        let redeliver = anywhere(scenario.redeliver, |rule| rule.redeliver);
        count("redeliver", "old messages again", redeliver, fired.redelivered);
        let corrupt = anywhere(scenario.corrupt, |rule| rule.corrupt);
        count("corrupt", "damaged messages refused", corrupt, self.struck.corrupted);
        let bandwidth =
            scenario.bandwidth.is_some() || scenario.link.iter().any(|l| l.bandwidth.is_some());
        count("queue", "messages that waited to be sent", bandwidth, fired.queued);
        count("overflow", "messages dropped for lack of room", false, fired.overflowed);
        let cut = planned(&|fault| matches!(fault, Fault::Cut { .. }));
        count("partition", "messages stopped by a cut", cut, fired.cut);
        for kind in PartitionKind::ALL {
            let is = |fault: &Fault| matches!(fault, Fault::Cut { kind: k, .. } if *k == kind);
            let unit = match kind {
                PartitionKind::Groups => "cuts into groups",
                PartitionKind::OneWay => "cuts in one direction",
                PartitionKind::Bridge => "cuts with a bridge",
                PartitionKind::Ring => "cuts down to a ring",
                PartitionKind::Isolate => "cuts around single replicas",
                PartitionKind::Partial => "cuts of some links",
            };
            let cuts = self.struck.cuts.get(&kind).copied().unwrap_or(0);
            count(&format!("partition-{}", kind.name()), unit, planned(&is), cuts);
        }
        for (disk, name, unit) in [
            (Disk::Kept, "crash-kept", "crashes, disk kept"),
            (Disk::RolledBack, "crash-rolled-back", "crashes, disk rolled back"),
            (Disk::Partly, "crash-partly", "crashes, disk partly kept"),
            (Disk::Lost, "crash-lost", "crashes, disk lost"),
        ] {
            let is = |fault: &Fault| matches!(fault, Fault::Crash { disk: d, .. } if *d == disk);
            let crashes = self.struck.crashes.get(&disk).copied().unwrap_or(0);
            count(name, unit, planned(&is), crashes);
        }
        let reused = |fault: &Fault| matches!(fault, Fault::Restart { reuse_identity: true, .. });
        count("reuse-identity", "identities used again", planned(&reused), self.struck.reused);
        let pause = planned(&|fault| matches!(fault, Fault::Pause { .. }));
        count("pause", "pauses", pause, self.struck.pauses);
        let ahead = self.plan.clocks.iter().filter(|clock| clock.ahead_ms > 0).count() as u64;
        count("skew", "clocks ahead", scenario.skew_ms > 0, ahead);
        let clock = |is: fn(&ClockChange) -> bool| {
            planned(&move |fault| matches!(fault, Fault::Clock { change, .. } if is(change)))
        };
        let drifting = self.plan.clocks.iter().filter(|clock| clock.drift_ppm != 0).count() as u64;
        let drift = clock(|change| matches!(change, ClockChange::Drift(_)));
        let drifts = drifting + self.struck.drifts;
        count("clock-drift", "clocks fast or slow", drift || scenario.drift_ppm > 0, drifts);
        let jump = clock(|change| matches!(change, ClockChange::Jump(_)));
        count("clock-jump", "jumps of clocks", jump, self.struck.jumps);
        let stop = clock(|change| matches!(change, ClockChange::Stop));
        count("clock-stop", "clocks stopped", stop, self.struck.stops);
        let set = clock(|change| matches!(change, ClockChange::Set(_)));
        count("clock-set", "clocks set", set, self.struck.sets);
        let join = planned(&|fault| matches!(fault, Fault::Join { .. }));
        count("join", "replicas joined", join, self.struck.joins);
        let leave = planned(&|fault| matches!(fault, Fault::Leave { .. }));
        count("leave", "replicas left", leave, self.struck.leaves);
        counts
    }
}
