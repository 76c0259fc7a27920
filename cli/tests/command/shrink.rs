//! Failing runs made small, and from where on they were likely.

use std::fs;
use std::path::Path;

use rejoin_sim::Trace;
use tempfile::TempDir;

use crate::support::{
    BAD_INPUT, HELD, UNPROVEN, VIOLATED, files, fits_80_columns, fits_a_terminal, rejoin,
};

/// A failing run, saved.
fn failing(folder: &Path) -> String {
    let file = folder.join("set.trace").display().to_string();
    rejoin(&format!("run chain --type broken/forgetful-set --seed 2 --save {file}"))
        .exits(VIOLATED);
    file
}

#[test]
fn a_shrunk_run_is_small_shown_event_by_event_and_replays() {
    let folder = TempDir::new().unwrap();
    let file = failing(folder.path());
    let ran = rejoin(&format!("shrink {file}")).exits(VIOLATED);
    assert_eq!(files(folder.path()), ["set.small.trace", "set.trace"]);
    fits_80_columns(&ran.out);
    assert!(!ran.out.contains("left out"), "{}", ran.out);
    for word in [
        "was      ",
        "is       ",
        " events: ",
        "tried    ",
        " hears ",
        " ← ",
        "saved to ",
        "nothing is heard but",
    ] {
        assert!(ran.out.contains(word), "{word} is not in\n{}", ran.out);
    }

    let lines: Vec<&str> = ran.out.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("replay:")).unwrap();
    let replay = lines[at].strip_prefix("replay:").unwrap().trim();
    let replay = if replay.is_empty() { lines[at + 1].trim() } else { replay };
    let again = rejoin(replay.strip_prefix("rejoin ").unwrap()).exits(VIOLATED);
    assert!(again.out.contains("reproduced: "), "{}", again.out);
    assert!(again.out.contains(" hears "), "{}", again.out);
    assert_eq!(again.line("seed  "), ran.line("seed  "));
}

#[test]
fn it_keeps_the_class_and_says_what_became_of_it() {
    let folder = TempDir::new().unwrap();
    let file = failing(folder.path());
    let out = folder.path().join("out.trace").display().to_string();
    let json = rejoin(&format!("shrink {file} --out {out} --json")).exits(VIOLATED).json();
    let trace = Trace::decode(&fs::read(&out).unwrap()).unwrap();
    let full = Trace::decode(&fs::read(&file).unwrap()).unwrap();
    assert_eq!((trace.class, trace.seed), (full.class, full.seed));
    assert_eq!(json["verdict"], "violated");
    assert_eq!(json["fingerprint"], trace.fingerprint.to_string());
    assert_eq!(json["trace"], out.as_str());
    let number = |part: &str, of: &str| json[part][of].as_u64().unwrap();
    assert!(number("size", "replicas") <= 3 && number("size", "operations") <= 5, "{json:#}");
    assert!(number("before", "operations") > number("size", "operations"));
    assert!(json["runs"].as_u64().unwrap() <= 2_000 && json["finished"] == true);

    // The same bytes once more, and not so small with less.
    let bytes = fs::read(&out).unwrap();
    rejoin(&format!("shrink {file} --out {out}")).exits(VIOLATED);
    assert_eq!(fs::read(&out).unwrap(), bytes);
    let less = rejoin(&format!("shrink {file} --out {out} --budget 5 --json")).exits(VIOLATED);
    assert_eq!((&less.json()["runs"], &less.json()["finished"]), (&5.into(), &false.into()));
}

#[test]
fn what_cannot_be_shrunk_says_why_and_writes_nothing() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().display();
    rejoin(&format!("run --save {dir}/held.trace")).exits(HELD);
    let ran = rejoin(&format!("shrink {dir}/held.trace")).exits(BAD_INPUT);
    assert!(ran.err.contains("the verdict is held"), "{}", ran.err);

    let line = format!("explore broken/shared-id-set --ops 3,1 --save {dir}/history.trace");
    rejoin(&line).exits(VIOLATED);
    let ran = rejoin(&format!("shrink {dir}/history.trace")).exits(BAD_INPUT);
    assert!(ran.err.contains("`explore`"), "{}", ran.err);

    let file = failing(folder.path());
    let mut trace = Trace::decode(&fs::read(&file).unwrap()).unwrap();
    trace.decisions.operations.truncate(1);
    fs::write(&file, trace.encode().unwrap()).unwrap();
    let ran = rejoin(&format!("shrink {file}"));
    assert!(ran.ended_with(UNPROVEN) && ran.out.is_empty(), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("not replay"), "{}", ran.err);
    rejoin(&format!("shrink {file} --budget 0")).exits(BAD_INPUT);
    rejoin(&format!("shrink {file} --out {dir}/nowhere/x.trace")).exits(BAD_INPUT);
    assert_eq!(files(folder.path()), ["held.trace", "history.trace", "set.trace"]);
}

#[test]
fn a_sweep_makes_the_first_failure_of_each_class_small() {
    let folder = TempDir::new().unwrap();
    let traces = folder.path().join("t");
    let line = "sweep chain --type broken/subtracting-counter --seeds 0..12 --keep 2 --traces";
    let ran = rejoin(&format!("{line} {}", traces.display())).exits(VIOLATED);
    assert!(ran.out.contains("  small: seed "), "{}", ran.out);
    fits_80_columns(
        &ran.out.lines().filter(|line| !line.contains(".trace")).collect::<Vec<_>>().join("\n"),
    );
    let json = rejoin(&format!("{line} {} --json", traces.display())).exits(VIOLATED).json();
    let small = json["small"].as_array().unwrap();
    let classes = json["violated_by_class"].as_object().unwrap();
    assert_eq!(small.len(), classes.len());
    assert_eq!(files(&traces).len(), 2 + small.len());
    for small in small {
        assert!(classes.contains_key(small["class"].as_str().unwrap()));
        assert!(small["runs"].as_u64().unwrap() <= small["budget"].as_u64().unwrap());
        let trace = small["trace"].as_str().unwrap();
        let again = rejoin(&format!("replay {trace} --json")).exits(VIOLATED).json();
        assert_eq!((&again["seed"], &again["reproduced"]), (&small["seed"], &true.into()));
        assert_eq!(again["size"], small["size"]);
        assert_eq!(again["violation"]["class"], small["class"]);
    }

    let next = ran.line("next: ").split("   ").next().unwrap();
    rejoin(next.strip_prefix("rejoin ").unwrap()).exits(VIOLATED);
    let plain = rejoin(&format!("{line} {} --no-shrink --json", traces.display()));
    assert_eq!(plain.exits(VIOLATED).json()["small"], serde_json::json!([]));
}

#[test]
fn branches_say_from_where_on_it_is_likely() {
    let folder = TempDir::new().unwrap();
    let file = failing(folder.path());
    let ran = rejoin(&format!("replay {file} --branches 4")).exits(VIOLATED);
    fits_a_terminal(&ran.out);
    assert_eq!(ran.out.matches("  at random from ").count(), 10);
    let json = rejoin(&format!("replay {file} --branches 4 --json")).exits(VIOLATED).json();
    let branches = json["branches"].as_array().unwrap();
    assert_eq!(branches.len(), 10);
    assert_eq!(branches[0]["from_us"], 0);
    for branch in branches {
        assert!(branch["failed"].as_u64() <= branch["runs"].as_u64() && branch["runs"] == 4);
    }
    let again = rejoin(&format!("replay {file} --branches 4 --json")).exits(VIOLATED).json();
    assert_eq!(again, json);
}

/// The size is in the JSON of every run.
#[test]
fn every_run_says_how_large_it_was() {
    let json = rejoin("run counter --json").exits(HELD).json();
    let (size, operations) = (&json["size"], &json["operations"]["performed"]);
    assert_eq!(&size["operations"], operations);
    let arrived = size["deliveries"].as_u64().unwrap() + size["settling"].as_u64().unwrap();
    assert_eq!(arrived, json["traffic"]["delivered"].as_u64().unwrap());
}
