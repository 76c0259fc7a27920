//! The bodies of the fuzz targets hold on damaged real bytes and on pseudo-random ones, and can
//! fail.

use rejoin_crdts::spec::{OrMapModel, OrSetModel, PnCounterModel};
use rejoin_crdts::sync::{Config, Outbox, Output, Policy, Protocol, Replica, SCHEMA, Timer};
use rejoin_crdts::wire::{HEADER_BYTES, Kind};
use rejoin_crdts::{Model, OpId, ReplicaId};
use rejoin_gallery::{SharedIdCounter, UndeadSet};
use rejoin_sim::{Scenario, Subject, Trace, TypeSubject};
use rejoin_tests::fuzz::{self, TRACE_SCHEMA};

/// Reproducible bytes, as many as asked for.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed;
    let mut byte = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..len).map(|_| byte()).collect()
}

/// Every message that two replicas send each other over a few rounds, encoded.
fn messages<M: Model>(model: &M, policy: Policy) -> Vec<Vec<u8>> {
    let mut draw = |bound: u64| bound / 2;
    let mut replicas = [1, 2].map(|address| {
        let mut out = Outbox::new(&mut draw);
        let config = Config { policy, ..Config::default() };
        let me = ReplicaId::new(address, 9);
        let mut replica = Replica::start(model.clone(), config, me, Vec::new(), 0, &mut out);
        replica.members(0, &[3 - address], &mut out);
        replica
    });
    let mut sent = Vec::new();
    let mut now_ms = 0;
    for (round, op) in model.alphabet().into_iter().cycle().take(6).enumerate() {
        let from = round % 2;
        now_ms += 100;
        let mut out = Outbox::new(&mut draw);
        let id = OpId::new(replicas[from].me(), 1 + round as u64 / 2);
        let _refused = replicas[from].perform(id, now_ms, op, &mut out);
        replicas[from].timer(now_ms, Timer::Gossip, &mut out);
        let mut inbox: Vec<_> = out.into_outputs();
        let mut sender = from;
        while !inbox.is_empty() {
            let mut out = Outbox::new(&mut draw);
            for output in inbox {
                if let Output::Send { message, .. } = output {
                    let mut bytes = Vec::new();
                    Replica::<M>::encode(&message, &mut bytes);
                    sent.push(bytes);
                    let from = sender as u64 + 1;
                    replicas[1 - sender].receive(now_ms, from, message, &mut out).unwrap();
                }
            }
            inbox = out.into_outputs();
            sender = 1 - sender;
        }
    }
    assert!(sent.len() >= 4, "a conversation");
    sent
}

fn real_messages() -> Vec<Vec<u8>> {
    let map = OrMapModel::new(['k', 'l'], OrSetModel::new(['a', 'b', 'c']));
    let mut all = Vec::new();
    for policy in Policy::ALL {
        all.extend(messages(&PnCounterModel, policy));
        all.extend(messages(&map, policy));
    }
    all
}

fn real_trace() -> Vec<u8> {
    let counter = TypeSubject::new("pn-counter", "grows and shrinks", PnCounterModel);
    let scenario = Scenario { ops: 4, duration_ms: 200, ..Scenario::of("pn-counter") };
    let outcome = counter.run(&scenario, 1).unwrap();
    Trace::of(&outcome).encode().unwrap()
}

/// The bytes whole, cut short, and with one byte changed; as they are, and inside an envelope whose
/// checksum is right.
fn damaged(bytes: &[u8], each: usize) {
    for bytes in [bytes, &bytes[HEADER_BYTES..]] {
        fuzz::decode(bytes);
        for at in (0..bytes.len()).step_by(each) {
            fuzz::decode(&bytes[..at]);
            for flip in [0x01, 0x80, 0xff] {
                let mut other = bytes.to_vec();
                other[at] ^= flip;
                fuzz::decode(&other);
            }
        }
    }
}

#[test]
fn damaged_messages_are_refused_or_harmless() {
    for message in real_messages() {
        damaged(&message, 1);
    }
}

#[test]
fn damaged_traces_are_refused_or_traces() {
    let trace = real_trace();
    damaged(&trace, 1 + trace.len() / 200);
}

#[test]
fn noise_is_refused_or_harmless() {
    for seed in 0..3_000 {
        fuzz::decode(&noise(seed, seed as usize % 200));
    }
}

#[test]
fn an_envelope_made_for_the_fuzzer_is_a_real_one() {
    let trace = real_trace();
    assert_eq!(fuzz::sealed(Kind::Trace, TRACE_SCHEMA, &trace[HEADER_BYTES..]), trace);
    for message in real_messages() {
        assert_eq!(fuzz::sealed(Kind::Message, SCHEMA, &message[HEADER_BYTES..]), message);
    }
}

#[test]
fn every_type_holds_whatever_bytes_drive_it() {
    fuzz::merge(&[]);
    for seed in 0..300 {
        let mut bytes = noise(seed, 1 + seed as usize % 60);
        bytes[0] = seed as u8;
        fuzz::merge(&bytes);
    }
}

#[test]
fn bytes_that_drive_a_broken_type_show_it() {
    let finds = |found: &dyn Fn(&[u8]) -> bool| (0..300).any(|seed| found(&noise(seed, 60)));
    assert!(finds(&|bytes| fuzz::judge(&UndeadSet, bytes).is_err()));
    assert!(finds(&|bytes| fuzz::judge(&SharedIdCounter, bytes).is_err()));
}
