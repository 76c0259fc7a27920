//! A hand-driven schedule: what the documentation shows as a table is executed here.

#![allow(unreachable_pub, dead_code, reason = "a module of several test crates")]

pub mod bench;

use rejoin_crdts::{
    At, DeltaOf, History, Merge, Model, OpId, OpSet, Refused, ReplicaId, Timestamp,
};

/// Replicas of a model at addresses of one's choice, the history, and the table of what happened.
pub struct Rig<M: Model> {
    model: M,
    replicas: Vec<Replica<M>>,
    history: History<M::Op>,
    deltas: Vec<DeltaOf<M>>,
    table: Vec<String>,
    reached: Vec<M::State>,
}

struct Replica<M: Model> {
    id: ReplicaId,
    state: M::State,
    knows: OpSet, // what it performed and what was merged into it
    performed: u64,
}

impl<M: Model> Rig<M> {
    pub fn new<const N: usize>(model: M, addresses: [u64; N]) -> Self {
        let replicas: Vec<Replica<M>> = addresses
            .into_iter()
            .map(|address| {
                let id = ReplicaId::new(address, 0);
                Replica { id, state: model.initial(id), knows: OpSet::new(), performed: 0 }
            })
            .collect();
        let head: Vec<_> = replicas.iter().map(|replica| replica.id.to_string()).collect();
        let table = vec![format!("| | {} |", head.join(" | "))];
        let reached = replicas.iter().map(|replica| replica.state.clone()).collect();
        Self { model, replicas, history: History::new(), deltas: Vec::new(), table, reached }
    }

    fn index(&self, address: u64) -> usize {
        let found = self.replicas.iter().position(|replica| replica.id.id() == address);
        found.expect("one of the addresses that the rig was made with")
    }

    fn row(&mut self, what: &str) {
        let states = self.replicas.iter().map(|replica| {
            let state = format!("{:?}", replica.state);
            let inner = state.strip_prefix("Whole(").and_then(|rest| rest.strip_suffix(')'));
            inner.unwrap_or(&state).to_owned()
        });
        let states: Vec<_> = states.collect();
        self.table.push(format!("| {what} | {} |", states.join(" | ")));
        self.reached.extend(self.replicas.iter().map(|replica| replica.state.clone()));
    }

    pub fn try_perform(&mut self, address: u64, op: M::Op) -> Result<(), Refused> {
        let index = self.index(address);
        let replica = &mut self.replicas[index];
        let id = OpId::new(replica.id, replica.performed + 1);
        let past = replica.knows.iter().map(|seen| self.history.at(seen).stamp.wall_ms()).max();
        let stamp = Timestamp::new(past.unwrap_or(0) + 1, 0, replica.id);
        let at = At { id, stamp };
        let delta = self.model.perform(&mut replica.state, &at, &op)?;
        replica.performed += 1;
        let event = self.history.push(at, op.clone(), replica.knows.clone());
        replica.knows.insert(event);
        self.deltas.push(delta);
        self.row(&format!("r{address}: {op:?}"));
        Ok(())
    }

    pub fn perform(&mut self, address: u64, op: M::Op) -> &mut Self {
        self.try_perform(address, op).expect("nothing here is refused");
        self
    }

    /// Merges the whole state of one replica into another.
    pub fn send(&mut self, from: u64, to: u64) -> &mut Self {
        let pair = (self.index(from), self.index(to));
        self.deliver(&[pair]);
        self.row(&format!("r{from} → r{to}"));
        self
    }

    /// Delivers what the senders hold now; true iff a receiver changed, by `Eq`.
    fn deliver(&mut self, pairs: &[(usize, usize)]) -> bool {
        let sent: Vec<_> =
            self.replicas.iter().map(|it| (it.state.clone(), it.knows.clone())).collect();
        let mut any = false;
        for &(from, to) in pairs {
            let (state, knows) = &sent[from];
            let receiver = &mut self.replicas[to];
            let before = receiver.state.clone();
            let reported = receiver.state.merge(state);
            let changed = receiver.state != before;
            assert_eq!(reported, changed, "merge says whether it changed anything");
            receiver.knows.union_with(knows);
            any |= changed;
        }
        any
    }

    /// Two replicas send to each other at the same time.
    pub fn swap(&mut self, one: u64, other: u64) -> &mut Self {
        let pair = [self.index(one), self.index(other)];
        self.deliver(&[(pair[0], pair[1]), (pair[1], pair[0])]);
        self.row(&format!("r{one} ⇄ r{other}"));
        self
    }

    /// Everyone sends to everyone at the same time, over and over; true iff it came to rest.
    pub fn exchange(&mut self) -> bool {
        let all = 0..self.replicas.len();
        let pairs: Vec<_> = all
            .clone()
            .flat_map(|from| all.clone().filter(move |&to| to != from).map(move |to| (from, to)))
            .collect();
        (0..8).any(|_| !self.deliver(&pairs))
    }

    /// Whether all replicas have the same state and read the same: what a test of convergence sees.
    pub fn agrees(&self) -> bool {
        let first = &self.replicas[0].state;
        self.replicas.iter().all(|replica| {
            replica.state == *first && self.model.read(&replica.state) == self.model.read(first)
        })
    }

    pub fn state(&self, address: u64) -> &M::State {
        &self.replicas[self.index(address)].state
    }

    pub fn read(&self, address: u64) -> M::Value {
        self.model.read(&self.replicas[self.index(address)].state)
    }

    /// What the specification says that this replica must read.
    pub fn meant(&self, address: u64) -> M::Value {
        let view = self.history.view(&self.replicas[self.index(address)].knows);
        self.model.value(&view).expect("the gallery's specifications are functions")
    }

    /// The replicas that read what the specification does not allow.
    pub fn wrong(&self) -> Vec<u64> {
        let addresses = self.replicas.iter().map(|replica| replica.id.id());
        let wrong = |&address: &u64| {
            let view = self.history.view(&self.replicas[self.index(address)].knows);
            self.model.admits(&view, &self.read(address)).is_err()
        };
        addresses.filter(wrong).collect()
    }

    pub fn operations(&self) -> usize {
        self.history.len()
    }

    pub fn table(&self) -> &[String] {
        &self.table
    }

    /// The documentation has this schedule, line for line.
    pub fn is_documented_in(&self, source: &str) {
        for line in &self.table {
            let documented =
                source.lines().any(|other| other.trim_start_matches("//!").trim() == line);
            assert!(documented, "not in the documentation:\n{}", self.table.join("\n"));
        }
    }
}

/// Merge is commutative, associative, idempotent and loses nothing, on every state that random
/// schedules reach. Returns what is violated first.
pub fn merge_laws<M: Model>(model: &M) -> Result<(), String> {
    let join = |a: &M::State, b: &M::State| {
        let mut joined = a.clone();
        joined.merge(b);
        joined
    };
    for seed in 0..200 {
        let rig = random(model, [1, 2, 3], seed, 6);
        let mut states: Vec<M::State> = Vec::new();
        for state in rig.reached {
            if !states.contains(&state) {
                states.push(state);
            }
        }
        for a in &states {
            if join(a, a) != *a {
                return Err(format!("a ⊔ a ≠ a for a = {a:?}"));
            }
            for b in &states {
                let ab = join(a, b);
                if ab != join(b, a) {
                    return Err(format!("a ⊔ b ≠ b ⊔ a for a = {a:?}, b = {b:?}"));
                }
                if join(&ab, a) != ab || join(&ab, b) != ab {
                    return Err(format!("a ⊔ b lacks something of a = {a:?}, b = {b:?}"));
                }
                for c in &states {
                    if join(&ab, c) != join(a, &join(b, c)) {
                        return Err(format!(
                            "(a ⊔ b) ⊔ c ≠ a ⊔ (b ⊔ c) for a = {a:?}, b = {b:?}, c = {c:?}"
                        ));
                    }
                }
            }
        }
    }
    Ok(())
}

/// A random schedule of about so many operations, with twice as many messages in between.
pub fn random<M: Model, const N: usize>(
    model: &M,
    addresses: [u64; N],
    seed: u64,
    operations: usize,
) -> Rig<M> {
    let mut state = seed;
    let mut below = |bound: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    let mut rig = Rig::new(model.clone(), addresses);
    let alphabet = model.alphabet();
    for _ in 0..operations * 3 {
        let replica = below(N);
        if below(3) == 0 {
            let op = alphabet[below(alphabet.len())].clone();
            let _refused = rig.try_perform(addresses[replica], op);
        } else {
            let peer = (replica + 1 + below(N - 1)) % N;
            rig.send(addresses[replica], addresses[peer]);
        }
    }
    rig
}
