//! Pages fit a terminal of 80 columns and 24 rows, whatever they are about.

use std::fs;

use rejoin_cli::builtin;
use rejoin_sim::{Effort, presets};
use tempfile::TempDir;

use crate::support::{BAD_INPUT, fits_80_columns, fits_a_terminal, rejoin, rejoin_called};

/// Every type, the broken ones too.
fn types() -> Vec<String> {
    builtin().iter().map(|subject| subject.name().to_owned()).collect()
}

#[test]
fn a_run_fits_whatever_its_preset_type_policy_and_seed() {
    // A line to be pasted is as long as the names in it, and wraps.
    let path = "./a-project/with-a-long-name/target/release/rejoin";
    for preset in presets() {
        let own = preset.scenario(&builtin()).unwrap().subject;
        // Some presets under every type, and each under its own: types differ in what they read,
        // presets in what happens.
        let all = ["cart", "chain"].contains(&preset.name);
        let types = types().into_iter().filter(|name| all || *name == own);
        for name in types {
            for policy in builtin().get(&name).unwrap().policies() {
                for (program, seed) in [("rejoin", 1), ("rejoin", u64::MAX), (path, u64::MAX)] {
                    let line = format!("run {} --type {name} --policy {policy}", preset.name);
                    let ran = rejoin_called(program, &format!("{line} --seed {seed}"));
                    assert!(!ran.ended_with(BAD_INPUT), "{}", ran.err);
                    fits_a_terminal(&ran.out);
                }
            }
        }
    }
}

#[test]
fn a_run_fits_however_many_replicas_and_faults_it_has() {
    let folder = TempDir::new().unwrap();
    let deep = folder.path().join("a-folder-for-scenarios".repeat(4));
    fs::create_dir(&deep).unwrap();
    let file = deep.join("crowd.toml");
    let crowd = "type = \"broken/subtracting-counter\"\nreplicas = 64\nops = 100\npartitions = 40\n\
                 crashes = 40\nskew_ms = 900\nloss = 0.1\nduplicate = 0.1\nreorder = 0.1\n";
    fs::write(&file, crowd).unwrap();
    for name in ["broken/subtracting-counter", "broken/forgetful-set", "pn-counter"] {
        let line = format!("run {} --type {name} --seed {}", file.display(), u64::MAX);
        fits_a_terminal(&rejoin(&line).out);
    }
}

#[test]
fn what_laws_prints_fits_80_columns_for_every_type() {
    let once = Effort { seed: 1, cases: 1 };
    let has_laws = |name: &String| builtin().get(name).unwrap().laws(once).is_some();
    for name in types().into_iter().filter(has_laws) {
        // A broken type's table is what may be wide, and takes the cases that it takes to find it.
        let cases = if name.starts_with("broken/") { 256 } else { 16 };
        let line = format!("laws {name} --cases {cases} --seed 1");
        fits_80_columns(&rejoin(&line).out);
        fits_80_columns(&rejoin(&format!("{line} --verbose")).out);
    }
}
