//! `rejoin explore`, and what it saves.

use rejoin_sim::explore::Scope;

use crate::support::{BAD_INPUT, HELD, UNPROVEN, VIOLATED, rejoin};

#[test]
fn a_type_that_holds_says_what_was_covered_and_what_was_not() {
    let ran = rejoin("explore or-set --ops 2,1,1 --alphabet 0,4").exits(HELD);
    for said in [
        "66, each with 16 scripts",
        "down-sets    460",
        "diamonds     146",
        "every schedule at this scope",
        "not covered  more operations or replicas",
    ] {
        assert!(ran.out.contains(said), "{said}:\n{}", ran.out);
    }
    let json = rejoin("explore or-set --ops 2,1,1 --alphabet 0,4 --json").exits(HELD).json();
    for (key, value) in
        [("histories", 66), ("down_sets", 460), ("diamonds", 146), ("merge_pairs", 1_449)]
    {
        assert_eq!(json[key], value, "{key}");
    }
    assert_eq!(json["verdict"], "held");
    assert_eq!(json["fingerprint"].as_str().map(str::len), Some(32));
}

#[test]
fn a_failure_is_the_smallest_and_its_address_leads_back_to_it() {
    let ran = rejoin("explore broken/forgetful-set --ops 2,2").exits(VIOLATED);
    assert!(ran.out.contains("3 operations at 2 replicas; no history with fewer fails"));
    let line = ran.line("next: ").to_owned();
    let words = line.strip_prefix("rejoin ").expect("the program as it was invoked");
    let watched = rejoin(words).exits(VIOLATED);
    assert!(watched.out.contains("3 of 3   r1:2 Add('a')"), "{}", watched.out);
    let whole = rejoin("explore broken/forgetful-set --ops 2,2 --no-reductions").exits(VIOLATED);
    let (there, address) = line.split_once(" --at ").expect("it has an address");
    let doubting = format!("{there} --no-reductions=operations,replicas,stamps --at {address}");
    assert_eq!(whole.line("next: "), doubting, "an address does not depend on reductions");
    rejoin(doubting.strip_prefix("rejoin ").unwrap()).exits(VIOLATED);
}

#[test]
fn each_claim_can_be_doubted() {
    let left_out = |doubt: &str| {
        let line = format!("explore or-set --ops 1,1 --alphabet 0,1 --json {doubt}");
        let json = rejoin(&line).exits(HELD).json();
        (
            json["operation_renamings"].clone(),
            json["replica_renamings"].clone(),
            json["stamps"].clone(),
        )
    };
    let is = |ops: u64, replicas: u64, stamps: bool| (ops.into(), replicas.into(), stamps.into());
    assert_eq!(left_out(""), is(1, 1, false));
    assert_eq!(left_out("--no-reductions=operations"), is(0, 1, false));
    assert_eq!(left_out("--no-reductions=replicas"), is(1, 0, false));
    assert_eq!(left_out("--no-reductions=stamps"), is(1, 0, true)); // stamps name replicas
    assert_eq!(left_out("--no-reductions"), is(0, 0, true));
    let reduced = rejoin("laws or-set --exhaustive --ops 1 --json").exits(UNPROVEN).json();
    assert_eq!(reduced["reduced"], true);
}

#[test]
fn a_saved_failure_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("found.trace");
    let file = file.to_str().unwrap();
    let explore = "explore g-counter --ops 2,1 --crashes 1 --reuse-id";
    rejoin(&format!("{explore} --save {file}")).exits(VIOLATED);
    let ran = rejoin(&format!("replay {file}")).exits(VIOLATED);
    assert!(ran.out.ends_with("reproduced: the law that was broken is broken\n"), "{}", ran.out);
    let json = rejoin(&format!("replay {file} --json")).exits(VIOLATED).json();
    assert_eq!((&json["reproduced"], &json["verdict"]), (&true.into(), &"violated".into()));

    let mut bytes = std::fs::read(file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(file, bytes).unwrap();
    rejoin(&format!("replay {file}")).exits(BAD_INPUT);
}

#[test]
fn nothing_is_saved_where_nothing_fails() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("found.trace");
    rejoin(&format!("explore g-counter --ops 1,1 --save {}", file.display())).exits(HELD);
    assert!(!file.exists());
}

#[test]
fn a_file_to_go_on_from_is_of_one_exploration_and_is_gone_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("search");
    let line = format!("explore or-set --ops 1,1 --resume {}", file.display());
    rejoin(&line).exits(HELD);
    assert!(!file.exists());

    let mut places = Vec::new();
    let scope = Scope { threads: 2, ..Scope::new([1, 1]) };
    let registry = rejoin_cli::builtin();
    let set = registry.get("or-set").unwrap();
    set.explore(&scope, None, &mut |progress| places.extend(progress.checkpoint()));
    for place in places {
        std::fs::write(&file, place.encode("or-set").unwrap()).unwrap();
        rejoin(&line).exits(HELD);
        assert!(!file.exists(), "it went on, to the end");
        std::fs::write(&file, place.encode("or-set").unwrap()).unwrap();
        let other = rejoin(&format!("{line} --no-reductions")).exits(BAD_INPUT);
        assert!(other.err.contains("with other reductions"), "{}", other.err);
    }

    std::fs::write(&file, "my diary").unwrap();
    let ran = rejoin(&line).exits(BAD_INPUT);
    assert!(ran.err.contains("cannot go on from"), "{}", ran.err);
    assert_eq!(std::fs::read(&file).unwrap(), b"my diary");
}

#[test]
fn what_makes_no_sense_is_refused_in_one_message() {
    for (arguments, said) in [
        ("nothing", "unknown type `nothing`"),
        ("or-set --ops 0,0", "there are no operations"),
        ("or-set --ops 12,12", "24 operations are out of reach"),
        ("or-set --ops 2,x", "`x` is not a whole number"),
        ("or-set --alphabet fly", "no operation `fly`; there are 0: add \"apple\""),
        ("or-set --crashes 9", "9 crashes do not fit between the operations"),
        ("or-set --reuse-id", "--crashes"),
        ("or-set --watch", "--at"),
        ("or-set --at 0/99999", "there is no history at `0/99999`"),
        ("or-set --at x", "invalid digit"),
        ("or-set --ops 1 --at 0/0", "nothing follows what is before number 1"),
        ("or-set --no-reductions=names", "[possible values: operations, replicas, stamps]"),
    ] {
        let ran = rejoin(&format!("explore {arguments}")).exits(BAD_INPUT);
        assert!(ran.err.replace("\n| ", " ").contains(said), "{arguments}: {}", ran.err);
    }
}

#[test]
fn one_replica_proves_nothing() {
    let ran = rejoin("explore or-set --ops 2").exits(UNPROVEN);
    assert!(ran.out.contains("this proves nothing"));
}

#[test]
fn the_laws_are_checked_on_every_history_and_every_triple() {
    let ran = rejoin("laws or-set --exhaustive --ops 2 --alphabet 0,4").exits(HELD);
    assert!(ran.out.contains("all triples of states"), "{}", ran.out);
    let ran = rejoin("laws broken/shared-id-register --exhaustive --ops 3").exits(VIOLATED);
    assert!(ran.out.contains("\n3 operations\n"), "{}", ran.out);
    rejoin(ran.line("replay: ").strip_prefix("rejoin ").unwrap()).exits(VIOLATED);
    rejoin("laws broken/shared-id-register --exhaustive --ops 2").exits(HELD);
    rejoin("laws or-set --ops 2").exits(BAD_INPUT);
    let refused = rejoin("laws or-set --exhaustive --ops 7").exits(BAD_INPUT);
    assert!(
        refused.err.contains("7 operations are out of reach; there may be 6"),
        "{}",
        refused.err
    );
    let nothing = rejoin("explore or-set --ops 2,2 --alphabet clear").exits(UNPROVEN);
    assert!(nothing.out.contains("none of them changed anything"), "{}", nothing.out);
    rejoin("laws or-set --exhaustive --seed 3").exits(BAD_INPUT);
}
