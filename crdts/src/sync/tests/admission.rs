//! What is refused changes nothing.

use super::*;
use crate::spec::{LwwRegisterModel, MapOp, OrMapModel, OrSetModel, PnCounterModel, SetOp, Write};
use crate::wire::WireError;
use crate::{ClockError, Timestamp};

const ME: ReplicaId = ReplicaId::new(1, 5);
const PEER: ReplicaId = ReplicaId::new(2, 5);

fn me() -> Counter {
    let mut me = counter(ME, &[2], &Config::default());
    add(&mut me, 1);
    me
}

fn refused(from: u64, message: CounterMessage) -> String {
    let mut me = me();
    let before = me.clone();
    let (result, outputs) = outputs(|out| me.receive(10, from, message.clone(), out));
    let Err(Refused::Rule(reason)) = result else { panic!("{message:?} gave {result:?}") };
    assert_eq!(me, before);
    assert_eq!(outputs, []);
    reason
}

fn interval() -> Interval<DeltaOf<GCounterModel>> {
    let mut peer = counter(PEER, &[1], &Config::default());
    add(&mut peer, 1);
    match round(&mut peer, 1).remove(0) {
        Message::Interval(interval) => interval,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_interval_that_the_others_are_made_from_is_welcome() {
    let mut me = me();
    deliver(2, [Message::Interval(interval())], &mut me);
    assert_eq!(me.read(), 2);
}

#[test]
fn messages_that_cannot_have_been_sent_are_refused() {
    let made = |change: fn(&mut Interval<_>)| {
        let mut interval = interval();
        change(&mut interval);
        Message::Interval(interval)
    };
    assert_eq!(refused(2, made(|it| it.sender = ME)), "a message of r1/5 to itself, r1/5");
    assert_eq!(
        refused(1, made(|it| it.sender = ReplicaId::new(1, 6))),
        "a message of r1/6 to itself, r1/5"
    );
    assert_eq!(refused(3, made(|_| ())), "a message of r2/5 from r3");
    assert_eq!(
        refused(2, made(|it| it.clock = Timestamp::new(1, 0, ME))),
        "a message of r2/5 with the clock of r1/5"
    );
    assert_eq!(
        refused(2, made(|it| it.to = Some(ReplicaId::new(3, 5)))),
        "an interval for r3/5 came to r1/5"
    );
    assert_eq!(
        refused(2, made(|it| (it.from, it.upto) = (2, 1))),
        "an interval that ends at 1, before its start 2"
    );
    assert_eq!(refused(2, made(|it| it.upto = 0)), "an empty interval at 0 that holds something");
}

#[test]
fn an_acknowledgement_beyond_what_was_written_is_refused() {
    let have = |of, by, have| Message::Have(Have { of, by, have });
    assert_eq!(refused(2, have(ME, PEER, 2)), "r2/5 acknowledges entry 2 of r1/5, which wrote 1");
    assert_eq!(refused(3, have(ME, PEER, 1)), "an acknowledgement of r2/5 from r3");
    assert_eq!(refused(2, have(PEER, PEER, 1)), "an acknowledgement to r2/5 came to r1/5");
    // Of an earlier life: not an error, and nothing follows from it.
    let mut me = me();
    let before = me.clone();
    deliver(2, [have(ReplicaId::new(1, 4), PEER, 99)], &mut me);
    assert_eq!(me, before);
}

type Register = Replica<LwwRegisterModel<String>>;

fn register(me: ReplicaId, peer: u64, policy: Policy) -> Register {
    let model = LwwRegisterModel::new(["a".to_string()]);
    let config = Config { policy, max_ahead_ms: 100, ..Config::default() };
    let start = |out: &mut Outbox<'_, Register>| {
        let mut replica = Replica::start(model, config, me, Vec::new(), 0, out);
        replica.members(0, &[peer], out);
        replica
    };
    outputs(start).0
}

#[test]
fn a_stamp_too_far_ahead_changes_nothing_and_comes_again() {
    for policy in Policy::ALL {
        let (mut ahead, mut behind) = (register(PEER, 1, policy), register(ME, 2, policy));
        let write = |out: &mut Outbox<'_, Register>| {
            ahead.perform(OpId::new(PEER, 1), 1_000, Write("a".into()), out)
        };
        outputs(write).0.unwrap();
        let mut send = || {
            let sent = sends(outputs(|out| ahead.timer(1_000, Timer::Gossip, out)).1);
            sent.into_iter().next().expect("a message to r1").1
        };
        let before = behind.clone();
        let (result, outs) = outputs(|out| behind.receive(800, 2, send(), out));
        let Err(Refused::Clock(ClockError::TooFarAhead { ahead_ms: 200, .. })) = result else {
            panic!("{result:?}")
        };
        assert_eq!((&behind, outs), (&before, Vec::new()));

        outputs(|out| behind.receive(900, 2, send(), out)).0.unwrap();
        assert_eq!(behind.read(), Some("a".into()));
        assert!(behind.clock() > ahead.clock());
    }
}

#[test]
fn a_refused_operation_changes_nothing_not_even_the_clock() {
    let mut me = me();
    let before = me.clone();
    let mut refuse = |id, op| {
        let (result, outs) = outputs(|out| me.perform(id, 10, op, out));
        assert!(result.is_err());
        assert_eq!((&me, outs), (&before, Vec::new()));
        result.unwrap_err()
    };
    let full = refuse(OpId::new(ME, 2), CounterOp::Add(u64::MAX));
    assert!(matches!(full, Refused::Counter(_)));
    let another = refuse(OpId::new(PEER, 2), CounterOp::Add(1));
    assert_eq!(another, Refused::Rule("r1/5 performs no operation r2/5:2".into()));
}

#[test]
fn an_operation_without_effect_is_done_and_written_down_and_not_sent() {
    let mut me = counter(ME, &[2], &Config::default());
    let (result, outs) = outputs(|out| me.perform(OpId::new(ME, 1), 10, CounterOp::Add(0), out));
    let clock = result.unwrap().stamp;
    let [Output::Append(Record::News { clock: written, .. }), Output::Done { id, held_by }] =
        &outs[..]
    else {
        panic!("{outs:?}")
    };
    assert_eq!((*written, *id), (clock, OpId::new(ME, 1)));
    assert_eq!(held_by.iter().copied().collect::<Vec<_>>(), [1]);
    assert_eq!(round(&mut me, 2), []);
}

#[test]
fn replicas_of_another_policy_are_told_apart() {
    let mut me = counter(ME, &[2], &Config { policy: Policy::State, ..Config::default() });
    let before = me.clone();
    let have = Have { of: ME, by: PEER, have: 0 };
    for message in [Message::Interval(interval()), Message::Have(have)] {
        let (result, outs) = outputs(|out| me.receive(10, 2, message, out));
        assert!(matches!(result, Err(Refused::Rule(_))), "{result:?}");
        assert_eq!((&me, outs), (&before, Vec::new()));
    }
}

#[test]
fn messages_survive_the_wire_and_damage_does_not_pass() {
    let message = Message::Interval(interval());
    let mut bytes = Vec::new();
    Counter::encode(&message, &mut bytes);
    assert_eq!(Counter::decode(&bytes), Ok(message));
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(Counter::decode(&damaged).is_err());
        assert!(Counter::decode(&bytes[..at]).is_err());
    }
    assert_eq!(Counter::decode(b"hello"), Err(WireError::NotOurs));
}

#[test]
fn a_sign_of_life_is_small() {
    let mut me = me();
    let mut peer = counter(PEER, &[1], &Config::default());
    exchange(&mut me, &mut peer);
    let mut bytes = Vec::new();
    Counter::encode(&fired(&mut me, Timer::Heartbeat, 2)[0], &mut bytes);
    assert!(bytes.len() < 40, "{} bytes", bytes.len());
}

#[test]
fn a_change_of_its_own_that_it_never_made_is_refused() {
    // A slot of the receiver, which holds 1 there and 2 in the message.
    let mut forged = interval();
    let mut forger = counter(ME, &[2], &Config::default());
    add(&mut forger, 1);
    add(&mut forger, 2);
    forged.delta = match round(&mut forger, 2).remove(0) {
        Message::Interval(interval) => interval.delta,
        other => panic!("{other:?}"),
    };
    let reason = "r2/5 claims a change of r1/5, which that replica never made";
    assert_eq!(refused(2, Message::Interval(forged)), reason);

    // A dot of the receiver, which has minted none.
    let model = OrSetModel::new([1u8]);
    let start = |me, peer| {
        let start = |out: &mut Outbox<'_, Replica<OrSetModel<u8>>>| {
            let config = Config { policy: Policy::State, ..Config::default() };
            let mut replica = Replica::start(model.clone(), config, me, Vec::new(), 0, out);
            replica.members(0, &[peer], out);
            replica
        };
        outputs(start).0
    };
    let (mut honest, mut forger) = (start(ME, 2), start(ME, 2));
    let forge = |out: &mut Outbox<'_, _>| forger.perform(OpId::new(ME, 1), 1, SetOp::Add(1), out);
    outputs(forge).0.unwrap();
    let (_, sent) = outputs(|out| forger.timer(10, Timer::Gossip, out));
    let Some((_, Message::Whole(mut whole))) = sends(sent).pop() else { panic!("no state") };
    whole.sender = PEER;
    whole.clock = Timestamp::new(1, 0, PEER);
    let before = honest.clone();
    let (result, _) = outputs(|out| honest.receive(10, 2, Message::Whole(whole), out));
    assert_eq!(result, Err(Refused::Rule(reason.to_owned())));
    assert_eq!(honest, before);
}

/// Whether every replica refuses what another with its id did: `ops`, sent by a peer as its own.
#[track_caller]
fn forgeries_are_refused<M: Model + Clone>(model: M, ops: &[M::Op]) {
    for policy in Policy::ALL {
        let start = |me, peer| {
            let start = |out: &mut Outbox<'_, Replica<M>>| {
                let config = Config { policy, ..Config::default() };
                let mut replica = Replica::start(model.clone(), config, me, Vec::new(), 0, out);
                replica.members(0, &[peer], out);
                replica
            };
            outputs(start).0
        };
        let (mut honest, mut forger) = (start(ME, 2), start(ME, 2));
        for (op, seq) in ops.iter().zip(1..) {
            let perform =
                |out: &mut Outbox<'_, _>| forger.perform(OpId::new(ME, seq), 1, op.clone(), out);
            outputs(perform).0.unwrap();
        }
        let (_, sent) = outputs(|out| forger.timer(10, Timer::Gossip, out));
        let message = match sends(sent).pop() {
            Some((_, Message::Whole(mut whole))) => {
                (whole.sender, whole.clock) = (PEER, Timestamp::new(1, 0, PEER));
                Message::Whole(whole)
            }
            Some((_, Message::Interval(mut interval))) => {
                (interval.sender, interval.clock) = (PEER, Timestamp::new(1, 0, PEER));
                Message::Interval(interval)
            }
            other => panic!("{other:?}"),
        };
        let before = honest.clone();
        let (result, outs) = outputs(|out| honest.receive(10, 2, message, out));
        let reason = "r2/5 claims a change of r1/5, which that replica never made";
        assert_eq!(result, Err(Refused::Rule(reason.to_owned())), "{policy}");
        assert!(honest == before && outs.is_empty(), "{policy}");
    }
}

#[test]
fn every_type_that_can_tell_a_forged_change_refuses_it() {
    let set = || OrSetModel::new([1u8, 2]);
    forgeries_are_refused(GCounterModel, &[CounterOp::Add(1)]);
    forgeries_are_refused(PnCounterModel, &[CounterOp::Add(1)]);
    forgeries_are_refused(PnCounterModel, &[CounterOp::Take(1)]);
    forgeries_are_refused(set(), &[SetOp::Add(1)]);
    // What is left of it is only a removal.
    forgeries_are_refused(set(), &[SetOp::Add(1), SetOp::Remove(1)]);
    let map = || OrMapModel::new(["k".to_owned()], set());
    let update = || MapOp::Update("k".to_owned(), vec![SetOp::Add(1)]);
    forgeries_are_refused(map(), &[update()]);
    forgeries_are_refused(map(), &[update(), MapOp::Clear]);
}
