//! Anti-entropy as a [`Protocol`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rejoin_crdts::sync::{Backed, Outbox, Protocol, Reporting, Waiting, check_wall};
use rejoin_crdts::wire::WireError;
use rejoin_crdts::{
    At, CausalContext, DeltaOf, Hlc, Lattice, Model, OpId, Refused, ReplicaId, Spec,
};

use super::message::Body;
use super::{AntiEntropy, Aside, Config, Message, Out, Record, Round, Snapshot};
use crate::local::Local;

impl<M: Model> Protocol for AntiEntropy<M> {
    type Spec = M;
    type Config = Config<M>;
    type Message = Message<M::State, DeltaOf<M>, <M as Spec>::Op>;
    type Timer = Round;
    type Record = Record<M::State, DeltaOf<M>, <M as Spec>::Op>;

    fn start(
        model: M,
        config: Config<M>,
        fresh: ReplicaId,
        disk: Vec<Self::Record>,
        _now_ms: u64,
        out: &mut Outbox<'_, Self>,
    ) -> Self {
        let steps = config.steps;
        let first_ms = 1 + out.draw(config.gossip_ms);
        out.timer(first_ms, Round);
        let mut me = Self {
            me: fresh,
            line: steps.line(fresh),
            clock: Hlc::new(fresh, config.max_ahead_ms),
            state: model.initial(fresh),
            ops: BTreeSet::new(),
            has: CausalContext::new(),
            log: VecDeque::new(),
            forgotten: CausalContext::new(),
            held: BTreeMap::new(),
            peers: BTreeMap::new(),
            records: disk.len(),
            aside: Local(Aside::default()),
            model,
            config,
        };
        for record in disk {
            let latest = match &record {
                Record::Entry(entry) => entry.stamp,
                Record::Snapshot(whole) => whole.clock,
            };
            steps.resume(&mut me, latest);
            match record {
                Record::Entry(entry) => steps.recover(&mut me, entry),
                Record::Snapshot(whole) => me.join(whole),
            }
        }
        me
    }

    fn perform(
        &mut self,
        id: OpId,
        now_ms: u64,
        op: <M as Spec>::Op,
        out: &mut Outbox<'_, Self>,
    ) -> Result<At, Refused> {
        if id.replica != self.me {
            return Err(Refused::Rule(format!("{} performs no operation {id}", self.me)));
        }
        check_wall(now_ms)?;
        let steps = self.config.steps;
        let clock = self.clock;
        let at = At { id, stamp: steps.stamp(self, now_ms)? };
        steps.perform(self, at, op, out).inspect_err(|_| self.clock = clock)?;
        out.done(id, steps.holders(self));
        steps.performed(self);
        Ok(at)
    }

    fn receive(
        &mut self,
        now_ms: u64,
        from: u64,
        message: Self::Message,
        out: &mut Outbox<'_, Self>,
    ) -> Result<(), Refused> {
        // By a broken clock no stamp is too far ahead.
        if !matches!(message.body, Body::Digest { .. }) {
            check_wall(now_ms)?;
        }
        let steps = self.config.steps;
        steps.begin(self);
        let before = self.has.len();
        match message.body {
            Body::Digest { by, has } if by.id() == from => {
                steps.hear(self, by, &has);
                self.collect();
                self.answer(from, out);
            }
            Body::Digest { by, .. } => {
                return Err(Refused::Rule(format!("a digest of {by} from r{from}")));
            }
            Body::Batch(batch) => steps.take(self, now_ms, batch, out)?,
            Body::Whole(whole) => self.receive_whole(now_ms, whole, out)?,
        }
        if self.has.len() > before {
            self.send_digest(from, out);
        }
        Ok(())
    }

    fn timer(&mut self, now_ms: u64, Round: Round, out: &mut Outbox<'_, Self>) {
        let steps = self.config.steps;
        steps.begin(self);
        steps.round(self, now_ms, out);
        for peer in self.peers.keys() {
            self.send_digest(*peer, out);
        }
        // What it waits for may be gone with its author's disk. If not, both are sent again.
        self.held.clear();
        let mean_ms = self.config.gossip_ms;
        let after_ms = mean_ms - mean_ms / 4 + out.draw(mean_ms / 2 + 1);
        out.timer(after_ms, Round);
    }

    fn members(&mut self, _now_ms: u64, peers: &[u64], _out: &mut Outbox<'_, Self>) {
        let steps = self.config.steps;
        let parted: Vec<u64> =
            self.peers.keys().filter(|peer| !peers.contains(peer)).copied().collect();
        for peer in parted {
            steps.part(self, peer);
        }
        for &peer in peers {
            if peer != self.me.id() && !self.peers.contains_key(&peer) {
                self.peers.insert(peer, super::Peer::default());
                steps.meet(self, peer);
            }
        }
        self.collect();
    }

    fn read(&self) -> <M as Spec>::Value {
        self.config.steps.read(self)
    }

    fn waiting_for(&self) -> Vec<Waiting> {
        self.config.steps.awaited(self)
    }

    fn encode(message: &Self::Message, bytes: &mut Vec<u8>) {
        message.encode(bytes);
    }

    fn decode(bytes: &[u8]) -> Result<Self::Message, WireError> {
        Message::decode(bytes)
    }
}

impl<M: Model> AntiEntropy<M> {
    fn receive_whole(
        &mut self,
        now_ms: u64,
        whole: Snapshot<M::State>,
        out: Out<'_, '_, M>,
    ) -> Result<(), Refused> {
        if let Some(forged) = whole.has.difference(&self.has).iter().find(|n| n.replica == self.me)
        {
            return Err(Refused::Rule(format!("{forged} is of {}, which never made it", self.me)));
        }
        if self.has.covers(&whole.has) {
            return Ok(());
        }
        self.clock.observe(now_ms, whole.clock)?;
        self.join(whole);
        self.deliver(now_ms, out);
        self.records = 1;
        out.snapshot(Record::Snapshot(self.snapshot()));
        Ok(())
    }
}

impl<M: Model> Backed for AntiEntropy<M> {
    fn state(&self) -> &M::State {
        self.config.steps.served(self).0
    }
}

impl<M: Model> Reporting for AntiEntropy<M> {
    fn visible(&self) -> BTreeSet<OpId> {
        self.config.steps.served(self).1.clone()
    }

    fn serves(&self, read: &BTreeSet<OpId>, written: &BTreeSet<OpId>) -> bool {
        self.config.steps.serves(self, read, written)
    }
}

impl<M: Model> Default for Aside<M> {
    fn default() -> Self {
        Self {
            unwritten: Vec::new(),
            copy: None,
            known: BTreeMap::new(),
            lives: BTreeMap::new(),
            turn: 0,
        }
    }
}
