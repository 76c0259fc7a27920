//! What faults do, and how they end.

use rejoin_crdts::sync::{Outbox, Protocol};

use super::{Event, World};
use crate::check::{Check, Moment, Witness, address};
use crate::rng::{Kind, Stream};
use crate::scenario::Disk;
use crate::timeline::Happening;
use crate::trace::{ClockChange, Fault};
use crate::{EventId, Time};

impl<P: Protocol, W: Witness<P>> World<'_, P, W> {
    /// Starts the replica at `node` with what is on its disk; returns how many operations that
    /// gives back.
    pub(super) fn start(&mut self, event: EventId, node: usize) -> Check<usize> {
        let mut draws = self.seed.draws(Stream::Replica, event);
        let mut out = Outbox::new(&mut draws);
        let neighbours = self.members_near(node);
        let here = &mut self.nodes[node];
        here.misinformed = false;
        here.inhabited = true;
        here.boots += 1;
        let now_ms = here.clock.ms(self.now);
        let (spec, config) = (self.spec.clone(), self.config.clone());
        let (id, disk) = (here.id(address(node)), here.storage.read());
        let mut replica = P::start(spec, config, id, disk, now_ms, &mut out);
        replica.members(now_ms, &neighbours, &mut out);
        self.outputs = out.into_outputs();
        let replica = here.replica.insert(replica);
        let moment = Moment { step: self.step, at: self.now, node };
        let recovered = if self.watching { self.judge.started(moment, replica)? } else { 0 };
        self.effect(node, event)?;
        self.log_event(event, Kind::Start, (0, address(node)), &[]);
        Ok(recovered)
    }

    /// The addresses of the neighbours of a replica that have joined and not left.
    fn members_near(&self, node: usize) -> Vec<u64> {
        let near = self.network.neighbours(node);
        near.filter(|&near| self.nodes[near].member).map(address).collect()
    }

    pub(super) fn fault(&mut self, event: EventId, index: usize) -> Check {
        if self.calm_since.is_some() {
            return Ok(());
        }
        self.size.faults += 1;
        let fault = self.plan.faults[index].fault.clone();
        self.log_event(event, Kind::Fault, (0, 0), &[]);
        let node = fault.replica().map_or(0, |replica| (replica - 1) as usize);
        match fault {
            Fault::Cut { cut, kind, ref groups } => {
                self.network.cut(&fault);
                *self.struck.cuts.entry(kind).or_default() += 1;
                let mut groups = groups.clone();
                if matches!(
                    kind,
                    crate::scenario::PartitionKind::Groups | crate::scenario::PartitionKind::OneWay
                ) {
                    let named: Vec<u64> = groups.iter().flatten().copied().collect();
                    let rest: Vec<u64> = (0..self.nodes.len())
                        .map(address)
                        .filter(|it| !named.contains(it))
                        .collect();
                    groups.extend((!rest.is_empty()).then_some(rest));
                }
                self.cuts.insert(cut, (kind, groups.clone()));
                self.note_cut();
                self.log.note(self.now, Happening::Partition { partition: kind, groups });
            }
            Fault::Heal { cut } => self.heal(cut),
            Fault::Crash { disk, .. } => self.crash(event, node, disk),
            Fault::Restart { reuse_identity, .. } => self.restart(event, node, reuse_identity)?,
            Fault::Pause { .. } => self.pause(node),
            Fault::Resume { .. } => self.resume(event, node)?,
            Fault::Clock { change, .. } => self.change_clock(node, change),
            Fault::Join { .. } => self.join(event, node)?,
            Fault::Leave { .. } => self.leave(event, node)?,
        }
        Ok(())
    }

    fn heal(&mut self, cut: u64) {
        if let Some((partition, groups)) = self.cuts.remove(&cut) {
            self.network.heal(cut);
            self.note_heal();
            self.log.note(self.now, Happening::Heal { partition, groups });
        }
    }

    fn crash(&mut self, event: EventId, node: usize, disk: Disk) {
        let moment = self.moment(node);
        if self.nodes[node].replica.take().is_none() {
            return;
        }
        self.drop_backlog(node);
        let mut draws = self.seed.draws(Stream::Nemesis, event);
        let lost = self.nodes[node].storage.crash(disk, &mut draws);
        *self.struck.crashes.entry(disk).or_default() += 1;
        let gone = self.judge.crashed(moment, disk, lost);
        let replica = moment.address();
        self.log.note(self.now, Happening::Crash { replica, disk, gone });
    }

    fn restart(&mut self, event: EventId, node: usize, reuse_identity: bool) -> Check {
        if self.nodes[node].replica.is_some() || !self.nodes[node].member {
            return Ok(());
        }
        if reuse_identity {
            self.struck.reused += 1;
        } else {
            self.nodes[node].reincarnate();
        }
        let (replica, incarnation) = (address(node), self.nodes[node].incarnation());
        let recovered = self.start(event, node)? as u64;
        self.log.note(self.now, Happening::Restart { replica, incarnation, recovered });
        Ok(())
    }

    /// What waited at a replica that stood still finds nobody.
    fn drop_backlog(&mut self, node: usize) {
        for (_, event) in self.nodes[node].backlog.take().map_or_else(Vec::new, |waiting| *waiting)
        {
            match event {
                Event::Operation { .. } => self.operations.skipped += 1,
                Event::Deliver { .. } => self.traffic.undeliverable += 1,
                _ => {}
            }
        }
    }

    fn pause(&mut self, node: usize) {
        let here = &mut self.nodes[node];
        if here.replica.is_some() && here.backlog.is_none() {
            here.backlog = Some(Box::default());
            self.struck.pauses += 1;
            self.log.note(self.now, Happening::Pause { replica: address(node) });
        }
    }

    fn resume(&mut self, event: EventId, node: usize) -> Check {
        let Some(backlog) = self.nodes[node].backlog.take() else { return Ok(()) };
        let waited = backlog.len() as u64;
        self.struck.flooded += waited;
        self.log.note(self.now, Happening::Resume { replica: address(node), waited });
        if self.nodes[node].misinformed {
            self.inform(event, node)?;
        }
        for (id, event) in *backlog {
            self.step += 1;
            self.carry_out(id, event)?;
        }
        Ok(())
    }

    fn change_clock(&mut self, node: usize, change: ClockChange) {
        self.nodes[node].clock.change(self.now, change);
        match change {
            ClockChange::Jump(_) => self.struck.jumps += 1,
            ClockChange::Drift(_) => self.struck.drifts += 1,
            ClockChange::Stop => self.struck.stops += 1,
            ClockChange::Set(_) => self.struck.sets += 1,
            ClockChange::Right => {}
        }
        self.log.note(self.now, Happening::Clock { replica: address(node), change });
    }

    fn join(&mut self, event: EventId, node: usize) -> Check {
        if self.nodes[node].member {
            return Ok(());
        }
        self.struck.joins += 1;
        self.nodes[node].member = true;
        self.nodes[node].reincarnate();
        self.start(event, node)?;
        let (replica, incarnation) = (address(node), self.nodes[node].incarnation());
        self.log.note(self.now, Happening::Join { replica, incarnation });
        self.tell_neighbours(event, node)
    }

    fn leave(&mut self, event: EventId, node: usize) -> Check {
        let moment = self.moment(node);
        if !self.nodes[node].member {
            return Ok(());
        }
        self.struck.leaves += 1;
        self.drop_backlog(node);
        let here = &mut self.nodes[node];
        here.member = false;
        here.replica = None;
        let mut draws = self.seed.draws(Stream::Nemesis, event);
        let lost = here.storage.crash(Disk::Lost, &mut draws);
        let gone = self.judge.crashed(moment, Disk::Lost, lost);
        self.log.note(self.now, Happening::Leave { replica: moment.address(), gone });
        self.tell_neighbours(event, node)
    }

    /// Tells the neighbours of a replica that it joined or left.
    fn tell_neighbours(&mut self, event: EventId, node: usize) -> Check {
        let near: Vec<usize> = self.network.neighbours(node).collect();
        for near in near {
            if self.nodes[near].backlog.is_some() {
                self.nodes[near].misinformed = true;
            } else {
                self.inform(event, near)?;
            }
        }
        Ok(())
    }

    /// Tells a replica who its neighbours are.
    fn inform(&mut self, event: EventId, node: usize) -> Check {
        self.nodes[node].misinformed = false;
        let peers = self.members_near(node);
        let event = event.child(Kind::Members, address(node), 0);
        let acted =
            self.act(event, node, |replica, now_ms, out| replica.members(now_ms, &peers, out));
        let Some(()) = acted else { return Ok(()) };
        self.observe(node)?;
        self.effect(node, event)?;
        self.log_event(event, Kind::Members, (0, address(node)), &[]);
        Ok(())
    }

    /// Ends all faults: from here on the replicas must settle by themselves.
    pub(super) fn calm(&mut self, event: EventId) -> Check {
        for cut in self.network.cuts() {
            self.heal(cut);
        }
        for (at, id) in self.network.calm() {
            self.release(at, id);
        }
        let from_event = |kind, node| event.child(kind, address(node), 0);
        for node in 0..self.nodes.len() {
            self.nodes[node].clock.change(self.now, ClockChange::Right);
            self.resume(from_event(Kind::Fault, node), node)?;
            if self.nodes[node].replica.is_none() {
                self.restart(from_event(Kind::Start, node), node, false)?;
            }
        }
        self.calm_since = Some(self.now);
        // What was sent under the faults may be late by them, and nothing overtakes it on its link: no
        // protocol can settle before it has arrived.
        let settle_us = Time::from_ms(self.setup.scenario.settle_ms).as_us();
        self.deadline = Some(self.network.last_arrival.max(self.now).plus_us(settle_us));
        self.log.note(self.now, Happening::Calm);
        self.log_event(event, Kind::Calm, (0, 0), &[]);
        Ok(())
    }
}
