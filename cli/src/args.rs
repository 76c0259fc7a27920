//! The command line.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use rejoin_sim::Trouble;
use rejoin_sim::explore::Address;

/// The seed where none is given, the same for everybody.
pub(crate) const DEFAULT_SEED: u64 = 1;

/// Cut the network, crash the replicas, and see whether they rejoin.
///
/// Replicated data types are run on a simulated network with partitions, crashes, and messages
/// that are lost, doubled and reordered. Every replica is compared with the type's specification at
/// every step, and all of them with one another once the network is whole again. One seed always
/// gives the same run.
#[derive(Debug, Parser)]
#[command(name = "rejoin", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArgs),
    Sweep(SweepArgs),
    Replay(ReplayArgs),
    Shrink(ShrinkArgs),
    Laws(LawsArgs),
    Explore(ExploreArgs),
    List(ListArgs),
}

/// One simulation, shown from start to end
///
/// Every run is made twice, to see that it is the same both times.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// A preset's name, or a TOML file [default: cart]
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: Option<String>,
    #[command(flatten)]
    pub(crate) choice: Choice,
    /// Everything is drawn from it [default: 1; for a broken type, the first that shows it]
    #[arg(long, value_name = "N", value_parser = number)]
    pub(crate) seed: Option<u64>,
    /// Save the run as a trace, which `replay` runs again
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Print nothing but the scenario that was run, in full: a file to keep as a test
    #[arg(long, conflicts_with_all = ["verbose", "json"])]
    pub(crate) print_scenario: bool,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// Many simulations in parallel; failures are saved as traces
///
/// Ctrl-C ends it after the runs in progress: what was done is reported and what was saved stays. The
/// exit status is then 1 if a violation was found, and 130 if not. A second Ctrl-C kills.
#[derive(Debug, Args)]
pub(crate) struct SweepArgs {
    /// A preset's name, or a TOML file
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: String,
    #[command(flatten)]
    pub(crate) choice: Choice,
    /// The seeds to run: from A up to, but not including, B
    #[arg(long, value_name = "A..B", value_parser = seeds)]
    pub(crate) seeds: Range<u64>,
    /// How many threads [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = jobs)]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Where traces of failures are saved; made when there is one
    #[arg(long, value_name = "DIR", default_value = "traces")]
    pub(crate) traces: PathBuf,
    /// How many failures are saved, those with the lowest seeds
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) keep: usize,
    /// Do not make the first failure of each class small
    #[arg(long)]
    pub(crate) no_shrink: bool,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// A saved run once more, from its own decisions
///
/// Ends as the run ended (1 for a violation), or with 3 if it no longer does.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// A trace that `sweep`, `shrink` or `run --save` has written
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// At ten moments, go on at random N times, to see from where on the failure is likely
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) branches: Option<u64>,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// A failing run made small, in the same class of failure
///
/// Faults are switched off, replicas dropped, operations and deliveries deleted, as long as it fails
/// in the same way. What is left is shown event by event, and saved as a trace.
#[derive(Debug, Args)]
pub(crate) struct ShrinkArgs {
    /// A trace that `sweep` or `run --save` has written
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// At most how many runs are tried
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = positive)]
    pub(crate) budget: u64,
    /// Where to save it [default: beside FILE, as NAME.small.trace]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// What every merge must obey, checked on a type over random histories
#[derive(Debug, Args)]
pub(crate) struct LawsArgs {
    /// The type's name, as `list` shows it
    #[arg(value_name = "TYPE")]
    pub(crate) subject: String,
    /// Histories are drawn from it
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED, value_parser = number)]
    pub(crate) seed: u64,
    /// How many random histories to try
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = positive)]
    pub(crate) cases: u64,
    /// Check them on every history of so many operations instead, and on all triples of its states
    #[arg(long, conflicts_with_all = ["seed", "cases"])]
    pub(crate) exhaustive: bool,
    /// At most so many operations, at up to three replicas; or for each replica, as in 2,1,1
    #[arg(
        long, value_name = "N", default_value = "2", value_parser = ops,
        requires = "exhaustive"
    )]
    pub(crate) ops: Ops,
    /// The operations to try, as `explore` takes them [default: the type's]
    #[arg(long, value_name = "OPS", value_parser = alphabet, requires = "exhaustive")]
    pub(crate) alphabet: Option<Alphabet>,
    /// Check them on histories, too, that the type claims to be the same but for names
    #[arg(long, requires = "exhaustive")]
    pub(crate) no_reductions: bool,
    /// Print how often each law was checked
    #[arg(short, long, conflicts_with = "json")]
    pub(crate) verbose: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Every schedule at small scope: all that can happen to so few operations
///
/// Visits every causal history (who performs what, having seen which operations), with every script
/// of the type's operations, smallest first. At each, deltas are merged in every order, states in
/// every pair, joined deltas wherever they may arrive, and what is read is compared with the
/// specification. What fails is the smallest that can.
#[derive(Debug, Args)]
pub(crate) struct ExploreArgs {
    /// The type's name, as `list` shows it
    #[arg(value_name = "TYPE")]
    pub(crate) subject: String,
    /// At most how many operations each replica performs
    #[arg(long, value_name = "N,N,…", default_value = "2,1,1", value_parser = ops)]
    pub(crate) ops: Ops,
    /// The operations to try, separated by `;`, by their text or place [default: the type's]
    #[arg(long, value_name = "OPS", value_parser = alphabet)]
    pub(crate) alphabet: Option<Alphabet>,
    /// At most how many crashes; whoever crashed comes back in a new incarnation
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub(crate) crashes: usize,
    /// Whoever crashed keeps its incarnation instead, which must break every type with dots
    #[arg(long, requires = "crashes")]
    pub(crate) reuse_id: bool,
    /// Visit histories, too, that the type claims to be the same but for names: of `operations`, of
    /// `replicas`, or in the order of `stamps` [default: all three]
    #[arg(
        long, value_name = "OF", num_args = 0..=1, require_equals = true, value_delimiter = ',',
        default_missing_value = "operations,replicas,stamps"
    )]
    pub(crate) no_reductions: Vec<Claim>,
    /// Look at one history, by its address
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["save", "resume"])]
    pub(crate) at: Option<Address>,
    /// Show it step by step: who knows what, each state, what must be read
    #[arg(long, requires = "at", conflicts_with = "json")]
    pub(crate) watch: bool,
    /// Save the failure, if there is one, as a trace, which `replay` visits again
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Note in this file how far it is, and go on from there if the file exists
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
    /// How many threads [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = jobs)]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// About how many MiB may be remembered, in all threads
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    pub(crate) memory: usize,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// What a type claims to make no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Claim {
    Operations,
    Replicas,
    Stamps,
}

/// How many operations each replica performs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ops(pub(crate) Vec<usize>);

/// Operations by text or place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Alphabet(pub(crate) Vec<String>);

/// The types, policies and presets that there are, and the broken types and what finds them
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the JSON schema of scenario files, for editors
    #[arg(long, conflicts_with = "json")]
    pub(crate) schema: bool,
}

/// What to run in a scenario.
#[derive(Clone, Debug, Args)]
pub(crate) struct Choice {
    /// Run this type instead of the scenario's; `list` has the names
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) subject: Option<String>,
    /// How replicas tell each other, instead of the scenario's way: state, delta
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Option<String>,
    /// Draw a scenario for each seed: any kinds of faults, strengths, topology, sizes, policy, work
    ///
    /// The scenario's type stays, and its written faults, checks and times; what it leaves to chance
    /// is drawn anew (Groce et al. 2012).
    #[arg(long)]
    pub(crate) swarm: bool,
    /// Of a swarm: only these kinds of faults, as in loss,partitions [default: all]
    #[arg(
        long, value_name = "KINDS", value_delimiter = ',', requires = "swarm",
        value_parser = PossibleValuesParser::new(kinds()).try_map(kind)
    )]
    pub(crate) faults: Vec<Trouble>,
}

fn kinds() -> impl Iterator<Item = PossibleValue> {
    Trouble::ALL.into_iter().map(|kind| PossibleValue::new(kind.name()).help(kind.summary()))
}

fn kind(name: String) -> Result<Trouble, String> {
    Trouble::find(&name).ok_or(name)
}

/// How to print.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Format {
    /// Print everything: the whole configuration, every operation, values uncut
    #[arg(short, long, conflicts_with = "json")]
    pub(crate) verbose: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

const STATUS: &str = "\
Exit status: 0 all held, 1 a violation was found, 2 the input is wrong,
3 nothing was proved (vacuous, or two runs of one seed differed), 130 a sweep
was interrupted.";

/// The command line, with examples that name the program as it is called.
pub(crate) fn command(program: &str, columns: usize) -> clap::Command {
    let examples = |lines: &[&str]| {
        let lines: Vec<String> = lines.iter().map(|line| format!("  {program} {line}")).collect();
        format!("Examples:\n{}\n\n{STATUS}", lines.join("\n"))
    };
    let overview = examples(&[
        "run                                     a shopping cart and a partition",
        "run --type broken/subtracting-counter   a counter that goes below zero",
        "sweep cart --seeds 0..1000              a thousand of them",
        "laws or-set                             what every merge must obey",
        "explore or-set --ops 2,1,1              every schedule of four operations",
        "list                                    everything that has a name",
    ]);
    let run = examples(&[
        "run",
        "run chain --seed 7",
        "run --type broken/forgetful-set",
        "run my-scenario.toml --policy state --verbose",
        "run cart --swarm --seed 7 --print-scenario",
    ]);
    let sweep = examples(&[
        "sweep cart --seeds 0..1000",
        "sweep chain --type broken/holder-tie-register --seeds 0..100",
        "sweep cart --swarm --faults loss,partitions,crashes --seeds 0..1000",
        "sweep my-scenario.toml --seeds 0..10_000 --jobs 8 --json",
    ]);
    let replay = examples(&[
        "replay traces/cart-or-map-delta-17.trace",
        "replay traces/cart-or-map-delta-17.trace --branches 50",
    ]);
    let shrink = examples(&[
        "shrink traces/cart-or-map-delta-17.trace",
        "shrink big.trace --budget 20_000 --out small.trace",
    ]);
    let laws = examples(&[
        "laws or-map",
        "laws broken/forgetful-set",
        "laws or-set --cases 10_000",
        "laws or-set --exhaustive --ops 3 --alphabet 'add \"apple\"; clear'",
    ]);
    let explore = examples(&[
        "explore or-set --ops 2,2,1 --alphabet 'add \"apple\"; remove \"apple\"'",
        "explore broken/shared-id-set --ops 3,1",
        "explore broken/shared-id-set --ops 3,1 --at 7/6/9/14 --watch",
        "explore g-counter --ops 2,1 --crashes 1 --reuse-id",
    ]);
    Cli::command()
        .term_width(columns.min(100))
        .arg_required_else_help(true)
        .after_help(overview)
        .mut_subcommand("run", |command| command.after_help(run))
        .mut_subcommand("sweep", |command| command.after_help(sweep))
        .mut_subcommand("replay", |command| command.after_help(replay))
        .mut_subcommand("shrink", |command| command.after_help(shrink))
        .mut_subcommand("laws", |command| command.after_help(laws))
        .mut_subcommand("explore", |command| command.after_help(explore))
}

/// A number, which may have underscores between its digits.
fn number(text: &str) -> Result<u64, String> {
    let digits = text.replace('_', "");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("`{text}` is not a whole number"));
    }
    digits.parse().map_err(|_| format!("`{text}` is more than {}", u64::MAX))
}

fn positive(text: &str) -> Result<u64, String> {
    match number(text)? {
        0 => Err("0 would check nothing".to_owned()),
        count => Ok(count),
    }
}

/// Operations for each replica: `2,1,1`.
fn ops(text: &str) -> Result<Ops, String> {
    let one = |part: &str| -> Result<usize, String> {
        let ops = number(part.trim())?;
        usize::try_from(ops).map_err(|_| format!("`{text}` is out of reach"))
    };
    text.split(',').map(one).collect::<Result<_, _>>().map(Ops)
}

/// Operations, separated by semicolons; places may be separated by commas.
fn alphabet(text: &str) -> Result<Alphabet, String> {
    let places = text.chars().all(|c| c.is_ascii_digit() || c == ',' || c == ' ');
    let parts = text.split(if places { ',' } else { ';' });
    let parts: Vec<String> =
        parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return Err("it names no operation".to_owned());
    }
    Ok(Alphabet(parts))
}

fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    let number = usize::try_from(number(text)?).unwrap_or(usize::MAX);
    NonZeroUsize::new(number)
        .ok_or_else(|| "0 threads would run nothing; give 1 or more".to_owned())
}

/// A half-open range of seeds.
fn seeds(text: &str) -> Result<Range<u64>, String> {
    let Some((from, to)) = text.split_once("..") else {
        return Err("a range is written A..B, as in 0..1000".to_owned());
    };
    let (from, to) = (number(from)?, number(to)?);
    if to < from {
        return Err(format!("the range runs backwards; write {to}..{from}"));
    }
    if to == from {
        return Err("the range is empty: it ends before its second number".to_owned());
    }
    Ok(from..to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command("rejoin", 80).debug_assert();
    }

    #[test]
    fn seed_ranges_are_half_open_and_never_empty() {
        assert_eq!(seeds("3..5"), Ok(3..5));
        assert_eq!(seeds("0..1_000"), Ok(0..1000));
        for wrong in
            ["5..5", "5..3", "5", "..", "a..b", "1..=3", "-1..3", "0..99999999999999999999"]
        {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}
