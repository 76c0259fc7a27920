//! Bad input gets one clear message on standard error, status 2, and leaves nothing behind.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::{self, BAD_INPUT, files, rejoin, rejoin_in_colour};

/// Runs the line in which `DIR` stands for an empty folder; checks that it fails, that the message
/// has all of `words`, and that the folder has only what `prepare` put there.
fn refused(prepare: &[(&str, &[u8])], line: &str, words: &[&str]) {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in prepare {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let before = files(folder.path());
    let dir = folder.path().to_str().unwrap();
    let ran = rejoin(&line.replace("DIR", dir)).exits(BAD_INPUT);
    // A long message goes on in the next line.
    let whole = ran.err.replace("\n| ", " ");
    for word in words {
        let word = word.replace("DIR", dir);
        assert!(whole.contains(&word), "{word:?} is not in:\n{}", ran.err);
    }
    assert_eq!(ran.err.matches("error:").count(), 1, "{}", ran.err);
    assert!(!ran.err.contains('\x1b'), "{}", ran.err);
    assert_eq!(files(folder.path()), before);
}

fn scenario_refused(text: &str, words: &[&str]) {
    refused(&[("mine.toml", text.as_bytes())], "run DIR/mine.toml --save DIR/x", words);
    refused(
        &[("mine.toml", text.as_bytes())],
        "sweep DIR/mine.toml --seeds 0..4 --traces DIR/traces",
        words,
    );
}

#[test]
fn a_malformed_scenario_is_shown_at_its_place() {
    scenario_refused("type = \"or-map\"\nops = = 3\n", &["mine.toml:2:"]);
    scenario_refused("type = \"or-map\"\nlos = 0.5\n", &["unknown key `los`", "mine.toml:2:1"]);
    scenario_refused("type = \"or-map\"\nloss = 1.5\n", &["`loss` is 1.5", "mine.toml:2:8", "^"]);
    scenario_refused("type = \"or-map\"\nops = \"many\"\n", &["mine.toml:2:7"]);
    scenario_refused("ops = 3\n", &["the scenario lacks the key `type`"]);
    scenario_refused("", &["the scenario lacks the key `type`"]);
    scenario_refused(
        "type = \"or-map\"\n[[crash]]\nreplica = 9\nat_ms = 1\n",
        &["there is no replica 9", "mine.toml:3:11"],
    );
}

#[test]
fn the_place_is_shown_although_the_type_is_chosen_on_the_command_line() {
    let file: &[(&str, &[u8])] = &[("mine.toml", b"type = \"nobodys\"\nloss = 1.5\n")];
    refused(file, "run DIR/mine.toml", &["unknown type `nobodys`", "mine.toml:1:8"]);
    refused(file, "run DIR/mine.toml --type or-set", &["`loss` is 1.5"]);
    let file: &[(&str, &[u8])] = &[("mine.toml", b"type = \"or-map\"\nloss = 1.5\n")];
    refused(file, "run DIR/mine.toml --type or-set", &["`loss` is 1.5", "mine.toml:2:8"]);
    let file: &[(&str, &[u8])] = &[("mine.toml", b"type = \"or-map\"\nlos = 1.5\n")];
    refused(file, "run DIR/mine.toml --type or-set", &["unknown key `los`", "mine.toml:2:1"]);
}

#[test]
fn an_unknown_name_is_named_with_what_there_is_instead() {
    let meant = &["unknown type `or-mpa`", "did you mean `or-map`?", "pn-counter"];
    refused(&[], "run --type or-mpa --save DIR/x", meant);
    refused(&[], "sweep cart --type or-mpa --seeds 0..2 --traces DIR/traces", meant);
    refused(&[], "laws or-mpa", meant);
    refused(&[], "laws forgetful-set", &["did you mean `broken/forgetful-set`?"]);
    refused(&[], "run --policy statte", &["unknown policy `statte`", "did you mean `state`?"]);
    refused(&[], "run crat", &["`crat`", "did you mean `cart`?", "amnesia"]);
    refused(&[], "run broken/undead-set", &["it is a type: --type broken/undead-set"]);
    refused(&[], "sweep crat --seeds 0..2", &["`crat`", "did you mean `cart`?"]);
}

#[test]
fn an_unreadable_file_is_named() {
    refused(&[], "run DIR", &["cannot read `DIR`"]);
    refused(&[], "run DIR/absent.toml", &["DIR/absent.toml"]);
    refused(&[("mine.toml", &[0xff, 0xfe])], "run DIR/mine.toml", &["mine.toml", "UTF-8"]);
    refused(&[], "replay DIR/absent.trace", &["cannot read `DIR/absent.trace`"]);
    refused(&[], "replay DIR", &["cannot read `DIR`"]);
    let long = vec![b'#'; (1 << 20) + 1];
    refused(&[("long.toml", &long)], "run DIR/long.toml", &["long.toml", "longer than"]);
}

#[test]
fn a_number_that_is_too_large_is_told_as_it_is_written() {
    scenario_refused(
        "type = \"or-map\"\nops = 99999999999999999999\n",
        &["`ops` is 99999999999999999999; it must be a whole number of at most", "mine.toml:2:7"],
    );
    scenario_refused(
        "type = \"or-map\"\nlatency = { kind = \"constant\", ms = 1e300 }\n",
        &["`ms` is 1e300; it must be between 0 and 86400000", "mine.toml:2:37"],
    );
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let no_folder = "its folder is not there; make it first";
    refused(&[], "run --save DIR/absent/x.trace", &["cannot write", "x.trace`", no_folder]);
    refused(&[], "run --save DIR", &["cannot write", "DIR", "it is a folder; name a file"]);
}

#[test]
fn a_folder_that_cannot_be_made_is_noticed_before_anything_is_run() {
    let in_the_way: &[(&str, &[u8])] = &[("traces", b"a file")];
    for traces in ["DIR/traces", "DIR/traces/of/today"] {
        // A sweep in which nothing fails would not need it.
        for subject in ["or-map", "broken/subtracting-counter"] {
            let line = format!("sweep cart --type {subject} --seeds 0..20 --traces {traces}");
            let what = "`DIR/traces` is a file; name a folder";
            refused(in_the_way, &line, &["cannot write traces", what]);
        }
    }
}

#[test]
fn a_corrupt_trace_is_refused() {
    let trace = saved_trace();
    let half = &trace[..trace.len() / 2];
    refused(&[("a.trace", half)], "replay DIR/a.trace", &["a.trace", "truncated"]);
    let mut longer = trace.clone();
    longer.push(0);
    refused(&[("a.trace", &longer)], "replay DIR/a.trace", &["a.trace"]);
    refused(&[("a.trace", b"")], "replay DIR/a.trace", &["a.trace"]);
    refused(&[("a.trace", b"type = \"or-map\"")], "replay DIR/a.trace", &["a.trace"]);
    // Any byte that is changed is noticed.
    for at in (0..trace.len()).step_by(trace.len() / 40) {
        let mut changed = trace.clone();
        changed[at] ^= 0x10;
        refused(&[("a.trace", &changed)], "replay DIR/a.trace", &["a.trace"]);
    }
}

fn saved_trace() -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.trace");
    rejoin(&format!("run --save {}", path.display())).exits(support::HELD);
    fs::read(path).unwrap()
}

#[test]
fn a_range_of_seeds_that_holds_none_is_refused() {
    let sweep = |seeds: &str, words: &[&str]| {
        refused(&[], &format!("sweep cart --traces DIR/traces --seeds={seeds}"), words);
    };
    sweep("5..5", &["'5..5'", "empty"]);
    sweep("5..3", &["'5..3'", "backwards"]);
    sweep("5", &["'5'", "A..B"]);
    sweep("0..x", &["`x` is not a whole number"]);
    sweep("-3..3", &["`-3`"]);
    sweep("0..18446744073709551616", &["18446744073709551616"]);
}

#[test]
fn wrong_usage_is_explained() {
    refused(&[], "run --seed x", &["--seed", "`x` is not a whole number"]);
    refused(&[], "run --seed=-1", &["--seed", "`-1`"]);
    refused(&[], "run --sed 1", &["--sed"]);
    refused(&[], "sweep cart", &["--seeds"]);
    refused(
        &[],
        "sweep cart --seeds 0..2 --jobs 0",
        &["--jobs", "0 threads would run nothing; give 1 or more"],
    );
    refused(&[], "sweep cart --seeds 0..2 --jobs x", &["--jobs", "`x` is not a whole number"]);
    refused(&[], "laws or-set --cases 0", &["--cases"]);
    refused(&[], "laws", &["<TYPE>"]);
    refused(&[], "walk", &["'walk'"]);
}

#[test]
fn an_unknown_fault_is_named_with_those_that_there_are() {
    let words = &["'weather'", "loss, duplicate, reorder", "churn, caps"];
    refused(&[], "sweep cart --swarm --faults loss,weather --seeds 0..2", words);
    refused(&[], "run cart --swarm --faults weather", words);
    refused(&[], "run cart --faults loss", &["--swarm"]);
    refused(&[], "run cart --swarm --faults los", &["a similar value exists: 'loss'"]);
}

#[test]
fn a_file_of_links_is_named_with_the_line_that_is_wrong() {
    let scenario: &[u8] =
        b"type = \"or-set\"\ntopology = { kind = \"file\", path = \"net.edges\" }\n";
    let with = |edges: &[u8], words: &[&str]| {
        let all = [&["net.toml:2:"], words].concat();
        refused(&[("net.toml", scenario), ("net.edges", edges)], "run DIR/net.toml", &all);
    };
    with(b"1 2\n2 three\n", &["`net.edges`, line 2: `three` is no address"]);
    with(b"1 2\n# none\n2 0\n", &["`net.edges`, line 3: `0` is no address"]);
    with(b"1 2 3\n", &["`net.edges`, line 1: a link is two addresses"]);
    with(b"1 2\n2 2\n", &["line 2: a link from 2 to itself"]);
    with(b"# nothing\n", &["`net.edges`", "there is no link in it"]);
    with(b"1 2\n3 4\n", &["r1 and r3 are not connected"]);
    with(&[0xff], &["net.edges", "no UTF-8 text"]);
    refused(&[("net.toml", scenario)], "run DIR/net.toml", &["cannot read `DIR/net.edges`"]);
}

#[test]
fn on_a_terminal_the_complaint_is_in_colour() {
    let ran = rejoin_in_colour("run --type or-mpa").exits(BAD_INPUT);
    assert!(ran.err.contains('\x1b'));
}

#[test]
fn help_and_version_are_no_errors() {
    for line in ["--help", "-h", "--version", "run --help", "sweep -h", "help laws"] {
        let ran = rejoin(line).exits(support::HELD);
        assert!(ran.out.lines().all(|line| support::columns(line) <= 80), "{}", ran.out);
    }
    let bare = rejoin("").exits(BAD_INPUT);
    assert!(bare.err.contains("Usage: rejoin <COMMAND>"));
    assert!(!Path::new("traces").exists());
}
