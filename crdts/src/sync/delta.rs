//! Policy delta: intervals of joined deltas, acknowledged (Almeida, Shoker & Baquero, "Delta state
//! replicated data types", JPDC 2018, algorithm 2), with the two optimisations of Enes, Almeida,
//! Baquero & Leitão, "Efficient synchronization of state-based CRDTs", ICDE 2019: what came from a
//! peer does not go back to it (BP), and of what arrives only what is new is passed on (RR).
//!
//! A replica numbers what it comes to know, from 1, and calls each piece an *entry*: the delta of
//! an operation of its own, the news in a message, and as entry 1 of a restarted replica what it
//! recovered from its disk. Everything rests on one invariant, for replicas *s* and *p*:
//!
//! > if *p* says that it has *n* entries of *s*, then *p*'s state covers the state of *s* right
//! > after its entry *n*.
//!
//! An interval `from..upto` keeps it iff *p* has `from` entries already, and either nothing was
//! left out of it or only entries that came from *p* itself. Hence the rules:
//!
//! - "Itself" is an incarnation, not an address: a replica that restarted may have lost what it
//!   once sent. So an interval from which something was left out names the one incarnation that it
//!   was made for, and only that one attaches it.
//! - What does not attach is not merged. The answer is the same acknowledgement as ever, which
//!   says how far the receiver really is; the sender goes on from there, with the whole state if
//!   the entries are no longer kept.
//! - Incarnations are nonces without an order, so a sender cannot tell whether an acknowledgement
//!   of another incarnation than the last is newer or a straggler. It believes it. If it was
//!   misled, the next interval does not attach and the answer puts it right; and so that there is
//!   a next one, a sender with nothing to send sends an empty interval now and then. A peer that
//!   lost its disk is noticed in the same way.

use std::collections::BTreeMap;

use super::config::Config;
use super::message::{Have, Interval, Message, WholeState};
use super::protocol::Waiting;
use super::replica::Voice;
use crate::{Lattice, Refused, ReplicaId};

/// What is kept for the peers, and what is known of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Intervals<D: Clone> {
    count: u64,                   // entries so far
    buffer: im::Vector<Entry<D>>, // the last of them
    links: BTreeMap<u64, Link>,   // how far each peer is with my entries
    have: BTreeMap<ReplicaId, u64>, // how far I am with theirs; an incarnation is never forgotten,
                                  // since its acknowledged entries are never sent again
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Entry<D> {
    delta: D,
    origin: Option<ReplicaId>, // the sender it came from; `None` if it arose here
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
struct Link {
    incarnation: Option<ReplicaId>, // the one that acknowledged; `None` before the first
    acked: u64,
}

impl<D: Lattice + Default> Intervals<D> {
    /// `recovered`: the state at the start is more than the initial one.
    pub(super) fn new(recovered: bool) -> Self {
        Self {
            count: u64::from(recovered), // not in the buffer: as good as collected
            buffer: im::Vector::new(),
            links: BTreeMap::new(),
            have: BTreeMap::new(),
        }
    }

    pub(super) fn set_peers(&mut self, peers: impl Iterator<Item = u64>) {
        let mut before = std::mem::take(&mut self.links);
        self.links = peers.map(|peer| (peer, before.remove(&peer).unwrap_or_default())).collect();
        self.collect();
    }

    pub(super) fn is_peer(&self, address: u64) -> bool {
        self.links.contains_key(&address)
    }

    /// Numbers what was learnt. `delta` is not empty.
    pub(super) fn push(&mut self, delta: D, origin: Option<ReplicaId>, config: &Config) {
        self.count += 1;
        self.buffer.push_back(Entry { delta, origin });
        while self.buffer.len() > config.buffer {
            self.buffer.pop_front();
        }
        if self.links.is_empty() {
            self.collect();
        }
    }

    /// Whether merging the interval leaves no gap.
    pub(super) fn attaches(&self, interval: &Interval<D>, me: ReplicaId) -> bool {
        interval.from <= self.has(interval.sender) && interval.to.is_none_or(|to| to == me)
    }

    /// How many entries of `sender` are here.
    pub(super) fn has(&self, sender: ReplicaId) -> u64 {
        self.have.get(&sender).copied().unwrap_or(0)
    }

    /// Notes that the entries `..= upto` of `sender` are here.
    pub(super) fn note(&mut self, sender: ReplicaId, upto: u64) {
        let have = self.have.entry(sender).or_default();
        *have = upto.max(*have);
    }

    /// Takes an acknowledgement, addressed to some incarnation of `me`.
    pub(super) fn acknowledge(&mut self, have: &Have, me: ReplicaId) -> Result<(), Refused> {
        if have.of != me {
            return Ok(()); // of entries that I wrote in an earlier life, numbered differently
        }
        if have.have > self.count {
            return Err(Refused::Rule(format!(
                "{} acknowledges entry {} of {me}, which wrote {}",
                have.by, have.have, self.count
            )));
        }
        let Some(link) = self.links.get_mut(&have.by.id()) else {
            return Ok(()); // it has left
        };
        if link.incarnation == Some(have.by) {
            link.acked = link.acked.max(have.have);
        } else {
            *link = Link { incarnation: Some(have.by), acked: have.have };
        }
        self.collect();
        Ok(())
    }

    /// One round: to each peer what it has not acknowledged, from there on.
    ///
    /// Linear in the entries sent; nothing is sent to a peer that has everything.
    pub(super) fn round<S: Clone>(
        &self,
        voice: &Voice<'_, S>,
        config: &Config,
        mut send: impl FnMut(u64, Message<S, D>),
    ) {
        let Voice { sender, clock, state } = *voice;
        for (&peer, link) in &self.links {
            if link.acked == self.count {
                continue;
            }
            if link.acked < self.base() {
                let whole = WholeState { sender, upto: self.count, state: state.clone(), clock };
                send(peer, Message::Whole(whole));
                continue;
            }
            let (to, mut from) = (link.incarnation, link.acked);
            for _ in 0..config.window.max(1) {
                let upto = from.saturating_add(config.batch.max(1) as u64).min(self.count);
                if from == upto {
                    break;
                }
                let delta = self.joined(from, upto, link.incarnation);
                send(peer, Message::Interval(Interval { sender, to, from, upto, delta, clock }));
                from = upto;
            }
        }
    }

    /// Signs of life: an empty interval to each peer that has everything.
    pub(super) fn heartbeat<S>(
        &self,
        voice: &Voice<'_, S>,
        mut send: impl FnMut(u64, Message<S, D>),
    ) {
        let Voice { sender, clock, .. } = *voice;
        let (from, upto) = (self.count, self.count);
        for (&peer, link) in self.links.iter().filter(|(_, link)| link.acked == self.count) {
            let (to, delta) = (link.incarnation, D::default());
            send(peer, Message::Interval(Interval { sender, to, from, upto, delta, clock }));
        }
    }

    /// What is outstanding. Signs of life are not.
    pub(super) fn waiting_for(&self) -> Vec<Waiting> {
        let mut waiting = Vec::new();
        for (&address, link) in &self.links {
            let from = Some(address);
            let lives = ReplicaId::new(address, 0)..=ReplicaId::new(address, u64::MAX);
            if self.have.range(lives).next().is_none() {
                // It may know something, and may take this replica for its earlier life.
                waiting.push(Waiting { what: "a first message".into(), from });
            }
            if link.acked < self.count {
                let what = match (link.acked + 1, self.count) {
                    (first, last) if first == last => {
                        format!("the acknowledgement of entry {last}")
                    }
                    (first, last) => format!("the acknowledgement of entries {first}..{last}"),
                };
                waiting.push(Waiting { what, from });
            }
        }
        waiting
    }

    /// How many entries are no longer kept.
    fn base(&self) -> u64 {
        self.count - self.buffer.len() as u64
    }

    /// The join of the entries `from + 1 ..= upto`, which are all kept, without those that came
    /// from the incarnation that it is for.
    fn joined(&self, from: u64, upto: u64, to: Option<ReplicaId>) -> D {
        let index = |entry: u64| (entry - self.base()) as usize;
        let mut joined = D::default();
        for entry in self.buffer.iter().skip(index(from)).take(index(upto) - index(from)) {
            if to.is_none() || entry.origin != to {
                joined.merge(&entry.delta);
            }
        }
        joined
    }

    /// Forgets the entries that every peer has.
    fn collect(&mut self) {
        let everywhere = self.links.values().map(|link| link.acked).min().unwrap_or(self.count);
        while self.base() < everywhere {
            self.buffer.pop_front();
        }
    }
}
