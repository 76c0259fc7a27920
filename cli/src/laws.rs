//! `rejoin laws`: what every merge must obey.

use rejoin_sim::{Effort, LawsOutcome, Registry, Verdict};
use serde::Serialize;

use crate::Report;
use crate::args::LawsArgs;
use crate::broken;
use crate::guard::guarded;
use crate::input::InputError;
use crate::program::Program;
use crate::render::laws::Around;
use crate::render::{Screen, laws as render_laws};
use crate::select::find;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Json<'a> {
    #[serde(flatten)]
    outcome: &'a LawsOutcome,
    /// The seed of the random histories.
    seed: u64,
    /// How many random histories were asked for.
    cases: u64,
    /// The line that checks the same again.
    replay: &'a str,
}

/// Checks the laws of a type.
pub(crate) fn laws(
    registry: &Registry,
    args: &LawsArgs,
    program: &Program,
    screen: Screen,
) -> Result<Report, InputError> {
    let subject = find(registry, &args.subject)?;
    let name = subject.name();
    let effort = Effort { seed: args.seed, cases: args.cases };
    let (seed, cases) = (args.seed.to_string(), args.cases.to_string());
    let replay = program.line(["laws", name, "--seed", &seed, "--cases", &cases]);
    let Some(outcome) = guarded(|| replay.clone(), || Ok(subject.laws(effort)))? else {
        return Err(InputError::NoLaws {
            name: name.to_owned(),
            help: format!("run it: {}", program.line(["run", "--type", name])),
        });
    };
    let text = if args.json {
        crate::json(&Json {
            outcome: &outcome,
            seed: args.seed,
            cases: args.cases,
            replay: &replay,
        })
    } else {
        let next = next(registry, name, &outcome, program);
        let around = Around { summary: subject.summary(), seed: args.seed, replay, next };
        render_laws::laws(screen, &outcome, &around, args.verbose)
    };
    Ok(Report { text, exit: outcome.verdict.into() })
}

/// What to type next, and why.
fn next(
    registry: &Registry,
    name: &str,
    outcome: &LawsOutcome,
    program: &Program,
) -> (String, &'static str) {
    let broken = broken::after(registry, Some(name));
    match (outcome.verdict, broken) {
        (Verdict::Held, Some(other)) if broken::entry(name).is_none() => {
            (program.line(["laws", other]), "one that does not obey")
        }
        (Verdict::Violated, Some(other)) if broken::entry(name).is_some() => {
            (program.line(["run", "--type", other]), "the next broken one")
        }
        _ => (program.line(["run", "--type", name]), "on a network that fails"),
    }
}
