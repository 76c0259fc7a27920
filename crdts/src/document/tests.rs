//! What no history of the specification's shows: limits, forged bytes, and how it reads.

use serde_json::json;

use super::*;
use crate::spec::DocumentModel;
use crate::sync::{Config, Outbox, Output, Policy, Protocol, Replica, Timer};
use crate::{Merge, OpId};

const A: ReplicaId = ReplicaId::new(1, 0x5eed_0000_0000_0000);
const B: ReplicaId = ReplicaId::new(2, 0x5eed_0000_0000_0000);

fn edited(edit: impl FnOnce(&mut DocumentEdit<'_>)) -> Document {
    let mut document = Document::new();
    let _ = document.edit(A, edit).unwrap();
    document
}

/// Goes down `depth` maps and edits there.
fn deep(root: &mut DocumentEdit<'_>, depth: usize, edit: impl FnOnce(&mut DocumentEdit<'_>)) {
    match depth.checked_sub(1) {
        Some(rest) => deep(&mut root.map(format!("level {depth}")), rest, edit),
        None => edit(root),
    }
}

fn fill(map: &mut DocumentEdit<'_>) {
    map.register("r").set("x");
    map.set("s").insert("x");
    map.flag("f").enable();
    map.counter("c").increment(1).unwrap();
    map.list("l").push("x");
    map.text("t").insert(0, "x").unwrap();
}

/// What a replica with this document sends, under every policy and in every kind of message.
#[test]
fn whatever_can_be_edited_can_be_decoded_within_the_default_limits() {
    for policy in Policy::ALL {
        let config = Config { policy, ..Config::default() };
        let mut draw = |bound: u64| bound / 2;
        let mut out = Outbox::new(&mut draw);
        let mut replica = Replica::start(DocumentModel, config, A, Vec::new(), 0, &mut out);
        replica.members(0, &[B.id()], &mut out);
        let path: Vec<String> = (0..Document::MAX_DEPTH).map(|at| at.to_string()).collect();
        let step = |change| crate::spec::DocumentStep { path: path.clone(), change };
        use crate::spec::FieldOp::*;
        let name = || "n".to_owned();
        let op = crate::spec::DocumentOp(vec![
            step(Write(name(), "x".into())),
            step(Add(name(), 1.5.into())),
            step(Enable(name())),
            step(Count(name(), crate::spec::ResettableOp::Add(1))),
            step(List(name(), crate::spec::SequenceOp::Insert(0, "x".into()))),
            step(Text(name(), crate::spec::SequenceOp::Insert(0, 'x'))),
        ]);
        replica.perform(OpId::new(A, 1), 1, op, &mut out).unwrap();
        replica.timer(100, Timer::Gossip, &mut out);
        let mut sent = 0;
        for output in out.into_outputs() {
            if let Output::Send { message, .. } = output {
                let mut bytes = Vec::new();
                Replica::<DocumentModel>::encode(&message, &mut bytes);
                assert_eq!(Replica::<DocumentModel>::decode(&bytes), Ok(message));
                sent += 1;
            }
        }
        assert!(sent > 0, "{policy:?}");
    }
}

#[test]
fn an_edit_that_nests_too_deep_is_refused_with_all_that_went_with_it() {
    let mut document = edited(|root| deep(root, Document::MAX_DEPTH, fill));
    let before = document.clone();
    let refused = document.edit(A, |root| {
        root.register("fine").set(1);
        deep(root, Document::MAX_DEPTH + 1, fill);
        root.clear();
    });
    let error = refused.unwrap_err();
    assert_eq!(error.to_string(), r#"maps nest at most 32 deep, and "level 1" is deeper"#);
    assert_eq!(document, before);
    // To look there is no edit.
    let looked = document.edit(A, |root| {
        deep(root, Document::MAX_DEPTH + 1, |map| assert!(map.view().is_empty()));
    });
    assert_eq!(looked, Ok(DocumentDelta::default()));
}

#[test]
fn what_an_edit_leaves_as_it_was_has_an_empty_delta() {
    let mut document = edited(fill);
    let before = document.clone();
    let delta = document.edit(B, |root| {
        root.map("none").clear();
        root.map("none").remove("none");
        root.remove("none");
        root.register("s").clear(); // it is a set
        root.set("s").remove("y");
        root.flag("r").disable();
        root.set("r").update(|_| ());
        root.text("l").clear(); // it is a list
        root.counter("c").increment(0).unwrap();
        root.list("l").remove(1).unwrap_err();
        root.text("t").insert(2, "y").unwrap_err();
        root.text("t").insert(1, "").unwrap();
    });
    assert_eq!((delta, document), (Ok(DocumentDelta::default()), before));
}

#[test]
fn a_name_with_every_kind_reads_them_in_their_order_and_loses_them_one_by_one() {
    let mut all = edited(|root| {
        root.set("n").insert(2);
        root.register("n").set(1);
        root.map("n").register("m").set(3);
        root.flag("n").enable();
        root.text("n").insert(0, "x").unwrap();
        root.list("n").push(4);
        root.counter("n").decrement(5).unwrap();
    });
    let text = |document: &Document| serde_json::to_string(&document.view()).unwrap();
    let whole = r#"{"n":{"$counter":-5,"$flag":true,"$list":[4],"$map":{"m":3},"$register":1,"$set":[2],"$text":"x"}}"#;
    assert_eq!(text(&all), whole);
    assert_eq!(
        format!("{:?}", all.view()),
        r#"{"n" Counter: -5, "n" Flag: on, "n" List: [4], "n" Map: {"m" Register: {3}}, "n" Register: {1}, "n" Set: {2}, "n" Text: ['x']}"#
    );
    let mut none = all.clone();
    let _ = none.edit(A, |root| root.remove("n")).unwrap();
    assert_eq!(text(&none), "{}");
    let _ = all.edit(A, |root| root.map("n").clear()).unwrap();
    let whole = whole.replace(r#""$map":{"m":3},"#, "");
    assert_eq!(text(&all), whole);
    let _ = all.edit(A, |root| root.flag("n").clear()).unwrap();
    let _ = all.edit(A, |root| root.set("n").clear()).unwrap();
    let _ = all.edit(A, |root| root.counter("n").clear()).unwrap();
    let _ = all.edit(A, |root| root.list("n").clear()).unwrap();
    let _ = all.edit(A, |root| root.text("n").clear()).unwrap();
    assert_eq!(text(&all), r#"{"n":1}"#);
}

#[test]
fn no_name_is_taken_for_what_json_says_of_kinds_and_values() {
    let document = edited(|root| {
        root.map("n").register("$map").set(1);
        root.register("$").set(2);
        root.register("$$").set(3);
        root.register("a$").set(f64::INFINITY);
    });
    let read = serde_json::to_value(document.view()).unwrap();
    assert_eq!(read, json!({"$$": 2, "$$$": 3, "a$": null, "n": {"$$map": 1}}));
}

#[test]
fn fields_of_one_name_and_different_kinds_do_not_meet() {
    let (mut here, mut there) = (Document::new(), Document::new());
    let mine = here.edit(A, |root| root.register("n").set(1)).unwrap();
    let theirs = there.edit(B, |root| root.map("n").register("m").set(2)).unwrap();
    here.merge(&theirs);
    there.merge(&mine);
    assert_eq!(here, there);
    // Writing the register replaces the register and nothing of the map.
    there.merge(&here.edit(A, |root| root.register("n").set(3)).unwrap());
    let read = serde_json::to_value(there.view()).unwrap();
    assert_eq!(read, json!({"n": {"$map": {"m": 2}, "$register": 3}}));
}

#[test]
fn a_step_sees_the_earlier_ones_at_its_place() {
    let document = edited(|root| {
        let mut list = root.map("list");
        list.set("s").insert(1);
        let mut inner = list.map("inner");
        inner.register("r").set(2);
        assert!(inner.view().register("r").values().eq([&2.into()]));
        assert!(list.view().set("s").contains(&1.into()));
        list.clear();
        assert!(list.view().is_empty() && root.view().is_empty());
    });
    assert!(document.view().is_empty());
    assert_eq!(document.context().len(), 3); // two edits and the removal
}

#[test]
fn forged_documents_are_refused() {
    let decoded = |json: &str| serde_json::from_str::<Branch>(json).is_ok();
    let dot = r#"{"replica":[1,0],"counter":1}"#;
    let flags = format!(r#"1,[["f",[[{dot},null]]]]"#);
    let registers = format!(r#"4,[["r",[[{dot},"Null"]]]]"#);
    assert!(decoded("[]") && decoded(&format!("[{flags},{registers}]")));
    assert!(!decoded(&format!("[{registers},{flags}]")), "kinds that descend");
    assert!(!decoded(&format!("[{flags},{flags}]")), "a kind twice");
    assert!(!decoded("[1,[]]"), "nothing of a kind");
    assert!(!decoded("[1]"), "a kind without its fields");
    assert!(!decoded("[7,[]]") && !decoded("[255]"), "no such kind");
    assert!(!decoded(r#"[3,[["m",[]]]]"#), "a map without fields");
}

#[test]
fn what_nests_too_deep_is_not_decoded_however_it_travels() {
    let nested = |depth: usize, inmost: &str| {
        let around = |inner: String, _| format!(r#"[3,[["m",{inner}]]]"#);
        (0..depth).fold(inmost.to_owned(), around)
    };
    let dot = r#"{"replica":[1,0],"counter":1}"#;
    let state = format!(r#"[1,[["f",[[{dot},null]]]]]"#);
    let delta = format!(r#"[1,[["f",[[[{dot},null]],[]]]]]"#);
    let max = Document::MAX_DEPTH;
    let read = |depth| serde_json::from_str::<Branch>(&nested(depth, &state)).map(drop);
    assert!(read(max).is_ok());
    assert!(read(max + 1).unwrap_err().to_string().starts_with("maps nest more than 32 deep"));
    let read = |depth| {
        serde_json::from_str::<<Branch as crate::causal::DotStore>::Delta>(&nested(depth, &delta))
            .map(drop)
    };
    assert!(read(max).is_ok());
    assert!(read(max + 1).unwrap_err().to_string().starts_with("maps nest more than 32 deep"));
}

/// Its tombstones are kept, for what others insert next to them.
#[test]
fn a_map_with_nothing_but_tombstones_is_not_there_until_something_is() {
    let mut here = edited(|root| root.map("m").map("n").text("t").insert(0, "ab").unwrap());
    let mut there = here.clone();
    let removed = here.edit(A, |root| root.remove("m")).unwrap();
    assert!(here.view().is_empty() && here.view().iter().len() == 0 && here != Document::new());
    assert!(here.view().map("m").is_empty() && here.view().map("m").map("n").text("t").is_empty());
    assert_eq!(here.edit(A, |root| root.remove("m")), Ok(DocumentDelta::default()));
    let bytes = crate::wire::payload_bytes(&here).unwrap();
    assert_eq!(
        crate::wire::from_payload_bytes(crate::wire::Limits::default(), &bytes),
        Ok(here.clone())
    );

    let inserted =
        there.try_edit(B, |root| root.map("m").map("n").text("t").insert(1, "x")).unwrap();
    here.merge(&inserted);
    there.merge(&removed);
    assert_eq!(here, there);
    assert_eq!(serde_json::to_value(here.view()).unwrap(), json!({"m": {"n": {"t": "x"}}}));
}

#[test]
fn a_counter_reads_as_a_number_while_64_bits_hold_it() {
    let mut document = edited(|root| {
        root.counter("c").increment(u64::MAX).unwrap();
        root.counter("d").decrement(u64::MAX).unwrap();
        root.counter("zero").increment(1).unwrap();
        root.counter("zero").decrement(1).unwrap();
    });
    let read = |document: &Document| serde_json::to_value(document.view()).unwrap();
    let below = format!("-{}", u64::MAX);
    assert_eq!(read(&document), json!({"c": u64::MAX, "d": below, "zero": 0}));
    let _ = document.try_edit(B, |root| root.counter("c").increment(1)).unwrap();
    let _ = document
        .edit(B, |root| ["d", "zero"].into_iter().for_each(|name| root.counter(name).clear()));
    assert_eq!(read(&document), json!({"c": "18446744073709551616"}));
}

#[test]
fn a_failed_update_of_a_field_undoes_that_and_nothing_else() {
    let mut document = Document::new();
    let delta = document.edit(A, |root| {
        root.list("l").push("x");
        let refused = root.list("l").try_update(|list| {
            list.clear();
            list.insert(0, "y")?;
            list.remove(1)
        });
        assert_eq!(refused, Err(crate::IndexError { index: 1, end: 0 }));
    });
    assert_eq!(serde_json::to_value(document.view()).unwrap(), json!({"l": ["x"]}));
    let mut peer = Document::new();
    peer.merge(&delta.unwrap());
    assert_eq!(peer, document);
}

#[test]
fn stabilising_folds_at_every_depth_and_is_read_by_nobody() {
    let count = |map: &mut DocumentEdit<'_>| {
        (0..3).for_each(|_| map.counter("c").increment(1).unwrap());
    };
    let mut here = edited(|root| {
        count(root);
        count(&mut root.map("m").map("n"));
    });
    let (mut there, before) = (here.clone(), here.view().map("m").map("n").counter("c"));
    let cut = here.context().clone();
    there.merge(&here.stabilise(A, &cut));
    assert_eq!((here.view().counter("c"), here.view().map("m").map("n").counter("c")), (3, before));
    assert_eq!(here, there);
    assert!(format!("{here:?}").matches('+').eq(["+"; 2]), "{here:?}");
    assert_eq!(here.stabilise(A, &cut), DocumentDelta::default());
}

/// A kind that comes later does not change the bytes of what has none of it.
#[test]
fn a_kind_that_is_not_there_takes_no_bytes() {
    let document = edited(|root| root.flag("f").enable());
    let with_register = edited(|root| {
        root.flag("f").enable();
        root.register("r").set(());
    });
    let written = |document: &Document| serde_json::to_string(document.body.store()).unwrap();
    let plain = written(&document);
    assert!(written(&with_register).starts_with(plain.strip_suffix(']').unwrap()));
}
