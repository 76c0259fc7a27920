//! What replicas want done: messages, timers, records, acknowledgements.

use std::sync::Arc;

use rejoin_crdts::sync::{Outbox, Output, Protocol};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{Event, Payload, World};
use crate::check::{Check, Rumour, Witness};
use crate::network::Arrival;
use crate::rng::{Kind, Stream, name_of};
use crate::{EventId, Time};

/// Tells equal consequences of one event apart by their number among these.
#[expect(clippy::large_enum_variant, reason = "on the stack, for one event")]
enum Ordinals {
    /// There is one only.
    Alone,
    Counted {
        few: SmallVec<[(EventId, u64); 8]>,
        many: FxHashMap<EventId, u64>,
    },
}

impl Ordinals {
    #[inline]
    fn name(&mut self, cause: EventId, kind: Kind, detail: u64) -> EventId {
        let first = cause.child(kind, detail, 1);
        match self {
            Self::Alone => first,
            Self::Counted { .. } => self.count(cause, kind, detail, first),
        }
    }

    fn count(&mut self, cause: EventId, kind: Kind, detail: u64, first: EventId) -> EventId {
        let Self::Counted { few, many } = self else { return first };
        let known = few.iter().position(|(id, _)| *id == first);
        let count = match known {
            Some(at) => &mut few[at].1,
            None if few.len() < few.inline_size() => {
                few.push((first, 0));
                let last = few.len() - 1;
                &mut few[last].1
            }
            None => many.entry(first).or_default(),
        };
        *count += 1;
        if *count == 1 { first } else { cause.child(kind, detail, *count) }
    }
}

impl<P: Protocol, W: Witness<P>> World<'_, P, W> {
    /// Lets the replica at `node` act, with the draws of event `cause`; `None` if it is down. What it
    /// wants done must then be [carried out](Self::effect).
    #[inline(always)]
    pub(super) fn act<R>(
        &mut self,
        cause: EventId,
        node: usize,
        act: impl FnOnce(&mut P, u64, &mut Outbox<'_, P>) -> R,
    ) -> Option<R> {
        let node = &mut self.nodes[node];
        let replica = node.replica.as_mut()?;
        let now_ms = node.clock.ms(self.now);
        let mut draws = self.seed.draws(Stream::Replica, cause);
        let mut out = Outbox::reusing(std::mem::take(&mut self.outputs), &mut draws);
        let result = act(replica, now_ms, &mut out);
        self.outputs = out.into_outputs();
        Some(result)
    }

    /// Carries out, in order, what the replica at `node` wants done since event `cause`, from whose
    /// id those of the consequences derive.
    pub(super) fn effect(&mut self, node: usize, cause: EventId) -> Check {
        let mut outputs = std::mem::take(&mut self.outputs);
        if outputs.len() <= 1 {
            let only = outputs.pop();
            self.outputs = outputs;
            return match only {
                Some(only) => self.bring_about(node, cause, only, &mut Ordinals::Alone),
                None => Ok(()),
            };
        }
        let mut ordinals = Ordinals::Counted { few: SmallVec::new(), many: FxHashMap::default() };
        for output in outputs.drain(..) {
            self.bring_about(node, cause, output, &mut ordinals)?;
        }
        self.outputs = outputs;
        Ok(())
    }

    #[inline(always)]
    fn bring_about(
        &mut self,
        node: usize,
        cause: EventId,
        output: Output<P>,
        ordinals: &mut Ordinals,
    ) -> Check {
        match output {
            Output::Send { to, message } => {
                self.nodes[node].storage.sync();
                let id = ordinals.name(cause, Kind::Send, to);
                self.send(id, node, to, message);
            }
            Output::Timer { after_ms, timer } => {
                let id = ordinals.name(cause, Kind::Timer, name_of(&timer));
                let at = self.now.plus_us(after_ms.saturating_mul(1_000));
                let boot = self.nodes[node].boots;
                let node = node as u32;
                self.queue.push(at, id, || Event::Timer { node, boot, timer });
            }
            Output::Append(record) => self.nodes[node].storage.append(record),
            Output::Snapshot(record) => self.nodes[node].storage.snapshot(record),
            Output::Done { id, held_by } => {
                self.nodes[node].storage.sync();
                if self.watching {
                    self.judge.promised(self.moment(node), id, held_by)?;
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn send(&mut self, id: EventId, from: usize, to: u64, message: P::Message) {
        if !self.as_bytes
            && !self.watching
            && let Some(index) = to.checked_sub(1).filter(|&index| index < self.nodes.len() as u64)
            && let Some((at, id, transit)) = self.network.pass(self.now, id, (from, index as usize))
        {
            self.traffic.sent += 1;
            return self.queue.push(at, id, || {
                let (payload, rumour) = (Payload::Value(message), Rumour::default());
                Event::Deliver { transit, payload, rumour }
            });
        }
        self.send_any(id, from, to, message);
    }

    fn send_any(&mut self, id: EventId, from: usize, to: u64, message: P::Message) {
        let (payload, bytes) = if self.as_bytes {
            let mut bytes = Vec::new();
            P::encode(&message, &mut bytes);
            let len = bytes.len() as u64;
            (Payload::Bytes(bytes.into()), len)
        } else {
            (Payload::Value(message), 0)
        };
        self.traffic.sent += 1;
        self.traffic.bytes += bytes;
        let exists = (1..=self.nodes.len() as u64).contains(&to);
        let arrivals = match exists {
            true => self.network.send(self.now, id, (from, (to - 1) as usize), bytes),
            false => None,
        };
        let Some(mut arrivals) = arrivals else {
            self.traffic.undeliverable += 1;
            return;
        };
        let rumour = self.judge.rumour(from);
        // The last copy takes the message, the others a copy of it.
        let last = arrivals.pop();
        for arrival in arrivals {
            self.expect(arrival, payload.clone(), rumour.clone());
        }
        if let Some(arrival) = last {
            self.expect(arrival, payload, rumour);
        }
    }

    /// A copy of a message will arrive.
    fn expect(&mut self, (at, id, transit): Arrival, payload: Payload<P>, rumour: Rumour) {
        let event = || Event::Deliver { transit, payload, rumour };
        let Some(at) = at else {
            self.held.insert(id, event());
            self.take_turns();
            return;
        };
        self.queue.push(at, id, event);
    }

    /// The next of the messages that are held may go at the next turn.
    fn take_turns(&mut self) {
        let Some(at) = self.network.next_turn(self.now) else { return };
        if self.turn_at.is_none_or(|planned| at < planned) {
            self.turn_at = Some(at);
            self.queue.push(at, EventId::TURN, || Event::Turn);
        }
    }

    /// A turn: one of the messages that are held goes.
    pub(super) fn turn(&mut self) {
        // A run that is recorded knows no turns: this is no step of it.
        self.step -= 1;
        if self.turn_at != Some(self.now) {
            return; // there was one before it
        }
        self.turn_at = None;
        if let Some((at, id)) = self.network.turn(self.now) {
            self.release(at, id);
        }
        self.take_turns();
    }

    /// A message that was held will arrive.
    pub(super) fn release(&mut self, at: Time, id: EventId) {
        if let Some(event) = self.held.remove(&id) {
            self.queue.push(at, id, || event);
        }
    }
}

impl<P: Protocol> Clone for Payload<P> {
    fn clone(&self) -> Self {
        match self {
            Self::Bytes(bytes) => Self::Bytes(Arc::clone(bytes)),
            Self::Value(message) => Self::Value(message.clone()),
        }
    }
}
