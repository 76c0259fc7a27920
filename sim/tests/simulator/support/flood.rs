//! The simplest protocol that works, and the ways in which it can fail to.
//!
//! A replica sends its whole state to its neighbours, at every change and every 50 ms. Each
//! [`Flaw`] breaks one rule, and one check must find it.

use std::hash::{Hash, Hasher};

use rejoin_crdts::sync::{Backed, Outbox, Protocol, Waiting};
use rejoin_crdts::wire::{self, Kind, Limits, WireError};
use rejoin_crdts::{At, Hlc, Merge, Model, OpId, Refused, ReplicaId, Spec, Timestamp};
use serde::{Deserialize, Serialize};

/// What is wrong with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Flaw {
    #[default]
    None,
    /// A received state replaces the own one.
    Replaces,
    /// It sends at every change, but never again.
    SendsOnce,
    /// It acknowledges before it writes, and never writes.
    PromisesTooMuch,
    /// It stamps with the wall clock, whatever it has seen.
    WallClock,
    /// It performs every operation twice.
    PerformsTwice,
    /// It refuses every state that it has merged.
    RefusesLate,
    /// It performs what it refuses.
    RefusesAndPerforms,
    /// It cannot read what it sends.
    Illegible,
    /// It waits forever for something.
    NeverQuiet,
    /// It acknowledges an operation that nobody performed.
    PromisesNothing,
    /// It names its operations as it likes.
    Renames,
    /// Its timer wakes it up at once, forever.
    Spins,
    /// It chooses by something that no seed decides.
    Unseeded,
    /// What is read is there until the next timer.
    Expires,
    /// From [`LAST_MS`] on, for which it waits; and it sends so rarely that little happens then.
    ExpiresAtLast,
}

/// Half a second after the faults of a scenario end by default.
const LAST_MS: u64 = 2_500;

/// A state and a clock: what travels and what is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Letter<S> {
    state: S,
    clock: Timestamp,
    legible: bool,
}

/// A replica of `M`.
#[derive(Clone)]
pub(crate) struct Flood<M: Model> {
    model: M,
    flaw: Flaw,
    me: ReplicaId,
    clock: Hlc,
    state: M::State,
    peers: Vec<u64>,
    expired: bool,
}

impl<M: Model> Flood<M> {
    fn letter(&self) -> Letter<M::State> {
        let legible = self.flaw != Flaw::Illegible;
        Letter { state: self.state.clone(), clock: self.clock.latest(), legible }
    }

    fn tell(&self, out: &mut Outbox<'_, Self>) {
        for &peer in &self.peers {
            out.send(peer, self.letter());
        }
    }

    fn tell_at_once(&self, out: &mut Outbox<'_, Self>) {
        if self.flaw != Flaw::ExpiresAtLast {
            self.tell(out);
        }
    }

    fn write(&self, out: &mut Outbox<'_, Self>) {
        if self.flaw != Flaw::PromisesTooMuch {
            out.snapshot(self.letter());
        }
    }
}

impl<M: Model> Protocol for Flood<M> {
    type Spec = M;
    type Config = Flaw;
    type Message = Letter<M::State>;
    type Timer = ();
    type Record = Letter<M::State>;

    fn start(
        model: M,
        flaw: Flaw,
        fresh: ReplicaId,
        disk: Vec<Self::Record>,
        now_ms: u64,
        out: &mut Outbox<'_, Self>,
    ) -> Self {
        let mut state = model.initial(fresh);
        let mut clock = Hlc::new(fresh, u64::MAX);
        for record in disk {
            state.merge(&record.state);
            let _ = clock.observe(now_ms, record.clock);
        }
        let first_ms = if flaw == Flaw::Spins { 0 } else { 1 + out.draw(50) };
        out.timer(first_ms, ());
        Self { model, flaw, me: fresh, clock, state, peers: Vec::new(), expired: false }
    }

    fn perform(
        &mut self,
        id: OpId,
        now_ms: u64,
        op: <M as Spec>::Op,
        out: &mut Outbox<'_, Self>,
    ) -> Result<At, Refused> {
        let stamp = match self.flaw {
            Flaw::WallClock => Timestamp::new(now_ms, id.seq as u32, self.me),
            _ => self.clock.tick(now_ms)?,
        };
        let at = At { id, stamp };
        self.expired = false;
        self.model.perform(&mut self.state, &at, &op)?;
        match self.flaw {
            Flaw::PerformsTwice => {
                self.model.perform(&mut self.state, &at, &op)?;
            }
            Flaw::RefusesAndPerforms => return Err(Refused::Rule("not today".to_owned())),
            Flaw::Renames => return Ok(At { id: OpId::new(self.me, 1_000 + id.seq), stamp }),
            Flaw::PromisesNothing => out.done(OpId::new(self.me, id.seq + 1), [self.me.id()]),
            _ => {}
        }
        self.write(out);
        out.done(id, [self.me.id()]);
        self.tell_at_once(out);
        Ok(at)
    }

    fn receive(
        &mut self,
        now_ms: u64,
        _: u64,
        letter: Self::Message,
        out: &mut Outbox<'_, Self>,
    ) -> Result<(), Refused> {
        if self.flaw == Flaw::Replaces {
            self.state = letter.state;
            return Ok(());
        }
        self.clock.observe(now_ms, letter.clock)?;
        if self.state.merge(&letter.state) {
            if self.flaw == Flaw::RefusesLate {
                return Err(Refused::Rule("seen it".to_owned()));
            }
            self.expired = false;
            self.write(out);
            self.tell_at_once(out);
        }
        Ok(())
    }

    fn timer(&mut self, now_ms: u64, (): (), out: &mut Outbox<'_, Self>) {
        let last = now_ms >= LAST_MS && self.flaw == Flaw::ExpiresAtLast;
        self.expired = last || self.flaw == Flaw::Expires;
        match self.flaw {
            Flaw::SendsOnce => return,
            Flaw::Spins => return out.timer(0, ()),
            Flaw::Unseeded => {
                // The address of an allocation, so to speak.
                static CALLS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
                let calls = CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                out.timer(30 + calls % 7, ());
            }
            _ => out.timer(50, ()),
        }
        self.tell(out);
    }

    fn members(&mut self, _: u64, peers: &[u64], _: &mut Outbox<'_, Self>) {
        self.peers = peers.to_vec();
    }

    fn read(&self) -> <M as Spec>::Value {
        match self.expired {
            true => self.model.read(&self.model.initial(self.me)),
            false => self.model.read(&self.state),
        }
    }

    fn waiting_for(&self) -> Vec<Waiting> {
        match self.flaw {
            Flaw::NeverQuiet => vec![Waiting { what: "a sign".to_owned(), from: Some(2) }],
            Flaw::ExpiresAtLast if !self.expired => {
                vec![Waiting { what: "its view to expire".to_owned(), from: None }]
            }
            _ => Vec::new(),
        }
    }

    fn encode(letter: &Self::Message, bytes: &mut Vec<u8>) {
        wire::encode(Kind::Message, 1, letter, bytes).expect("states can be written");
    }

    fn decode(bytes: &[u8]) -> Result<Self::Message, WireError> {
        let letter: Self::Message = wire::decode(Kind::Message, 1, Limits::default(), bytes)?;
        match letter.legible {
            true => Ok(letter),
            false => Err(WireError::NotOurs),
        }
    }
}

impl<M: Model> Backed for Flood<M> {
    fn state(&self) -> &M::State {
        &self.state
    }
}

impl<M: Model> PartialEq for Flood<M> {
    fn eq(&self, other: &Self) -> bool {
        (self.me, &self.clock, &self.state) == (other.me, &other.clock, &other.state)
    }
}

impl<M: Model> Eq for Flood<M> {}

impl<M: Model> Hash for Flood<M> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.me, &self.clock, &self.state).hash(hasher);
    }
}

impl<M: Model> std::fmt::Debug for Flood<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {:?}", self.me, self.state)
    }
}
