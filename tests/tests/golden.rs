//! The bytes of version 1 do not change.
//!
//! Each file under `golden/` is an envelope with a state, a delta or a message. To add one, write its
//! name here and run once with `REJOIN_BLESS=1`; a file that is there is never written again.

use std::fmt::Debug;
use std::path::Path;
use std::{env, fs};

use rejoin_crdts::spec::{OrMapModel, OrSetModel};
use rejoin_crdts::sync::{Config, Outbox, Output, Protocol, Replica, Timer};
use rejoin_crdts::wire::{self, Kind, Limits};
use rejoin_crdts::{
    BoundedCounter, Document, DwFlag, EwFlag, GCounter, GSet, LwwMap, LwwRegister, Merge,
    MvRegister, OpId, OrMap, OrSet, PnCounter, ReplicaId, ResettableCounter, RwSet, Sequence, Spec,
    Timestamp, TwoPhaseSet,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

const A: ReplicaId = ReplicaId::new(1, 0x5eed);
const B: ReplicaId = ReplicaId::new(2, 0xf00d);

/// Compares with the file, both ways.
fn golden<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, value: &T) {
    let mut bytes = Vec::new();
    wire::encode(Kind::Record, 1, value, &mut bytes).unwrap();
    let stored = stored(name, &bytes);
    assert_eq!(bytes, stored, "{name} is written differently");
    let read: T = wire::decode(Kind::Record, 1, Limits::default(), &stored).unwrap();
    assert_eq!(&read, value, "{name} is read differently");
}

fn stored(name: &str, bytes: &[u8]) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if env::var_os("REJOIN_BLESS").is_some() && !path.exists() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
    }
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn counters_and_registers() {
    let mut grows = GCounter::new();
    let delta = grows.increment(A, 300).unwrap();
    let _ = grows.increment(B, 2).unwrap();
    golden("g-counter", &grows);
    golden("g-counter-delta", &delta);
    let mut counter = PnCounter::new();
    let _ = counter.increment(A, 7).unwrap();
    let _ = counter.decrement(B, 9).unwrap();
    golden("pn-counter", &counter);
    let mut register: LwwRegister<String> = LwwRegister::new();
    golden("lww-register-unset", &register);
    let _ = register.set(Timestamp::new(1_700_000_000_000, 3, B), "Final").unwrap();
    golden("lww-register", &register);
    let mut register: MvRegister<String> = MvRegister::new();
    let mut other = register.clone();
    let written = other.set(B, "Final");
    let delta = register.set(A, "Draft");
    register.merge(&written);
    golden("mv-register", &register);
    golden("mv-register-delta", &delta);
}

#[test]
fn counters_with_conditions_and_types_without_dots() {
    let mut stock = BoundedCounter::new();
    let _ = stock.grant(A, 300).unwrap();
    let delta = stock.transfer(A, B, 7).unwrap();
    let _ = stock.spend(B, 2).unwrap();
    golden("bounded-counter", &stock);
    golden("bounded-counter-delta", &delta);
    let mut visits = ResettableCounter::new();
    let mut deltas = visits.increment(A, 300).unwrap();
    deltas.merge(&visits.increment(A, 2).unwrap());
    let seen = visits.context().clone();
    golden("resettable-counter", &visits);
    deltas.merge(&visits.stabilise(B, &seen));
    golden("resettable-counter-folded", &visits);
    golden("resettable-counter-delta", &deltas);
    let mut grown: GSet<String> = GSet::new();
    let delta = grown.insert("apple");
    let _ = grown.insert("pear");
    golden("g-set", &grown);
    golden("g-set-delta", &delta);
    let mut once: TwoPhaseSet<String> = TwoPhaseSet::new();
    let _ = (once.insert("apple"), once.insert("pear"));
    let delta = once.remove("apple");
    golden("2p-set", &once);
    golden("2p-set-delta", &delta);
    let mut settings: LwwMap<String, String> = LwwMap::new();
    let stamp = |counter| Timestamp::new(1_700_000_000_000, counter, A);
    let delta = settings.put(stamp(0), "colour", "red").unwrap();
    let _ = settings.put(stamp(1), "shape", "round").unwrap();
    let _ = settings.remove(stamp(2), "shape").unwrap();
    golden("lww-map", &settings);
    golden("lww-map-delta", &delta);
    golden("lww-map-collection", &settings.stabilise(stamp(2)));
    golden("lww-map-collected", &settings);
}

#[test]
fn flags() {
    let mut flag = EwFlag::new();
    let mut deltas = flag.enable(A);
    golden("ew-flag-on", &flag);
    deltas.merge(&flag.disable(B));
    golden("ew-flag-off", &flag);
    golden("ew-flag-delta", &deltas);
    let mut flag = DwFlag::new();
    let mut deltas = flag.enable(A);
    deltas.merge(&flag.disable(B));
    golden("dw-flag-off", &flag);
    golden("dw-flag-delta", &deltas);
}

#[test]
fn sets_and_maps() {
    let mut set: OrSet<String> = OrSet::new();
    let mut deltas = set.insert(A, "apple");
    deltas.merge(&set.insert(A, "pear"));
    deltas.merge(&set.remove(A, "apple"));
    deltas.merge(&set.insert(B, "pear"));
    golden("or-set", &set);
    golden("or-set-delta", &deltas);
    let mut set: RwSet<String> = RwSet::new();
    let mut deltas = set.clear(A);
    deltas.merge(&set.insert(B, "ada"));
    deltas.merge(&set.insert(A, "ben"));
    deltas.merge(&set.remove(A, "ben"));
    golden("rw-set", &set);
    golden("rw-set-delta", &deltas);
    let mut map: OrMap<String, OrMap<String, OrSet<u64>>> = OrMap::new();
    let delta = map.update(A, "shop", |cart| {
        cart.update("fruit", |set| set.insert(7u64));
        cart.update("dairy", |set| set.insert(300u64));
    });
    let _ = map.update(B, "shop", |cart| cart.remove("dairy"));
    golden("or-map-map", &map);
    golden("or-map-map-delta", &delta);
}

#[test]
fn sequences() {
    let mut text: Sequence<char> = Sequence::new();
    let mut deltas = text.insert_all(A, 0, "to do".chars()).unwrap();
    deltas.merge(&text.insert(B, 2, '-').unwrap());
    deltas.merge(&text.remove(A, 3).unwrap());
    golden("sequence", &text);
    golden("sequence-delta", &deltas);
    golden("sequence-deletion", &text.clear(B));
    let mut rest = text.clone();
    golden("sequence-nowhere", &text.stabilise(A, &rest.context().clone()));
    let _ = rest.insert(A, 0, '!').unwrap();
    golden("sequence-collection", &rest.stabilise(A, &rest.context().clone()));
    golden("sequence-collected", &rest);
}

#[test]
fn documents() {
    let mut document = Document::new();
    let delta = document.edit(A, |root| {
        root.register("title").set("Draft");
        root.set("numbers").insert(300);
        root.set("numbers").insert(0.5);
        root.map("cart").flag("paid").enable();
        root.map("cart").register("shop").set(());
    });
    let _ = document.edit(B, |root| {
        root.map("cart").flag("paid").disable();
        root.map("title").register("de").set("Entwurf");
    });
    golden("document", &document);
    golden("document-delta", &delta.unwrap());
}

#[test]
fn documents_with_counters_lists_and_texts() {
    let mut document = Document::new();
    let delta = document.try_edit(A, |root| {
        root.map("cart").list("order").push("milk");
        root.map("cart").list("order").insert(0, 7)?;
        root.map("old").text("note").insert(0, "gone")?;
        root.text("note").insert(0, "call Ben")
    });
    let counted = document.try_edit(A, |root| {
        root.map("cart").counter("milk").increment(300)?;
        root.map("cart").counter("milk").decrement(1)
    });
    let mut deltas = delta.unwrap();
    deltas.merge(&counted.unwrap());
    deltas.merge(&document.try_edit(B, |root| root.text("note").remove(4..)).unwrap());
    deltas.merge(&document.edit(B, |root| root.remove("old")).unwrap());
    golden("document-sequences", &document);
    golden("document-sequences-delta", &deltas);
}

#[test]
fn a_message_of_policy_delta() {
    type Cart = OrMapModel<String, OrSetModel<String>>;
    let model: Cart = OrMapModel::new(["fruit".into()], OrSetModel::new(["apple".into()]));
    let mut draw = |_| 0;
    let mut out = Outbox::new(&mut draw);
    let mut replica: Replica<Cart> =
        Replica::start(model.clone(), Config::default(), A, Vec::new(), 5, &mut out);
    replica.members(5, &[B.id()], &mut out);
    let op = model.alphabet().remove(0);
    replica.perform(OpId::new(A, 1), 1_000, op, &mut out).unwrap();
    replica.timer(1_100, Timer::Gossip, &mut out);
    let sent = out.into_outputs().into_iter().find_map(|output| match output {
        Output::Send { message, .. } => Some(message),
        _ => None,
    });
    let message = sent.expect("the operation is sent");
    let mut bytes = Vec::new();
    Replica::<Cart>::encode(&message, &mut bytes);
    let stored = stored("interval", &bytes);
    assert_eq!(bytes, stored);
    assert_eq!(Replica::<Cart>::decode(&stored), Ok(message));
}
