//! Anti-entropy: a small protocol that is right, for the broken ones to differ from in one step.
//!
//! Every replica keeps a log of operations with their deltas. An operation is sent to all neighbours
//! at once; for what the network loses, replicas tell each other in rounds what they have, a
//! *digest*, and are answered with what they lack (Demers et al., "Epidemic algorithms for
//! replicated database maintenance", PODC 1987; the log is that of Bayou, Petersen et al., SOSP
//! 1997). What makes it right:
//!
//! - An entry is *delivered* once all that it had seen is (Birman, Schiper & Stephenson 1991), and
//!   held until then, but not beyond a round: what it had seen may be gone with its author's disk.
//!   What is held does not count as had, so it is sent again.
//! - A digest says what was delivered and written down, by exact sets of numbers, in the name of
//!   this life. Of one life digests are joined; a new life begins anew.
//! - What leaves the log is remembered as *forgotten*, and a peer that lacks some of it is sent the
//!   whole state.
//! - A batch is checked before anything of it is taken.
//! - Every life has a number line of its own, a clock above all stamps on its disk, and nothing that
//!   is not on the disk.
//! - By a wall clock that shows nonsense nothing is stamped, and nothing admitted.

mod config;
mod message;
mod protocol;
mod steps;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::hash::{Hash, Hasher};

use rejoin_crdts::sync::{Outbox, Waiting};
use rejoin_crdts::{
    At, CausalContext, DeltaOf, Dot, Hlc, Lattice, Merge, Model, OpId, Refused, ReplicaId, Spec,
    Timestamp,
};

pub use config::Config;
pub(crate) use message::{Cargo, Frame};
pub use message::{Entry, Message, Record, Round, Snapshot};
pub(crate) use steps::{Sound, Steps, one_by_one};

use crate::local::Local;
use message::Body;

pub(crate) type EntryOf<M> = Entry<DeltaOf<M>, <M as Spec>::Op>;
pub(crate) type RecordOf<M> = Record<<M as Model>::State, DeltaOf<M>, <M as Spec>::Op>;
type BodyOf<M> = Body<<M as Model>::State, DeltaOf<M>, <M as Spec>::Op>;
type Out<'o, 'd, M> = &'o mut Outbox<'d, AntiEntropy<M>>;

/// A replica.
///
/// ```
/// use rejoin_crdts::sync::{Outbox, Protocol};
/// use rejoin_crdts::{OpId, ReplicaId};
/// use rejoin_gallery::anti_entropy::AntiEntropy;
/// use rejoin_gallery::checklist::{Checklist, Edit};
/// let config = rejoin_gallery::protocols::sound(&Default::default());
/// let mut draw = |bound: u64| bound / 2;
/// let mut out = Outbox::new(&mut draw);
/// let me = ReplicaId::new(1, 0);
/// let mut replica = AntiEntropy::start(Checklist, config, me, Vec::new(), 0, &mut out);
/// replica.perform(OpId::new(me, 1), 5, Edit::Title('x'), &mut out)?;
/// assert_eq!(replica.read().1, Some('x'));
/// # Ok::<(), rejoin_crdts::Refused>(())
/// ```
#[derive(Clone)]
pub struct AntiEntropy<M: Model> {
    pub(crate) model: M,
    pub(crate) config: Config<M>,
    pub(crate) me: ReplicaId,
    pub(crate) line: ReplicaId, // under which its entries are numbered
    pub(crate) clock: Hlc,
    pub(crate) state: M::State,
    pub(crate) ops: BTreeSet<OpId>, // what is in the state, by name
    pub(crate) has: CausalContext,  // and by number
    pub(crate) log: VecDeque<EntryOf<M>>, // what some peer may lack, in order of delivery
    pub(crate) forgotten: CausalContext, // what is no longer in the log
    pub(crate) held: BTreeMap<Dot, EntryOf<M>>, // arrived before something that it had seen
    pub(crate) peers: BTreeMap<u64, Peer>,
    pub(crate) records: usize, // on the disk
    pub(crate) aside: Local<Aside<M>>,
}

/// What is known of a peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Peer {
    pub(crate) life: Option<ReplicaId>,
    pub(crate) has: CausalContext,
}

/// What the broken ones remember besides.
#[derive(Clone)]
pub(crate) struct Aside<M: Model> {
    pub(crate) unwritten: Vec<RecordOf<M>>,
    pub(crate) copy: Option<(M::State, BTreeSet<OpId>)>,
    pub(crate) known: BTreeMap<u64, CausalContext>,
    pub(crate) lives: BTreeMap<ReplicaId, CausalContext>,
    pub(crate) turn: u64,
}

impl<M: Model> AntiEntropy<M> {
    /// Moves the clock above `stamp`, which was admitted or is its own past.
    pub(crate) fn above(&mut self, stamp: Timestamp) {
        let exhausted = self.clock.observe(stamp.wall_ms(), stamp).is_err();
        debug_assert!(!exhausted, "nobody gets to the end of time");
    }

    /// Whether nothing in a batch is forged or too far ahead.
    pub(crate) fn admit(&self, now_ms: u64, batch: &[EntryOf<M>]) -> Result<(), Refused> {
        for entry in batch.iter().filter(|entry| !self.has.contains(entry.number)) {
            if entry.number.replica == self.me {
                let reason = format!("{} is of {}, which never made it", entry.number, self.me);
                return Err(Refused::Rule(reason));
            }
            self.clock.clone().observe(now_ms, entry.stamp)?;
        }
        Ok(())
    }

    /// Keeps an entry until it can be delivered. If there is no room for it to wait, a digest will
    /// bring it again; what need not wait needs no room, or a full window would never empty.
    pub(crate) fn hold(&mut self, entry: EntryOf<M>) {
        let room = self.held.len() < self.config.window;
        if !self.has.contains(entry.number) && (room || self.config.steps.ready(self, &entry)) {
            self.held.insert(entry.number, entry);
        }
    }

    /// Delivers what can be.
    pub(crate) fn deliver(&mut self, now_ms: u64, out: Out<'_, '_, M>) {
        let steps = self.config.steps;
        while let Some(number) = {
            let mut held = self.held.values();
            held.find(|entry| steps.ready(self, entry)).map(|entry| entry.number)
        } {
            let Some(mut entry) = self.held.remove(&number) else { return };
            if self.has.contains(number) {
                continue;
            }
            steps.observe(self, now_ms, &mut entry);
            self.adopt(entry.clone());
            steps.write(self, Record::Entry(entry), out);
        }
    }

    /// Takes an entry into the state and the log.
    pub(crate) fn adopt(&mut self, entry: EntryOf<M>) {
        self.state.merge(&entry.delta);
        self.has.insert(entry.number);
        self.ops.insert(entry.id);
        self.log.push_back(entry);
        while self.log.len() > self.config.buffer {
            if let Some(oldest) = self.log.pop_front() {
                self.config.steps.dropped(self, oldest.number, true);
            }
        }
    }

    /// Whether there is room for one more operation that nobody else is known to have.
    pub(crate) fn room(&self) -> Result<(), Refused> {
        let alone = |entry: &&EntryOf<M>| {
            entry.number.replica == self.line
                && !self.peers.values().any(|peer| peer.has.contains(entry.number))
        };
        if self.log.iter().filter(alone).count() < self.config.window {
            return Ok(());
        }
        Err(Refused::Rule(format!("{} has too much that nobody else has", self.me)))
    }

    /// Performs an operation, writes it down, and sends it to everybody.
    pub(crate) fn enter(
        &mut self,
        at: At,
        op: <M as Spec>::Op,
        out: Out<'_, '_, M>,
    ) -> Result<(), Refused> {
        let delta = self.model.perform(&mut self.state, &at, &op)?;
        let (number, after) = (self.has.next(self.line), self.has.clone());
        let entry = Entry { number, id: at.id, op, stamp: at.stamp, after, delta };
        self.adopt(entry.clone());
        self.config.steps.write(self, Record::Entry(entry.clone()), out);
        for peer in self.peers.keys() {
            let frame = Local(self.config.steps.frame(Cargo::Operation));
            out.send(*peer, Message { body: Body::Batch(vec![entry.clone()]), frame });
        }
        Ok(())
    }

    /// Writes a record, or a snapshot if there are enough records.
    pub(crate) fn write(&mut self, record: RecordOf<M>, out: Out<'_, '_, M>) {
        if self.records >= self.config.snapshot_every {
            self.records = 1;
            out.snapshot(Record::Snapshot(self.snapshot()));
        } else {
            self.records += 1;
            out.append(record);
        }
    }

    fn snapshot(&self) -> Snapshot<M::State> {
        let (state, has, ops) = (self.state.clone(), self.has.clone(), self.ops.clone());
        Snapshot { state, has, ops, clock: self.clock.latest() }
    }

    /// Takes in everything that another replica has, or that was on the disk.
    fn join(&mut self, whole: Snapshot<M::State>) {
        self.state.merge(&whole.state);
        self.has.merge(&whole.has);
        self.ops.extend(whole.ops);
        self.forgotten.merge(&whole.has);
        self.log.retain(|entry| !whole.has.contains(entry.number));
        self.held.retain(|number, _| !whole.has.contains(*number));
    }

    fn send(&self, to: u64, body: BodyOf<M>, out: Out<'_, '_, M>) {
        let digest = matches!(body, Body::Digest { .. });
        let cargo = if digest { Cargo::Digest } else { Cargo::Answer };
        out.send(to, Message { body, frame: Local(self.config.steps.frame(cargo)) });
    }

    fn send_digest(&self, to: u64, out: Out<'_, '_, M>) {
        let digest = Body::Digest { by: self.me, has: self.config.steps.digest(self) };
        self.send(to, digest, out);
    }

    /// Sends a peer what it lacks, as far as a message goes.
    fn answer(&mut self, to: u64, out: Out<'_, '_, M>) {
        let steps = self.config.steps;
        let theirs = steps.known(self, to);
        if !steps.lacks(&self.has, &theirs) {
            return;
        }
        if !theirs.covers(&self.forgotten) {
            self.send(to, Body::Whole(self.snapshot()), out);
            return;
        }
        let lacking = self.log.iter().filter(|entry| !theirs.contains(entry.number));
        let mut batch: Vec<_> = lacking.take(self.config.batch).cloned().collect();
        if !batch.is_empty() {
            steps.batch(self, to, &mut batch);
            self.send(to, Body::Batch(batch), out);
        }
    }

    /// Drops from the log what everybody has.
    fn collect(&mut self) {
        let mut peers = self.peers.values().map(|peer| peer.has.clone());
        let Some(first) = peers.next() else { return };
        let everywhere = peers.fold(first, |all, has| all.intersection(&has));
        let numbers = self.log.iter().map(|entry| entry.number);
        let dropped: Vec<Dot> = numbers.filter(|number| everywhere.contains(*number)).collect();
        self.log.retain(|entry| !everywhere.contains(entry.number));
        for number in dropped {
            self.config.steps.dropped(self, number, false);
        }
    }

    /// What is outstanding: to hear of everybody, that everybody has everything, and the causes of
    /// what is held.
    pub(crate) fn awaited(&self) -> Vec<Waiting> {
        let digest = |(address, peer): (&u64, &Peer)| {
            let what = match peer.life {
                None => "a first digest".to_owned(),
                Some(_) if peer.has.covers(&self.has) => return None,
                Some(life) => format!("a digest of {life} with all that is here"),
            };
            Some(Waiting { what, from: Some(*address) })
        };
        let cause = |number| Waiting { what: format!("what {number} had seen"), from: None };
        self.peers.iter().filter_map(digest).chain(self.held.keys().map(cause)).collect()
    }

    #[expect(clippy::type_complexity, reason = "it is what makes two replicas equal, in a row")]
    fn key(
        &self,
    ) -> (
        (ReplicaId, ReplicaId, &Hlc, usize),
        (&M::State, &BTreeSet<OpId>, &CausalContext, &CausalContext),
        (&VecDeque<EntryOf<M>>, &BTreeMap<Dot, EntryOf<M>>, &BTreeMap<u64, Peer>),
    ) {
        (
            (self.me, self.line, &self.clock, self.records),
            (&self.state, &self.ops, &self.has, &self.forgotten),
            (&self.log, &self.held, &self.peers),
        )
    }
}

/// By what it knows. The model and the configuration are the same for all replicas of an object.
impl<M: Model> PartialEq for AntiEntropy<M> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<M: Model> Eq for AntiEntropy<M> {}

impl<M: Model> Hash for AntiEntropy<M> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.key().hash(hasher);
    }
}

impl<M: Model> fmt::Debug for AntiEntropy<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key().fmt(f)
    }
}
