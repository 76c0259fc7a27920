//! The policies, message by message.

use super::*;

fn interval(message: &CounterMessage) -> &Interval<DeltaOf<GCounterModel>> {
    match message {
        Message::Interval(interval) => interval,
        other => panic!("an interval was expected, not {other:?}"),
    }
}

fn is_whole(message: &CounterMessage) -> bool {
    matches!(message, Message::Whole(_))
}

const SMALL: Config = Config {
    policy: Policy::Delta,
    gossip_ms: 10,
    heartbeat_ms: 100,
    buffer: 100,
    batch: 1,
    window: 8,
    snapshot_every: 100,
    max_ahead_ms: 1_000,
};

#[test]
fn a_pair_agrees_and_falls_silent() {
    let (mut a, mut b) = (counter(id(1, 7), &[2], &SMALL), counter(id(2, 7), &[1], &SMALL));
    add(&mut a, 1);
    add(&mut b, 1);
    for _ in 0..2 {
        exchange(&mut a, &mut b);
        exchange(&mut b, &mut a);
    }
    assert_eq!((a.read(), b.read()), (2, 2));
    assert_eq!(waits(&a), Vec::<String>::new());
    assert_eq!(waits(&b), Vec::<String>::new());
    assert_eq!(round(&mut a, 2), []);
    let sign_of_life = fired(&mut a, Timer::Heartbeat, 2);
    assert_eq!(sign_of_life.len(), 1);
    assert_eq!(deliver(1, sign_of_life, &mut b), [], "nothing to put right, nothing to say");
}

#[test]
fn an_operation_sends_nothing_before_the_next_round() {
    let mut a = counter(id(1, 0), &[2, 3], &SMALL);
    let perform = outputs(|out| a.perform(OpId::new(id(1, 0), 1), 10, CounterOp::Add(1), out)).1;
    assert!(matches!(perform[..], [Output::Append(_), Output::Done { .. }]), "{perform:?}");
    assert_eq!(round(&mut a, 2).len(), 1);
    assert_eq!(round(&mut a, 3).len(), 1, "and again, until it is acknowledged");
}

#[test]
fn a_capped_batch_makes_several_intervals_each_attached_to_the_one_before() {
    let mut a = counter(id(1, 0), &[2], &Config { batch: 2, window: 2, ..SMALL });
    for seq in 1..=5 {
        add(&mut a, seq);
    }
    let spans = |messages: Vec<CounterMessage>| {
        messages.iter().map(|m| (interval(m).from, interval(m).upto)).collect::<Vec<_>>()
    };
    assert_eq!(spans(round(&mut a, 2)), [(0, 2), (2, 4)]);
    let mut b = counter(id(2, 0), &[1], &SMALL);
    exchange(&mut a, &mut b);
    assert_eq!(b.read(), 4);
    assert_eq!(spans(round(&mut a, 2)), [(4, 5)]);
}

#[test]
fn a_gap_is_never_believed() {
    let (mut a, mut b) = (counter(id(1, 0), &[2], &SMALL), counter(id(2, 0), &[1], &SMALL));
    add(&mut a, 1);
    add(&mut a, 2);
    let mut messages = round(&mut a, 2);
    let before = b.clone();
    let answers = deliver(1, messages.split_off(1), &mut b);
    assert_eq!(b, before, "the second entry alone says nothing of the first");
    assert_eq!(answers, [Message::Have(Have { of: id(1, 0), by: id(2, 0), have: 0 })]);
    deliver(1, messages, &mut b);
    assert_eq!(b.read(), 1);
}

#[test]
fn what_is_no_longer_kept_is_repaired_by_the_whole_state() {
    let mut a = counter(id(1, 0), &[2], &Config { buffer: 1, ..SMALL });
    let mut b = counter(id(2, 0), &[1], &SMALL);
    add(&mut a, 1);
    add(&mut a, 2);
    let messages = round(&mut a, 2);
    assert!(matches!(&messages[..], [whole] if is_whole(whole)), "{messages:?}");
    let answers = deliver(1, messages, &mut b);
    assert_eq!(answers, [Message::Have(Have { of: id(1, 0), by: id(2, 0), have: 2 })]);
    deliver(2, answers, &mut a);
    add(&mut a, 3);
    assert_eq!(interval(&round(&mut a, 2)[0]).from, 2, "and deltas go on from there");
}

#[test]
fn without_any_buffer_states_do_the_work() {
    let config = Config { buffer: 0, batch: 0, window: 0, ..SMALL };
    let (mut a, mut b) = (counter(id(1, 0), &[2], &config), counter(id(2, 0), &[1], &config));
    add(&mut a, 1);
    add(&mut b, 1);
    exchange(&mut a, &mut b);
    exchange(&mut b, &mut a);
    assert_eq!((a.read(), b.read()), (2, 2));
}

#[test]
fn a_peer_that_lost_its_disk_is_noticed_by_an_idle_sender() {
    let mut a = counter(id(1, 0), &[2], &SMALL);
    let mut before = counter(id(2, 0), &[1], &SMALL);
    add(&mut a, 1);
    exchange(&mut a, &mut before);
    let mut b = counter(id(2, 1), &[1], &SMALL);
    assert_eq!(waits(&b), ["a first message from r1"]);
    assert_eq!(round(&mut a, 2), [], "as far as it knows, r2 has everything");

    let sign_of_life = fired(&mut a, Timer::Heartbeat, 2);
    let answers = deliver(1, sign_of_life, &mut b);
    assert_eq!(answers, [Message::Have(Have { of: id(1, 0), by: id(2, 1), have: 0 })]);
    deliver(2, answers, &mut a);
    assert_eq!(waits(&a), ["a first message from r2", "the acknowledgement of entry 1 from r2"]);
    exchange(&mut a, &mut b);
    assert_eq!(b.read(), 1);
}

#[test]
fn a_stale_acknowledgement_of_an_earlier_incarnation_heals() {
    let mut a = counter(id(1, 0), &[2], &SMALL);
    let mut before = counter(id(2, 0), &[1], &SMALL);
    add(&mut a, 1);
    let messages = round(&mut a, 2);
    let stale = deliver(1, messages, &mut before); // on its way for a long time
    let mut b = counter(id(2, 1), &[1], &SMALL);

    // It arrives while the new incarnation has nothing yet, and the sender is idle.
    deliver(2, stale.clone(), &mut a);
    assert_eq!(round(&mut a, 2), [], "misled");
    let sign_of_life = fired(&mut a, Timer::Heartbeat, 2);
    let answers = deliver(1, sign_of_life, &mut b);
    deliver(2, answers, &mut a);
    exchange(&mut a, &mut b);
    assert_eq!(b.read(), 1);

    // It arrives again, while there is something to send.
    add(&mut a, 2);
    deliver(2, stale, &mut a);
    let messages = round(&mut a, 2);
    assert_eq!(interval(&messages[0]).to, Some(id(2, 0)), "misled");
    let answers = deliver(1, messages, &mut b);
    assert_eq!(b.read(), 1, "not made for this incarnation");
    deliver(2, answers, &mut a);
    exchange(&mut a, &mut b);
    assert_eq!(b.read(), 2);
    assert_eq!(round(&mut a, 2), []);
}

#[test]
fn what_came_from_a_peer_does_not_go_back_to_it() {
    let mut a = counter(id(1, 0), &[2, 3], &SMALL);
    let mut b = counter(id(2, 0), &[1], &SMALL);
    add(&mut b, 1);
    exchange(&mut b, &mut a);
    let first = round(&mut a, 2);
    assert_eq!(interval(&first[0]).to, None, "nothing is left out before it has answered");
    assert_ne!(interval(&first[0]).delta, Default::default());
    let answers = deliver(1, first, &mut b);
    deliver(2, answers, &mut a);
    add(&mut b, 2);
    exchange(&mut b, &mut a);
    let second = round(&mut a, 2);
    assert_eq!(interval(&second[0]).to, Some(id(2, 0)));
    assert_eq!(interval(&second[0]).delta, Default::default(), "only the number goes back");
}

#[test]
fn a_new_incarnation_gets_back_what_it_once_sent() {
    // r3 never answers, so everything is kept.
    let mut a = counter(id(1, 0), &[2, 3], &SMALL);
    let mut before = counter(id(2, 0), &[1], &SMALL);
    add(&mut before, 1);
    exchange(&mut before, &mut a);
    exchange(&mut a, &mut before);
    let mut b = counter(id(2, 1), &[1], &SMALL);
    let sign_of_life = fired(&mut a, Timer::Heartbeat, 2);
    let answers = deliver(1, sign_of_life, &mut b);
    deliver(2, answers, &mut a);
    let messages = round(&mut a, 2);
    assert_eq!(interval(&messages[0]).to, Some(id(2, 1)));
    deliver(1, messages, &mut b);
    assert_eq!(b.read(), 1);
}

#[test]
fn an_interval_for_another_incarnation_is_not_taken_as_attached() {
    // What r2 sent in its earlier life was left out of it: as attached it would hide that.
    let mut a = counter(id(1, 0), &[2, 3], &SMALL);
    let mut before = counter(id(2, 0), &[1], &SMALL);
    exchange(&mut a, &mut before);
    let sign_of_life = fired(&mut a, Timer::Heartbeat, 2);
    let answers = deliver(1, sign_of_life, &mut before);
    deliver(2, answers, &mut a);
    add(&mut before, 1);
    exchange(&mut before, &mut a);
    let late = round(&mut a, 2);
    assert_eq!((interval(&late[0]).from, interval(&late[0]).to), (0, Some(id(2, 0))));

    let mut b = counter(id(2, 1), &[1], &SMALL);
    let unchanged = b.clone();
    let answers = deliver(1, late, &mut b);
    assert_eq!(b, unchanged);
    deliver(2, answers, &mut a);
    exchange(&mut a, &mut b);
    assert_eq!(b.read(), 1, "its own increment is back");
}

#[test]
fn news_travels_on_along_a_chain_and_only_news() {
    let mut a = counter(id(1, 0), &[2], &SMALL);
    let mut b = counter(id(2, 0), &[1, 3], &SMALL);
    let mut c = counter(id(3, 0), &[2], &SMALL);
    add(&mut a, 1);
    exchange(&mut a, &mut b);
    exchange(&mut b, &mut c);
    assert_eq!(c.read(), 1);

    // The same interval once more brings no entry.
    let entries = waits(&b).len();
    let mut again = counter(id(1, 0), &[2], &SMALL);
    add(&mut again, 1);
    let messages = round(&mut again, 2);
    deliver(1, messages, &mut b);
    assert_eq!(waits(&b).len(), entries);
    assert_eq!(round(&mut b, 3), []);
}

#[test]
fn a_peer_that_left_holds_nothing_back() {
    let mut a = counter(id(1, 0), &[2, 3], &Config { buffer: 100, ..SMALL });
    let mut b = counter(id(2, 0), &[1], &SMALL);
    add(&mut a, 1);
    add(&mut a, 2);
    exchange(&mut a, &mut b);
    assert_eq!(round(&mut a, 3).len(), 2, "kept for r3");
    outputs(|out| a.members(20, &[2], out));
    assert_eq!(round(&mut a, 3), []);
    outputs(|out| a.members(30, &[2, 3], out));
    let messages = round(&mut a, 3);
    assert!(is_whole(&messages[0]), "no longer kept: {messages:?}");
    assert_eq!(round(&mut a, 2), [], "what r2 acknowledged is remembered");
}

#[test]
fn a_stranger_is_heard_but_not_answered() {
    let mut a = counter(id(1, 0), &[2], &SMALL);
    let mut stranger = counter(id(9, 0), &[1], &SMALL);
    add(&mut stranger, 1);
    let messages = round(&mut stranger, 1);
    assert_eq!(deliver(9, messages, &mut a), []);
    assert_eq!(a.read(), 1);
}

#[test]
fn a_restarted_sender_is_a_new_sender() {
    let mut before = counter(id(1, 0), &[2], &SMALL);
    let mut b = counter(id(2, 0), &[1], &SMALL);
    add(&mut before, 1);
    let mut disk = Vec::new();
    let id2 = OpId::new(id(1, 0), 2);
    for output in outputs(|out| before.perform(id2, 10, CounterOp::Add(5), out)).1 {
        if let Output::Append(record) = output {
            disk.push(record);
        }
    }
    exchange(&mut before, &mut b);
    let start = |out: &mut Outbox<'_, Counter>| {
        let mut a = Replica::start(GCounterModel, SMALL, id(1, 1), disk, 20, out);
        a.members(20, &[2], out);
        a
    };
    let mut a = outputs(start).0;
    assert_eq!(waits(&a), ["a first message from r2", "the acknowledgement of entry 1 from r2"]);
    exchange(&mut a, &mut b);
    assert_eq!(b.read(), 6);
    assert_eq!(round(&mut a, 2), []);
}

#[test]
fn timers_start_once_and_keep_themselves_alive() {
    let count = |outputs: Vec<Output<Counter>>| {
        let timer = |output: &Output<Counter>| match output {
            Output::Timer { after_ms, timer } => Some((*timer, *after_ms)),
            _ => None,
        };
        outputs.iter().filter_map(timer).collect::<Vec<_>>()
    };
    for gossip_ms in [0, 1, 10, u64::MAX] {
        let config = Config { gossip_ms, heartbeat_ms: gossip_ms, ..SMALL };
        let (mut a, started) =
            outputs(|out| Counter::start(GCounterModel, config, id(1, 0), Vec::new(), 0, out));
        let timers = count(started);
        assert_eq!(
            timers.iter().map(|t| t.0).collect::<Vec<_>>(),
            [Timer::Gossip, Timer::Heartbeat]
        );
        assert!(timers.iter().all(|timer| timer.1 > 0), "{timers:?}");
        assert_eq!(count(outputs(|out| a.members(0, &[2], out)).1), []);
        assert_eq!(count(outputs(|out| a.members(1, &[2, 3], out)).1), []);
        for timer in [Timer::Gossip, Timer::Heartbeat] {
            let again = count(outputs(|out| a.timer(5, timer, out)).1);
            assert!(
                matches!(again[..], [(same, after)] if same == timer && after > 0),
                "{again:?}"
            );
        }
    }
}

#[test]
fn policy_state_sends_the_state_to_one_peer_a_round() {
    let config = Config { policy: Policy::State, ..SMALL };
    let (mut a, mut b) = (counter(id(1, 0), &[2, 3], &config), counter(id(2, 0), &[1], &config));
    add(&mut a, 1);
    let sent = sends(outputs(|out| a.timer(10, Timer::Gossip, out)).1);
    assert_eq!(sent.len(), 1);
    let mut lonely = counter(id(4, 0), &[], &config);
    assert_eq!(round(&mut lonely, 1), []);
    let whole = sent.into_iter().map(|sent| sent.1);
    assert_eq!(deliver(1, whole, &mut b), [], "a state is not acknowledged");
    assert_eq!(b.read(), 1);
    assert_eq!(waits(&a), Vec::<String>::new());
}
