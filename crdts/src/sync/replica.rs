//! The replica: what the policies share.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::config::{Config, Policy};
use super::delta::Intervals;
use super::message::{Have, Interval, Message, Record, Timer, WholeState};
use super::protocol::{Backed, Outbox, Protocol, Waiting};
use super::state::Gossip;
use crate::model::{DeltaOf, Model, Refused};
use crate::wire::{self, Kind, Limits, WireError};
use crate::{At, Hlc, Merge, OpId, ReplicaId, Replicated, Timestamp};

/// The schema version of the messages that [`Replica`] sends.
pub const SCHEMA: u32 = 1;

/// A wall clock that shows this or more, the year 10889, is broken: a [`Replica`] neither stamps by
/// it nor takes in stamps. One stamp from there, and no other would ever exceed it.
pub const MAX_WALL_MS: u64 = 1 << 48;

/// A replica of any [`Model`]'s type, without sockets, clocks or randomness of its own.
///
/// It holds the state and a hybrid logical clock, performs operations at once, writes what is new
/// to its disk before it acknowledges or answers, and spreads it by the [`Policy`] of its
/// [`Config`]. It needs nothing of the network: messages may be lost, duplicated, reordered,
/// delayed and damaged, and replicas need only be connected, not all with all.
///
/// - **Restart**: from the records on the disk, or any first part of them, always as a fresh
///   incarnation. The clock goes on above every stamp that was recovered.
/// - **Clock**: a message that brings news brings its sender's clock, so that a local stamp exceeds
///   every stamp in the state. If that clock is further ahead than
///   [`max_ahead_ms`](Config::max_ahead_ms) the message is refused, and nothing changes. While the
///   local wall clock shows [`MAX_WALL_MS`] or more, operations and news are refused.
/// - **Admission**: what cannot have been sent to this replica (under its own name, claiming
///   changes or acknowledging entries that it never made, meant for another address) is refused; an interval that does not
///   attach to what is here is not merged but asked for again.
///
/// - **Trust**: bytes are checked, peers are not authenticated. A peer that forges what it says of
///   *others* is believed, and so is a stamp inside a delta that lies beyond its message's clock.
///
/// **Cost**: an operation or a received delta costs in proportion to the delta; a received state
/// costs a comparison with the state here. Nothing is done for a peer except once in a round.
///
/// **Source**: Almeida, Shoker & Baquero, JPDC 2018; Enes, Almeida, Baquero & Leitão, ICDE 2019;
/// for the clock Kulkarni et al., OPODIS 2014.
///
/// ```
/// use rejoin_crdts::spec::{CounterOp, GCounterModel};
/// use rejoin_crdts::sync::{Backed, Config, Outbox, Output, Protocol, Replica, Timer};
/// use rejoin_crdts::{OpId, ReplicaId};
/// // A driver brings time, randomness and the network.
/// let mut draw = |bound: u64| bound / 2;
/// let mut replicas = [1, 2].map(|address| {
///     let mut out = Outbox::new(&mut draw);
///     let me = ReplicaId::new(address, 0x5eed);
///     let mut replica: Replica<GCounterModel> =
///         Replica::start(GCounterModel, Config::default(), me, Vec::new(), 0, &mut out);
///     replica.members(0, &[3 - address], &mut out);
///     replica
/// });
///
/// let mut out = Outbox::new(&mut draw);
/// let id = OpId::new(ReplicaId::new(1, 0x5eed), 1);
/// replicas[0].perform(id, 5, CounterOp::Add(7), &mut out)?;
/// replicas[0].timer(100, Timer::Gossip, &mut out);
/// for output in out.into_outputs() {
///     if let Output::Send { to: 2, message } = output {
///         replicas[1].receive(120, 1, message, &mut Outbox::new(&mut draw))?;
///     }
/// }
/// assert_eq!(replicas[1].read(), 7);
/// assert_eq!(replicas[0].state(), replicas[1].state());
/// # Ok::<(), rejoin_crdts::Refused>(())
/// ```
#[derive(Clone)]
pub struct Replica<M: Model> {
    model: M,
    config: Config,
    me: ReplicaId,
    clock: Hlc,
    state: M::State,
    records: usize, // on the disk
    engine: Engine<DeltaOf<M>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Engine<D: Clone> {
    State(Gossip),
    Delta(Intervals<D>),
}

/// What every message that brings news says of its sender.
#[derive(Debug)]
pub(super) struct Voice<'s, S> {
    pub(super) sender: ReplicaId,
    pub(super) clock: Timestamp,
    pub(super) state: &'s S,
}

impl<M: Model> Replica<M> {
    /// Who it is, incarnation included.
    ///
    /// ```
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::sync::{Config, Outbox, Protocol, Replica};
    /// # use rejoin_crdts::{OpId, ReplicaId};
    /// # let mut draw = |bound: u64| bound / 2;
    /// # let mut out = Outbox::new(&mut draw);
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut replica: Replica<GCounterModel> =
    ///     Replica::start(GCounterModel, Config::default(), me, Vec::new(), 0, &mut out);
    /// assert_eq!(replica.me(), me);
    /// ```
    #[must_use]
    pub fn me(&self) -> ReplicaId {
        self.me
    }

    /// Its clock's latest stamp, at or above every stamp in its state.
    ///
    /// ```
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::sync::{Config, Outbox, Protocol, Replica};
    /// # use rejoin_crdts::{OpId, ReplicaId};
    /// # let mut draw = |bound: u64| bound / 2;
    /// # let mut out = Outbox::new(&mut draw);
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut replica: Replica<GCounterModel> =
    ///     Replica::start(GCounterModel, Config::default(), me, Vec::new(), 0, &mut out);
    /// let at = replica.perform(OpId::new(me, 1), 5, CounterOp::Add(7), &mut out)?;
    /// assert_eq!(replica.clock(), at.stamp);
    /// # Ok::<(), rejoin_crdts::Refused>(())
    /// ```
    #[must_use]
    pub fn clock(&self) -> Timestamp {
        self.clock.latest()
    }

    /// Its configuration.
    ///
    /// ```
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::sync::{Config, Outbox, Protocol, Replica};
    /// # use rejoin_crdts::{OpId, ReplicaId};
    /// # let mut draw = |bound: u64| bound / 2;
    /// # let mut out = Outbox::new(&mut draw);
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut replica: Replica<GCounterModel> =
    ///     Replica::start(GCounterModel, Config::default(), me, Vec::new(), 0, &mut out);
    /// assert_eq!(replica.config().gossip_ms, 100);
    /// ```
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    fn receive_whole(
        &mut self,
        now_ms: u64,
        whole: &WholeState<M::State>,
        out: &mut Outbox<'_, Self>,
    ) -> Result<(), Refused> {
        let news = whole.state.missing_from(&self.state);
        self.learn(now_ms, whole.sender, whole.clock, news, out)?;
        if let Engine::Delta(intervals) = &mut self.engine {
            intervals.note(whole.sender, whole.upto);
            self.answer(whole.sender, out);
        }
        Ok(())
    }

    fn receive_interval(
        &mut self,
        now_ms: u64,
        interval: &Interval<DeltaOf<M>>,
        out: &mut Outbox<'_, Self>,
    ) -> Result<(), Refused> {
        let Engine::Delta(intervals) = &self.engine else {
            return Err(wrong_policy("an interval of deltas"));
        };
        let sender = interval.sender;
        let attached = intervals.attaches(interval, self.me);
        if attached {
            let known = interval.upto <= intervals.has(sender);
            let news = if known { None } else { self.state.news(&interval.delta) };
            self.learn(now_ms, sender, interval.clock, news, out)?;
            if let Engine::Delta(intervals) = &mut self.engine {
                intervals.note(sender, interval.upto);
            }
        }
        // A sign of life that finds everything as the sender thinks needs no answer.
        let as_thought = attached && interval.from == interval.upto && interval.to == Some(self.me);
        if !as_thought {
            self.answer(sender, out);
        }
        Ok(())
    }

    /// Tells `sender` how many of its entries are here.
    fn answer(&self, sender: ReplicaId, out: &mut Outbox<'_, Self>) {
        if let Engine::Delta(intervals) = &self.engine
            && intervals.is_peer(sender.id())
        {
            let have = intervals.has(sender);
            out.send(sender.id(), Message::Have(Have { of: sender, by: self.me, have }));
        }
    }

    /// Takes in what a message brought, or refuses it and changes nothing.
    fn learn(
        &mut self,
        now_ms: u64,
        sender: ReplicaId,
        clock: Timestamp,
        news: Option<DeltaOf<M>>,
        out: &mut Outbox<'_, Self>,
    ) -> Result<(), Refused> {
        // Without news there is no stamp here that the clock had not exceeded before.
        let Some(news) = news else { return Ok(()) };
        if self.model.forges(self.me, &self.state, &news) {
            return Err(Refused::Rule(format!(
                "{sender} claims a change of {}, which that replica never made",
                self.me
            )));
        }
        check_wall(now_ms)?;
        self.clock.observe(now_ms, clock)?; // first, since it may refuse
        self.state.merge(&news);
        self.keep(news, Some(sender), out);
        Ok(())
    }

    /// Writes down what was merged, and keeps it for the peers.
    fn keep(&mut self, news: DeltaOf<M>, origin: Option<ReplicaId>, out: &mut Outbox<'_, Self>) {
        let clock = self.clock.latest();
        if self.records >= self.config.snapshot_every.max(1) {
            self.records = 1;
            out.snapshot(Record::Snapshot { state: self.state.clone(), clock });
        } else {
            self.records += 1;
            out.append(Record::News { delta: news.clone(), clock });
        }
        if let Engine::Delta(intervals) = &mut self.engine
            && news != DeltaOf::<M>::default()
        {
            intervals.push(news, origin, &self.config);
        }
    }
}

impl<M: Model> Protocol for Replica<M> {
    type Spec = M;
    type Config = Config;
    type Message = Message<M::State, DeltaOf<M>>;
    type Timer = Timer;
    type Record = Record<M::State, DeltaOf<M>>;

    fn start(
        model: M,
        config: Config,
        fresh: ReplicaId,
        disk: Vec<Self::Record>,
        _now_ms: u64,
        out: &mut Outbox<'_, Self>,
    ) -> Self {
        let initial = model.initial(fresh);
        let mut state = initial.clone();
        let mut latest = None;
        let records = disk.len();
        for record in disk {
            let clock = match record {
                Record::News { delta, clock } => {
                    state.merge(&delta);
                    clock
                }
                Record::Snapshot { state: snapshot, clock } => {
                    state.merge(&snapshot);
                    clock
                }
            };
            latest = latest.max(Some(clock));
        }
        let clock = resume(Hlc::new(fresh, config.max_ahead_ms), latest);
        let engine = match config.policy {
            Policy::State => Engine::State(Gossip::default()),
            Policy::Delta => Engine::Delta(Intervals::new(state != initial)),
        };
        // The first round comes at any time within an interval, so that replicas take turns.
        let gossip_ms = 1 + out.draw(config.gossip_ms.max(1));
        out.timer(gossip_ms, Timer::Gossip);
        if config.policy == Policy::Delta {
            let heartbeat_ms = 1 + out.draw(config.heartbeat_ms.max(1));
            out.timer(heartbeat_ms, Timer::Heartbeat);
        }
        Self { model, config, me: fresh, clock, state, records, engine }
    }

    fn perform(
        &mut self,
        id: OpId,
        now_ms: u64,
        op: M::Op,
        out: &mut Outbox<'_, Self>,
    ) -> Result<At, Refused> {
        if id.replica != self.me {
            // Its dots would be minted under another's name.
            return Err(Refused::Rule(format!("{} performs no operation {id}", self.me)));
        }
        check_wall(now_ms)?;
        let mut clock = self.clock;
        let at = At { id, stamp: clock.tick(now_ms)? };
        let delta = self.model.perform(&mut self.state, &at, &op)?;
        self.clock = clock;
        // An operation without effect is written down too: the clock goes on above its stamp.
        self.keep(delta, None, out);
        out.done(id, [self.me.id()]);
        Ok(at)
    }

    fn receive(
        &mut self,
        now_ms: u64,
        from: u64,
        message: Self::Message,
        out: &mut Outbox<'_, Self>,
    ) -> Result<(), Refused> {
        message.admit(from, self.me)?;
        match message {
            Message::Whole(whole) => self.receive_whole(now_ms, &whole, out),
            Message::Interval(interval) => self.receive_interval(now_ms, &interval, out),
            Message::Have(have) => match &mut self.engine {
                Engine::Delta(intervals) => intervals.acknowledge(&have, self.me),
                Engine::State(_) => Err(wrong_policy("an acknowledgement")),
            },
        }
    }

    fn timer(&mut self, _now_ms: u64, timer: Timer, out: &mut Outbox<'_, Self>) {
        let voice = Voice { sender: self.me, clock: self.clock.latest(), state: &self.state };
        match (&self.engine, timer) {
            (Engine::State(gossip), Timer::Gossip) => {
                if let Some((to, message)) = gossip.round(&voice, |bound| out.draw(bound)) {
                    out.send(to, message);
                }
            }
            (Engine::State(_), Timer::Heartbeat) => return, // never set
            (Engine::Delta(intervals), Timer::Gossip) => {
                intervals.round(&voice, &self.config, |to, message| out.send(to, message));
            }
            (Engine::Delta(intervals), Timer::Heartbeat) => {
                intervals.heartbeat(&voice, |to, message| out.send(to, message));
            }
        }
        let mean_ms = match timer {
            Timer::Gossip => self.config.gossip_ms,
            Timer::Heartbeat => self.config.heartbeat_ms,
        };
        let after_ms = jittered(mean_ms, out);
        out.timer(after_ms, timer);
    }

    fn members(&mut self, _now_ms: u64, peers: &[u64], _out: &mut Outbox<'_, Self>) {
        let me = self.me.id();
        let peers = peers.iter().copied().filter(|&peer| peer != me);
        match &mut self.engine {
            Engine::State(gossip) => gossip.set_peers(peers),
            Engine::Delta(intervals) => intervals.set_peers(peers),
        }
    }

    fn read(&self) -> M::Value {
        self.model.read(&self.state)
    }

    /// Under policy delta: acknowledgements, and the first message of each peer. Under policy state
    /// always empty, since no replica knows what another has.
    fn waiting_for(&self) -> Vec<Waiting> {
        match &self.engine {
            Engine::State(_) => Vec::new(),
            Engine::Delta(intervals) => intervals.waiting_for(),
        }
    }

    /// Appends the message's envelope. A state of more than 2³² − 1 bytes, or one that does not
    /// serialize, adds nothing: it is a message that the network lost.
    fn encode(message: &Self::Message, bytes: &mut Vec<u8>) {
        let written = wire::encode(Kind::Message, SCHEMA, message, bytes);
        debug_assert_eq!(written, Ok(()), "a message must serialize");
    }

    fn decode(bytes: &[u8]) -> Result<Self::Message, WireError> {
        wire::decode(Kind::Message, SCHEMA, Limits::default(), bytes)
    }
}

impl<M: Model> Backed for Replica<M> {
    fn state(&self) -> &M::State {
        &self.state
    }
}

/// Moves a fresh clock above `latest`.
fn resume(mut clock: Hlc, latest: Option<Timestamp>) -> Hlc {
    if let Some(latest) = latest {
        // It is my own past, so it is not too far ahead, whatever the wall clock shows now.
        if clock.observe(latest.wall_ms(), latest).is_err() {
            // Nothing is above the last stamp there is. Go on from there, and refuse all writes.
            let last_but_one = Timestamp::new(u64::MAX, u32::MAX - 1, latest.replica());
            let _ = clock.observe(u64::MAX, last_but_one);
        }
    }
    clock
}

/// Up to a quarter more or less than `mean_ms`, and at least 1.
fn jittered<P: super::Protocol>(mean_ms: u64, out: &mut Outbox<'_, P>) -> u64 {
    let mean_ms = mean_ms.max(1);
    (mean_ms - mean_ms / 4).saturating_add(out.draw(mean_ms / 2 + 1))
}

/// Whether a wall clock can be right: what shows [`MAX_WALL_MS`] or more is broken, and nothing is to
/// be stamped or admitted by it.
///
/// # Errors
///
/// [`Refused::Rule`] if it cannot.
///
/// ```
/// use rejoin_crdts::sync::{MAX_WALL_MS, check_wall};
/// assert!(check_wall(MAX_WALL_MS - 1).is_ok());
/// assert!(check_wall(MAX_WALL_MS).is_err());
/// ```
pub fn check_wall(now_ms: u64) -> Result<(), Refused> {
    if now_ms < MAX_WALL_MS {
        return Ok(());
    }
    Err(Refused::Rule("the wall clock shows the year 10889 or later".to_owned()))
}

fn wrong_policy(what: &str) -> Refused {
    Refused::Rule(format!("{what} came to a replica whose policy is state"))
}

/// By what it knows. The model and the configuration are the same for all replicas of an object.
impl<M: Model> PartialEq for Replica<M> {
    fn eq(&self, other: &Self) -> bool {
        self.me == other.me
            && self.clock == other.clock
            && self.records == other.records
            && self.config == other.config
            && self.engine == other.engine
            && self.state == other.state
    }
}

impl<M: Model> Eq for Replica<M> {}

impl<M: Model> Hash for Replica<M> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.me.hash(hasher);
        self.clock.hash(hasher);
        self.records.hash(hasher);
        self.engine.hash(hasher);
        self.state.hash(hasher);
    }
}

impl<M: Model> fmt::Debug for Replica<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replica")
            .field("me", &self.me)
            .field("clock", &self.clock.latest())
            .field("state", &self.state)
            .field("records", &self.records)
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}
