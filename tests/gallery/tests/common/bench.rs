//! A hand-driven network for protocols, without a judge: what a test sees that compares replicas.

#![allow(unreachable_pub, reason = "a module of several test crates")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rejoin_crdts::sync::{Outbox, Output, Protocol, Reporting};
use rejoin_crdts::{OpId, ReplicaId, Spec};
use rejoin_gallery::anti_entropy::{AntiEntropy, Config};
use rejoin_gallery::checklist::{Checklist, Edit};
use rejoin_gallery::meaning::SetOp;

type Replica = AntiEntropy<Checklist>;
type Message = <Replica as Protocol>::Message;

/// What happens, to replicas by address.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    Perform(u64, Edit),
    /// The oldest message from one to another that is not a digest, or a digest if there is none.
    Deliver(u64, u64),
    /// The oldest message from one to another is lost.
    Lose(u64, u64),
    /// The oldest message from one to another arrives, but for a bit.
    Damage(u64, u64),
    /// The client, of which there is one, comes with what it has seen, and reads or performs
    /// something.
    Visit(u64, Option<Edit>),
    Round(u64),
    Crash(u64),
    /// With its disk.
    Ruin(u64),
    Restart(u64),
    /// One learns that the other is no longer a member.
    Part(u64, u64),
}

/// An item is added.
pub fn add(replica: u64, item: char) -> Event {
    Event::Perform(replica, Edit::Item(SetOp::Add(item)))
}

/// An item is removed.
pub fn remove(replica: u64, item: char) -> Event {
    Event::Perform(replica, Edit::Item(SetOp::Remove(item)))
}

/// Another title is given.
pub fn title(replica: u64, title: char) -> Event {
    Event::Perform(replica, Edit::Title(title))
}

struct Machine {
    ahead_ms: u64,
    life: u64,
    performed: u64,
    replica: Option<Replica>,
    disk: Vec<<Replica as Protocol>::Record>,
    ruined: usize, // how many promises there were when its disk was last lost
}

/// Replicas, what is on its way between them, and everything that was to be seen so far.
pub struct Bench {
    config: Config<Checklist>,
    now_ms: u64,
    draws: u64,
    machines: BTreeMap<u64, Machine>,
    links: BTreeMap<(u64, u64), VecDeque<Vec<u8>>>,
    promises: Vec<(OpId, BTreeSet<u64>)>,
    read: BTreeSet<OpId>, // by the client
    written: BTreeSet<OpId>,
    /// After each event: what was refused, what each replica holds and shows.
    pub seen: Vec<String>,
}

impl Bench {
    /// Replicas `1..=n`, whose clocks are ahead by so much.
    pub fn new<const N: usize>(config: Config<Checklist>, ahead_ms: [u64; N]) -> Self {
        let machine = |ahead_ms| Machine {
            ahead_ms,
            life: 0,
            performed: 0,
            replica: None,
            disk: Vec::new(),
            ruined: 0,
        };
        let machines = (1..).zip(ahead_ms.map(machine)).collect();
        let mut bench = Self {
            config,
            now_ms: 1_000,
            draws: 0,
            machines,
            links: BTreeMap::new(),
            promises: Vec::new(),
            read: BTreeSet::new(),
            written: BTreeSet::new(),
            seen: Vec::new(),
        };
        for address in 1..=N as u64 {
            bench.start(address);
        }
        bench
    }

    fn act<R>(
        &mut self,
        address: u64,
        act: impl FnOnce(&mut Replica, u64, &mut Outbox<'_, Replica>) -> R,
    ) -> Option<R> {
        let machine = self.machines.get_mut(&address)?; // or it has left
        let draws = &mut self.draws;
        let mut draw = |bound: u64| {
            *draws = draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (*draws >> 33) % bound
        };
        let mut out = Outbox::new(&mut draw);
        let now_ms = self.now_ms + machine.ahead_ms;
        let result = act(machine.replica.as_mut()?, now_ms, &mut out);
        for output in out.into_outputs() {
            match output {
                Output::Send { to, message } => {
                    let mut bytes = Vec::new();
                    Replica::encode(&message, &mut bytes);
                    self.links.entry((address, to)).or_default().push_back(bytes);
                }
                Output::Append(record) => machine.disk.push(record),
                Output::Snapshot(record) => machine.disk = vec![record],
                Output::Done { id, held_by } => self.promises.push((id, held_by)),
                Output::Timer { .. } => {}
            }
        }
        Some(result)
    }

    fn start(&mut self, address: u64) {
        let peers: Vec<u64> =
            self.machines.keys().copied().filter(|&other| other != address).collect();
        let machine = self.machines.get_mut(&address).expect("an address of the bench");
        let fresh = ReplicaId::new(address, machine.life);
        let (disk, now_ms) = (machine.disk.clone(), self.now_ms + machine.ahead_ms);
        let mut draw = |bound: u64| bound / 2;
        let mut out = Outbox::new(&mut draw);
        let config = self.config.clone();
        machine.replica = Some(Replica::start(Checklist, config, fresh, disk, now_ms, &mut out));
        self.act(address, |replica, now_ms, out| replica.members(now_ms, &peers, out));
    }

    fn perform(&mut self, address: u64, edit: Edit) -> String {
        let machine = &self.machines[&address];
        let id = OpId::new(ReplicaId::new(address, machine.life), machine.performed + 1);
        match self.act(address, |replica, now_ms, out| replica.perform(id, now_ms, edit, out)) {
            None => "down".to_owned(),
            Some(Err(refused)) => format!("refused: {refused}"),
            Some(Ok(at)) => {
                self.machines.get_mut(&address).expect("it performed").performed += 1;
                at.stamp.to_string()
            }
        }
    }

    /// The place in the queue of the message that an event is about: what brings news, if there is.
    fn next(&self, link: (u64, u64)) -> Option<usize> {
        let queue = self.links.get(&link)?;
        let digest = |bytes: &Vec<u8>| {
            let decoded: Result<Message, _> = Replica::decode(bytes);
            decoded.is_ok_and(|message| format!("{message:?}").contains("Digest"))
        };
        let news = queue.iter().position(|bytes| !digest(bytes));
        news.or_else(|| (!queue.is_empty()).then_some(0))
    }

    fn take(&mut self, link: (u64, u64)) -> Option<Vec<u8>> {
        let next = self.next(link)?;
        self.links.get_mut(&link)?.remove(next)
    }

    fn deliver(&mut self, from: u64, to: u64) -> String {
        match self.take((from, to)) {
            Some(bytes) => self.arrive((from, to), &bytes),
            None => "nothing".to_owned(),
        }
    }

    fn arrive(&mut self, (from, to): (u64, u64), bytes: &[u8]) -> String {
        let message = match Replica::decode(bytes) {
            Ok(message) => message,
            Err(error) => return format!("unreadable: {error}"),
        };
        match self.act(to, |replica, now_ms, out| replica.receive(now_ms, from, message, out)) {
            Some(Err(refused)) => format!("refused: {refused}"),
            _ => "arrived".to_owned(),
        }
    }

    /// The client comes to a replica, and is served or turned away.
    fn visit(&mut self, address: u64, edit: Option<Edit>) -> String {
        let machine = &self.machines[&address];
        let Some(replica) = &machine.replica else { return "down".to_owned() };
        if !replica.serves(&self.read, &self.written) {
            return "turned away".to_owned();
        }
        self.read.extend(replica.visible());
        let id = OpId::new(ReplicaId::new(address, machine.life), machine.performed + 1);
        self.written.extend(edit.map(|_| id));
        edit.map_or_else(|| "served".to_owned(), |edit| self.perform(address, edit))
    }

    /// Lets an event happen, and notes what is to be seen then.
    pub fn happen(&mut self, event: Event) -> &mut Self {
        let what = match event {
            Event::Perform(address, edit) => self.perform(address, edit),
            Event::Deliver(from, to) => self.deliver(from, to),
            Event::Damage(from, to) => match self.take((from, to)) {
                Some(mut bytes) => {
                    *bytes.last_mut().expect("it holds something") ^= 2;
                    self.arrive((from, to), &bytes)
                }
                None => "nothing".to_owned(),
            },
            Event::Visit(address, edit) => self.visit(address, edit),
            Event::Lose(from, to) => self.take((from, to)).map_or("nothing", |_| "lost").to_owned(),
            Event::Round(address) => {
                self.now_ms += 200;
                self.act(address, |replica, now_ms, out| {
                    replica.timer(now_ms, Default::default(), out);
                });
                String::new()
            }
            Event::Crash(address) | Event::Ruin(address) => {
                let promised = self.promises.len();
                let machine = self.machines.get_mut(&address).expect("an address of the bench");
                machine.replica = None;
                if matches!(event, Event::Ruin(_)) {
                    machine.disk.clear();
                    machine.ruined = promised;
                }
                String::new()
            }
            Event::Restart(address) => {
                let machine = self.machines.get_mut(&address).expect("an address of the bench");
                if machine.replica.is_none() {
                    (machine.life, machine.performed) = (machine.life + 1, 0);
                    self.start(address);
                }
                String::new()
            }
            Event::Part(address, gone) => {
                let others = self.machines.keys().copied();
                let peers: Vec<u64> = others.filter(|&it| it != address && it != gone).collect();
                self.act(address, |replica, now_ms, out| replica.members(now_ms, &peers, out));
                self.machines.remove(&gone);
                String::new()
            }
        };
        let mut seen = vec![what];
        for machine in self.machines.values() {
            seen.push(machine.replica.as_ref().map_or("down".to_owned(), |replica| {
                let state = rejoin_crdts::sync::Backed::state(replica);
                format!("{state:?} {:?} {:?}", replica.visible(), replica.read())
            }));
        }
        self.seen.push(seen.join("; "));
        self
    }

    /// Restarts whoever is down and lets everything arrive for some rounds.
    pub fn settle(&mut self) {
        let addresses: Vec<u64> = self.machines.keys().copied().collect();
        for &address in &addresses {
            self.happen(Event::Restart(address));
        }
        for _ in 0..12 {
            for _ in 0..4 {
                for link in self.links.keys().copied().collect::<Vec<_>>() {
                    while let Some(bytes) = self.links.get_mut(&link).and_then(VecDeque::pop_front)
                    {
                        self.arrive(link, &bytes);
                    }
                }
            }
            for &address in &addresses {
                self.happen(Event::Round(address));
            }
        }
    }

    /// What each replica reads.
    pub fn readings(&self) -> Vec<<Checklist as Spec>::Value> {
        self.machines.values().filter_map(|it| it.replica.as_ref()).map(Protocol::read).collect()
    }

    /// Whether all read the same.
    pub fn agrees(&self) -> bool {
        self.readings().windows(2).all(|pair| pair[0] == pair[1])
    }

    /// What is to be seen at the end: what is read, what is waited for, which promise is broken.
    pub fn end(&self) -> String {
        let live = || self.machines.values().filter_map(|machine| machine.replica.as_ref());
        let known: BTreeSet<OpId> = live().flat_map(Reporting::visible).collect();
        let kept = |(promise, (id, held_by)): (usize, &(OpId, BTreeSet<u64>))| {
            // Whoever has left took its disk along.
            let gone = |held| self.machines.get(held).is_none_or(|it| it.ruined > promise);
            known.contains(id) || held_by.iter().all(gone)
        };
        let broken: Vec<&OpId> =
            self.promises.iter().enumerate().filter(|it| !kept(*it)).map(|it| &it.1.0).collect();
        let waiting: Vec<_> = live().map(Protocol::waiting_for).collect();
        format!("{:?}; waiting {waiting:?}; lost {broken:?}", self.readings())
    }
}
