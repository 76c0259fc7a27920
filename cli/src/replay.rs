//! `rejoin replay`: a saved run, or a saved history, once more.

use std::path::Path;
use std::sync::Arc;

use rejoin_sim::explore::{SavedHistory, Visit};
use rejoin_sim::{Outcome, Registry, RunError, Subject, Trace, Verdict};
use serde::Serialize;

use crate::Report;
use crate::args::ReplayArgs;
use crate::branches;
use crate::exit::Exit;
use crate::guard::guarded;
use crate::input::{InputError, instead};
use crate::program::Program;
use crate::render::run::Around;
use crate::render::{Screen, explore as render_explore, run as render_run};
use crate::select::bytes_of;

/// Longer than any trace that this program writes.
pub(crate) const MAX_TRACE_BYTES: u64 = 1 << 28;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Json<'a> {
    #[serde(flatten)]
    run: crate::run::Json<'a>,
    /// Whether the verdict and the fingerprint are the trace's.
    reproduced: bool,
    /// What differs.
    differs: Option<&'a str>,
}

/// What `--json` prints of a history of the explorer.
#[derive(Debug, Serialize)]
struct HistoryJson<'a> {
    #[serde(flatten)]
    visit: &'a Visit,
    /// The type.
    subject: &'a str,
    /// Whether something fails there.
    verdict: Verdict,
    /// Whether it is what failed when it was saved.
    reproduced: bool,
}

/// Runs a trace again.
pub(crate) fn replay(
    registry: &Registry,
    args: &ReplayArgs,
    program: &Program,
    screen: Screen,
) -> Result<Report, InputError> {
    let path = &args.file;
    let bad = |message: String| InputError::Trace { path: path.clone(), message };
    let bytes = bytes_of(path, MAX_TRACE_BYTES)?;
    if let Ok(history) = SavedHistory::decode(&bytes) {
        return revisit(registry, &history, args, program, screen);
    }
    let trace = Trace::decode(&bytes).map_err(|error| bad(error.to_string()))?;
    if let Some(branches) = args.branches {
        let subject = subject_of(registry, &trace.subject, path)?;
        return branches::branches(&**subject, &trace, branches, args, program, screen);
    }
    let subject = subject_of(registry, &trace.subject, path)?;
    let file = path.to_string_lossy();
    let line = program.line(["replay", &file]);
    let replayed = || {
        subject.replay(&trace).map_err(|error| match error {
            RunError::Trace(error) => bad(error.to_string()),
            RunError::Scenario(error) => bad(format!("its scenario: {error}")),
            error => bad(error.to_string()),
        })
    };
    let outcome = guarded(|| line.clone(), replayed)?;

    let differs = trace.expect(&outcome).err().map(|mismatch| mismatch.to_string());
    let exit = exit(&outcome, differs.is_none());
    let text = if args.format.json {
        crate::json(&Json {
            run: crate::run::Json { outcome: &outcome, replay: &line },
            reproduced: differs.is_none(),
            differs: differs.as_deref(),
        })
    } else {
        let note = match &differs {
            None => "reproduced: the verdict and the fingerprint are the trace's".to_owned(),
            Some(differs) => format!("not reproduced: {differs}"),
        };
        let next = program.line(["replay", &file, "--verbose"]);
        let around = Around {
            title: format!("{file}: a replay"),
            on_seed: String::new(),
            notes: vec![note],
            replay: line,
            next: (next, "every step"),
        };
        render_run::run(screen, &outcome, &around, args.format.verbose)
    };
    Ok(Report { text, exit })
}

/// Visits a history of the explorer again.
fn revisit(
    registry: &Registry,
    history: &SavedHistory,
    args: &ReplayArgs,
    program: &Program,
    screen: Screen,
) -> Result<Report, InputError> {
    let path = &args.file;
    let bad = |message: String| InputError::Trace { path: path.clone(), message };
    let subject = subject_of(registry, &history.subject, path)?;
    let line = program.line(["replay", &path.to_string_lossy()]);
    let visit = || {
        let visit = subject.visit(&history.scope, &history.address);
        let visit = visit.ok_or_else(|| bad(format!("`{}` is no type", history.subject)))?;
        visit.map_err(|error| bad(error.to_string()))
    };
    let visit = guarded(|| line.clone(), visit)?;
    let reproduced = visit.law() == Some(history.law);
    let exit = match visit.law() {
        Some(_) => Exit::Violated,
        None => Exit::Unproven,
    };
    let text = if args.format.json {
        crate::json(&HistoryJson {
            visit: &visit,
            subject: subject.name(),
            verdict: if visit.law().is_some() { Verdict::Violated } else { Verdict::Held },
            reproduced,
        })
    } else {
        let note = match visit.law() {
            Some(_) if reproduced => "reproduced: the law that was broken is broken".to_owned(),
            Some(_) => format!("not reproduced: it was another law, that {}", history.law),
            None => format!("not reproduced: it holds that {}", history.law),
        };
        let detail = args.format.verbose;
        let next = program.line(["replay", &path.to_string_lossy(), "--verbose"]);
        let page = render_explore::visit(
            screen,
            subject.name(),
            &visit,
            (!detail).then_some(next.as_str()),
        );
        format!("{page}{note}\n")
    };
    Ok(Report { text, exit })
}

pub(crate) fn subject_of<'r>(
    registry: &'r Registry,
    name: &str,
    path: &Path,
) -> Result<&'r Arc<dyn Subject>, InputError> {
    registry.get(name).ok_or_else(|| InputError::TraceType {
        path: path.to_owned(),
        help: instead(name, registry.iter().map(|subject| subject.name())),
        name: name.to_owned(),
    })
}

/// As the run ended; a replay that ends otherwise proves nothing, unless it finds a violation.
fn exit(outcome: &Outcome, reproduced: bool) -> Exit {
    if reproduced || outcome.verdict == Verdict::Violated {
        return outcome.verdict.into();
    }
    Exit::Unproven
}
