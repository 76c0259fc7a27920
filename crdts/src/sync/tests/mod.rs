mod admission;
mod disk;
mod intervals;
mod world;

use super::*;
use crate::model::{DeltaOf, Model, Refused};
use crate::spec::{CounterOp, GCounterModel};
use crate::{At, OpId, ReplicaId};

type Counter = Replica<GCounterModel>;
type CounterMessage = <Counter as Protocol>::Message;

/// splitmix64.
#[derive(Clone)]
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }
}

/// What a call puts into the outbox.
fn outputs<M: Model, R>(
    call: impl FnOnce(&mut Outbox<'_, Replica<M>>) -> R,
) -> (R, Vec<Output<Replica<M>>>) {
    let mut draw = |bound: u64| bound / 2;
    let mut out = Outbox::new(&mut draw);
    let result = call(&mut out);
    (result, out.into_outputs())
}

fn sends<M: Model>(
    outputs: Vec<Output<Replica<M>>>,
) -> Vec<(u64, <Replica<M> as Protocol>::Message)> {
    let send = |output| match output {
        Output::Send { to, message } => Some((to, message)),
        _ => None,
    };
    outputs.into_iter().filter_map(send).collect()
}

fn id(address: u64, incarnation: u64) -> ReplicaId {
    ReplicaId::new(address, incarnation)
}

/// A counter at `me`, which talks to `peers`.
fn counter(me: ReplicaId, peers: &[u64], config: &Config) -> Counter {
    let start = |out: &mut Outbox<'_, Counter>| {
        let mut replica = Replica::start(GCounterModel, config.clone(), me, Vec::new(), 0, out);
        replica.members(0, peers, out);
        replica
    };
    outputs(start).0
}

fn add(replica: &mut Counter, seq: u64) -> At {
    let id = OpId::new(replica.me(), seq);
    outputs(|out| replica.perform(id, 10, CounterOp::Add(1), out)).0.unwrap()
}

/// The messages of one round of sending to address `to`.
fn round(replica: &mut Counter, to: u64) -> Vec<CounterMessage> {
    fired(replica, Timer::Gossip, to)
}

fn fired(replica: &mut Counter, timer: Timer, to: u64) -> Vec<CounterMessage> {
    let sent = sends(outputs(|out| replica.timer(10, timer, out)).1);
    sent.into_iter().filter(|sent| sent.0 == to).map(|sent| sent.1).collect()
}

/// Delivers messages in order, and returns what is answered to their sender.
fn deliver(
    from: u64,
    messages: impl IntoIterator<Item = CounterMessage>,
    to: &mut Counter,
) -> Vec<CounterMessage> {
    let mut answers = Vec::new();
    for message in messages {
        let (result, outputs) = outputs(|out| to.receive(10, from, message, out));
        assert_eq!(result, Ok(()));
        for (address, answer) in sends(outputs) {
            assert_eq!(address, from, "an answer goes to whoever asked");
            answers.push(answer);
        }
    }
    answers
}

/// One round from `a` to `b`, and the answers back.
fn exchange(a: &mut Counter, b: &mut Counter) {
    let messages = round(a, b.me().id());
    let answers = deliver(a.me().id(), messages, b);
    deliver(b.me().id(), answers, a);
}

fn waits(replica: &Counter) -> Vec<String> {
    replica.waiting_for().iter().map(Waiting::to_string).collect()
}
