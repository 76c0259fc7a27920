//! Whole clusters under faults, held to the specification.

use std::collections::BTreeMap;

use super::*;
use crate::spec::{LwwRegisterModel, OrMapModel, OrSetModel};
use crate::{Delivery, History, OpSet, Replicated};

type Disk<M> = Vec<<Replica<M> as Protocol>::Record>;

enum Event<M: Model> {
    Message { from: u64, to: u64, message: <Replica<M> as Protocol>::Message },
    Timer { at: ReplicaId, timer: Timer },
}

struct Node<M: Model> {
    replica: Replica<M>,
    disk: Disk<M>,
    ahead_ms: u64, // its wall clock
    seq: u64,
}

/// A few replicas, a lossy pool of messages, and a record of what happened.
struct World<M: Model> {
    model: M,
    config: Config,
    neighbours: fn(u64) -> Vec<u64>,
    nodes: Vec<Node<M>>, // addresses 0..
    pending: BTreeMap<(u64, u64), Event<M>>,
    now_ms: u64,
    serial: u64,
    rng: Rng,
    loss: u64,
    history: History<M::Op>,
    deltas: Vec<DeltaOf<M>>,
    lost_disk: Vec<usize>, // operations that were performed where a disk was lost since
}

const REPLICAS: u64 = 4;
const LATEST_MS: u64 = 1_000; // after so long no copy of a message is left

fn mesh(me: u64) -> Vec<u64> {
    (0..REPLICAS).filter(|&peer| peer != me).collect()
}

fn chain(me: u64) -> Vec<u64> {
    (0..REPLICAS).filter(|&peer| peer.abs_diff(me) == 1).collect()
}

impl<M: Model> World<M> {
    fn new(model: M, config: Config, neighbours: fn(u64) -> Vec<u64>, seed: u64) -> Self {
        let mut world = Self {
            model,
            config,
            neighbours,
            nodes: Vec::new(),
            pending: BTreeMap::new(),
            now_ms: 0,
            serial: 0,
            rng: Rng(seed),
            loss: 25,
            history: History::new(),
            deltas: Vec::new(),
            lost_disk: Vec::new(),
        };
        for address in 0..REPLICAS {
            let (replica, outputs) = world.start(address, Vec::new());
            let ahead_ms = world.rng.below(60);
            world.nodes.push(Node { replica, disk: Vec::new(), ahead_ms, seq: 0 });
            world.carry_out(address, outputs);
        }
        world
    }

    fn start(&mut self, address: u64, disk: Disk<M>) -> (Replica<M>, Vec<Output<Replica<M>>>) {
        let fresh = ReplicaId::new(address, self.rng.below(u64::MAX));
        let mut draw = |bound| self.rng.below(bound);
        let mut out = Outbox::new(&mut draw);
        let (model, config) = (self.model.clone(), self.config.clone());
        let mut replica = Replica::start(model, config, fresh, disk, self.now_ms, &mut out);
        replica.members(self.now_ms, &(self.neighbours)(address), &mut out);
        (replica, out.into_outputs())
    }

    /// Calls the replica at `address`, and carries out what it wants.
    fn call<R>(
        &mut self,
        address: u64,
        call: impl FnOnce(&mut Replica<M>, u64, &mut Outbox<'_, Replica<M>>) -> R,
    ) -> R {
        let node = &mut self.nodes[address as usize];
        let mut draw = |bound| self.rng.below(bound);
        let mut out = Outbox::new(&mut draw);
        let result = call(&mut node.replica, self.now_ms + node.ahead_ms, &mut out);
        let outputs = out.into_outputs();
        self.carry_out(address, outputs);
        result
    }

    fn carry_out(&mut self, address: u64, outputs: Vec<Output<Replica<M>>>) {
        for output in outputs {
            match output {
                Output::Send { to, message } => self.post(address, to, &message),
                Output::Timer { after_ms, timer } => {
                    let at = self.nodes[address as usize].replica.me();
                    self.schedule(after_ms, Event::Timer { at, timer });
                }
                Output::Append(record) => self.nodes[address as usize].disk.push(record),
                Output::Snapshot(record) => self.nodes[address as usize].disk = vec![record],
                Output::Done { .. } => {}
            }
        }
    }

    /// Loses, delays, reorders and repeats; some copies come very late.
    fn post(&mut self, from: u64, to: u64, message: &<Replica<M> as Protocol>::Message) {
        let mut bytes = Vec::new();
        Replica::<M>::encode(message, &mut bytes);
        while !self.rng.percent(self.loss) {
            let late = self.rng.percent(10);
            let delay_ms = 1 + self.rng.below(if late { LATEST_MS } else { 60 });
            let message = Replica::<M>::decode(&bytes).expect("its own bytes");
            self.schedule(delay_ms, Event::Message { from, to, message });
            if !self.rng.percent(15) {
                break;
            }
        }
    }

    fn schedule(&mut self, after_ms: u64, event: Event<M>) {
        self.serial += 1;
        self.pending.insert((self.now_ms + after_ms, self.serial), event);
    }

    fn perform(&mut self) {
        let address = self.rng.below(REPLICAS);
        let mut draw = |bound| self.rng.below(bound);
        let op = self.model.draw(&mut draw);
        let saw = self.visible(address);
        let node = &mut self.nodes[address as usize];
        node.seq += 1;
        let id = OpId::new(node.replica.me(), node.seq);
        let mut before = node.replica.state().clone();
        let Ok(at) =
            self.call(address, |replica, now, out| replica.perform(id, now, op.clone(), out))
        else {
            return;
        };
        let delta = self.model.perform(&mut before, &at, &op).expect("it did not refuse");
        for seen in saw.iter() {
            // An operation without effect is visible wherever its past is, without having come.
            let had_effect = self.deltas[seen] != DeltaOf::<M>::default();
            assert!(!had_effect || self.history.at(seen).stamp < at.stamp, "{at:?}");
        }
        self.history.push(at, op, saw);
        self.deltas.push(delta);
    }

    /// The operations visible at `address`, by what merging them would change.
    fn visible(&self, address: u64) -> OpSet {
        let state = self.nodes[address as usize].replica.state();
        let causal = self.model.delivery() == Delivery::Causal;
        let mut visible = OpSet::new();
        for (event, delta) in self.deltas.iter().enumerate() {
            let closed = || self.history.saw(event).is_subset(&visible);
            let empty = *delta == DeltaOf::<M>::default();
            if state.news(delta).is_none() && (!(causal || empty) || closed()) {
                visible.insert(event);
            }
        }
        visible
    }

    fn crash(&mut self, lose_disk: bool) {
        let address = self.rng.below(REPLICAS);
        let mut disk = std::mem::take(&mut self.nodes[address as usize].disk);
        if lose_disk {
            disk.clear();
            let here = |&event: &usize| self.history.at(event).id.replica.id() == address;
            self.lost_disk.extend((0..self.history.len()).filter(here));
        }
        let before = self.nodes[address as usize].replica.state().clone();
        let (replica, outputs) = self.start(address, disk.clone());
        assert!(lose_disk || *replica.state() == before, "all that was known was written down");
        let node = &mut self.nodes[address as usize];
        *node = Node { replica, disk, seq: 0, ..*node };
        self.carry_out(address, outputs);
    }

    /// Lets time pass until the next message or timer, and handles it.
    fn step(&mut self) {
        let ((due_ms, _), event) = self.pending.pop_first().expect("timers keep themselves alive");
        self.now_ms = due_ms;
        match event {
            Event::Timer { at, timer } => {
                if self.nodes[at.id() as usize].replica.me() == at {
                    self.call(at.id(), |replica, now, out| replica.timer(now, timer, out));
                }
            }
            Event::Message { from, to, message } => {
                let before = self.nodes[to as usize].replica.clone();
                let result =
                    self.call(to, |replica, now, out| replica.receive(now, from, message, out));
                match result {
                    Ok(()) if *self.nodes[to as usize].replica.state() == *before.state() => {}
                    Ok(()) => self.check(to),
                    Err(Refused::Clock(_)) => {
                        assert_eq!(self.nodes[to as usize].replica, before);
                    }
                    Err(error) => panic!("an honest message was refused: {error}"),
                }
            }
        }
    }

    fn check(&self, address: u64) {
        let view = self.history.view(&self.visible(address));
        let value = self.nodes[address as usize].replica.read();
        assert_eq!(self.model.admits(&view, &value), Ok(()), "r{address} at {} ms", self.now_ms);
    }

    fn agreed(&self) -> bool {
        let state = self.nodes[0].replica.state();
        self.nodes.iter().all(|node| node.replica.state() == state)
    }

    /// Faults, then none; and then agreement, by the protocol's own means.
    fn run(mut self) {
        for _ in 0..400 {
            match self.rng.below(100) {
                0..12 => self.perform(),
                12 => self.crash(false),
                13 => self.crash(true),
                _ => self.step(),
            }
        }
        self.loss = 0;
        let healed_ms = self.now_ms;
        let waits = |world: &Self| {
            let of = |node: &Node<M>| node.replica.waiting_for();
            world.nodes.iter().map(of).collect::<Vec<_>>()
        };
        // A late copy may bring back what had died with a disk, so agreement can be had twice.
        while self.now_ms < healed_ms + LATEST_MS
            || !self.agreed()
            || waits(&self).iter().any(|waits| !waits.is_empty())
        {
            self.step();
            let nodes: Vec<_> = self.nodes.iter().map(|node| &node.replica).collect();
            assert!(self.now_ms < healed_ms + 20_000, "{:#?}\n{nodes:#?}", waits(&self));
        }
        let visible = self.visible(0);
        for address in 0..REPLICAS {
            self.check(address);
            assert_eq!(self.visible(address), visible);
        }
        for event in (0..self.history.len()).filter(|event| !self.lost_disk.contains(event)) {
            assert!(visible.contains(event), "{:?} was acknowledged", self.history.at(event));
        }
    }
}

fn configs() -> Vec<Config> {
    let quick = Config { gossip_ms: 20, heartbeat_ms: 100, ..Config::default() };
    vec![
        quick.clone(),
        Config { batch: 1, ..quick.clone() },
        Config { buffer: 1, ..quick.clone() },
        Config { batch: 2, buffer: 3, window: 2, snapshot_every: 3, ..quick.clone() },
        Config { max_ahead_ms: 40, ..quick.clone() },
        Config {
            policy: Policy::Delta,
            gossip_ms: 4,
            heartbeat_ms: 0,
            buffer: 0,
            batch: 0,
            window: 0,
            snapshot_every: 0,
            max_ahead_ms: 60,
        },
        Config { policy: Policy::State, ..quick },
    ]
}

fn every_world<M: Model>(model: &M, seeds: u64) {
    for config in configs() {
        for neighbours in [mesh as fn(u64) -> Vec<u64>, chain] {
            for seed in 0..seeds {
                World::new(model.clone(), config.clone(), neighbours, seed).run();
            }
        }
    }
}

#[test]
fn counters_agree_on_what_happened() {
    every_world(&GCounterModel, 10);
}

#[test]
fn registers_agree_on_what_happened() {
    every_world(&LwwRegisterModel::new(["a", "b", "c"].map(String::from)), 10);
}

#[test]
fn sets_agree_on_what_happened() {
    every_world(&OrSetModel::new([1u8, 2, 3]), 10);
}

#[test]
fn maps_agree_on_what_happened() {
    every_world(&OrMapModel::new([1u8, 2], OrSetModel::new([1u8, 2])), 10);
}
