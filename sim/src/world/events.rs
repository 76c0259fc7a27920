//! What events do.

use rejoin_crdts::sync::Protocol;

use super::{Event, World};
use crate::EventId;
use crate::check::{Check, Moment, Rumour, Witness, address};
use crate::network::Transit;
use crate::rng::Kind;
use crate::timeline::Happening;
use crate::violation::{Class, Violation};

impl<P: Protocol, W: Witness<P>> World<'_, P, W> {
    /// Carries out an event; returns whether a replica knows something else since, or may wait for
    /// something else.
    pub(super) fn carry_out(&mut self, id: EventId, event: Event<P>) -> Check<bool> {
        match event {
            Event::Start { node } => {
                self.start(id, node)?;
                Ok(true)
            }
            Event::Operation { index } => self.operation(id, index),
            Event::Fault { index } => {
                self.fault(id, index)?;
                Ok(true)
            }
            Event::Deliver { transit, bytes, rumour } => self.deliver(id, transit, &bytes, &rumour),
            Event::Timer { node, life, timer } => self.timer(id, node, life, timer),
            Event::Calm => {
                self.calm(id)?;
                Ok(true)
            }
        }
    }

    fn operation(&mut self, event: EventId, index: usize) -> Check<bool> {
        let planned = &self.plan.operations[index];
        let (node, op) = (planned.node, planned.op.clone());
        let moment = self.moment(node);
        let Some(before) = self.nodes[node].replica.clone().filter(|_| self.calm_since.is_none())
        else {
            self.operations.skipped += 1;
            return Ok(false);
        };
        let id = self.nodes[node].next_op();
        let asked = op.clone();
        let acted =
            self.act(event, node, |replica, now_ms, out| replica.perform(id, now_ms, asked, out));
        let Some((performed, effects)) = acted else { return Ok(false) };
        let Some(replica) = &self.nodes[node].replica else { return Ok(false) };
        match performed {
            Err(refused) => {
                *self.operations.refused.entry(refused.to_string()).or_default() += 1;
                if *replica != before {
                    let what = format!("the operation {op:?} ({refused})");
                    return Err(self.touched(moment, &what));
                }
            }
            Ok(at) => {
                self.operations.performed += 1;
                self.judge.performed(moment, replica, (id, at), op)?;
                self.nodes[node].count_op();
                self.story.wrote[node] = true;
            }
        }
        self.effect(node, effects)?;
        self.log_event(event, Kind::Operation, (0, address(node)), &[]);
        self.note_divergence(node);
        Ok(true)
    }

    fn deliver(
        &mut self,
        event: EventId,
        transit: Transit,
        bytes: &[u8],
        rumour: &Rumour,
    ) -> Check<bool> {
        let Transit { from, to: node, .. } = transit;
        let (from, to) = (address(from), address(node));
        if !self.network.arrive(transit) {
            return Ok(false);
        }
        if self.nodes[node].replica.is_none() {
            self.traffic.undeliverable += 1;
            return Ok(false);
        }
        let moment = self.moment(node);
        let message = P::decode(bytes).map_err(|error| {
            let explanation =
                format!("A message from r{from} to r{to} arrived as it was sent, but: {error}.");
            self.plain(moment, Class::Wire, explanation)
        })?;
        self.traffic.delivered += 1;
        self.judge.received(node, rumour);
        let acted = self
            .act(event, node, |replica, now_ms, out| replica.receive(now_ms, from, message, out));
        let Some((received, effects)) = acted else { return Ok(false) };
        let Some(replica) = &self.nodes[node].replica else { return Ok(false) };
        let changed = match received {
            Ok(()) => {
                let changed = self.judge.observed(moment, replica)?;
                if changed {
                    self.judge.learned(node, rumour);
                }
                changed
            }
            Err(refused) => {
                self.traffic.refused += 1;
                if self.judge.observed(moment, replica)? {
                    let what = format!("a message from r{from} ({refused})");
                    return Err(self.touched(moment, &what));
                }
                false
            }
        };
        self.effect(node, effects)?;
        self.log_event(event, Kind::Deliver, (from, to), bytes);
        if changed {
            self.note_divergence(node);
        }
        Ok(changed)
    }

    fn timer(&mut self, event: EventId, node: usize, life: u64, timer: P::Timer) -> Check<bool> {
        // The timers of a life end with it.
        if self.nodes[node].life != life {
            return Ok(false);
        }
        let moment = self.moment(node);
        let acted = self.act(event, node, |replica, now_ms, out| {
            replica.timer(now_ms, timer, out);
        });
        let Some(((), effects)) = acted else { return Ok(false) };
        let Some(replica) = &self.nodes[node].replica else { return Ok(false) };
        let changed = self.judge.observed(moment, replica)?;
        self.effect(node, effects)?;
        self.log_event(event, Kind::Timer, (address(node), address(node)), &[]);
        Ok(changed)
    }

    pub(super) fn log_event(
        &mut self,
        id: EventId,
        kind: Kind,
        addresses: (u64, u64),
        bytes: &[u8],
    ) {
        let state = addresses.1.checked_sub(1).map_or(0, |node| self.judge.digest(node as usize));
        self.log.event(self.now, id, kind, addresses, bytes, state);
    }

    /// Notes the first divergence, where both sides have written, and the agreement that ends it.
    pub(super) fn note_divergence(&mut self, node: usize) {
        if self.story.armed {
            let cut = !self.cuts.is_empty();
            let apart = |a: usize, b: usize| if cut { self.network.is_cut(a, b) } else { a != b };
            let wrote = |side: usize| {
                let mut writers = self.story.wrote.iter().enumerate();
                writers.any(|(writer, &wrote)| wrote && !apart(side, writer))
            };
            let others = (0..self.nodes.len()).filter(|&other| apart(node, other) && wrote(other));
            let diverged = wrote(node).then(|| self.judge.diverged(node, others)).flatten();
            if let Some(values) = diverged {
                self.log.note(self.now, Happening::Diverged { values });
                self.story.armed = false;
                self.story.apart = true;
            }
        } else if self.story.apart
            && self.cuts.is_empty()
            && self.calm_since.is_none()
            && self.judge.agree()
        {
            let value = self.judge.reading(node).map_or_else(String::new, |reading| reading.value);
            self.log.note(self.now, Happening::Agreed { value });
            self.story.apart = false;
        }
    }

    /// Whoever refused something was changed by it.
    fn touched(&self, moment: Moment, what: &str) -> Box<Violation> {
        let explanation = format!("r{} refused {what}, and was changed by it.", moment.address());
        self.plain(moment, Class::Refusal, explanation)
    }

    fn plain(&self, moment: Moment, class: Class, explanation: String) -> Box<Violation> {
        let values = self.judge.reading(moment.node).into_iter().collect();
        Box::new(Violation { values, ..Violation::new(class, self.now, explanation) })
    }
}
