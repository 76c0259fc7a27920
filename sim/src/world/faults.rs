//! What faults do, and how they end.

use rejoin_crdts::sync::{Outbox, Protocol};

use super::World;
use super::effects::Effects;
use crate::EventId;
use crate::check::{Check, Witness, address};
use crate::rng::{Draws, Kind, Stream};
use crate::scenario::Disk;
use crate::timeline::Happening;
use crate::trace::Fault;

impl<P: Protocol, W: Witness<P>> World<'_, P, W> {
    /// Starts the replica at `node` with what is on its disk; returns how many operations that
    /// gives back.
    pub(super) fn start(&mut self, event: EventId, node: usize) -> Check<usize> {
        let mut draws = Draws::new(self.setup.seed, Stream::Replica, event);
        let mut out = Outbox::new(&mut draws);
        let here = &mut self.nodes[node];
        let now_ms = here.clock_ms(self.now);
        let (spec, config) = (self.spec.clone(), self.config.clone());
        let mut replica = P::start(spec, config, here.id(), here.disk.clone(), now_ms, &mut out);
        replica.members(now_ms, &here.neighbours, &mut out);
        let outputs = out.into_outputs();
        let replica = here.replica.insert(replica);
        let moment = crate::check::Moment { step: self.step, at: self.now, node };
        let recovered = self.judge.started(moment, replica)?;
        self.effect(node, Effects { cause: event, outputs })?;
        self.log_event(event, Kind::Start, (0, address(node)), &[]);
        Ok(recovered)
    }

    pub(super) fn fault(&mut self, event: EventId, index: usize) -> Check {
        if self.calm_since.is_some() {
            return Ok(());
        }
        match self.plan.faults[index].fault.clone() {
            Fault::Cut { cut, groups } => {
                self.network.cut(cut, &groups);
                let named: Vec<u64> = groups.iter().flatten().copied().collect();
                let rest: Vec<u64> =
                    (0..self.nodes.len()).map(address).filter(|it| !named.contains(it)).collect();
                let mut groups = groups;
                if !rest.is_empty() {
                    groups.push(rest);
                }
                self.cuts.insert(cut, groups.clone());
                self.story.armed = true;
                self.story.wrote.fill(false);
                self.log.note(self.now, Happening::Partition { groups });
            }
            Fault::Heal { cut } => self.heal(cut),
            Fault::Crash { replica, disk } => self.crash((replica - 1) as usize, disk),
            Fault::Restart { replica } => self.restart(event, (replica - 1) as usize)?,
        }
        self.log_event(event, Kind::Fault, (0, 0), &[]);
        Ok(())
    }

    fn heal(&mut self, cut: u64) {
        if let Some(groups) = self.cuts.remove(&cut) {
            self.network.heal(cut);
            self.log.note(self.now, Happening::Heal { groups });
        }
    }

    fn crash(&mut self, node: usize, disk: Disk) {
        let moment = self.moment(node);
        if self.nodes[node].replica.take().is_none() {
            return;
        }
        match disk {
            Disk::Kept => self.crashes_kept += 1,
            Disk::Lost => {
                self.crashes_lost += 1;
                self.nodes[node].disk.clear();
            }
        }
        let gone = self.judge.crashed(moment, disk);
        let replica = moment.address();
        self.log.note(self.now, Happening::Crash { replica, disk, gone });
    }

    fn restart(&mut self, event: EventId, node: usize) -> Check {
        if self.nodes[node].replica.is_some() {
            return Ok(());
        }
        self.nodes[node].reincarnate();
        let (replica, incarnation) = (self.nodes[node].address, self.nodes[node].life);
        let recovered = self.start(event, node)? as u64;
        self.log.note(self.now, Happening::Restart { replica, incarnation, recovered });
        Ok(())
    }

    /// Ends all faults: from here on the replicas must settle by themselves.
    pub(super) fn calm(&mut self, event: EventId) -> Check {
        for cut in self.network.cuts() {
            self.heal(cut);
        }
        self.network.calm();
        for node in 0..self.nodes.len() {
            if self.nodes[node].replica.is_none() {
                self.restart(event.child(Kind::Start, &address(node).to_le_bytes(), 0), node)?;
            }
        }
        self.calm_since = Some(self.now);
        self.log.note(self.now, Happening::Calm);
        self.log_event(event, Kind::Calm, (0, 0), &[]);
        Ok(())
    }
}
