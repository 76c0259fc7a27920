//! One set of 64-bit keys, as each library has it.

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ROOT};
use crdts::{CmRDT, CvRDT, Orswot, orswot};
use loro::{ExportMode, LoroDoc, LoroMap};
use rejoin_crdts::wire::{self, Kind, Limits};
use rejoin_crdts::{Merge, OrSet, OrSetDelta, ReplicaId};
use yrs::updates::decoder::Decode;
use yrs::{Doc, Map, MapRef, ReadTxn, StateVector, Transact, Update};

/// `count` keys, uniformly random, the same ones for the same `stream`.
pub(crate) fn keys(stream: u64, count: usize) -> Vec<u64> {
    let mut state = stream << 32;
    let splitmix = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    std::iter::repeat_with(splitmix).take(count).collect()
}

/// A replica's address and incarnation. Incarnations are random, as they are in use.
pub(crate) fn name(replica: u64) -> ReplicaId {
    ReplicaId::new(replica, keys(replica, 1)[0])
}

/// A replicated set.
pub(crate) trait Set: Sized {
    /// Changes on their way to another replica.
    type Delta;
    const NAME: &'static str;

    fn new(replica: u64) -> Self;
    /// One change, one transaction.
    fn add(&mut self, key: u64);
    fn remove(&mut self, key: u64);
    /// Many changes, in one transaction where that is cheaper.
    fn fill(&mut self, keys: &[u64]);
    /// Adds `keys` and returns what another replica needs.
    fn send(&mut self, keys: &[u64]) -> Self::Delta;
    fn receive(&mut self, delta: &Self::Delta);
    fn merge(&mut self, other: &mut Self);
    fn encode(&mut self) -> Vec<u8>;
    /// Another replica with the same content, and no memory in common.
    fn decode(replica: u64, bytes: &[u8]) -> Self;
    fn delta_bytes(delta: &Self::Delta) -> usize;
    fn len(&self) -> usize;

    fn of(replica: u64, keys: &[u64]) -> Self {
        let mut set = Self::new(replica);
        set.fill(keys);
        set
    }
}

pub(crate) struct Ours {
    pub(crate) me: ReplicaId,
    pub(crate) set: OrSet<u64>,
}

impl Set for Ours {
    type Delta = OrSetDelta<u64>;
    const NAME: &'static str = "rejoin";

    fn new(replica: u64) -> Self {
        Self { me: name(replica), set: OrSet::new() }
    }

    fn add(&mut self, key: u64) {
        std::hint::black_box(self.set.insert(self.me, key));
    }

    fn remove(&mut self, key: u64) {
        std::hint::black_box(self.set.remove(self.me, &key));
    }

    fn fill(&mut self, keys: &[u64]) {
        keys.iter().for_each(|&key| self.add(key));
    }

    fn send(&mut self, keys: &[u64]) -> OrSetDelta<u64> {
        let mut joined = OrSetDelta::default();
        for &key in keys {
            joined.merge(&self.set.insert(self.me, key));
        }
        joined
    }

    fn receive(&mut self, delta: &OrSetDelta<u64>) {
        self.set.merge(delta);
    }

    fn merge(&mut self, other: &mut Self) {
        self.set.merge(&other.set);
    }

    fn encode(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        wire::encode(Kind::Message, 1, &self.set, &mut bytes).expect("a set has an encoding");
        bytes
    }

    fn decode(replica: u64, bytes: &[u8]) -> Self {
        let set = wire::decode(Kind::Message, 1, Limits::default(), bytes).expect("our own bytes");
        Self { me: name(replica), set }
    }

    fn delta_bytes(delta: &OrSetDelta<u64>) -> usize {
        let mut bytes = Vec::new();
        wire::encode(Kind::Message, 1, delta, &mut bytes).expect("a delta has an encoding");
        bytes.len()
    }

    fn len(&self) -> usize {
        self.set.len()
    }
}

pub(crate) struct Crdts {
    pub(crate) me: u64,
    pub(crate) set: Orswot<u64, u64>,
}

impl Crdts {
    fn insert(&mut self, key: u64) -> orswot::Op<u64, u64> {
        let op = self.set.add(key, self.set.read_ctx().derive_add_ctx(self.me));
        self.set.apply(op.clone());
        op
    }
}

impl Set for Crdts {
    type Delta = Vec<orswot::Op<u64, u64>>;
    const NAME: &'static str = "crdts";

    fn new(replica: u64) -> Self {
        Self { me: replica, set: Orswot::new() }
    }

    fn add(&mut self, key: u64) {
        std::hint::black_box(self.insert(key));
    }

    fn remove(&mut self, key: u64) {
        let op = self.set.rm(key, self.set.contains(&key).derive_rm_ctx());
        self.set.apply(std::hint::black_box(op).clone());
    }

    fn fill(&mut self, keys: &[u64]) {
        keys.iter().for_each(|&key| self.add(key));
    }

    fn send(&mut self, keys: &[u64]) -> Self::Delta {
        keys.iter().map(|&key| self.insert(key)).collect()
    }

    fn receive(&mut self, delta: &Self::Delta) {
        delta.iter().for_each(|op| self.set.apply(op.clone()));
    }

    fn merge(&mut self, other: &mut Self) {
        CvRDT::merge(&mut self.set, other.set.clone());
    }

    fn encode(&mut self) -> Vec<u8> {
        postcard::to_allocvec(&self.set).expect("a set has an encoding")
    }

    fn decode(replica: u64, bytes: &[u8]) -> Self {
        Self { me: replica, set: postcard::from_bytes(bytes).expect("its own bytes") }
    }

    fn delta_bytes(delta: &Self::Delta) -> usize {
        postcard::to_allocvec(delta).expect("operations have an encoding").len()
    }

    fn len(&self) -> usize {
        self.set.read().val.len()
    }
}

pub(crate) struct Automerge(AutoCommit);

impl Set for Automerge {
    type Delta = Vec<u8>;
    const NAME: &'static str = "automerge";

    fn new(replica: u64) -> Self {
        Self(AutoCommit::new().with_actor(replica.to_be_bytes().as_slice().into()))
    }

    fn add(&mut self, key: u64) {
        self.0.put(ROOT, key.to_string(), true).expect("the root is a map");
        self.0.commit();
    }

    fn remove(&mut self, key: u64) {
        self.0.delete(ROOT, key.to_string()).expect("the root is a map");
        self.0.commit();
    }

    fn fill(&mut self, keys: &[u64]) {
        for key in keys {
            self.0.put(ROOT, key.to_string(), true).expect("the root is a map");
        }
        self.0.commit();
    }

    fn send(&mut self, keys: &[u64]) -> Vec<u8> {
        let before = self.0.get_heads();
        self.fill(keys);
        self.0.save_after(&before)
    }

    fn receive(&mut self, delta: &Vec<u8>) {
        self.0.load_incremental(delta).expect("its own bytes");
    }

    fn merge(&mut self, other: &mut Self) {
        self.0.merge(&mut other.0).expect("it merges");
    }

    fn encode(&mut self) -> Vec<u8> {
        self.0.save()
    }

    fn decode(replica: u64, bytes: &[u8]) -> Self {
        let doc = AutoCommit::load(bytes).expect("its own bytes");
        Self(doc.with_actor(replica.to_be_bytes().as_slice().into()))
    }

    fn delta_bytes(delta: &Vec<u8>) -> usize {
        delta.len()
    }

    fn len(&self) -> usize {
        automerge::ReadDoc::length(&self.0, ROOT)
    }
}

pub(crate) struct Yrs {
    doc: Doc,
    map: MapRef,
}

impl Set for Yrs {
    type Delta = Vec<u8>;
    const NAME: &'static str = "yrs";

    fn new(replica: u64) -> Self {
        let doc = Doc::with_client_id(replica);
        Self { map: doc.get_or_insert_map("set"), doc }
    }

    fn add(&mut self, key: u64) {
        self.map.insert(&mut self.doc.transact_mut(), key.to_string(), true);
    }

    fn remove(&mut self, key: u64) {
        self.map.remove(&mut self.doc.transact_mut(), &key.to_string());
    }

    fn fill(&mut self, keys: &[u64]) {
        let mut transaction = self.doc.transact_mut();
        for key in keys {
            self.map.insert(&mut transaction, key.to_string(), true);
        }
    }

    fn send(&mut self, keys: &[u64]) -> Vec<u8> {
        let before = self.doc.transact().state_vector();
        self.fill(keys);
        self.doc.transact().encode_diff_v1(&before)
    }

    fn receive(&mut self, delta: &Vec<u8>) {
        let update = Update::decode_v1(delta).expect("its own bytes");
        self.doc.transact_mut().apply_update(update).expect("it applies");
    }

    fn merge(&mut self, other: &mut Self) {
        let have = self.doc.transact().state_vector();
        let update = other.doc.transact().encode_diff_v1(&have);
        self.receive(&update);
    }

    fn encode(&mut self) -> Vec<u8> {
        self.doc.transact().encode_state_as_update_v1(&StateVector::default())
    }

    fn decode(replica: u64, bytes: &[u8]) -> Self {
        let mut set = Self::new(replica);
        set.receive(&bytes.to_vec());
        set
    }

    fn delta_bytes(delta: &Vec<u8>) -> usize {
        delta.len()
    }

    fn len(&self) -> usize {
        self.map.len(&self.doc.transact()) as usize
    }
}

pub(crate) struct Loro {
    doc: LoroDoc,
    map: LoroMap,
}

impl Set for Loro {
    type Delta = Vec<u8>;
    const NAME: &'static str = "loro";

    fn new(replica: u64) -> Self {
        let doc = LoroDoc::new();
        doc.set_peer_id(replica).expect("it is empty");
        Self { map: doc.get_map("set"), doc }
    }

    fn add(&mut self, key: u64) {
        self.map.insert(&key.to_string(), true).expect("a map takes a key");
        self.doc.commit();
    }

    fn remove(&mut self, key: u64) {
        self.map.delete(&key.to_string()).expect("a map gives a key up");
        self.doc.commit();
    }

    fn fill(&mut self, keys: &[u64]) {
        for key in keys {
            self.map.insert(&key.to_string(), true).expect("a map takes a key");
        }
        self.doc.commit();
    }

    fn send(&mut self, keys: &[u64]) -> Vec<u8> {
        let before = self.doc.oplog_vv();
        self.fill(keys);
        self.doc.export(ExportMode::updates(&before)).expect("it exports")
    }

    fn receive(&mut self, delta: &Vec<u8>) {
        self.doc.import(delta).expect("its own bytes");
    }

    fn merge(&mut self, other: &mut Self) {
        let have = self.doc.oplog_vv();
        let updates = other.doc.export(ExportMode::updates(&have)).expect("it exports");
        self.receive(&updates);
    }

    fn encode(&mut self) -> Vec<u8> {
        self.doc.export(ExportMode::Snapshot).expect("it exports")
    }

    fn decode(replica: u64, bytes: &[u8]) -> Self {
        let mut set = Self::new(replica);
        set.receive(&bytes.to_vec());
        set
    }

    fn delta_bytes(delta: &Vec<u8>) -> usize {
        delta.len()
    }

    fn len(&self) -> usize {
        self.map.len()
    }
}
