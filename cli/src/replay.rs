//! `rejoin replay`: a saved run once more.

use rejoin_sim::{Outcome, Registry, RunError, Trace, Verdict};
use serde::Serialize;

use crate::Report;
use crate::args::ReplayArgs;
use crate::exit::Exit;
use crate::guard::guarded;
use crate::input::{InputError, instead};
use crate::program::Program;
use crate::render::run::Around;
use crate::render::{Screen, run as render_run};
use crate::select::bytes_of;

/// Longer than any trace that this program writes.
const MAX_TRACE_BYTES: u64 = 1 << 28;

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

/// Runs a trace again.
pub(crate) fn replay(
    registry: &Registry,
    args: &ReplayArgs,
    program: &Program,
    screen: Screen,
) -> Result<Report, InputError> {
    let path = &args.file;
    let bad = |message: String| InputError::Trace { path: path.clone(), message };
    let trace =
        Trace::decode(&bytes_of(path, MAX_TRACE_BYTES)?).map_err(|error| bad(error.to_string()))?;
    let Some(subject) = registry.get(&trace.subject) else {
        let known = registry.iter().map(|subject| subject.name());
        return Err(InputError::TraceType {
            path: path.clone(),
            help: instead(&trace.subject, known),
            name: trace.subject,
        });
    };
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

/// As the run ended; a replay that ends otherwise proves nothing, unless it finds a violation.
fn exit(outcome: &Outcome, reproduced: bool) -> Exit {
    if reproduced || outcome.verdict == Verdict::Violated {
        return outcome.verdict.into();
    }
    Exit::Unproven
}
