//! The bodies of the fuzz targets under `fuzz/`: ordinary functions, so that ordinary tests run
//! them too. Each panics if what it shows does not hold.

use rejoin_crdts::laws::{Case, Report, Violation, check_case};
use rejoin_crdts::spec::{
    BoundedCounterModel, DocumentModel, DwFlagModel, EwFlagModel, GCounterModel, GSetModel,
    LwwMapModel, LwwRegisterModel, MvRegisterModel, OrMapModel, OrSetModel, PnCounterModel,
    ResettableCounterModel, RwSetModel, SequenceModel, TwoPhaseSetModel,
};
use rejoin_crdts::sync::{Config, Outbox, Output, Policy, Protocol, Replica, SCHEMA, Timer};
use rejoin_crdts::wire::{self, Kind};
use rejoin_crdts::{Draw, Model, OpId, ReplicaId};
use rejoin_sim::Trace;
use serde::ser::{Serialize, SerializeTuple, Serializer};

/// The schema version of traces.
pub const TRACE_SCHEMA: u32 = 2;

/// Bytes as a trace and as a message of every type, as they are and as the payload of an envelope
/// whose checksum is right (which no fuzzer would ever guess).
///
/// They are refused, or what they hold can be written and read again and is the same. A replica
/// that gets such a message takes it, or refuses it and is as it was.
pub fn decode(bytes: &[u8]) {
    struct Read<'b>(&'b [u8], &'b [u8]);
    impl Body for Read<'_> {
        fn run<M: Model>(&mut self, model: M) {
            message(&model, self.0);
            message(&model, self.1);
        }
    }
    trace(bytes);
    trace(&sealed(Kind::Trace, TRACE_SCHEMA, bytes));
    let envelope = sealed(Kind::Message, SCHEMA, bytes);
    for choice in 0..MODELS {
        with_model(choice, &mut Read(bytes, &envelope));
    }
}

/// Bytes as operations and merges among a few replicas of the type that the first byte chooses:
/// all laws and the specification hold on what is reached.
pub fn merge(bytes: &[u8]) {
    struct Judge<'b>(&'b [u8]);
    impl Body for Judge<'_> {
        fn run<M: Model>(&mut self, model: M) {
            if let Err(violation) = judge(&model, self.0) {
                panic!("{violation}");
            }
        }
    }
    if let Some((&choice, rest)) = bytes.split_first() {
        with_model(choice, &mut Judge(rest));
    }
}

/// Holds `model` to its laws and its specification on the history that `bytes` draw.
///
/// # Errors
///
/// The law that is broken, and how.
pub fn judge<M: Model>(model: &M, bytes: &[u8]) -> Result<Report, Box<Violation<M::Op>>> {
    const REPLICAS: usize = 4;
    const MOST: usize = 10; // operations: enough for everything that was ever found, and quick
    let operations = (1 + bytes.len() / 4).min(MOST);
    check_case(model, &Case::draw(model, REPLICAS, operations, &mut Choices(bytes)))
}

/// An envelope with these bytes as its payload.
#[must_use]
pub fn sealed(kind: Kind, schema: u32, payload: &[u8]) -> Vec<u8> {
    struct Raw<'b>(&'b [u8]);
    impl Serialize for Raw<'_> {
        /// A tuple has no length of its own on the wire, and a byte is a byte.
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut tuple = serializer.serialize_tuple(self.0.len())?;
            self.0.iter().try_for_each(|byte| tuple.serialize_element(byte))?;
            tuple.end()
        }
    }
    let mut bytes = Vec::new();
    wire::encode(kind, schema, &Raw(payload), &mut bytes).expect("a fuzzer's input is short");
    bytes
}

/// Something that can be done with every type.
trait Body {
    fn run<M: Model>(&mut self, model: M);
}

const MODELS: u8 = 20;

fn with_model(choice: u8, body: &mut impl Body) {
    let set = || OrSetModel::new(['a', 'b', 'c']);
    match choice % MODELS {
        0 => body.run(GCounterModel),
        1 => body.run(PnCounterModel),
        2 => body.run(LwwRegisterModel::new(['a', 'b', 'c'])),
        3 => body.run(set()),
        4 => body.run(OrMapModel::new(['k', 'l'], set())),
        5 => body.run(OrMapModel::new(['x', 'y'], OrMapModel::new(['k', 'l'], set()))),
        6 => body.run(MvRegisterModel::new(['a', 'b', 'c'])),
        7 => body.run(EwFlagModel),
        8 => body.run(DwFlagModel),
        9 => body.run(RwSetModel::new(['a', 'b', 'c'])),
        10 => body.run(OrMapModel::new(['k', 'l'], MvRegisterModel::new(['a', 'b']))),
        11 => body.run(BoundedCounterModel),
        12 => body.run(GSetModel::new(['a', 'b', 'c'])),
        13 => body.run(TwoPhaseSetModel::new(['a', 'b', 'c'])),
        14 => body.run(ResettableCounterModel),
        15 => body.run(OrMapModel::new(['k', 'l'], ResettableCounterModel)),
        16 => body.run(LwwMapModel::new(['k', 'l'], ['a', 'b'])),
        17 => body.run(SequenceModel::new(['a', 'b', 'c'])),
        18 => body.run(OrMapModel::new(['k', 'l'], SequenceModel::new(['a', 'b']))),
        _ => body.run(DocumentModel),
    }
}

fn trace(bytes: &[u8]) {
    let Ok(trace) = Trace::decode(bytes) else { return };
    // Compared as bytes: a scenario may hold a NaN, which is not equal to itself.
    let written = trace.encode().expect("what was read can be written");
    let again = Trace::decode(&written).expect("what was written can be read");
    assert_eq!(again.encode().as_ref(), Ok(&written), "{trace:#?}");
}

fn message<M: Model>(model: &M, bytes: &[u8]) {
    let Ok(message) = Replica::<M>::decode(bytes) else { return };
    let mut written = Vec::new();
    Replica::<M>::encode(&message, &mut written);
    assert_eq!(Replica::<M>::decode(&written).as_ref(), Ok(&message));

    for policy in Policy::ALL {
        let me = ReplicaId::new(2, 7);
        let config = Config { policy, ..Config::default() };
        let mut draw = |bound: u64| bound / 2;
        let mut out = Outbox::new(&mut draw);
        let mut replica = Replica::start(model.clone(), config, me, Vec::new(), 0, &mut out);
        replica.members(0, &[1, 3], &mut out);
        let op = model.alphabet().swap_remove(0);
        replica.perform(OpId::new(me, 1), 1, op, &mut out).expect("the first is never refused");
        let before = replica.clone();
        if replica.receive(2, 1, message.clone(), &mut out).is_err() {
            assert_eq!(replica, before, "what refused a message is unchanged");
        }
        replica.timer(100, Timer::Gossip, &mut out);
        for output in out.into_outputs() {
            if let Output::Send { message, .. } = output {
                let mut sent = Vec::new();
                Replica::<M>::encode(&message, &mut sent);
                assert_eq!(Replica::<M>::decode(&sent), Ok(message), "what it sends can be read");
            }
        }
    }
}

/// Choices read from bytes; the first choice of everything once they are used up.
struct Choices<'b>(&'b [u8]);

impl Draw for Choices<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        let width = if bound <= 1 << 8 { 1 } else { 8 };
        let (taken, rest) = self.0.split_at(width.min(self.0.len()));
        self.0 = rest;
        taken.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)) % bound
    }
}
