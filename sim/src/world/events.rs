//! What events do.

use rejoin_crdts::sync::Protocol;

use super::{Event, Payload, World};
use crate::EventId;
use crate::check::{Check, Moment, Rumour, Witness, address};
use crate::network::{Transit, damage};
use crate::rng::{Kind, Stream};
use crate::violation::{Class, Violation};

/// How long a client waits that was turned away, before it asks again.
const RETRY_US: u64 = 20_000;
/// How often it asks again before it gives up.
const MOST_TRIES: u32 = 50;

impl<P: Protocol, W: Witness<P>> World<'_, P, W> {
    /// Carries out an event; returns whether a replica knows something else since, or may wait for
    /// something else.
    #[inline(always)]
    pub(super) fn carry_out(&mut self, id: EventId, event: Event<P>) -> Check<bool> {
        if let Some(node) = self.target(&event)
            && let Some(backlog) = &mut self.nodes[node].backlog
        {
            backlog.push((id, event));
            return Ok(false);
        }
        match event {
            Event::Start { node } => {
                self.start(id, node)?;
                Ok(true)
            }
            Event::Operation { index, tries } => self.operation(id, index, tries),
            Event::Fault { index } => {
                let id = EventId::root(Kind::Fault, self.plan.faults[index].root);
                self.fault(id, index)?;
                Ok(true)
            }
            Event::Deliver { transit, payload, rumour } => {
                self.deliver(id, transit, payload, &rumour)
            }
            Event::Timer { node, boot, timer } => self.timer(id, node as usize, boot, timer),
            Event::Turn => {
                self.turn();
                Ok(false)
            }
            Event::Calm => {
                self.calm(EventId::root(Kind::Calm, 0))?;
                Ok(true)
            }
        }
    }

    /// The replica that must be awake for an event.
    fn target(&self, event: &Event<P>) -> Option<usize> {
        match event {
            Event::Deliver { transit, .. } => Some(self.network.ends(*transit).1),
            Event::Timer { node, .. } => Some(*node as usize),
            Event::Operation { index, .. } => Some(self.plan.operations[*index].node),
            Event::Start { .. } | Event::Fault { .. } | Event::Turn | Event::Calm => None,
        }
    }

    fn operation(&mut self, event: EventId, index: usize, tries: u32) -> Check<bool> {
        let planned = &self.plan.operations[index];
        let (node, op) = (planned.node, planned.op.clone());
        let moment = self.moment(node);
        if self.nodes[node].replica.is_none() || self.calm_since.is_some() {
            self.operations.skipped += 1;
            return Ok(false);
        }
        let client = planned.client.filter(|_| self.watching);
        if let Some(client) = client
            && let Some(replica) = &self.nodes[node].replica
        {
            if !self.judge.serves(client, replica) {
                let for_good = tries >= MOST_TRIES;
                self.judge.turned_away(client, for_good);
                if for_good {
                    self.operations.skipped += 1;
                } else {
                    let id = event.child(Kind::Operation, 0, 0);
                    let again = Event::Operation { index, tries: tries + 1 };
                    self.queue.push(self.now.plus_us(RETRY_US), id, || again);
                }
                return Ok(false);
            }
            self.judge.served(moment, client, replica)?;
        }
        // Whoever refuses an operation must be as before.
        let before = self.watching.then(|| self.nodes[node].replica.clone()).flatten();
        let id = self.nodes[node].next_op(address(node));
        let asked = op.clone();
        let acted =
            self.act(event, node, |replica, now_ms, out| replica.perform(id, now_ms, asked, out));
        let Some(performed) = acted else { return Ok(false) };
        let Some(replica) = &self.nodes[node].replica else { return Ok(false) };
        match performed {
            Err(refused) => {
                *self.operations.refused.entry(refused.to_string()).or_default() += 1;
                if self.judge.checks(Class::Refusal) && before.is_some_and(|it| *replica != it) {
                    let what = format!("the operation {op:?} ({refused})");
                    return Err(self.touched(moment, &what));
                }
            }
            Ok(at) => {
                self.operations.performed += 1;
                if self.watching {
                    self.judge.performed(moment, replica, (id, at), (client, op))?;
                }
                self.nodes[node].count_op();
                self.note_writer(node);
            }
        }
        self.effect(node, event)?;
        self.log_event(event, Kind::Operation, (0, address(node)), &[]);
        self.note_divergence(node);
        Ok(true)
    }

    #[inline(always)]
    fn deliver(
        &mut self,
        event: EventId,
        transit: Transit,
        payload: Payload<P>,
        rumour: &Rumour,
    ) -> Check<bool> {
        let (from, node) = self.network.ends(transit);
        let (from, to) = (address(from), address(node));
        if !self.network.arrive(transit) {
            return Ok(false);
        }
        if self.nodes[node].replica.is_none() {
            self.traffic.undeliverable += 1;
            return Ok(false);
        }
        self.count_delivery(event, (from, to), transit.damage.is_some());
        let moment = self.moment(node);
        let (message, bytes) = match payload {
            Payload::Value(message) => (message, None),
            Payload::Bytes(bytes) => match self.open(moment, from, transit, &bytes)? {
                Some(message) => (message, Some(bytes)),
                None => return Ok(false),
            },
        };
        self.traffic.delivered += 1;
        self.judge.received(node, rumour);
        let acted = self
            .act(event, node, |replica, now_ms, out| replica.receive(now_ms, from, message, out));
        let Some(received) = acted else { return Ok(false) };
        let changed = match received {
            Ok(()) => {
                let changed = self.observe(node)?;
                if changed {
                    self.judge.learned(node, rumour);
                }
                changed
            }
            Err(refused) => {
                self.traffic.refused += 1;
                if self.observe(node)? && self.judge.checks(Class::Refusal) {
                    let what = format!("a message from r{from} ({refused})");
                    return Err(self.touched(moment, &what));
                }
                false
            }
        };
        self.effect(node, event)?;
        let bytes = bytes.as_deref().unwrap_or_default();
        self.log_event(event, Kind::Deliver, (from, to), bytes);
        if changed {
            self.note_divergence(node);
        }
        Ok(changed)
    }

    fn count_delivery(&mut self, event: EventId, ends: (u64, u64), damaged: bool) {
        match self.calm_since {
            None => self.size.deliveries += 1,
            Some(_) => self.size.settling += 1,
        }
        if let Some(post) = &mut self.network.post {
            post.arrive(self.now, event, ends, damaged);
        }
    }

    /// The message that `bytes` hold when they arrive; none if they were damaged on their way, and
    /// that was noticed.
    fn open(
        &mut self,
        moment: Moment,
        from: u64,
        transit: Transit,
        bytes: &[u8],
    ) -> Check<Option<P::Message>> {
        let to = moment.address();
        let sent = match P::decode(bytes) {
            Ok(sent) => sent,
            Err(error) if self.judge.checks(Class::Wire) => {
                let explanation = format!(
                    "A message from r{from} to r{to} arrived as it was sent, but: {error}."
                );
                return Err(self.plain(moment, Class::Wire, explanation));
            }
            Err(_) => {
                self.traffic.refused += 1;
                return Ok(None);
            }
        };
        let Some(from_draw) = transit.damage else { return Ok(Some(sent)) };
        let mut arrived = bytes.to_vec();
        let event = EventId::root(Kind::Deliver, from_draw.get().into());
        damage(&mut arrived, &mut self.seed.draws(Stream::Network, event));
        match P::decode(&arrived) {
            Err(_) => {
                self.struck.corrupted += 1;
                Ok(None)
            }
            Ok(taken) if taken == sent => Ok(Some(sent)),
            Ok(taken) if !self.judge.checks(Class::Corruption) => Ok(Some(taken)),
            Ok(taken) => {
                let explanation = format!(
                    "A message from r{from} to r{to} was damaged on its way, and taken for \
                     {taken:?}; it was {sent:?}."
                );
                Err(self.plain(moment, Class::Corruption, explanation))
            }
        }
    }

    fn timer(&mut self, event: EventId, node: usize, boot: u32, timer: P::Timer) -> Check<bool> {
        // The timers of a replica end with it, although its identity may be used again.
        if self.nodes[node].boots != boot {
            return Ok(false);
        }
        let acted = self.act(event, node, |replica, now_ms, out| {
            replica.timer(now_ms, timer, out);
        });
        let Some(()) = acted else { return Ok(false) };
        let changed = self.observe(node)?;
        self.effect(node, event)?;
        self.log_event(event, Kind::Timer, (address(node), address(node)), &[]);
        Ok(changed)
    }

    /// Something happened at a replica; returns whether it knows or reads something else now.
    pub(super) fn observe(&mut self, node: usize) -> Check<bool> {
        let moment = self.moment(node);
        match &self.nodes[node].replica {
            Some(replica) if self.watching => self.judge.observed(moment, replica),
            _ => Ok(false),
        }
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
