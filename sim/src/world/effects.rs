//! What replicas want done: messages, timers, records, acknowledgements.

use std::collections::BTreeMap;
use std::sync::Arc;

use rejoin_crdts::sync::{Outbox, Output, Protocol};

use super::{Event, World};
use crate::EventId;
use crate::check::{Check, Witness};
use crate::codec;
use crate::rng::{Draws, Kind, Stream};
use crate::violation::{Class, Violation};

/// What an event makes its replica want done, and the event, whose id the consequences derive from.
pub(super) struct Effects<P: Protocol> {
    pub(super) cause: EventId,
    pub(super) outputs: Vec<Output<P>>,
}

impl<P: Protocol, W: Witness<P>> World<'_, P, W> {
    /// Lets the replica at `node` act, with the draws of event `cause`; `None` if it is down.
    pub(super) fn act<R>(
        &mut self,
        cause: EventId,
        node: usize,
        act: impl FnOnce(&mut P, u64, &mut Outbox<'_, P>) -> R,
    ) -> Option<(R, Effects<P>)> {
        let mut draws = Draws::new(self.setup.seed, Stream::Replica, cause);
        let mut out = Outbox::new(&mut draws);
        let node = &mut self.nodes[node];
        let now_ms = node.clock_ms(self.now);
        let replica = node.replica.as_mut()?;
        let result = act(replica, now_ms, &mut out);
        Some((result, Effects { cause, outputs: out.into_outputs() }))
    }

    /// Carries out what the replica at `node` wants done, in order.
    pub(super) fn effect(&mut self, node: usize, effects: Effects<P>) -> Check {
        let Effects { cause, outputs } = effects;
        let mut ordinals: BTreeMap<EventId, u64> = BTreeMap::new();
        // Equal consequences of one event are told apart by their number among these.
        let mut name = |kind: Kind, detail: &[u8]| {
            let ordinal = ordinals.entry(cause.child(kind, detail, 0)).or_default();
            *ordinal += 1;
            cause.child(kind, detail, *ordinal)
        };
        for output in outputs {
            match output {
                Output::Send { to, message } => {
                    let id = name(Kind::Send, &to.to_le_bytes());
                    self.send(id, node, to, &message);
                }
                Output::Timer { after_ms, timer } => {
                    let detail = codec::canonical(&timer).map_err(|error| {
                        let wrong = format!("The timer {timer:?} cannot be written: {error}.");
                        Box::new(Violation::new(Class::Wire, self.now, wrong))
                    })?;
                    let id = name(Kind::Timer, &detail);
                    let at = self.now.plus_us(after_ms.saturating_mul(1_000));
                    let life = self.nodes[node].life;
                    self.queue.push(at, id, Event::Timer { node, life, timer });
                }
                Output::Append(record) => self.nodes[node].disk.push(record),
                Output::Snapshot(record) => {
                    let disk = &mut self.nodes[node].disk;
                    disk.clear();
                    disk.push(record);
                }
                Output::Done { id, held_by } => {
                    self.judge.promised(self.moment(node), id, held_by)?;
                }
            }
        }
        Ok(())
    }

    fn send(&mut self, id: EventId, from: usize, to: u64, message: &P::Message) {
        let mut bytes = Vec::new();
        P::encode(message, &mut bytes);
        self.traffic.sent += 1;
        self.traffic.bytes += bytes.len() as u64;
        let exists = (1..=self.nodes.len() as u64).contains(&to);
        let arrivals = match exists {
            true => self.network.send(self.now, id, from, (to - 1) as usize),
            false => None,
        };
        let Some(arrivals) = arrivals else {
            self.traffic.undeliverable += 1;
            return;
        };
        let bytes: Arc<[u8]> = bytes.into();
        let rumour = self.judge.rumour(from);
        for (at, id, transit) in arrivals {
            let (bytes, rumour) = (Arc::clone(&bytes), rumour.clone());
            self.queue.push(at, id, Event::Deliver { transit, bytes, rumour });
        }
    }
}
