//! What the commands show, and how they end.

use std::fs;

use rejoin_crdts::laws::Law;
use rejoin_sim::presets;
use tempfile::TempDir;

use crate::support::{
    BAD_INPUT, HELD, UNPROVEN, VIOLATED, columns, files, fits_a_terminal, rejoin, rejoin_in_colour,
};

fn broken(which: impl Fn(&serde_json::Value) -> bool) -> Vec<String> {
    let list = rejoin("list --json").exits(HELD).json();
    let types = list["types"].as_array().unwrap();
    let broken = types.iter().filter(|listed| listed.get("found_by").is_some() && which(listed));
    broken.map(|listed| listed["name"].as_str().unwrap().to_owned()).collect()
}

fn broken_types() -> Vec<String> {
    broken(|listed| listed.get("check").is_none())
}

/// Those that the simulator finds today.
fn broken_protocols() -> Vec<String> {
    let found = |listed: &serde_json::Value| !listed["found_by"].as_array().unwrap().is_empty();
    broken(|listed| listed.get("check").is_some() && found(listed))
}

#[test]
fn every_broken_protocol_fails_by_name_in_a_scenario_of_its_own_and_replays() {
    assert!(broken_protocols().len() >= 20);
    for name in broken_protocols() {
        let ran = rejoin(&format!("run --type {name}")).exits(VIOLATED);
        fits_a_terminal(&ran.out);
        let replay = ran.line("replay: ").strip_prefix("rejoin ").unwrap();
        let again = rejoin(replay).exits(VIOLATED);
        assert_eq!(again.line("seed  "), ran.line("seed  "));
        // Its name is that of a scenario, too.
        assert_eq!(
            rejoin(&format!("run {name}")).exits(VIOLATED).line("seed  "),
            ran.line("seed  ")
        );
    }
}

#[test]
fn a_run_of_every_preset_holds_and_fits_a_terminal() {
    for preset in presets() {
        let ran = rejoin(&format!("run {}", preset.name)).exits(HELD);
        fits_a_terminal(&ran.out);
        assert!(ran.line("next: ").starts_with("rejoin run --type broken/"));
        assert!(ran.line("held").contains("fingerprint"));
        assert!(ran.out.contains("seed 1"));
        assert!(ran.out.contains("faults   "));
        assert!(ran.out.contains("sent     "));
    }
}

#[test]
fn the_first_run_shows_the_cut_and_what_became_of_it() {
    let page = rejoin("run").exits(HELD).out;
    for word in ["r1 r2 r3", "cut: r1 r2 | r3", "r2 crashes", "r2 restarts", "healed", "agreed"] {
        assert!(page.contains(word), "{word} is not in\n{page}");
    }
    assert_eq!(page, rejoin("run cart --seed 1").out);
}

#[test]
fn every_broken_type_fails_by_name_on_a_page_that_fits_and_replays() {
    assert!(broken_types().len() >= 9);
    for name in broken_types() {
        let ran = rejoin(&format!("run --type {name}")).exits(VIOLATED);
        fits_a_terminal(&ran.out);
        assert!(ran.out.contains(" reads  "), "{}", ran.out);
        assert!(ran.line("next: ").starts_with("rejoin "));
        assert!(ran.line("seed  ").contains("fingerprint"));

        let replay = ran.line("replay: ").strip_prefix("rejoin ").unwrap();
        assert!(replay.contains(" --seed "), "{replay}");
        let again = rejoin(replay).exits(VIOLATED);
        assert_eq!(again.line("seed  "), ran.line("seed  "));
    }
}

#[test]
fn every_broken_type_shows_two_values_where_there_should_be_one() {
    for name in broken_types() {
        for policy in ["delta", "state"] {
            let line = format!("run --type {name} --policy {policy} --json");
            let violation = &rejoin(&line).exits(VIOLATED).json()["violation"];
            if violation["class"] == "invariant" {
                continue; // what is read is what must be read, and must not be
            }
            if violation["explanation"].as_str().unwrap().contains("not their bytes") {
                continue; // and here it is right everywhere
            }
            let read = violation["values"].as_array().unwrap().iter().map(|read| &read["value"]);
            let mut values: Vec<&serde_json::Value> = read.collect();
            values.extend(violation.get("expected").filter(|expected| !expected.is_null()));
            assert!(values.windows(2).any(|pair| pair[0] != pair[1]), "{name}: {violation:#}");
        }
    }
}

#[test]
fn verbose_shows_everything_and_still_one_next_line() {
    let brief = rejoin("run --type broken/subtracting-counter").exits(VIOLATED);
    let ran = rejoin("run --type broken/subtracting-counter --verbose").exits(VIOLATED);
    for word in ["settle_ms = 60000", " ← Add(1)", "concerned: ", " events"] {
        assert!(ran.out.contains(word), "{word} is not in\n{}", ran.out);
    }
    assert_eq!(ran.line("next: "), brief.line("next: "));
    assert!(!ran.out.contains('…'), "{}", ran.out);
}

#[test]
fn colours_are_for_terminals_only() {
    assert!(!rejoin("run").out.contains('\x1b'));
    let coloured = rejoin_in_colour("run").exits(HELD).out;
    assert!(coloured.contains("\x1b["));
    let mut plain = coloured;
    for code in ["0", "1", "2", "1;32", "1;31", "33", "36", "35"] {
        plain = plain.replace(&format!("\x1b[{code}m"), "");
    }
    // Nothing is said by colour alone.
    let lines =
        |page: &str| page.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&plain), lines(&rejoin("run").out));
}

#[test]
fn json_has_what_machines_need() {
    let held = rejoin("run --json").exits(HELD).json();
    assert_eq!((&held["verdict"], &held["seed"]), (&"held".into(), &1.into()));
    assert_eq!(held["fingerprint"].as_str().unwrap().len(), 32);
    assert_eq!(held["scenario"]["type"], "or-map");

    let violated = rejoin("run --type broken/subtracting-counter --json").exits(VIOLATED).json();
    assert_eq!(violated["verdict"], "violated");
    assert!(violated["violation"]["class"].is_string());
    assert!(violated["replay"].as_str().unwrap().starts_with("rejoin run --type broken/"));

    let held = rejoin("laws or-set --cases 20 --json").exits(HELD).json();
    assert_eq!((&held["verdict"], &held["histories"]), (&"held".into(), &20.into()));
    let violated = rejoin("laws broken/undead-set --json").exits(VIOLATED).json();
    assert!(violated["law"].is_string() && violated["explanation"].is_string());

    let list = rejoin("list --json").exits(HELD).json();
    for part in ["types", "policies", "presets", "topologies", "faults"] {
        assert!(!list[part].as_array().unwrap().is_empty(), "{part}");
    }
}

#[test]
fn no_object_in_json_has_a_key_twice() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().display();
    let idle = format!("{dir}/idle.toml");
    fs::write(&idle, "type = \"or-set\"\nreplicas = 1\nops = 4\n").unwrap();
    let sweep = format!("--traces {dir}/traces --json");
    for line in [
        "list --json".to_owned(),
        "laws g-counter --cases 4 --json".to_owned(),
        "laws broken/undead-set --json".to_owned(),
        format!("run chain --json --save {dir}/chain.trace"),
        format!("replay {dir}/chain.trace --json"),
        "run --type broken/forgetful-set --json".to_owned(),
        format!("run {idle} --json"),
        format!("sweep amnesia --seeds 0..3 {sweep}"),
        format!("sweep chain --type broken/forgetful-set --seeds 0..8 {sweep}"),
        format!("sweep {idle} --seeds 0..3 {sweep}"),
    ] {
        let ran = rejoin(&line);
        assert!(!ran.ended_with(BAD_INPUT), "{line}: {}", ran.err);
        ran.json();
    }
}

#[test]
fn a_sweep_starts_no_more_threads_than_it_has_runs() {
    let ran = rejoin("sweep counter --seeds 0..2 --jobs 100000 --traces none --json");
    assert_eq!(ran.exits(HELD).json()["runs"], 2);
}

#[test]
fn the_same_seed_gives_the_same_page_under_every_policy() {
    for policy in ["state", "delta"] {
        let line = format!("run chain --policy {policy} --seed 5");
        let page = rejoin(&line).exits(HELD).out;
        assert!(page.contains(&format!("or-set by {policy}")), "{page}");
        assert_eq!(page, rejoin(&line).out);
    }
    assert_ne!(rejoin("run --seed 5").out, rejoin("run --seed 6").out);
}

#[test]
fn a_saved_run_replays() {
    let folder = TempDir::new().unwrap();
    let trace = folder.path().join("cart.trace");
    let ran = rejoin(&format!("run --seed 3 --save {}", trace.display())).exits(HELD);
    let again = rejoin(&format!("replay {}", trace.display())).exits(HELD);
    assert!(again.out.contains("reproduced: "));
    assert_eq!(again.line("held"), ran.line("held"));
    assert_eq!(files(folder.path()), ["cart.trace"]);
    let json = rejoin(&format!("replay {} --json", trace.display())).exits(HELD).json();
    assert_eq!(json["reproduced"], true);
}

#[test]
fn a_sweep_is_the_same_on_any_number_of_threads_and_its_traces_replay() {
    let sweep = |jobs: u64| {
        let folder = TempDir::new().unwrap();
        let line =
            "sweep chain --type broken/forgetful-set --seeds 0..24 --keep 3 --json --no-shrink";
        let line = format!("{line} --jobs {jobs} --traces {}", folder.path().join("t").display());
        let json = rejoin(&line).exits(VIOLATED).json();
        (folder, json)
    };
    let (one_folder, one) = sweep(1);
    let (two_folder, two) = sweep(2);
    for part in ["fingerprint", "held", "violated", "faults", "traffic", "operations", "lowest"] {
        assert_eq!(one[part], two[part], "{part}");
    }
    assert_eq!(one["seeds"], serde_json::json!({ "start": 0, "end": 24 }));
    assert_eq!(one["runs"], 24);

    let folder = one_folder.path().join("t");
    assert_eq!(files(&folder), files(&two_folder.path().join("t")));
    assert_eq!(files(&folder).len(), 3);
    let failures = one["failures"].as_array().unwrap();
    assert_eq!(failures.len() as u64, one["violated"].as_u64().unwrap());
    assert_eq!(failures[0]["seed"], one["seed"]);
    for failure in &failures[..3] {
        let trace = failure["trace"].as_str().unwrap();
        let again = rejoin(&format!("replay {trace} --json")).exits(VIOLATED).json();
        assert_eq!((&again["seed"], &again["reproduced"]), (&failure["seed"], &true.into()));
    }
    assert!(failures[3]["trace"].is_null());
}

#[test]
fn a_sweep_names_the_lowest_seed_first_and_how_to_replay_it() {
    let folder = TempDir::new().unwrap();
    let line = "sweep chain --type broken/forgetful-set --seeds 0..24 --traces";
    let ran = rejoin(&format!("{line} {}", folder.path().display())).exits(VIOLATED);
    assert!(ran.line("replay: ").starts_with("rejoin replay "));
    let next = ran.line("next: ").split("   ").next().unwrap();
    rejoin(next.strip_prefix("rejoin ").unwrap()).exits(VIOLATED);
}

#[test]
fn traces_of_scenarios_with_one_name_do_not_take_each_others_place() {
    let folder = TempDir::new().unwrap();
    let traces = folder.path().join("traces");
    // One of them has the name of a preset, too.
    let mut scenarios = vec!["chain".to_owned()];
    for (place, ops) in [("here", 30), ("there", 31)] {
        fs::create_dir(folder.path().join(place)).unwrap();
        let file = folder.path().join(place).join("chain.toml");
        fs::write(&file, format!("type = \"or-set\"\nops = {ops}\n")).unwrap();
        scenarios.push(file.display().to_string());
    }
    let sweep = || {
        for scenario in &scenarios {
            let line = format!("sweep {scenario} --type broken/subtracting-counter --seeds 0..16");
            let line = format!("{line} --keep 1 --no-shrink --traces {}", traces.display());
            rejoin(&line).exits(VIOLATED);
        }
        files(&traces)
    };
    let names = sweep();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.iter().all(|name| name.contains("-broken-subtracting-counter-delta-")));
    assert_eq!(sweep(), names, "the same sweep has the same names");
}

#[test]
fn a_sweep_that_holds_leaves_no_folder_behind() {
    let folder = TempDir::new().unwrap();
    let traces = folder.path().join("traces");
    let ran = rejoin(&format!("sweep counter --seeds 10..20 --traces {}", traces.display()));
    let ran = ran.exits(HELD);
    assert!(!traces.exists());
    assert!(ran.out.contains("10 (seeds 10..20) · 10 held · 0 violated"), "{}", ran.out);
    ran.line("next: ");
}

#[test]
fn what_tests_nothing_is_not_held() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("idle.toml");
    fs::write(&file, "type = \"or-set\"\nops = 4\nloss = 0.000001\n").unwrap();
    let ran = rejoin(&format!("sweep {} --seeds 0..4", file.display())).exits(UNPROVEN);
    assert!(ran.out.contains("vacuous") && ran.out.contains("loss"), "{}", ran.out);

    fs::write(&file, "type = \"or-set\"\nreplicas = 1\nops = 4\n").unwrap();
    let ran = rejoin(&format!("run {}", file.display())).exits(UNPROVEN);
    assert!(ran.out.contains("vacuous: this proves nothing"), "{}", ran.out);
    ran.line("next: ");
    let json = rejoin(&format!("sweep {} --seeds 0..4 --json", file.display()));
    assert_eq!(json.exits(UNPROVEN).json()["verdict"], "vacuous");
}

#[test]
fn laws_name_the_law_and_show_the_history() {
    let ran = rejoin("laws broken/undead-set").exits(VIOLATED);
    ran.line("violated: ");
    let replay = ran.line("replay: ").strip_prefix("rejoin ").unwrap();
    assert_eq!(rejoin(replay).exits(VIOLATED).out, ran.out);
    ran.line("next: ");
    rejoin("laws or-map --cases 16").exits(HELD).line("held");
}

#[test]
fn laws_say_how_often_each_was_checked_and_which_never_was() {
    let ran = rejoin("laws or-set --cases 16").exits(HELD);
    let json = rejoin("laws or-set --cases 16 --json").exits(HELD).json();
    let checks = json["checks"].as_array().unwrap();
    let often = |check: &serde_json::Value| check["comparisons"].as_u64().unwrap();
    assert_eq!(checks.len(), Law::ALL.len());
    let (never, checked): (Vec<_>, Vec<_>) = checks.iter().partition(|check| often(check) == 0);
    let in_all: u64 = checked.iter().copied().map(often).sum();
    assert!(in_all > 1000, "{in_all}");
    let said = format!("{} of {} laws in ", checked.len(), Law::ALL.len());
    assert!(ran.line("checked  ").starts_with(&said), "{}", ran.out);
    assert!(ran.line("tried    ").starts_with("16 random histories, "), "{}", ran.out);

    // A set refuses nothing, so nobody knows what it would do.
    assert_eq!(never.len(), 1);
    assert_eq!(never[0]["name"], "refusal-changes-nothing");
    assert_eq!(ran.line("untested "), never[0]["law"]);

    let all = rejoin("laws or-set --cases 16 --verbose").exits(HELD);
    let counts = all.out.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok());
    assert_eq!(counts.filter(|number: &u64| *number < 1000).count(), {
        checks.iter().filter(|check| often(check) < 1000).count()
    });
}

#[test]
fn the_law_that_is_broken_was_checked() {
    let json = rejoin("laws broken/undead-set --json").exits(VIOLATED).json();
    let checks = json["checks"].as_array().unwrap();
    let broken = checks.iter().find(|check| check["law"] == json["law"]).unwrap();
    assert!(broken["comparisons"].as_u64().unwrap() > 0);
    assert!(rejoin("laws broken/undead-set").out.contains(" laws in "));
}

#[test]
fn the_list_has_everything_that_has_a_name() {
    let page = rejoin("list").exits(HELD).out;
    let names = ["or-map/map", "delta", "new-year", "hierarchy", "redeliver"];
    for name in names.into_iter().chain(["broken/holder-tie-register"]) {
        assert!(page.contains(name), "{name}");
    }
    assert!(page.lines().all(|line| columns(line) <= 80), "{page}");
    assert_eq!(rejoin("list --schema").exits(HELD).out, rejoin_sim::scenario::schema());
}
