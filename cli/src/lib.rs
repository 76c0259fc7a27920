//! The command `rejoin`, for the toolkit's own types and for yours.
//!
//! [`main_with`] is the whole command over the types and protocols of a
//! [`Registry`]: `run`, `sweep`, `replay`, `shrink`, `laws`, `explore` and `list`, with the same options, exit statuses
//! and output. [`builtin`] is the registry of the binary `rejoin`, to be extended, or start from an
//! empty one. So this is a binary that tests a type of yours:
//!
//! ```no_run
//! # use rejoin_crdts::spec::GCounterModel as LikesModel;
//! use rejoin_sim::TypeSubject;
//!
//! fn main() -> std::process::ExitCode {
//!     let mut registry = rejoin_cli::builtin();
//!     registry.add(TypeSubject::new("likes", "a counter of likes", LikesModel));
//!     rejoin_cli::main_with(registry, std::env::args_os(), rejoin_cli::Streams::process())
//! }
//! ```
//!
//! Then `cargo run --release -- laws likes`, `run --type likes` and
//! `sweep counter --type likes --seeds 0..1000` judge it.
//!
//! **Exit status**: 0 if all held; 1 if a violation was found, or a type panicked; 2 if the input or the usage is
//! wrong, with one message on standard error that names the thing, nothing on standard output and
//! nothing written; 3 if nothing was proved, since the run was vacuous or two runs of one seed
//! differed; 130 if a `sweep` was interrupted that had found no violation.
//!
//! **Output** is for people, and fits 80 columns; a `run` fits 24 lines, too. With `--json` it is
//! one object, in which `verdict` is `held`, `violated`, `vacuous` or `nondeterministic`.
//!
//! Nothing here keeps global state or ends the process: arguments and streams come in, and the exit
//! status goes out.

mod args;
mod branches;
mod broken;
mod builtin;
mod busy;
mod exit;
mod explore;
mod guard;
mod input;
mod interrupt;
mod laws;
mod list;
mod program;
mod render;
mod replay;
mod run;
mod save;
mod select;
mod shrink;
mod streams;
mod sweep;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches as _;
use clap::error::ErrorKind;
use serde::Serialize;

pub use builtin::builtin;
pub use rejoin_sim::Registry;
pub use streams::{Stream, Streams};

use args::{Cli, Command};
use busy::Busy;
use exit::Exit;
use input::InputError;
use program::Program;
use render::{Screen, diagnostic::diagnostic};

/// The lines of a terminal of 24, less the one for the prompt.
const LINES: usize = 23;

/// What a command has to say, and how it ends.
#[derive(Debug)]
struct Report {
    text: String,
    exit: Exit,
}

/// Runs the command with these arguments, of which the first is the program's name.
///
/// ```
/// use rejoin_cli::{Stream, Streams};
/// use std::process::ExitCode;
///
/// let (mut out, mut err) = (Vec::new(), Vec::new());
/// let streams = Streams::new(Stream::new(&mut out), Stream::new(&mut err));
/// let status = rejoin_cli::main_with(rejoin_cli::builtin(), ["rejoin", "list"], streams);
/// assert_eq!(status, ExitCode::SUCCESS);
/// assert!(String::from_utf8(out).unwrap().contains("or-map"));
/// ```
pub fn main_with<A: Into<OsString>>(
    registry: Registry,
    args: impl IntoIterator<Item = A>,
    mut streams: Streams<'_>,
) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    let program = Program::new(args.first().map(OsString::as_os_str), streams.cargo);
    let matches = args::command(program.name(), streams.out.width()).try_get_matches_from(args);
    let exit = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Err(usage) => explain(&mut streams, &usage),
        Ok(cli) => match execute(&registry, &cli.command, &program, &streams) {
            Ok(report) => print(&mut streams, &report),
            Err(error) => complain(&mut streams, &error),
        },
    };
    exit.into()
}

/// Does what was asked for.
fn execute(
    registry: &Registry,
    command: &Command,
    program: &Program,
    streams: &Streams<'_>,
) -> Result<Report, InputError> {
    let screen =
        Screen { width: streams.out.width(), height: Some(LINES), colour: streams.out.colour() };
    match command {
        Command::Run(args) => {
            let _busy = Busy::new(streams.progress);
            run::run(registry, args, program, screen)
        }
        Command::Sweep(args) => {
            let watch = sweep::Watch { progress: streams.progress, interrupt: &streams.interrupt };
            sweep::sweep(registry, args, program, screen, watch)
        }
        Command::Replay(args) => {
            let _busy = Busy::new(streams.progress);
            replay::replay(registry, args, program, screen)
        }
        Command::Shrink(args) => shrink::shrink(registry, args, program, screen, streams.progress),
        Command::Laws(args) => laws::laws(registry, args, program, screen, streams.progress),
        Command::Explore(args) => {
            explore::explore(registry, args, program, screen, streams.progress)
        }
        Command::List(args) => Ok(list::list(registry, args, screen)),
    }
}

/// Before this, whoever looks at it is asked to go on.
const PAUSE: char = '\u{c}';

fn print(streams: &mut Streams<'_>, report: &Report) -> Exit {
    let mut pages = report.text.split(PAUSE).peekable();
    let mut printed = Ok(());
    while let (Ok(()), Some(page)) = (&printed, pages.next()) {
        printed = streams.out.write(page);
        if let (Some(input), Some(_)) = (&mut streams.input, pages.peek())
            && printed.is_ok()
        {
            printed = streams.out.write("(Enter: on, q: quit) ");
            if !input.on() {
                break;
            }
        }
    }
    match printed {
        Ok(()) => report.exit,
        Err(error) => {
            // Nobody is left to tell if this fails as well.
            let _ = streams.err.write(&format!("cannot write to standard output: {error}\n"));
            Exit::BadInput
        }
    }
}

/// Help and version to standard output; what is wrong with the usage to standard error.
fn explain(streams: &mut Streams<'_>, usage: &clap::Error) -> Exit {
    let asked_for = matches!(usage.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let text = usage.render();
    let stream = if asked_for { &mut streams.out } else { &mut streams.err };
    let text = if stream.colour() { text.ansi().to_string() } else { text.to_string() };
    // As above: there is nobody to tell.
    let _ = stream.write(&text);
    if asked_for { Exit::Held } else { Exit::BadInput }
}

fn complain(streams: &mut Streams<'_>, error: &InputError) -> Exit {
    let stream = &mut streams.err;
    let screen = Screen { width: stream.width(), height: None, colour: stream.colour() };
    // As above: there is nobody to tell.
    let _ = stream.write(&diagnostic(screen, error));
    error.exit()
}

/// One object, on lines of its own.
fn json(value: &impl Serialize) -> String {
    match serde_json::to_string_pretty(value) {
        Ok(text) => text + "\n",
        Err(error) => unreachable!("what is printed has no maps with odd keys: {error}"),
    }
}
