//! Replicas of a G-Counter as stateright's actors.

use std::borrow::Cow;
use std::cmp::Ordering;

use rejoin_crdts::{GCounter, Lattice, Merge, ReplicaId};
use stateright::Expectation;
use stateright::actor::{
    Actor, ActorModel, ActorModelState, Id, Network, Out, model_peers, model_timeout,
};

/// How many replicas there are.
pub(crate) const REPLICAS: usize = 3;
/// How many increments each performs.
pub(crate) const INCREMENTS: u8 = 2;

/// What a replica sends after each increment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sends {
    /// All that it has.
    States,
    /// What the increment changed.
    Deltas,
}

/// A replica that increments when it likes, and tells all others.
pub(crate) struct Replica {
    sends: Sends,
    peers: Vec<Id>,
}

/// A counter on its way. A delta travels as the counter with just its slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Message(GCounter);

impl Message {
    fn slots(&self) -> [u64; REPLICAS] {
        std::array::from_fn(|at| self.0.slot(name(at)))
    }
}

/// Stateright sorts actions.
impl Ord for Message {
    fn cmp(&self, other: &Self) -> Ordering {
        self.slots().cmp(&other.slots())
    }
}

impl PartialOrd for Message {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Where a replica stands.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(crate) struct Standing {
    counter: GCounter,
    performed: u8,
}

fn name(at: usize) -> ReplicaId {
    ReplicaId::new(at as u64 + 1, 0)
}

impl Actor for Replica {
    type Msg = Message;
    /// Time for the next increment.
    type Timer = ();
    type State = Standing;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, out: &mut Out<Self>) -> Standing {
        out.set_timer((), model_timeout());
        Standing { counter: GCounter::new(), performed: 0 }
    }

    fn on_timeout(&self, id: Id, standing: &mut Cow<'_, Standing>, _: &(), out: &mut Out<Self>) {
        let standing = standing.to_mut();
        let delta = standing.counter.increment(name(id.into()), 1).expect("two fit");
        standing.performed += 1;
        if standing.performed < INCREMENTS {
            out.set_timer((), model_timeout());
        }
        let message = match self.sends {
            Sends::States => standing.counter.clone(),
            Sends::Deltas => {
                let mut slot = GCounter::new();
                slot.merge(&delta);
                slot
            }
        };
        out.broadcast(&self.peers, &Message(message));
    }

    fn on_msg(
        &self,
        _: Id,
        standing: &mut Cow<'_, Standing>,
        _: Id,
        message: Message,
        _: &mut Out<Self>,
    ) {
        // What changes nothing stays borrowed, so that stateright can leave it out.
        if !standing.counter.covers(&message.0) {
            standing.to_mut().counter.merge(&message.0);
        }
    }
}

type State = ActorModelState<Replica>;

/// The replicas, on a network that delivers any message at any time, any number of times. A message
/// that is lost is one that is not delivered: stateright's `LossyNetwork` adds states in which
/// nothing differs but what could still be delivered.
pub(crate) fn replicas(sends: Sends) -> ActorModel<Replica> {
    ActorModel::new((), ())
        .actors((0..REPLICAS).map(|at| Replica { sends, peers: model_peers(at, REPLICAS) }))
        .init_network(Network::new_unordered_duplicating([]))
        .property(Expectation::Always, "nobody reads more than was incremented", |_, state| {
            state.actor_states.iter().all(|standing| {
                let own = u128::from(standing.performed);
                (own..=total(state)).contains(&standing.counter.value())
            })
        })
        .property(Expectation::Always, "states merge to the total, either way round", |_, state| {
            let counters = || state.actor_states.iter().map(|standing| &standing.counter);
            let forth = counters().fold(GCounter::new(), merged);
            let back = counters().rev().fold(GCounter::new(), merged);
            forth == back && forth.value() == total(state)
        })
        .property(Expectation::Always, "who gets everything reads the total", |_, state| {
            (0..REPLICAS).all(|at| {
                let mut counter = state.actor_states[at].counter.clone();
                for envelope in state.network.iter_all() {
                    if usize::from(envelope.dst) == at {
                        counter.merge(&envelope.msg.0);
                    }
                }
                counter.value() == total(state)
            })
        })
        .property(Expectation::Sometimes, "everybody has everything", |_, state| {
            let whole = REPLICAS as u128 * u128::from(INCREMENTS);
            state.actor_states.iter().all(|standing| standing.counter.value() == whole)
        })
}

fn merged(mut left: GCounter, right: &GCounter) -> GCounter {
    left.merge(right);
    left
}

fn total(state: &State) -> u128 {
    state.actor_states.iter().map(|standing| u128::from(standing.performed)).sum()
}
