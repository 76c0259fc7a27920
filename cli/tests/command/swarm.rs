//! Scenarios drawn for each seed, and kept as files.

use std::fs;
use std::path::Path;

use rejoin_sim::{Scenario, Swarm, Trouble, presets};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{HELD, Ran, UNPROVEN, VIOLATED, columns, files, rejoin};

fn verdict(ran: &Ran) -> Value {
    ran.json()["verdict"].clone()
}

#[test]
fn each_seed_of_a_swarm_is_a_scenario_of_its_own() {
    let run = |seed: u64| rejoin(&format!("run cart --swarm --seed {seed} --json")).json();
    let scenarios: Vec<Value> = (0..8).map(|seed| run(seed)["scenario"].clone()).collect();
    for (at, scenario) in scenarios.iter().enumerate() {
        assert!(!scenarios[..at].contains(scenario), "{scenario}");
        assert_eq!(scenario["type"], "or-map");
        assert_eq!(scenario["partition"], scenarios[0]["partition"], "what is written stays");
    }
    let drawn = |key: &str| {
        let mut values: Vec<String> = scenarios.iter().map(|it| it[key].to_string()).collect();
        values.sort();
        values.dedup();
        values.len()
    };
    for key in ["policy", "ops", "latency", "loss", "partitions"] {
        assert!(drawn(key) > 1, "{key} is the same with every seed");
    }
    assert_eq!(run(3)["fingerprint"], run(3)["fingerprint"]);
}

#[test]
fn a_failure_of_a_swarm_replays_from_its_trace_and_from_its_seed() {
    let folder = TempDir::new().unwrap();
    let traces = folder.path().join("traces");
    let line = "sweep chain --type broken/forgetful-set --swarm --seeds 0..16 --keep 2 --no-shrink";
    let ran = rejoin(&format!("{line} --traces {} --json", traces.display())).exits(VIOLATED);
    let json = ran.json();
    assert_eq!(files(&traces).len(), 2);
    for failure in &json["failures"].as_array().unwrap()[..2] {
        let trace = failure["trace"].as_str().unwrap();
        let replayed = rejoin(&format!("replay {trace} --json")).exits(VIOLATED).json();
        assert_eq!(replayed["reproduced"], true);
        let line = "run chain --type broken/forgetful-set --swarm --json --seed";
        let again = rejoin(&format!("{line} {}", failure["seed"])).exits(VIOLATED).json();
        assert_eq!(again["fingerprint"], replayed["fingerprint"]);
        assert_eq!(again["scenario"], replayed["scenario"]);
    }
    let page = rejoin(&format!("{line} --traces {}", traces.display())).exits(VIOLATED);
    let next = page.line("next: ").split("   ").next().unwrap();
    assert!(next.contains("--swarm --seed "), "{next}");
    rejoin(next.strip_prefix("rejoin ").unwrap()).exits(VIOLATED);
    // Another swarm around the same scenario does not take their place.
    let other = line.replace("--keep 2", "--keep 1 --faults loss,duplicate");
    rejoin(&format!("{other} --traces {}", traces.display()));
    assert_eq!(files(&traces).len(), 3);
}

#[test]
fn only_the_faults_that_are_named_are_drawn() {
    let line = "sweep counter --swarm --faults loss,pauses --seeds 0..24 --traces none --json";
    let json = rejoin(line).exits(HELD).json();
    let on = json["swarm"].as_object().unwrap();
    assert_eq!(on.keys().collect::<Vec<_>>(), ["loss", "pauses"]);
    let of = |name: &str| {
        let faults = json["faults"].as_array().unwrap();
        faults.iter().find(|fault| fault["name"] == name).unwrap().clone()
    };
    assert_eq!(of("loss")["runs_configured"], on["loss"]);
    assert_eq!(of("pause")["runs_configured"], on["pauses"]);
    for fault in json["faults"].as_array().unwrap() {
        let named = ["loss", "pause"].iter().any(|name| fault["name"] == *name);
        assert_eq!(fault["configured"], named, "{fault}");
        assert!(fault["runs_fired"].as_u64() <= fault["fired"].as_u64());
    }
    let page = rejoin(&line.replace(" --json", "")).exits(HELD).out;
    assert!(page.contains("on in") && page.contains("messages lost"), "{page}");
    assert!(page.lines().all(|line| columns(line) <= 80), "{page}");
}

#[test]
fn a_named_fault_that_is_never_on_proves_nothing() {
    let swarm = Swarm::around(Scenario::of("or-set")).only([Trouble::Churn]);
    let seed = (0..).find(|&seed| swarm.on(seed).next().is_none()).unwrap();
    let seeds = format!("{seed}..{}", seed + 1);
    let line = format!("sweep chain --swarm --faults churn --seeds {seeds} --traces none");
    let ran = rejoin(&line).exits(UNPROVEN);
    assert!(ran.out.contains("never happened") && ran.out.contains("churn"), "{}", ran.out);
}

#[test]
fn the_page_of_a_swarms_run_says_all_that_was_drawn() {
    let json = rejoin("run cart --swarm --seed 7 --json").json();
    let page = rejoin("run cart --swarm --seed 7 --verbose").out;
    for key in ["reorder", "pool", "policy", "ops", "drift_ppm"] {
        let written = format!("{key} = {}", json["scenario"][key]);
        assert!(page.contains(&written), "{written} is not in\n{page}");
    }
    assert!(page.starts_with("a swarm around cart"), "{page}");
}

/// The scenario that a run prints, in a file; checks that it is a scenario and nothing else.
fn printed(line: &str, folder: &Path) -> String {
    let ran = rejoin(&format!("{line} --print-scenario"));
    let file = folder.join("printed.toml");
    let table: toml::Table = toml::from_str(&ran.out).expect("it is TOML and nothing else");
    for key in ["type", "policy", "replicas", "settle_ms", "loss", "latency", "partitions"] {
        assert!(table.contains_key(key), "{key} is not written out:\n{}", ran.out);
    }
    fs::write(&file, ran.out).unwrap();
    file.display().to_string()
}

#[test]
fn a_printed_scenario_gives_the_same_run() {
    let folder = TempDir::new().unwrap();
    let mut lines: Vec<String> =
        presets().iter().map(|preset| format!("run {} --seed 5", preset.name)).collect();
    lines.extend((0..12).map(|seed| format!("run cart --swarm --seed {seed}")));
    lines.extend((0..4).map(|seed| format!("run edge-fleet --swarm --seed {seed}")));
    lines.push("run --type broken/forgetful-set --policy state --seed 9".to_owned());
    for line in lines {
        let seed = line.split(' ').next_back().unwrap();
        let first = rejoin(&format!("{line} --json"));
        let file = printed(&line, folder.path());
        let again = rejoin(&format!("run {file} --seed {seed} --json"));
        assert_eq!(first.json()["fingerprint"], again.json()["fingerprint"], "{line}");
        assert_eq!(verdict(&first), verdict(&again));
        // What is printed of it is the same, but for the line that says where it is from.
        let text = fs::read_to_string(&file).unwrap();
        let twice =
            fs::read_to_string(printed(&format!("run {file} --seed {seed}"), folder.path()));
        let body = |text: &str| text.split_once('\n').unwrap().1.to_owned();
        assert_eq!(body(&text), body(&twice.unwrap()));
    }
}

#[test]
fn links_come_from_a_file_beside_the_scenario() {
    let folder = TempDir::new().unwrap();
    let scenario = folder.path().join("net.toml");
    let topology = "topology = { kind = \"file\", path = \"net.edges\" }";
    fs::write(&scenario, format!("type = \"or-set\"\n{topology}\n")).unwrap();
    fs::write(folder.path().join("net.edges"), "# a square\n1 2\n2 3\n3 4 # far\n\n4 1\n").unwrap();
    let trace = folder.path().join("net.trace");
    let line = format!("run {} --save {} --json", scenario.display(), trace.display());
    let ran = rejoin(&line).exits(HELD).json();
    assert_eq!(ran["scenario"]["replicas"], 4);
    assert_eq!(
        ran["scenario"]["topology"]["links"],
        serde_json::json!([[1, 2], [2, 3], [3, 4], [4, 1]])
    );
    // A type of one's choice does not get in the way.
    rejoin(&format!("run {} --type or-map", scenario.display())).exits(HELD);
    // What is saved does not need the file.
    fs::remove_file(folder.path().join("net.edges")).unwrap();
    let again = rejoin(&format!("replay {} --json", trace.display())).exits(HELD).json();
    assert_eq!(again["reproduced"], true);
}
