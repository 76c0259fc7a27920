//! `rejoin explore`: every schedule at small scope.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rejoin_sim::explore::{
    Checkpoint, ExploreError, Explored, Progress, Reductions, ResumeError, SavedHistory, Scope,
    Visit,
};
use rejoin_sim::{Registry, Subject, Verdict};
use serde::Serialize;

use crate::Report;
use crate::args::{Claim, ExploreArgs};
use crate::broken;
use crate::exit::Exit;
use crate::guard::guarded;
use crate::input::InputError;
use crate::program::Program;
use crate::render::explore::Around;
use crate::render::{Screen, explore as render_explore};
use crate::save::{expect, save};
use crate::select::{bytes_of, find};

/// How often a place to go on from is saved.
const SAVE_EVERY: Duration = Duration::from_secs(5);

/// The finest part of the bar.
const PARTS: u64 = 1000;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Json<'a> {
    #[serde(flatten)]
    explored: &'a Explored,
    /// The type.
    subject: &'a str,
    /// The hash over everything above.
    fingerprint: String,
    /// There is nothing to draw.
    seed: Option<u64>,
    /// How long it took.
    elapsed_ms: u64,
    /// Why the file to go on from is not what it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    unsaved: Option<&'a str>,
    /// The line that does the same again, or visits the failure.
    replay: &'a str,
}

/// What `--json` prints of one history.
#[derive(Debug, Serialize)]
struct VisitJson<'a> {
    #[serde(flatten)]
    visit: &'a Visit,
    /// The type.
    subject: &'a str,
    /// Whether something fails there.
    verdict: Verdict,
}

/// Explores a type, or looks at one of its histories.
pub(crate) fn explore(
    registry: &Registry,
    args: &ExploreArgs,
    program: &Program,
    screen: Screen,
    progress: bool,
) -> Result<Report, InputError> {
    let subject = find(registry, &args.subject)?;
    let jobs = args.jobs.or_else(|| available_parallelism().ok()).map_or(1, usize::from);
    let scope = Scope {
        alphabet: args.alphabet.clone().unwrap_or_default().0,
        crashes: args.crashes,
        reuse_id: args.reuse_id,
        reductions: Reductions {
            operations: !args.no_reductions.contains(&Claim::Operations),
            replicas: !args.no_reductions.contains(&Claim::Replicas),
            stamps: !args.no_reductions.contains(&Claim::Stamps),
        },
        threads: jobs.min(64),
        memory_bytes: args.memory.saturating_mul(1 << 20),
        ..Scope::new(args.ops.0.iter().copied())
    };
    let line = line_of(args);
    if let Some(address) = &args.at {
        let visit = guarded(
            || line.join(" "),
            || {
                subject
                    .visit(&scope, address)
                    .ok_or_else(|| no_type(subject, program))?
                    .map_err(wrong)
            },
        )?;
        return Ok(visited(subject, args, program, screen, &visit));
    }
    for path in args.save.iter().chain(&args.resume) {
        expect(path).map_err(|source| unwritable("anything", path, source))?;
    }
    let replay = program.line(&line);
    let started = Instant::now();
    let (explored, unsaved) =
        guarded(|| replay.clone(), || search(subject, &scope, args, program, progress))?;
    let unsaved = unsaved.map(|error| error.to_string());
    let elapsed = started.elapsed();
    if let Some(path) = &args.save {
        save_history(subject, &explored, path)?;
    }

    let at = explored.counterexample.as_ref().map(|found| {
        let at = ["--at".to_owned(), found.address.to_string()];
        line.iter().cloned().chain(at).collect::<Vec<_>>()
    });
    let replay = at.as_ref().map_or(replay, |at| program.line(at));
    let text = if args.format.json {
        crate::json(&Json {
            explored: &explored,
            subject: subject.name(),
            fingerprint: explored.fingerprint().to_string(),
            seed: None,
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            unsaved: unsaved.as_deref(),
            replay: &replay,
        })
    } else {
        let next = next(registry, subject, &explored, at, args, program);
        let saved = args.save.as_ref().filter(|_| explored.counterexample.is_some());
        let around = Around {
            name: subject.name(),
            summary: subject.summary(),
            elapsed,
            saved: saved.map(|path| path.display().to_string()),
            unsaved,
            replay,
            next,
            verbose: args.format.verbose,
        };
        render_explore::explored(screen, &explored, &around)
    };
    Ok(Report { text, exit: explored.verdict.into() })
}

fn visited(
    subject: &Arc<dyn Subject>,
    args: &ExploreArgs,
    program: &Program,
    screen: Screen,
    visit: &Visit,
) -> Report {
    let failed = visit.counterexample.is_some();
    let verdict = if failed { Verdict::Violated } else { Verdict::Held };
    let text = if args.format.json {
        crate::json(&VisitJson { visit, subject: subject.name(), verdict })
    } else {
        let mut watch = line_of(args);
        watch.extend(["--at".to_owned(), visit.address.to_string(), "--watch".to_owned()]);
        let next = (!args.watch).then(|| program.line(watch));
        render_explore::visit(screen, subject.name(), visit, next.as_deref())
    };
    Report { text, exit: if failed { Exit::Violated } else { Exit::Held } }
}

/// The search itself, from where it was interrupted if it was, with a bar; and why it could not be
/// gone on from where it is, which is no reason to lose what it finds.
fn search(
    subject: &Arc<dyn Subject>,
    scope: &Scope,
    args: &ExploreArgs,
    program: &Program,
    seen: bool,
) -> Result<(Explored, Option<InputError>), InputError> {
    let from = match &args.resume {
        Some(path) => resume(path, subject.name(), scope)?,
        None => None,
    };
    let bar = bar(seen);
    let mut saved = Instant::now();
    let mut failed = None;
    let mut word = |progress: Progress<'_>| {
        bar.set_position((progress.done * PARTS as f64) as u64);
        bar.set_message(format!("histories of {} out of {}", progress.size, progress.sizes));
        if let Some(path) = &args.resume
            && saved.elapsed() > SAVE_EVERY
            && let Some(checkpoint) = progress.checkpoint()
        {
            saved = Instant::now();
            failed = save_checkpoint(path, subject.name(), &checkpoint).err();
        }
    };
    let explored = subject.explore(scope, from, &mut word);
    bar.finish_and_clear();
    let explored = explored.ok_or_else(|| no_type(subject, program))?;
    let explored = explored.map_err(|error| match error {
        ExploreError::Panicked { message, address, history } => {
            let at = ["--at".to_owned(), address.to_string()];
            let line = line_of(args).into_iter().chain(at).collect::<Vec<_>>();
            InputError::Panicked {
                message: format!("{message} (after {})", history.join(", ")),
                help: format!("replay: {}", program.line(line)),
            }
        }
        error => wrong(error),
    })?;
    if let Some(path) = &args.resume
        && path.exists()
    {
        // There is nothing left to go on with.
        failed = fs::remove_file(path)
            .map_err(|source| unwritable("the end of the search", path, source))
            .err();
    }
    Ok((explored, failed))
}

fn bar(seen: bool) -> ProgressBar {
    const TEMPLATE: &str = "{bar:24.cyan/dim} {msg} · {elapsed} · at most {eta} left of this size";
    let bar = if seen {
        ProgressBar::with_draw_target(Some(PARTS), ProgressDrawTarget::stderr())
    } else {
        ProgressBar::hidden()
    };
    let style = ProgressStyle::with_template(TEMPLATE);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━━─"));
    bar
}

fn resume(path: &Path, subject: &str, scope: &Scope) -> Result<Option<Checkpoint>, InputError> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = bytes_of(path, Checkpoint::MAX_BYTES as u64)?;
    let checkpoint = Checkpoint::decode(&bytes, subject, scope);
    checkpoint.map(Some).map_err(|error| match error {
        ResumeError::Other { .. } => InputError::Resume {
            path: path.to_owned(),
            message: error.to_string(),
            help: "name another file, or the same scope".to_owned(),
        },
        _ => InputError::Resume {
            path: path.to_owned(),
            message: error.to_string(),
            help: "name a file that does not exist yet, or one that --resume has written"
                .to_owned(),
        },
    })
}

fn save_checkpoint(path: &Path, subject: &str, checkpoint: &Checkpoint) -> Result<(), InputError> {
    let bytes = checkpoint.encode(subject).map_err(|error| {
        unwritable("where the search is", path, std::io::Error::other(error.to_string()))
    })?;
    save(path, &bytes).map_err(|source| unwritable("where the search is", path, source))
}

fn save_history(
    subject: &Arc<dyn Subject>,
    explored: &Explored,
    path: &Path,
) -> Result<(), InputError> {
    let Some(history) = SavedHistory::of(subject.name(), explored) else { return Ok(()) };
    let bytes = history.encode().map_err(|error| {
        unwritable("the history", path, std::io::Error::other(error.to_string()))
    })?;
    save(path, &bytes).map_err(|source| unwritable("the history", path, source))
}

fn unwritable(what: &str, path: &Path, source: std::io::Error) -> InputError {
    InputError::Write { what: what.to_owned(), path: path.to_owned(), source }
}

fn wrong(error: ExploreError) -> InputError {
    InputError::Scope(error)
}

fn no_type(subject: &Arc<dyn Subject>, program: &Program) -> InputError {
    let name = subject.name();
    InputError::NoHistories {
        name: name.to_owned(),
        help: format!("run it: {}", program.line(["run", "--type", name])),
    }
}

/// The arguments that explore the same scope again.
fn line_of(args: &ExploreArgs) -> Vec<String> {
    let ops: Vec<String> = args.ops.0.iter().map(ToString::to_string).collect();
    let mut line = vec!["explore".to_owned(), args.subject.clone(), "--ops".to_owned()];
    line.push(ops.join(","));
    if let Some(alphabet) = &args.alphabet {
        line.extend(["--alphabet".to_owned(), alphabet.0.join("; ")]);
    }
    if args.crashes > 0 {
        line.extend(["--crashes".to_owned(), args.crashes.to_string()]);
    }
    if args.reuse_id {
        line.push("--reuse-id".to_owned());
    }
    let claims = args.no_reductions.iter().filter_map(ValueEnum::to_possible_value);
    let claims: Vec<String> = claims.map(|claim| claim.get_name().to_owned()).collect();
    if !claims.is_empty() {
        line.push(format!("--no-reductions={}", claims.join(",")));
    }
    line
}

/// What to type next, and why.
fn next(
    registry: &Registry,
    subject: &Arc<dyn Subject>,
    explored: &Explored,
    at: Option<Vec<String>>,
    args: &ExploreArgs,
    program: &Program,
) -> (String, &'static str) {
    let name = subject.name();
    if let Some(mut at) = at {
        at.push("--watch".to_owned());
        return (program.line(at), "step by step");
    }
    if explored.verdict == Verdict::Vacuous {
        let why = if explored.shapes.diamonds == 0 {
            "with somebody to disagree"
        } else {
            "with all of it"
        };
        return (program.line(["explore", name, "--ops", "2,1,1"]), why);
    }
    match broken::after(registry, Some(name)).and_then(broken::entry) {
        Some(entry)
            if broken::entry(name).is_none() && !entry.scope.is_empty() && args.crashes == 0 =>
        {
            let ops: Vec<String> = entry.scope.iter().map(ToString::to_string).collect();
            let line = ["explore", &entry.to_string(), "--ops", &ops.join(",")].map(str::to_owned);
            (program.line(line), "one that fails")
        }
        _ => (program.line(["run", "--type", name]), "on a network that fails"),
    }
}
