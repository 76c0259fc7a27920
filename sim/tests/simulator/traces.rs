//! Traces from anywhere.

use crate::support::flood;
use crate::support::flood::Flaw;
use rejoin_crdts::wire::WireError;
use rejoin_sim::scenario::PartitionKind;
use rejoin_sim::trace::{Fault, FaultDecision};
use rejoin_sim::{RunError, Scenario, Subject, Time, Trace, TraceError};

fn trace() -> Trace {
    Trace::of(&flood(Flaw::None).run(&Scenario::of("flood"), 1).unwrap())
}

#[test]
fn a_trace_comes_back_as_it_was() {
    let trace = trace();
    assert_eq!(Trace::decode(&trace.encode().unwrap()), Ok(trace));
}

#[test]
fn every_truncation_and_every_flipped_byte_is_a_named_error() {
    let mut trace = trace();
    trace.decisions.fates.truncate(20); // so that all of it can be tried
    let bytes = trace.encode().unwrap();
    for len in 0..bytes.len() {
        let error = Trace::decode(&bytes[..len]).unwrap_err();
        assert!(matches!(error, TraceError::Bytes(WireError::Truncated { .. })), "{len}: {error}");
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        let error = Trace::decode(&damaged).unwrap_err();
        assert!(matches!(error, TraceError::Bytes(_)), "{at}: {error}");
    }
    let mut longer = bytes;
    longer.push(0);
    Trace::decode(&longer).unwrap_err();
}

#[test]
fn a_message_is_no_trace() {
    let mut bytes = Vec::new();
    rejoin_crdts::wire::encode(rejoin_crdts::wire::Kind::Message, 1, &7u8, &mut bytes).unwrap();
    let error = Trace::decode(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "not a readable trace: a message where a trace was expected");
}

#[test]
fn a_trace_of_an_older_version_is_refused_by_name() {
    let mut bytes = Vec::new();
    rejoin_crdts::wire::encode(rejoin_crdts::wire::Kind::Trace, 1, &7u8, &mut bytes).unwrap();
    let error = Trace::decode(&bytes).unwrap_err();
    assert_eq!(error, TraceError::Bytes(WireError::Schema { found: 1, expected: 2 }));
}

#[test]
fn a_trace_that_makes_no_sense_is_an_error() {
    let subject = flood(Flaw::None);
    let mut other = trace();
    other.scenario.subject = "ledger".to_owned();
    assert!(matches!(subject.replay(&other), Err(RunError::OtherSubject { .. })));

    let mut operation = trace();
    operation.decisions.operations[3].bytes.truncate(5);
    let error = subject.replay(&operation).unwrap_err();
    assert!(matches!(error, RunError::Trace(TraceError::Operation { root: 3, .. })), "{error}");

    let mut absent = trace();
    absent.decisions.operations[3].replica = 9;
    let error = subject.replay(&absent).unwrap_err();
    assert!(error.to_string().contains("names replica 9, but there are 3"), "{error}");

    for fault in [
        Fault::Crash { replica: 0, disk: rejoin_sim::scenario::Disk::Kept },
        Fault::Restart { replica: 4, reuse_identity: false },
        Fault::Cut { cut: 1, kind: PartitionKind::Groups, groups: vec![vec![1], vec![7]] },
    ] {
        let mut absent = trace();
        let at_us = Time::from_ms(5);
        absent.decisions.faults.push(FaultDecision { root: 0, at_us, fault });
        let error = subject.replay(&absent).unwrap_err();
        assert!(matches!(error, RunError::Trace(TraceError::Replica { .. })), "{error}");
    }

    let mut scenario = trace();
    scenario.scenario.replicas = 0;
    assert!(matches!(subject.replay(&scenario), Err(RunError::Scenario(_))));
}
