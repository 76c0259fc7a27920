//! Interruption, and disks that take no more: what is done is kept, and nothing is there by half.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rejoin_cli::{Registry, Stream, Streams, builtin, main_with};
use rejoin_sim::{Effort, LawsOutcome, Outcome, RunError, Scenario, Subject, Time, Trace};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{BAD_INPUT, files, rejoin};

/// A subject after so many runs of which Ctrl-C is pressed.
struct Pressed {
    inner: Arc<dyn Subject>,
    runs: AtomicU64,
    after: u64,
    flag: Arc<AtomicBool>,
}

impl Subject for Pressed {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn summary(&self) -> &str {
        self.inner.summary()
    }
    fn policies(&self) -> Vec<String> {
        self.inner.policies()
    }
    fn laws(&self, _: Effort) -> Option<LawsOutcome> {
        None
    }
    fn run(&self, scenario: &Scenario, seed: u64) -> Result<Outcome, RunError> {
        if self.runs.fetch_add(1, Ordering::Relaxed) + 1 == self.after {
            self.flag.store(true, Ordering::Relaxed);
        }
        self.inner.run(scenario, seed)
    }
    fn replay(&self, trace: &Trace) -> Result<Outcome, RunError> {
        self.inner.replay(trace)
    }
    fn branch(&self, trace: &Trace, from: Time, seed: u64) -> Result<Outcome, RunError> {
        self.inner.branch(trace, from, seed)
    }
}

/// Sweeps a million seeds of a type, and presses Ctrl-C after some runs.
fn interrupted(subject: &str, traces: &Path, more: &[&str]) -> (ExitCode, String) {
    let flag = Arc::new(AtomicBool::new(false));
    let inner = builtin().get(subject).unwrap().clone();
    let mut registry = Registry::new();
    let (runs, after) = (AtomicU64::new(0), 24);
    registry.add(Pressed { inner, runs, after, flag: flag.clone() });
    let traces = traces.to_str().unwrap();
    let mut args = vec!["rejoin", "sweep", "chain", "--type", subject, "--traces", traces];
    args.extend(["--seeds", "0..1_000_000"]);
    args.extend(more);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let streams = Streams::new(Stream::new(&mut out), Stream::new(&mut err)).with_interrupt(flag);
    let status = main_with(registry, args, streams);
    assert!(err.is_empty(), "{}", String::from_utf8_lossy(&err));
    (status, String::from_utf8(out).unwrap())
}

#[test]
fn an_interrupted_sweep_reports_what_was_done() {
    let folder = TempDir::new().unwrap();
    let (status, page) = interrupted("or-set", folder.path(), &[]);
    assert_eq!(status, ExitCode::from(130));
    assert!(page.contains("interrupted after ") && page.contains(" of 1,000,000 runs"), "{page}");
    assert!(page.contains("held: every check, in the runs so far"), "{page}");
    let (status, json) = interrupted("or-set", folder.path(), &["--json"]);
    assert_eq!(status, ExitCode::from(130));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["interrupted"], &json["verdict"]), (&true.into(), &"held".into()));
    let runs = json["runs"].as_u64().unwrap();
    assert!((1..100).contains(&runs) && json["held"] == runs, "{json:#}");
}

#[test]
fn an_interrupted_sweep_that_found_something_says_so_and_keeps_it() {
    let folder = TempDir::new().unwrap();
    let line = ["--json", "--keep", "1"];
    let (status, json) = interrupted("broken/forgetful-set", folder.path(), &line);
    assert_eq!(status, ExitCode::from(1));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["interrupted"], &json["verdict"]), (&true.into(), &"violated".into()));
    let saved = json["failures"][0]["trace"].as_str().unwrap();
    assert_eq!(files(folder.path()).len(), 1);
    assert!(Path::new(saved).exists());
}

/// Runs the binary from a shell.
#[cfg(unix)]
fn shell(script: &str, folder: &Path) -> Output {
    let rejoin = env!("CARGO_BIN_EXE_rejoin");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).env("REJOIN", rejoin).current_dir(folder);
    shell.output().expect("there is a shell")
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_sweep_after_the_runs_in_progress() {
    let folder = TempDir::new().unwrap();
    let script = r#"
        "$REJOIN" sweep chain --seeds 0..100_000_000 > out & pid=$!
        sleep 2; kill -INT $pid; wait $pid; echo $? > status"#;
    let ran = shell(script, folder.path());
    assert!(ran.stderr.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
    let out = fs::read_to_string(folder.path().join("out")).unwrap();
    assert!(out.contains("interrupted after "), "{out}");
    assert_eq!(fs::read_to_string(folder.path().join("status")).unwrap(), "130\n");
    assert_eq!(files(folder.path()), ["out", "status"]);
}

/// A limit on the size of files, which stands for a disk that is full.
#[cfg(unix)]
const FULL: &str = "trap '' XFSZ; ulimit -f 1;";

#[cfg(unix)]
#[test]
fn a_run_that_cannot_be_saved_whole_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let script = format!(r#"{FULL} exec "$REJOIN" run edge-fleet --save x.trace"#);
    let ran = shell(&script, folder.path());
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(i32::from(BAD_INPUT)), "{said}");
    assert!(said.contains("cannot write the trace to `x.trace`"), "{said}");
    assert!(!said.contains(".saving"), "the temporary file's name says nothing: {said}");
    assert!(files(folder.path()).is_empty(), "{:?}", files(folder.path()));
}

#[cfg(unix)]
#[test]
fn a_sweep_that_cannot_save_goes_on_and_says_so() {
    let folder = TempDir::new().unwrap();
    let sweep = "sweep chain --type broken/forgetful-set --seeds 0..40";
    let ran = shell(&format!(r#"{FULL} exec "$REJOIN" {sweep}"#), folder.path());
    let page = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status.code(), Some(1), "{page}");
    assert!(page.contains("40 (seeds 0..40)"), "{page}");
    assert!(page.contains("cannot write the trace of seed "), "{page}");
    // The seed reproduces what could not be saved.
    let replay = page.lines().find(|line| line.contains(" --seed ")).unwrap();
    assert!(replay.contains("run chain --type broken/forgetful-set"), "{page}");
    assert!(files(&folder.path().join("traces")).is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_files_is_noticed_before_anything_is_run() {
    // Where nobody may make a file, not even root.
    for line in [
        "run cart --save /proc/x.trace".to_owned(),
        "sweep cart --seeds 0..1_000_000_000 --traces /proc".to_owned(),
        "sweep cart --seeds 0..1_000_000_000 --traces /proc/traces/of/today".to_owned(),
    ] {
        let ran = rejoin(&line).exits(BAD_INPUT);
        assert!(ran.err.contains("cannot write") && ran.err.contains("/proc"), "{}", ran.err);
    }
}
