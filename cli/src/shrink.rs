//! `rejoin shrink`: a failing run made small.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rejoin_sim::explore::SavedHistory;
use rejoin_sim::outcome::Size;
use rejoin_sim::shrink::{Budget, Progress, ShrinkError, Shrunk};
use rejoin_sim::{Registry, Subject, Trace};
use serde::Serialize;

use crate::Report;
use crate::args::ShrinkArgs;
use crate::guard::guarded;
use crate::input::InputError;
use crate::program::Program;
use crate::render::run::Around;
use crate::render::{Screen, count, run as render_run};
use crate::replay::{MAX_TRACE_BYTES, subject_of};
use crate::save::{expect, save};
use crate::select::bytes_of;

const TEMPLATE: &str = "{bar:24.cyan/dim} {pos}/{len} runs · {msg}";

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Json<'a> {
    #[serde(flatten)]
    run: crate::run::Json<'a>,
    /// How large it was.
    before: Size,
    /// How many runs were tried.
    runs: u64,
    /// At most how many.
    budget: u64,
    /// Nothing smaller was found in a whole round; otherwise the budget ended it.
    finished: bool,
    /// Where it is saved.
    trace: String,
}

/// Makes a saved run small.
pub(crate) fn shrink(
    registry: &Registry,
    args: &ShrinkArgs,
    program: &Program,
    screen: Screen,
    seen: bool,
) -> Result<Report, InputError> {
    let path = &args.file;
    let bytes = bytes_of(path, MAX_TRACE_BYTES)?;
    if SavedHistory::decode(&bytes).is_ok() {
        let message = "it is a history of `explore`, which finds the smallest first".to_owned();
        let path = path.clone();
        return Err(InputError::Unshrinkable { path, message, proves_nothing: false });
    }
    let trace = Trace::decode(&bytes)
        .map_err(|error| InputError::Trace { path: path.clone(), message: error.to_string() })?;
    let subject = subject_of(registry, &trace.subject, path)?;
    let out = args.out.clone().unwrap_or_else(|| small(path));
    let unwritable =
        |source| InputError::Write { what: "the trace".to_owned(), path: out.clone(), source };
    expect(&out).map_err(unwritable)?;

    let line = program.line(["shrink", &path.to_string_lossy()]);
    let shrunk = guarded(|| line, || within(&**subject, &trace, args.budget, path, seen))?;
    let bytes = shrunk.trace.encode();
    let bytes =
        bytes.map_err(|source| InputError::Unsaveable { seed: shrunk.trace.seed, source })?;
    save(&out, &bytes).map_err(unwritable)?;

    let file = out.to_string_lossy();
    let replay = program.line(["replay", &file]);
    let exit = shrunk.outcome.verdict.into();
    let text = if args.format.json {
        crate::json(&Json {
            run: crate::run::Json { outcome: &shrunk.outcome, replay: &replay },
            before: shrunk.before,
            runs: shrunk.runs,
            budget: args.budget,
            finished: shrunk.finished,
            trace: file.into_owned(),
        })
    } else {
        let mut notes = vec![
            format!("was      {}", in_words(shrunk.before)),
            format!("is       {}", in_words(shrunk.outcome.size)),
            format!("tried    {}", effort(&shrunk, args.budget)),
        ];
        notes.push(format!("saved to {file}"));
        let around = Around {
            title: format!("{}, made small", path.display()),
            on_seed: String::new(),
            notes,
            replay,
            next: (program.line(["replay", &file, "--verbose"]), "all that is known of it"),
        };
        // Every event is shown, however many are left.
        let screen = Screen { height: None, ..screen };
        render_run::run(screen, &shrunk.outcome, &around, args.format.verbose)
    };
    Ok(Report { text, exit })
}

/// Makes a run small, within so many runs, and says how far it is.
pub(crate) fn within(
    subject: &dyn Subject,
    trace: &Trace,
    runs: u64,
    path: &Path,
    seen: bool,
) -> Result<Shrunk, InputError> {
    let bar = if seen {
        ProgressBar::with_draw_target(Some(runs), ProgressDrawTarget::stderr())
    } else {
        ProgressBar::hidden()
    };
    let style = ProgressStyle::with_template(TEMPLATE);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("━━─"));
    let mut word = |progress: Progress| {
        bar.set_position(progress.runs);
        let events = count(progress.size.events(), "event");
        bar.set_message(format!("{events} · {}", progress.step));
    };
    let shrunk = rejoin_sim::shrink::shrink(subject, trace, Budget { runs }, &mut word);
    bar.finish_and_clear();
    shrunk.map_err(|error| InputError::Unshrinkable {
        path: path.to_owned(),
        message: error.to_string(),
        proves_nothing: matches!(
            error,
            ShrinkError::NotReproduced(_) | ShrinkError::Nondeterministic(_)
        ),
    })
}

/// `x.small.trace`, beside `x.trace`.
pub(crate) fn small(path: &Path) -> PathBuf {
    path.with_extension("small.trace")
}

/// `2 replicas, 3 operations, 2 deliveries, 0 faults: 5 events`.
pub(crate) fn in_words(size: Size) -> String {
    let deliveries = match size.deliveries {
        1 => "1 delivery".to_owned(),
        number => format!("{} deliveries", crate::render::thousands(number)),
    };
    let words = format!(
        "{}: {}, {deliveries}, {} at {}",
        count(size.events(), "event"),
        count(size.operations, "operation"),
        count(size.faults, "fault"),
        count(size.replicas, "replica"),
    );
    match size.settling {
        0 => words,
        number => format!("{words}; then {} to settle", count(number, "message")),
    }
}

/// `210 runs of at most 2,000`, and whether that was enough.
pub(crate) fn effort(shrunk: &Shrunk, budget: u64) -> String {
    let runs =
        format!("{} of at most {}", count(shrunk.runs, "run"), crate::render::thousands(budget));
    if shrunk.finished { runs } else { format!("{runs}, which was not enough to finish") }
}
